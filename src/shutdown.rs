//! Signals as a stream of requests to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// SIGUSR1 or SIGUSR2: finish what runs, there is time (SLURM's `--signal`).
    Drain,
    /// SIGTERM or SIGINT: end within SLURM's KillWait, or as a person wants who typed Ctrl-C.
    Terminate,
}

/// The signals that ask this process to stop.
#[derive(Debug)]
pub struct Signals {
    usr1: Signal,
    usr2: Signal,
    term: Signal,
    int: Signal,
}

impl Signals {
    /// Starts to catch them. Before this call they have their default effect.
    ///
    /// # Errors
    /// When the operating system refuses a handler.
    pub fn catch() -> std::io::Result<Signals> {
        Ok(Signals {
            usr1: signal(SignalKind::user_defined1())?,
            usr2: signal(SignalKind::user_defined2())?,
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    /// The next request to stop. Cancel safe.
    pub async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.term.recv() => Stop::Terminate,
            _ = self.int.recv() => Stop::Terminate,
            _ = self.usr1.recv() => Stop::Drain,
            _ = self.usr2.recv() => Stop::Drain,
        }
    }
}
