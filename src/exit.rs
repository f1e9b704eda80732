//! Exit codes, in one place. `docs/scripts.md` documents them for script authors.

use std::fmt;

/// How a command ended, when it did not fail with an error.
///
/// `llamactl run` and `llamactl connect` hand on the code of the program that they ran
/// (128 + n when signal n ended it), as shells do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    /// It worked.
    pub const OK: Exit = Exit(0);
    /// It failed: the message on stderr says why.
    pub const FAILURE: Exit = Exit(1);
    /// The command line, or a file that it names, is wrong. Nothing was done.
    pub const USAGE: Exit = Exit(2);
    /// A wait reached its `--timeout`; what was waited for may still come.
    pub const TIMED_OUT: Exit = Exit(3);
    /// What was waited for, or acted on, does not exist any more and will not come.
    pub const GONE: Exit = Exit(4);
    /// Somebody else holds the entry now: a newer start of the same job replaced it.
    pub const SUPERSEDED: Exit = Exit(5);

    /// The code of a process that ended with `code`, or was killed by `signal`.
    pub fn of_child(code: Option<i32>, signal: Option<i32>) -> Exit {
        match (code, signal) {
            (Some(code), _) => Exit(code as u8),
            (None, Some(signal)) => Exit(128u8.wrapping_add(signal as u8)),
            (None, None) => Exit::FAILURE,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit.0)
    }
}

/// An error with the exit code and the hint that belong to it.
///
/// Wrap it in [`anyhow::Error`] wherever a command fails for a reason that is not plain
/// failure; the printer finds it in the chain.
#[derive(Debug)]
pub struct Failure {
    /// The exit code of the whole command.
    pub exit: Exit,
    /// What went wrong: a lowercase fragment without a full stop.
    pub message: String,
    /// How to mend it, printed on a line of its own.
    pub hint: Option<String>,
}

impl Failure {
    /// A usage error (exit 2).
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::USAGE, message: message.into(), hint: None }
    }

    /// A plain failure (exit 1).
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::FAILURE, message: message.into(), hint: None }
    }

    /// A failure with a particular exit code.
    pub fn with_exit(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into(), hint: None }
    }

    /// Adds how to mend it.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_a_signal_ended_gives_128_and_the_signal() {
        assert_eq!(Exit::of_child(Some(3), None), Exit(3));
        assert_eq!(Exit::of_child(None, Some(9)), Exit(137));
    }
}
