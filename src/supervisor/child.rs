//! The llama-server process: in a process group of its own, shielded from SIGTERM, and dead
//! as soon as its supervisor is.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::io::PipeReader;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::Stdio;

use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::unistd::{Pid, getpid, getppid};

use super::machine::Ended;
use crate::secret::Secret;

/// What to start.
#[derive(Debug)]
pub struct Start<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The variable for the key, and the key; nothing for an open server.
    pub key: Option<(&'static str, &'a Secret)>,
    /// Variables that it must not inherit.
    pub env_remove: Vec<&'static str>,
}

/// The running child.
#[derive(Debug)]
pub struct Child {
    process: tokio::process::Child,
    group: Pid,
    ended: bool,
}

/// Starts the child. What it writes to stdout and stderr comes out of the pipe, in order.
///
/// Call it from the main thread: the parent-death signal is sent when the *thread* that
/// spawned the child ends.
///
/// # Errors
/// When the operating system refuses.
pub fn spawn(start: Start<'_>) -> std::io::Result<(Child, PipeReader)> {
    let (reader, writer) = std::io::pipe()?;
    let mut command = std::process::Command::new(start.program);
    command
        .args(start.args)
        .stdin(Stdio::null())
        .stdout(Stdio::from(writer.try_clone()?))
        .stderr(Stdio::from(writer))
        .process_group(0);
    for name in &start.env_remove {
        command.env_remove(name);
    }
    if let Some((name, key)) = start.key {
        command.env(name, key.expose());
    }
    let supervisor = getpid();
    // SAFETY: the closure runs in the child between fork and exec, where only calls that are
    // async-signal-safe may be made. It makes sigprocmask, prctl and getppid, which are plain
    // system calls, allocates nothing and takes no lock.
    unsafe {
        command.pre_exec(move || shield(supervisor));
    }
    let process = tokio::process::Command::from(command).spawn()?;
    let id = process.id().and_then(|id| i32::try_from(id).ok());
    let group = Pid::from_raw(id.ok_or_else(|| std::io::Error::other("it has no process id"))?);
    Ok((Child { process, group, ended: false }, reader))
}

/// Runs in the child, before llama-server does.
fn shield(supervisor: Pid) -> std::io::Result<()> {
    // SLURM's TERM reaches the child in the same instant as the supervisor. Blocked, it stays
    // pending: the mask survives exec, and llama-server does not unblock it.
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.thread_block()?;
    // TERM being blocked, only KILL will do.
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // The supervisor may have died before the call above took effect.
    if getppid() != supervisor {
        return Err(std::io::ErrorKind::BrokenPipe.into());
    }
    Ok(())
}

impl Child {
    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.group.as_raw()
    }

    /// Waits for its end. Cancel safe; may be called again after the end.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub async fn wait(&mut self) -> std::io::Result<Ended> {
        let status = self.process.wait().await?;
        if !self.ended {
            self.ended = true;
            // Where `server.program` is a wrapper, the real server may have outlived it.
            let _ = killpg(self.group, Signal::SIGKILL);
        }
        Ok(Ended { code: status.code(), signal: status.signal() })
    }

    /// Sends a signal to its process group; nothing after its end.
    pub fn signal(&self, signal: Signal) {
        if !self.ended {
            let _ = killpg(self.group, signal);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}
