//! The steps of `run` one at a time, for hand-written scripts.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `llamactl wait-ready`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl wait-ready --port 8080 --pid $SERVER_PID --log server.log
  llamactl wait-ready --url http://n1:52677
  llamactl wait-ready --job 4711 --timeout 1h
Exit codes: 0 ready, 3 timed out, 4 the process or job is gone (the reason is on stderr).")]
pub struct WaitReadyArgs {
    /// URL of the server
    #[arg(long, conflicts_with_all = ["host", "port", "job"])]
    pub url: Option<String>,
    /// Host of the server
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,
    /// Port of the server
    #[arg(long, required_unless_present_any = ["url", "job"])]
    pub port: Option<u16>,
    /// Process of the server: fail at once when it ends
    #[arg(long)]
    pub pid: Option<u32>,
    /// Job of the server: wait for the job too, and fail at once when it ends
    #[arg(long, conflicts_with_all = ["port", "pid"])]
    pub job: Option<String>,
    /// Log to show the end of when it fails
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Give up after this time; 0 never
    #[arg(long, default_value = "30m", value_name = "TIME")]
    pub timeout: String,
}

/// `llamactl register`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl register --port 8080 --model my.gguf --lease-file lease.json
  llamactl register --job 4711 --host n1 --port 52677 --model my.gguf --lease-file lease.json
In a job, the job id, the node, the partition and the owner come from the environment.")]
pub struct RegisterArgs {
    /// Port of the server
    #[arg(long)]
    pub port: u16,
    /// Host of the server [default: this host's name]
    #[arg(long)]
    pub host: Option<String>,
    /// Model file or name
    #[arg(long)]
    pub model: String,
    /// Name of the server [default: the model's]
    #[arg(long)]
    pub name: Option<String>,
    /// Job id [default: SLURM_JOB_ID]
    #[arg(long)]
    pub job: Option<String>,
    /// Context size in tokens
    #[arg(short, long, value_name = "TOKENS")]
    pub context: Option<u64>,
    /// Label for lists and filters; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE")]
    pub labels: Vec<String>,
    /// File (0600) with the server's API key, for those whom --access allows
    #[arg(long, value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Who may use the server
    #[arg(long, value_enum, default_value = "shared")]
    pub access: AccessArg,
    /// Where to keep the lease (made 0600)
    #[arg(long, value_name = "FILE")]
    pub lease_file: PathBuf,
    /// Keep trying for this long while the registry can't be reached
    #[arg(long, default_value = "15s", value_name = "TIME")]
    pub timeout: String,
}

/// Who may use a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AccessArg {
    /// Its owner alone
    Private,
    /// Whoever may read the registry
    Shared,
    /// Anybody who reaches the port
    Open,
}

/// `llamactl heartbeat`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl heartbeat --lease-file lease.json
  llamactl heartbeat --lease-file lease.json --loop --pid $SERVER_PID &
Exit codes: 0 renewed, 1 the registry can't be reached, 4 it does not know the server any more \
(register again) or the process of --pid ended, 5 a newer start of the job replaced it.")]
pub struct HeartbeatArgs {
    /// The lease that `register` kept
    #[arg(long, value_name = "FILE")]
    pub lease_file: PathBuf,
    /// Tell a new state
    #[arg(long, value_enum)]
    pub state: Option<StateArg>,
    /// Go on beating as often as the registry wants, until a signal or until --pid ends
    #[arg(long = "loop")]
    pub repeat: bool,
    /// With --loop: end when this process ends
    #[arg(long, requires = "repeat")]
    pub pid: Option<u32>,
}

/// States that a server may tell of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateArg {
    /// Not ready yet
    Loading,
    /// Answers
    Ready,
    /// Finishes what it has
    Draining,
}

/// `llamactl unregister`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  llamactl unregister --lease-file lease.json
Exit codes: 0 gone from the registry (also when it was gone before), 1 the registry can't be \
reached, 5 a newer start of the job has the entry now (nothing was changed).")]
pub struct UnregisterArgs {
    /// The lease that `register` kept; removed afterwards
    #[arg(long, value_name = "FILE")]
    pub lease_file: PathBuf,
    /// Keep trying for this long while the registry can't be reached
    #[arg(long, default_value = "10s", value_name = "TIME")]
    pub timeout: String,
}
