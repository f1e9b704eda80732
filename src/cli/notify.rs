//! `notify`, and the flags for notifications of other commands.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

/// Every kind of event.
pub const EVENTS: [&str; 13] = [
    "ready",
    "failed",
    "pending",
    "expiring",
    "draining",
    "ended",
    "lost",
    "unhealthy",
    "recovered",
    "available",
    "offline",
    "online",
    "job",
];

/// Who is told of what: the same flags wherever somebody is.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Notifications")]
pub struct NotifyFlags {
    /// Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "")]
    pub email: Option<String>,
    /// ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody
    /// guesses, made once and kept
    #[arg(long, value_name = "TOPIC", num_args = 0..=1, default_missing_value = "")]
    pub ntfy_topic: Option<String>,
    /// ntfy server [default: https://ntfy.sh]
    #[arg(long, value_name = "URL")]
    pub ntfy_server: Option<String>,
    /// Anybody else, as slack://…, again for more; `llamactl notify channels` lists them;
    /// `none`: nobody of the configuration
    #[arg(long = "notify", value_name = "TARGET")]
    pub to: Vec<String>,
    /// Events to tell of, with commas [default: all but draining, ended, offline, online]
    #[arg(long = "notify-on", value_name = "EVENTS", value_delimiter = ',')]
    #[arg(value_parser = PossibleValuesParser::new(EVENTS.into_iter().chain(["all"])))]
    pub events: Vec<String>,
}

/// `llamactl notify`
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Examples:
  llamactl notify --event ready --port 8080 --model my.gguf --email --ntfy-topic
  llamactl notify --event failed --model my.gguf --reason 'out of memory' --log server.log --email
  llamactl notify test
  llamactl notify preview --event ready --channel slack")]
pub struct NotifyArgs {
    /// Something else than telling of one event
    #[command(subcommand)]
    pub command: Option<NotifyCommand>,
    /// What is told
    #[command(flatten)]
    pub event: EventFlags,
    /// Who is told
    #[command(flatten)]
    pub notify: NotifyFlags,
}

/// What `llamactl notify` tells.
#[derive(Debug, Clone, Args)]
pub struct EventFlags {
    /// What happened
    #[arg(long, required = true, value_parser = PossibleValuesParser::new(EVENTS))]
    pub event: Option<String>,
    /// Model file or name
    #[arg(long, required = true)]
    pub model: Option<String>,
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
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
    /// Log to put the end of into the message
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

/// The parts of `notify`.
#[derive(Debug, Clone, Subcommand)]
pub enum NotifyCommand {
    /// Send a test message to everybody who is configured, and say how it went
    Test(TestArgs),
    /// Show what would be sent, and send nothing
    Preview(PreviewArgs),
    /// List the channels, with an example of a target for each
    Channels,
    /// List or copy the texts of messages, to edit them
    #[command(subcommand)]
    Templates(TemplatesCommand),
    /// Programs of your own that deliver messages
    #[command(subcommand)]
    Plugins(PluginsCommand),
    /// Show the ntfy topic, its link and its QR code, to subscribe from a phone
    Topic(TopicArgs),
    /// Messages that wait to be sent
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Follow a job that waits, and tell of it
    #[command(hide = true)]
    Pending(PendingArgs),
    /// Take a mail of slurmctld's: for MailProg in slurm.conf, by way of slurm/mailprog
    Mailprog(MailprogArgs),
}

/// `llamactl notify mailprog`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  llamactl notify mailprog -s 'Slurm Job_id=7 Name=x Ended, Run time 00:01:00, COMPLETED, ExitCode 0' you@example.org
The job is in the environment, as slurmctld sets it (SLURM_JOB_USER, SLURM_JOB_STATE, …).
Exit codes: 0 every mail is sent, or kept to be sent; 1 one is neither.")]
pub struct MailprogArgs {
    /// What happened, in SLURM's words
    #[arg(short, long)]
    pub subject: Option<OsString>,
    /// Mail addresses, or names of users
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Bring what waits, in the background
    #[arg(long, hide = true)]
    pub carry: bool,
}

/// `llamactl notify test`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl notify test
  llamactl notify test --channel slack
  llamactl notify test --notify 'slack://?file=~/.config/llamactl/slack'
Exit codes: 0 every channel took it, 1 one did not (the reason is shown), 2 nobody is to be told.")]
pub struct TestArgs {
    /// Only targets of this channel
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
    /// The event to play
    #[arg(long, default_value = "ready", value_parser = PossibleValuesParser::new(EVENTS))]
    pub event: String,
    /// Who is told
    #[command(flatten)]
    pub notify: NotifyFlags,
}

/// `llamactl notify preview`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl notify preview --event ready --channel email
  llamactl notify preview --event failed --channel email --html
  llamactl notify preview --event expiring --channel slack --json")]
pub struct PreviewArgs {
    /// The event to play
    #[arg(long, default_value = "ready", value_parser = PossibleValuesParser::new(EVENTS))]
    pub event: String,
    /// The channel [default: that of each target that is configured]
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
    /// Show a digest of so many
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub count: u16,
    /// Open the HTML part of the mail in a browser; without a screen, say where it is
    #[arg(long)]
    pub html: bool,
    /// Who would be told
    #[command(flatten)]
    pub notify: NotifyFlags,
}

/// `llamactl notify templates`
#[derive(Debug, Clone, Subcommand)]
pub enum TemplatesCommand {
    /// List them, and where each is from
    Ls,
    /// Copy the built-in ones into a folder, to edit them; files that are there stay
    Init(TemplatesInitArgs),
}

/// `llamactl notify templates init`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl notify templates init events/ready.hbs
  llamactl notify templates init --dir ./texts")]
pub struct TemplatesInitArgs {
    /// Only these, as `ls` lists them
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// The folder [default: notify.templates, then ~/.config/llamactl/templates]
    #[arg(long)]
    pub dir: Option<PathBuf>,
}

/// `llamactl notify plugins`
#[derive(Debug, Clone, Subcommand)]
pub enum PluginsCommand {
    /// List them, and where each is
    Ls,
    /// Print the JSON Schema of what a plugin reads
    Schema,
}

/// `llamactl notify topic`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  llamactl notify topic")]
pub struct TopicArgs {
    /// Make a new topic; whoever knows the old one hears nothing more
    #[arg(long)]
    pub renew: bool,
}

/// `llamactl notify outbox`
#[derive(Debug, Clone, Subcommand)]
pub enum OutboxCommand {
    /// List what waits, and what could not be delivered in the last day
    Ls,
    /// Send what waits now
    Flush,
}

/// `llamactl notify pending`
#[derive(Debug, Clone, Args)]
pub struct PendingArgs {
    /// What to do, as `submit` has written it; removed at once
    pub file: PathBuf,
}
