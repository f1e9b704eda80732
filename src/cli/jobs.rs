//! Jobs: `submit` and `run`.

use std::path::PathBuf;

use clap::Args;

use super::notify::NotifyFlags;

/// `llamactl submit`
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  llamactl submit --config qwen3-30b --email --ntfy-topic
  llamactl submit --config qwen3-30b --gpu-type a100 --time 4:00:00 --wait
  llamactl submit --model ~/models/my.gguf -c 32768 --gpus 2 --dry-run
  llamactl submit --config tiny --set server.parallel=4 --sbatch-arg=--mail-type=END")]
pub struct SubmitArgs {
    /// Model configuration, by name or path (`llamactl configs ls` lists them)
    #[arg(long, value_name = "NAME")]
    pub config: Option<String>,
    /// List the model configurations and end
    #[arg(long)]
    pub list_configs: bool,
    /// GGUF file, in place of the configuration's
    #[arg(long, value_name = "FILE")]
    pub model: Option<String>,
    /// Name of the server and the job
    #[arg(long)]
    pub name: Option<String>,
    /// Label for lists and filters; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE")]
    pub labels: Vec<String>,
    /// Set any key of the configuration, as server.context=8192; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,

    /// Walltime, as 8:00:00, 90 (minutes) or 1-12
    #[arg(long, help_heading = "SLURM", conflicts_with = "no_time_limit")]
    pub time: Option<String>,
    /// Ask for no walltime limit
    #[arg(long, help_heading = "SLURM")]
    pub no_time_limit: bool,
    /// Partition
    #[arg(short, long, help_heading = "SLURM")]
    pub partition: Option<String>,
    /// Quality of service
    #[arg(long, help_heading = "SLURM")]
    pub qos: Option<String>,
    /// Account to charge
    #[arg(long, help_heading = "SLURM")]
    pub account: Option<String>,
    /// Number of CPUs
    #[arg(long, value_name = "N", help_heading = "SLURM")]
    pub cpus: Option<u32>,
    /// Main memory, as 32G
    #[arg(long, help_heading = "SLURM")]
    pub mem: Option<String>,
    /// Number of GPUs
    #[arg(long, value_name = "N", help_heading = "SLURM")]
    pub gpus: Option<u32>,
    /// GPU type; picks the configuration's variant for it
    #[arg(long, value_name = "TYPE", help_heading = "SLURM")]
    pub gpu_type: Option<String>,
    /// Node features that the job needs
    #[arg(long, help_heading = "SLURM")]
    pub constraint: Option<String>,
    /// Nodes to use
    #[arg(long, help_heading = "SLURM")]
    pub nodelist: Option<String>,
    /// Nodes to avoid
    #[arg(long, help_heading = "SLURM")]
    pub exclude: Option<String>,
    /// Reservation
    #[arg(long, help_heading = "SLURM")]
    pub reservation: Option<String>,
    /// Cluster, for a site with several
    #[arg(long, help_heading = "SLURM")]
    pub cluster: Option<String>,
    /// Further option for sbatch, as --sbatch-arg=--exclusive; may be repeated
    #[arg(long = "sbatch-arg", value_name = "ARG", allow_hyphen_values = true)]
    #[arg(help_heading = "SLURM")]
    pub sbatch_args: Vec<String>,

    /// Context size in tokens
    #[arg(short, long, value_name = "TOKENS", help_heading = "llama-server")]
    pub context: Option<u64>,
    /// Layers on the GPU: all, auto or a number
    #[arg(long, value_name = "N", help_heading = "llama-server")]
    pub gpu_layers: Option<String>,
    /// Further arguments for llama-server, as one shell-like text
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    #[arg(help_heading = "llama-server")]
    pub extra_args: Option<String>,

    /// Who is told.
    #[command(flatten)]
    pub notify: NotifyFlags,

    /// Print the job script and submit nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Wait until the server is ready, and show what it waits for
    #[arg(long)]
    pub wait: bool,
    /// Ring, and show a notification on the desktop, when the waiting is over
    #[arg(long, requires = "wait")]
    pub ring: bool,
}

/// `llamactl run`
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  llamactl run --config tiny
  llamactl run --model ~/models/my.gguf -c 8192 --port 8080
  llamactl run --spec - < spec.yaml      (what a job script does)")]
pub struct RunArgs {
    /// Everything resolved, as `submit` writes it; - for stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "model", "set"])]
    pub spec: Option<PathBuf>,
    /// Model configuration, by name or path
    #[arg(long, value_name = "NAME")]
    pub config: Option<String>,
    /// GGUF file, in place of the configuration's
    #[arg(long, value_name = "FILE")]
    pub model: Option<String>,
    /// Name of the server
    #[arg(long)]
    pub name: Option<String>,
    /// Label for lists and filters; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE")]
    pub labels: Vec<String>,
    /// Set any key of the configuration, as server.context=8192; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// GPU type; picks the configuration's variant for it
    #[arg(long, value_name = "TYPE")]
    pub gpu_type: Option<String>,
    /// Context size in tokens
    #[arg(short, long, value_name = "TOKENS")]
    pub context: Option<u64>,
    /// Layers on the GPU: all, auto or a number
    #[arg(long, value_name = "N")]
    pub gpu_layers: Option<String>,
    /// Further arguments for llama-server, as one shell-like text
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub extra_args: Option<String>,
    /// Address to listen on [default: 0.0.0.0 in a job, 127.0.0.1 elsewhere]
    #[arg(long)]
    pub host: Option<String>,
    /// Port to listen on; 0 takes a free one
    #[arg(long)]
    pub port: Option<u16>,
    /// Who is told.
    #[command(flatten)]
    pub notify: NotifyFlags,
}
