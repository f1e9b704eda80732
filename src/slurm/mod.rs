//! SLURM's commands, over configurable paths.
//!
//! What they print is read in [`parse`], which GPU to ask for is decided in [`gpu`], and the
//! job script is written in [`script`]: all three are pure. The rest runs one command each.

pub mod gpu;
pub mod parse;
pub mod sbatch;
pub mod scancel;
pub mod scontrol;
pub mod script;
pub mod sinfo;
pub mod squeue;

use std::path::PathBuf;
use std::time::Duration;

use crate::config::settings::Settings;
use crate::exec::{ExecError, Outcome, Run};

/// How long a query may take. SLURM's own `MessageTimeout` is 10 s by default, and a command
/// tries a backup controller after it.
const QUERY_TIMEOUT: Duration = Duration::from_secs(30);

/// Where SLURM's commands are. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slurm {
    /// Folder with the commands; PATH when nothing is given.
    pub bin: Option<PathBuf>,
}

/// Why a question to SLURM has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlurmError {
    /// The command is not on this machine.
    #[error("{0} was not found: is this a login node of the cluster?")]
    Missing(String),
    /// The command failed, or did not answer in time: nothing is known.
    #[error("{command} failed: {reason}")]
    Failed {
        /// The command, as `squeue`.
        command: String,
        /// The last line that it printed, or what the operating system said.
        reason: String,
    },
}

impl Slurm {
    /// `LLAMACTL_SLURM_BIN`, else `paths.slurm_bin` of the configuration, else PATH.
    pub fn from_settings(settings: &Settings) -> Slurm {
        let bin = crate::env::LLAMACTL_SLURM_BIN.get().map(PathBuf::from);
        Slurm { bin: bin.or_else(|| settings.paths.slurm_bin.clone()) }
    }

    /// Where `command` is; nothing when it is not on this machine.
    pub fn find(&self, command: &str) -> Option<PathBuf> {
        match &self.bin {
            Some(bin) => which::which(bin.join(command)).ok(),
            None => which::which(command).ok(),
        }
    }

    /// The version that `command` tells, as `slurm-wlm 22.05.8`.
    ///
    /// # Errors
    /// [`SlurmError`]
    pub async fn version(&self, command: &str) -> Result<String, SlurmError> {
        let outcome = self.answer(command, ["--version"]).await?;
        Ok(outcome.stdout.trim().to_owned())
    }

    /// Runs a query. An exit code other than 0 is left to the caller.
    async fn query<A: AsRef<str>>(
        &self,
        command: &str,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Outcome, SlurmError> {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        let mut run = self.run(command).args(args).timeout(QUERY_TIMEOUT);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(steers_a_query) {
                run = run.env_remove(name);
            }
        }
        run.output().await.map_err(|error| failed(command, error))
    }

    /// Runs a query that must end with 0.
    async fn answer<A: AsRef<str>>(
        &self,
        command: &str,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Outcome, SlurmError> {
        let outcome = self.query(command, args).await?;
        if outcome.ok() { Ok(outcome) } else { Err(complaint(command, &outcome)) }
    }

    fn run(&self, command: &str) -> Run {
        match &self.bin {
            Some(bin) => Run::new(bin.join(command)),
            None => Run::new(command),
        }
    }
}

/// Whether `id` is one that SLURM's commands take: `108`, or `108_2` for a task of an array.
pub fn is_job_id(id: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match id.split_once('_') {
        Some((array, task)) => number(array) && number(task),
        None => number(id),
    }
}

/// Variables that change what SLURM's commands select and how they print it (squeue(1),
/// sinfo(1), scancel(1): "ENVIRONMENT VARIABLES").
fn steers_a_query(name: &str) -> bool {
    const PREFIXES: [&str; 4] = ["SQUEUE_", "SINFO_", "SCANCEL_", "SCONTROL_"];
    name == "SLURM_TIME_FORMAT" || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn failed(command: &str, error: ExecError) -> SlurmError {
    match error {
        ExecError::NotFound(program) => SlurmError::Missing(program),
        error => SlurmError::Failed { command: command.to_owned(), reason: error.to_string() },
    }
}

fn complaint(command: &str, outcome: &Outcome) -> SlurmError {
    let reason = outcome.complaint();
    let prefix = format!("{command}: error: ");
    let reason = reason.strip_prefix(&prefix).unwrap_or(&reason).to_owned();
    SlurmError::Failed { command: command.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_ids_are_numbers_and_never_options() {
        for good in ["1", "108", "108_2"] {
            assert!(is_job_id(good), "{good}");
        }
        for bad in ["", "-f", "108_", "_2", "108_[1-3]", "1 2", "qwen", "1;2"] {
            assert!(!is_job_id(bad), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_missing_command_is_not_a_failed_one() {
        let slurm = Slurm { bin: Some("/nowhere/at/all".into()) };
        let error = slurm.version("squeue").await.unwrap_err();
        assert_eq!(error, SlurmError::Missing("/nowhere/at/all/squeue".into()));
        assert_eq!(slurm.find("squeue"), None);
    }
}
