//! Configurations, the registry, completions and manual pages.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::trust::{AuditArgs, TokenCommand};

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
    /// Show what happened, and follow what happens
    Events(EventsArgs),
    /// Run the registry
    Serve(Box<ServeArgs>),
    /// Ask a live registry for everything that it offers, and report
    Check(CheckArgs),
    /// Make, list and revoke tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Show who changed what, and from where
    Audit(AuditArgs),
    /// Print the OpenAPI document of the registry's HTTP interface
    #[command(after_help = "Example:\n  llamactl registry openapi > openapi.json")]
    Openapi,
    /// Write everything that the registry holds to a file; it may run meanwhile
    #[command(after_help = "Examples:
  llamactl registry backup registry.jsonl
  llamactl registry backup --force --database postgres:///llamactl registry.jsonl")]
    Backup {
        /// File to write; only its owner may read it, since it holds keys
        file: PathBuf,
        /// Write over a file that is there
        #[arg(long)]
        force: bool,
        /// The database, as for `serve` [env: LLAMACTL_DATABASE_URL]
        #[arg(long, value_name = "URL")]
        database: Option<String>,
    },
    /// Replace everything that the registry holds by a backup; it may run meanwhile
    #[command(after_help = "Examples:
  llamactl registry restore registry.jsonl
  llamactl registry restore --database postgres:///llamactl registry.jsonl")]
    Restore {
        /// File that `backup` wrote, from either kind of database
        file: PathBuf,
        /// The database, as for `serve` [env: LLAMACTL_DATABASE_URL]
        #[arg(long, value_name = "URL")]
        database: Option<String>,
    },
    /// Take over the servers of an older registry from its JSON file
    #[command(after_help = "Example:\n  llamactl registry import servers.json")]
    Import {
        /// A JSON map of job ids to records
        file: PathBuf,
        /// The database, as for `serve` [env: LLAMACTL_DATABASE_URL]
        #[arg(long, value_name = "URL")]
        database: Option<String>,
    },
}

/// `llamactl registry check`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl registry check
  llamactl registry check https://registry.example.org:5000 --read-only --json")]
pub struct CheckArgs {
    /// The registry; the configured one when left out
    pub url: Option<String>,
    /// Change nothing. Without this it makes entries of its own, whose names begin with
    /// llamactl-check, and takes them out again
    #[arg(long)]
    pub read_only: bool,
}

/// `llamactl registry events`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl registry events
  llamactl registry events --follow --kind lost,unhealthy
  llamactl registry events --after 1200 --json")]
pub struct EventsArgs {
    /// Go on with what happens, until Ctrl-C
    #[arg(long, short)]
    pub follow: bool,
    /// Only events after this number; without it the last ones
    #[arg(long, value_name = "N")]
    pub after: Option<u64>,
    /// Only this kind, as registered or lost; several with commas
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Only what happened to this server, node or token: its id
    #[arg(long, value_name = "ID")]
    pub subject: Option<String>,
}

/// `llamactl registry serve`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl registry serve
  llamactl registry serve --port 5055 --database sqlite:/var/lib/llamactl/registry.db
  llamactl registry serve --host 0.0.0.0
  llamactl registry serve --host 0.0.0.0 --auth none
  llamactl registry serve --tls-cert registry.crt --tls-key registry.key")]
pub struct ServeArgs {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub host: std::net::IpAddr,
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 5000)]
    pub port: u16,
    /// Where entries are kept: sqlite:PATH or postgres://… [env: LLAMACTL_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Who may use it [default: token, or none on a loopback address]
    #[arg(long, value_enum)]
    pub auth: Option<AuthArg>,
    /// What may be done without a token where tokens are asked for: for older clients
    #[arg(long, value_enum, default_value = "none", value_name = "SCOPE")]
    pub anonymous: AnonymousArg,
    /// File (made 0600) for the first token, in place of stderr
    #[arg(long, value_name = "FILE")]
    pub first_token_file: Option<PathBuf>,
    /// Requests a second of each token, or address without one, or `off` [default: 200/s, or off
    /// on a loopback address]
    #[arg(long, value_name = "N/s")]
    pub rate_limit: Option<String>,
    /// How long an entry lives without a heartbeat
    #[arg(long, default_value = "30s", value_name = "TIME")]
    pub ttl: String,
    /// A node that is silent for so long is in `warning`
    #[arg(long, default_value = "2m", value_name = "TIME")]
    pub node_warning_after: String,
    /// A node that is silent for so long is `offline`
    #[arg(long, default_value = "5m", value_name = "TIME")]
    pub node_offline_after: String,
    /// How long events are kept
    #[arg(long, default_value = "30d", value_name = "TIME")]
    pub retain: String,
    /// How often each ready server's /health is looked at, or `off`
    #[arg(long, default_value = "15s", value_name = "TIME")]
    pub probe: String,
    /// Login host of the cluster, which is suggested to people outside for their ssh tunnel
    /// [env: LLAMACTL_SSH_VIA, ssh.via; there without the user]
    #[arg(long, value_name = "HOST")]
    pub login_host: Option<String>,
    /// Further host name under which browsers may reach it; may be repeated
    #[arg(long = "allowed-host", value_name = "NAME")]
    pub allowed_hosts: Vec<String>,
    /// Serve https with the certificate in this PEM file; read anew when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Most connections at a time; without it as many as open files allow, at most 20,000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: Option<u32>,
    /// Redis on which nodes beat and the registry tells what happens, as
    /// redis://HOST:PORT/DB [env: LLAMACTL_EVENT_BUS, for one with a password]
    #[arg(long, value_name = "URL")]
    pub event_bus: Option<String>,
    /// What the names of the event bus's channels begin with
    #[arg(long, default_value = "aurora:events", value_name = "PREFIX")]
    pub event_bus_prefix: String,
}

/// How the registry knows its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuthArg {
    /// By tokens: `llamactl registry token create` makes them
    Token,
    /// It does not: whoever reaches the port may read and register
    None,
}

/// What may be done without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnonymousArg {
    /// Nothing
    None,
    /// To read
    Read,
    /// To read, to register, and to change what was registered without a token
    Register,
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
