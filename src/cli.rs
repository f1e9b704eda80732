//! The command line: clap types only. What they mean is in `commands/`.

// Help texts are for the terminal.
#![allow(rustdoc::bare_urls)]

mod admin;
mod find;
mod jobs;
mod node;
mod notify;
mod scripts;
mod trust;
mod watch;

use clap::{Args, Parser, Subcommand};

pub use admin::{
    AnonymousArg, AuthArg, CheckArgs, CompletionsArgs, ConfigsCommand, EventsArgs, ManArgs,
    RegistryCommand, ServeArgs,
};
pub use find::{ConnectArgs, LogsArgs, LsArgs, StatusArgs, StopArgs};
pub use jobs::{RunArgs, SubmitArgs};
pub use node::{
    AgentArgs, Branches, MaintenanceArgs, NodeCommand, NodeFilterFlags, NodeFlags,
    NodeHeartbeatArgs, NodeLsArgs, NodeRegisterArgs, NodeRmArgs, NodeStatusArg, ProfileCommand,
    StatsArgs, Switch, TopologyArgs,
};
pub use notify::{
    EVENTS, EventFlags, MailprogArgs, NotifyArgs, NotifyCommand, NotifyFlags, OutboxCommand,
    PendingArgs, PluginsCommand, PreviewArgs, TemplatesCommand, TemplatesInitArgs, TestArgs,
    TopicArgs,
};
pub use scripts::{
    AccessArg, HeartbeatArgs, RegisterArgs, StateArg, UnregisterArgs, WaitReadyArgs,
};
pub use trust::{AuditArgs, TokenCommand, TokenCreateArgs};
pub use watch::{WatchArgs, WatchCommand};

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
    #[arg(long, alias = "registry-url", global = true)]
    #[arg(value_name = "URL", help_heading = "Global options")]
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
    /// Be told by the registry: a model is available, a server is lost, a node is offline
    Watch(Box<WatchArgs>),
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
    /// Register and examine nodes
    #[command(subcommand)]
    Node(NodeCommand),
    /// Check what llamactl needs on this machine, with the mend for what is missing
    Doctor,
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print a manual page, or write all of them
    Man(ManArgs),
}
