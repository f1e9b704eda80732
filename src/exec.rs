//! Runs other programs: to their end, bounded in time and output; in the foreground, with the
//! terminal; or in the background, as long as it is needed. Arguments never go through a
//! shell. The long-lived child of `run` is `supervisor/child`.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::exit::Exit;

/// Most bytes kept of each output stream. What comes after is read and dropped.
const MAX_OUTPUT: usize = 64 * 1024 * 1024;
/// Most bytes kept of what a program in the background says.
const MAX_SAID: usize = 16 * 1024;

/// One program to run.
#[derive(Debug, Clone)]
pub struct Run {
    program: PathBuf,
    args: Vec<OsString>,
    stdin: Vec<u8>,
    env: Vec<(OsString, OsString)>,
    env_remove: Vec<OsString>,
    env_clear: bool,
    own_group: bool,
    last: Option<usize>,
    dir: Option<PathBuf>,
    timeout: Duration,
}

/// How it ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The exit code; nothing when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout, invalid UTF-8 replaced.
    pub stdout: String,
    /// What it wrote to stderr, invalid UTF-8 replaced.
    pub stderr: String,
}

impl Outcome {
    /// Whether it ended with 0.
    pub fn ok(&self) -> bool {
        self.code == Some(0)
    }

    /// The last line of stderr that says something, for error messages.
    pub fn complaint(&self) -> String {
        let line = |text: &str| {
            text.lines().rev().map(str::trim).find(|l| !l.is_empty()).map(str::to_owned)
        };
        line(&self.stderr).or_else(|| line(&self.stdout)).unwrap_or_else(|| match self.code {
            Some(code) => format!("exit code {code} without a word"),
            None => "ended by a signal".to_owned(),
        })
    }
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The program is not there.
    #[error("{0} was not found")]
    NotFound(String),
    /// It did not end in time, and was killed.
    #[error("{program} did not answer within {seconds} s")]
    TimedOut {
        /// The program.
        program: String,
        /// The limit.
        seconds: u64,
    },
    /// The operating system refused.
    #[error("{program} could not be run: {source}")]
    Io {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Run {
    /// A program by path, or by name on PATH.
    pub fn new(program: impl AsRef<Path>) -> Run {
        Run {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            stdin: Vec::new(),
            env: Vec::new(),
            env_remove: Vec::new(),
            env_clear: false,
            own_group: false,
            last: None,
            dir: None,
            timeout: Duration::from_secs(30),
        }
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Run {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Run {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets what it reads on stdin; nothing without this.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Run {
        self.stdin = bytes.into();
        self
    }

    /// Sets one environment variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Run {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Takes one environment variable away.
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Run {
        self.env_remove.push(name.into());
        self
    }

    /// Lets it have, of this process's environment, only the variables of these names.
    pub fn only_env(mut self, names: &[&str]) -> Run {
        self.env_clear = true;
        let known = names.iter().filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)));
        self.env.extend(known);
        self
    }

    /// Gives it a process group of its own, which is killed as a whole when the time is over:
    /// also what it has started itself.
    pub fn own_group(mut self) -> Run {
        self.own_group = true;
        self
    }

    /// Keeps only the last `bytes` of each stream that it writes: the rest of it is read and
    /// dropped.
    pub fn last(mut self, bytes: usize) -> Run {
        self.last = Some(bytes);
        self
    }

    /// Sets the folder that it runs in.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Run {
        self.dir = Some(dir.into());
        self
    }

    /// Sets how long it may take (30 s without this).
    pub fn timeout(mut self, timeout: Duration) -> Run {
        self.timeout = timeout;
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// [`ExecError`]; an exit code other than 0 is not one.
    pub async fn output(self) -> Result<Outcome, ExecError> {
        let name = self.name();
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().map_err(|error| self.refused(error))?;
        let group = Group(child.id().filter(|_| self.own_group));
        let mut stdin = child.stdin.take();
        let mut stdout = child.stdout.take();
        let mut stderr = child.stderr.take();
        let last = self.last;
        let write = async {
            if let Some(mut pipe) = stdin.take() {
                // A program that does not read its stdin closes the pipe; that is its right.
                let _ = pipe.write_all(&self.stdin).await;
            }
        };
        let all = async {
            let ((), out, err, status) =
                tokio::join!(write, read(&mut stdout, last), read(&mut stderr, last), child.wait());
            Ok::<_, std::io::Error>((out?, err?, status?))
        };
        match tokio::time::timeout(self.timeout, all).await {
            Err(_) => Err(ExecError::TimedOut { program: name, seconds: self.timeout.as_secs() }),
            Ok(Err(source)) => Err(ExecError::Io { program: name, source }),
            Ok(Ok((stdout, stderr, status))) => {
                group.release();
                Ok(Outcome { code: status.code(), stdout, stderr })
            }
        }
    }

    /// Starts it with this process's own stdin, stdout and stderr: it has the terminal. It is
    /// not killed when the handle is dropped.
    ///
    /// # Errors
    /// [`ExecError`]
    pub fn foreground(self) -> Result<Foreground, ExecError> {
        let child = self.command().spawn().map_err(|error| self.refused(error))?;
        Ok(Foreground { child })
    }

    /// Starts it to run beside this process: stdin is a pipe that ends when the handle is
    /// dropped or this process dies, stdout is thrown away, stderr goes to [`Background`].
    ///
    /// # Errors
    /// [`ExecError`]
    pub fn background(self) -> Result<Background, ExecError> {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().map_err(|error| self.refused(error))?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        Ok(Background { child, stdin, stderr, said: Vec::new() })
    }

    /// Starts it to go on when this process has ended: no pipe and no process group connects the
    /// two.
    ///
    /// # Errors
    /// [`ExecError`]
    pub fn detached(self) -> Result<(), ExecError> {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(0).spawn().map_err(|error| self.refused(error))?;
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        if self.env_clear {
            command.env_clear();
        }
        if self.own_group {
            command.process_group(0);
        }
        for variable in &self.env_remove {
            command.env_remove(variable);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command
    }

    fn name(&self) -> String {
        self.program.display().to_string()
    }

    fn refused(&self, source: std::io::Error) -> ExecError {
        match source.kind() {
            std::io::ErrorKind::NotFound => ExecError::NotFound(self.name()),
            _ => ExecError::Io { program: self.name(), source },
        }
    }
}

/// A process group that is killed when this is dropped before it is over.
struct Group(Option<u32>);

impl Group {
    fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            let _ = killpg(Pid::from_raw(leader.cast_signed()), Signal::SIGKILL);
        }
    }
}

/// A program that has the terminal.
#[derive(Debug)]
pub struct Foreground {
    child: tokio::process::Child,
}

impl Foreground {
    /// Waits for its end. Cancel safe.
    ///
    /// # Errors
    /// When the operating system lost it.
    pub async fn wait(&mut self) -> std::io::Result<Exit> {
        self.child.wait().await.map(exit)
    }

    /// Sends it a signal; nothing happens when it has ended.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.id() {
            let _ = kill(Pid::from_raw(pid.cast_signed()), signal);
        }
    }
}

/// A program that runs beside this one.
#[derive(Debug)]
pub struct Background {
    child: tokio::process::Child,
    stdin: Option<tokio::process::ChildStdin>,
    stderr: Option<tokio::process::ChildStderr>,
    said: Vec<u8>,
}

impl Background {
    /// Waits for its end, reading what it says meanwhile. Cancel safe.
    ///
    /// # Errors
    /// When the operating system lost it.
    pub async fn wait(&mut self) -> std::io::Result<Exit> {
        let mut buffer = [0; 4096];
        while let Some(stderr) = &mut self.stderr {
            match stderr.read(&mut buffer).await {
                Ok(0) | Err(_) => self.stderr = None,
                Ok(count) => {
                    self.said.extend_from_slice(&buffer[..count]);
                    let over = self.said.len().saturating_sub(MAX_SAID);
                    self.said.drain(..over);
                }
            }
        }
        self.child.wait().await.map(exit)
    }

    /// The last of what it said on stderr, as far as [`Background::wait`] has read it.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
    }

    /// Ends its stdin, which is its word to stop, and kills it after `grace`.
    pub async fn stop(mut self, grace: Duration) {
        self.stdin = None;
        if tokio::time::timeout(grace, self.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

fn exit(status: std::process::ExitStatus) -> Exit {
    Exit::of_child(status.code(), status.signal())
}

async fn read<R: tokio::io::AsyncRead + Unpin>(
    pipe: &mut Option<R>,
    last: Option<usize>,
) -> std::io::Result<String> {
    let Some(pipe) = pipe else { return Ok(String::new()) };
    let mut bytes = Vec::new();
    if let Some(last) = last {
        let mut buffer = [0; 8 * 1024];
        loop {
            let count = pipe.read(&mut buffer).await?;
            if count == 0 {
                return Ok(String::from_utf8_lossy(&bytes).into_owned());
            }
            bytes.extend_from_slice(&buffer[..count]);
            let over = bytes.len().saturating_sub(last);
            bytes.drain(..over);
        }
    }
    pipe.take(MAX_OUTPUT as u64).read_to_end(&mut bytes).await?;
    tokio::io::copy(pipe, &mut tokio::io::sink()).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn output_stdin_and_code_come_through() {
        let out = Run::new("sh")
            .args(["-c", "cat; echo oops >&2; exit 3"])
            .stdin("hello")
            .output()
            .await
            .unwrap();
        assert_eq!((out.code, out.stdout.as_str()), (Some(3), "hello"));
        assert_eq!(out.complaint(), "oops");
    }

    #[tokio::test]
    async fn of_a_flood_the_end_is_kept_where_that_is_asked_for() {
        let run = Run::new("sh").args(["-c", "yes | head -c 1000000; echo the end; echo e >&2"]);
        let out = run.last(12).output().await.unwrap();
        assert_eq!((out.stdout.as_str(), out.stderr.as_str()), ("y\ny\nthe end\n", "e\n"));
    }

    #[tokio::test]
    async fn a_program_in_the_background_is_told_to_stop_by_the_end_of_its_stdin() {
        let run = Run::new("sh").args(["-c", "echo here >&2; cat; echo bye >&2; exit 7"]);
        let mut background = run.background().unwrap();
        let early = tokio::time::timeout(Duration::from_millis(200), background.wait()).await;
        assert!(early.is_err(), "it goes on");
        assert_eq!(background.said(), "here\n");
        background.stdin = None;
        assert_eq!(background.wait().await.unwrap(), Exit(7));
        assert_eq!(background.said(), "here\nbye\n");
    }

    #[tokio::test]
    async fn a_program_that_a_signal_ends_gives_its_code() {
        let mut program = Run::new("sleep").arg("60").foreground().unwrap();
        program.signal(Signal::SIGTERM);
        assert_eq!(program.wait().await.unwrap(), Exit(143));
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_ended() {
        let run = Run::new("sleep").arg("60").timeout(Duration::from_millis(50));
        assert!(matches!(run.output().await, Err(ExecError::TimedOut { .. })));
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_named() {
        let error = Run::new("no-such-program-here").output().await.unwrap_err();
        assert_eq!(error.to_string(), "no-such-program-here was not found");
    }
}
