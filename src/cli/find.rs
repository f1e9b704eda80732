//! Finding and using servers.

use std::path::PathBuf;

use clap::Args;

/// `llamactl ls`
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(
    visible_alias = "list",
    after_help = "Examples:
  llamactl ls
  llamactl ls --mine --watch
  llamactl ls --model qwen3-30b --json | jq -r '.[].host'"
)]
pub struct LsArgs {
    /// Only this owner's
    #[arg(long)]
    pub owner: Option<String>,
    /// Only your own
    #[arg(long, conflicts_with = "owner")]
    pub mine: bool,
    /// Only this model
    #[arg(long)]
    pub model: Option<String>,
    /// Only this state: pending, loading, ready, draining, lost or all
    #[arg(long)]
    pub state: Option<String>,
    /// Only with this label; may be repeated
    #[arg(long = "label", value_name = "KEY[=VALUE]")]
    pub labels: Vec<String>,
    /// Show anew whenever something changes, until Ctrl-C
    #[arg(long, short)]
    pub watch: bool,
}

/// `llamactl status`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl status 4711
  llamactl status qwen3-30b --json")]
pub struct StatusArgs {
    /// Job id, name or model
    pub target: String,
    /// Show anew whenever something changes, until Ctrl-C
    #[arg(long, short)]
    pub watch: bool,
}

/// `llamactl logs`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl logs 4711
  llamactl logs -f qwen3-30b")]
pub struct LogsArgs {
    /// Job id, name or model
    pub target: String,
    /// Go on while the job runs
    #[arg(long, short)]
    pub follow: bool,
    /// Lines from the end to begin with
    #[arg(long, short = 'n', default_value_t = 100)]
    pub lines: usize,
}

/// `llamactl stop`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl stop 4711
  llamactl stop qwen3-30b --wait
  llamactl stop 4711 --now")]
pub struct StopArgs {
    /// Job ids, names or models
    #[arg(required = true)]
    pub targets: Vec<String>,
    /// Do not wait for running requests
    #[arg(long)]
    pub now: bool,
    /// Wait until the jobs have ended
    #[arg(long)]
    pub wait: bool,
    /// With --wait: give up after this time (exit 3); 0 never
    #[arg(long, default_value = "10m", value_name = "TIME", requires = "wait")]
    pub timeout: String,
}

/// `llamactl connect`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl connect qwen3-30b -- claude
  llamactl connect 4711 --dir ~/project -- aider
  eval \"$(llamactl connect qwen3-30b --print)\"
  llamactl connect qwen3-30b --via login.example.org -- opencode")]
pub struct ConnectArgs {
    /// Name, model or job id of a server
    pub target: String,
    /// Folder to run the program in
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Login host to tunnel through when the server can't be reached directly
    #[arg(long, value_name = "HOST")]
    pub via: Option<String>,
    /// Local port of the tunnel; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub local_port: u16,
    /// Print lines that a shell can eval, and run nothing
    #[arg(long, conflicts_with = "program")]
    pub print: bool,
    /// Preset of environment variables [default: the program's, else openai and anthropic]
    #[arg(long)]
    pub preset: Option<String>,
    /// Go on although the server can't prove that it is the one that was registered
    #[arg(long)]
    pub trust: bool,
    /// The program and its arguments [default: your shell]
    #[arg(last = true, value_name = "PROGRAM")]
    pub program: Vec<String>,
}
