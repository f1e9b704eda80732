//! The command line: clap types only. What they mean is in `commands/`.

// Help texts are for the terminal.
#![allow(rustdoc::bare_urls)]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 failed, 2 wrong usage or configuration, \
3 timed out, 4 gone, 5 superseded. `run` and `connect` hand on their program's code.";

/// Turns a SLURM cluster into a private LLM service
#[derive(Debug, Parser)]
#[command(name = "llamactl", version, after_help = EXIT_CODES, max_term_width = 100)]
#[command(propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Print JSON on stdout
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// Print errors only
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub quiet: bool,
    /// Registry to use, as http://HOST:PORT [env: REGISTRY_URL]
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    pub registry: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Submit a llama-server job from a model's configuration
    Submit(Box<SubmitArgs>),
    /// Run llama-server and look after it: in a job, or on any workstation
    Run(Box<RunArgs>),
    /// Wait until a server answers, or is known not to come
    WaitReady(WaitReadyArgs),
    /// Register a server that a script of yours runs
    Register(Box<RegisterArgs>),
    /// Renew the lease of a registered server
    Heartbeat(HeartbeatArgs),
    /// Take a registered server out of the registry
    Unregister(UnregisterArgs),
    /// Tell people about a server by mail and push
    Notify(Box<NotifyArgs>),
    /// List servers
    Ls(LsArgs),
    /// Show all that is known of one job
    Status(StatusArgs),
    /// Show a job's log
    Logs(LogsArgs),
    /// Stop a job: it drains, then ends
    Stop(StopArgs),
    /// Connect a program to a server: tunnel if needed, environment, then the program
    Connect(ConnectArgs),
    /// List, show, check and make model configurations
    #[command(subcommand)]
    Configs(ConfigsCommand),
    /// Run and examine the registry
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Check what llamactl needs on this machine, with the mend for what is missing
    Doctor,
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print a manual page, or write all of them
    Man(ManArgs),
}

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

    /// Mail when ready or failed; without ADDRESS: NOTIFY_EMAIL, then the configuration
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "")]
    #[arg(help_heading = "Notifications")]
    pub email: Option<String>,
    /// Push when ready or failed; without TOPIC: NTFY_TOPIC, then the configuration
    #[arg(long, value_name = "TOPIC", num_args = 0..=1, default_missing_value = "")]
    #[arg(help_heading = "Notifications")]
    pub ntfy_topic: Option<String>,
    /// ntfy server [default: https://ntfy.sh]
    #[arg(long, value_name = "URL", help_heading = "Notifications")]
    pub ntfy_server: Option<String>,

    /// Print the job script and submit nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Wait until the server is ready, and show what it waits for
    #[arg(long)]
    pub wait: bool,
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
    /// Mail when ready or failed; without ADDRESS: NOTIFY_EMAIL, then the configuration
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "")]
    pub email: Option<String>,
    /// Push when ready or failed; without TOPIC: NTFY_TOPIC, then the configuration
    #[arg(long, value_name = "TOPIC", num_args = 0..=1, default_missing_value = "")]
    pub ntfy_topic: Option<String>,
    /// ntfy server [default: https://ntfy.sh]
    #[arg(long, value_name = "URL")]
    pub ntfy_server: Option<String>,
}

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

/// `llamactl notify`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl notify --event ready --port 8080 --model my.gguf --email --ntfy-topic
  llamactl notify --event failed --model my.gguf --reason 'out of memory' --log server.log --email")]
pub struct NotifyArgs {
    /// What happened
    #[arg(long, value_enum)]
    pub event: EventArg,
    /// Model file or name
    #[arg(long)]
    pub model: String,
    /// Name of the server [default: the model's]
    #[arg(long)]
    pub name: Option<String>,
    /// Job id [default: SLURM_JOB_ID]
    #[arg(long)]
    pub job: Option<String>,
    /// Host of the server [default: this host's name]
    #[arg(long)]
    pub host: Option<String>,
    /// Port of the server
    #[arg(long)]
    pub port: Option<u16>,
    /// Why it failed
    #[arg(long)]
    pub reason: Option<String>,
    /// Log to put the end of into the message
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Mail address; without a value NOTIFY_EMAIL, then the configuration
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "")]
    pub email: Option<String>,
    /// ntfy topic; without a value NTFY_TOPIC, then the configuration
    #[arg(long, value_name = "TOPIC", num_args = 0..=1, default_missing_value = "")]
    pub ntfy_topic: Option<String>,
    /// ntfy server [default: https://ntfy.sh]
    #[arg(long, value_name = "URL")]
    pub ntfy_server: Option<String>,
}

/// Events that people are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EventArg {
    /// The server answers
    Ready,
    /// It never did, or crashed
    Failed,
}

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

/// `llamactl configs`
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Example:\n  llamactl configs ls")]
pub enum ConfigsCommand {
    /// List the model configurations
    #[command(visible_alias = "list", after_help = "Example:\n  llamactl configs ls --json")]
    Ls,
    /// Show a configuration resolved, with where each value came from
    #[command(after_help = "Example:\n  llamactl configs show qwen3-30b --gpu-type v100")]
    Show {
        /// Name or path
        name: String,
        /// GPU type whose variant to show
        #[arg(long, value_name = "TYPE")]
        gpu_type: Option<String>,
        /// Set any key, as server.context=8192
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// Check configurations: of models, and llamactl's own
    #[command(after_help = "Examples:
  llamactl configs validate
  llamactl configs validate my-model.yaml ~/.config/llamactl/config.yaml")]
    Validate {
        /// Names or paths; all that are found when left out
        names: Vec<String>,
    },
    /// Write a new model configuration to start from
    #[command(after_help = "Examples:
  llamactl configs init my-model --model ~/models/my.gguf
  llamactl configs init --user-config")]
    Init {
        /// Name of the new configuration
        #[arg(required_unless_present = "user_config")]
        name: Option<String>,
        /// GGUF file
        #[arg(long, value_name = "FILE")]
        model: Option<String>,
        /// Copy this configuration
        #[arg(long, value_name = "NAME", conflicts_with = "model")]
        from: Option<String>,
        /// Write ~/.config/llamactl/config.yaml instead
        #[arg(long, conflicts_with_all = ["name", "from"])]
        user_config: bool,
    },
    /// Print the JSON Schema of model configurations
    #[command(after_help = "Example:\n  llamactl configs schema > model.schema.json")]
    Schema {
        /// The schema of config.yaml instead
        #[arg(long)]
        settings: bool,
    },
}

/// `llamactl registry`
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Example:\n  llamactl registry serve")]
pub enum RegistryCommand {
    /// Run the registry
    Serve(ServeArgs),
}

/// `llamactl registry serve`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl registry serve
  llamactl registry serve --port 5055 --database sqlite:/var/lib/llamactl/registry.db
  llamactl registry serve --host 0.0.0.0 --auth none")]
pub struct ServeArgs {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub host: std::net::IpAddr,
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 5000)]
    pub port: u16,
    /// Where entries are kept, as sqlite:PATH [env: LLAMACTL_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Who may use it; an address other than loopback wants `none` said out loud
    #[arg(long, value_enum)]
    pub auth: Option<AuthArg>,
    /// How long an entry lives without a heartbeat
    #[arg(long, default_value = "30s", value_name = "TIME")]
    pub ttl: String,
    /// Further host name under which browsers may reach it; may be repeated
    #[arg(long = "allowed-host", value_name = "NAME")]
    pub allowed_hosts: Vec<String>,
}

/// How the registry knows its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuthArg {
    /// It does not: whoever reaches the port may read and register
    None,
}

/// `llamactl completions`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl completions bash > ~/.local/share/bash-completion/completions/llamactl
  llamactl completions zsh > ~/.zfunc/_llamactl
  source <(COMPLETE=bash llamactl)      (also completes names of configurations and job ids)")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, required_unless_present = "dir")]
    pub shell: Option<clap_complete::Shell>,
    /// Write those of all shells into this folder
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// `llamactl man`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl man | man -l -
  llamactl man submit | man -l -
  llamactl man --dir ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Command, as `submit` or `registry serve`; llamactl itself when left out
    pub command: Vec<String>,
    /// Write all pages into this folder
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
