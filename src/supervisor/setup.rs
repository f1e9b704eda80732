//! What the supervisor is told before it starts, and what it hears later.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::spec::Spec;
use crate::domain::server::ServerInfo;
use crate::secret::Secret;

/// What to run, and as whom.
#[derive(Debug)]
pub struct Setup {
    /// Everything resolved.
    pub spec: Spec,
    /// Who this is. The port is filled in when it is bound.
    pub info: ServerInfo,
    /// Address to listen on.
    pub bind: String,
    /// Folder of the connection file.
    pub connection_dir: PathBuf,
    /// Path of the log, where it is known.
    pub log_file: String,
    /// Token for the registry.
    pub registry_token: Option<Secret>,
    /// The job's CPUs.
    pub cpus: Option<u32>,
}

/// What only SLURM's commands can tell. It is asked in the background.
#[derive(Debug, Clone, Copy, Default)]
pub struct JobFacts {
    /// How long after SIGTERM the SIGKILL comes.
    pub kill_wait: Option<Duration>,
    /// When the walltime ends.
    pub ends: Option<Timestamp>,
}
