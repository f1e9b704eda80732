//! `llamactl watch`

use clap::{Args, Subcommand};

/// `llamactl watch`
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  llamactl watch --model 'qwen3-*'                   (by the targets of your configuration)
  llamactl watch --model qwen3-30b --notify ntfy://my-topic --notify mailto:me@example.org
  llamactl watch --owner $USER --event lost,unhealthy,recovered --keep
  llamactl watch --node 'gpu-*' --event offline,online --keep --notify ntfy://ops
  llamactl watch ls
  llamactl watch rm 01a0b3c4-…

The registry sees: available, draining, ended, lost, unhealthy, recovered, and of nodes
offline and online. It tells whom its operator allows: mail, topics at its own ntfy server, and
what notify.relay in its configuration lists.")]
pub struct WatchArgs {
    /// See what is watched, or end it
    #[command(subcommand)]
    pub command: Option<WatchCommand>,
    /// Name, alias or file of a model; * stands for anything
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// What to tell of: available when left out; for nodes offline and online
    #[arg(long = "event", value_name = "EVENTS", value_delimiter = ',')]
    pub events: Vec<String>,
    /// Only servers of this owner; * stands for anything
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// Only what has this label; may be repeated
    #[arg(long = "label", value_name = "KEY[=VALUE]")]
    pub labels: Vec<String>,
    /// Only nodes of this name, and servers on them; * stands for anything
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
    /// Whom to tell, as mailto:ADDRESS, ntfy://TOPIC …; may be repeated. Your own targets when
    /// left out
    #[arg(long, value_name = "TARGET")]
    pub notify: Vec<String>,
    /// Tell each time, not only once
    #[arg(long)]
    pub keep: bool,
}

/// What to do with watches that are there.
#[derive(Debug, Clone, Subcommand)]
pub enum WatchCommand {
    /// List your watches
    #[command(visible_alias = "list", after_help = "Example:\n  llamactl watch ls")]
    Ls,
    /// End watches
    #[command(after_help = "Example:\n  llamactl watch rm 01a0b3c4-…")]
    Rm {
        /// Ids, as `watch ls` shows them; their beginning is enough
        #[arg(required = true)]
        watches: Vec<String>,
    },
}
