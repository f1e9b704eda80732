//! `llamactl registry token` and `llamactl registry audit`.

use clap::{Args, Subcommand};

/// `llamactl registry token`
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Example:\n  llamactl registry token create --owner alice")]
pub enum TokenCommand {
    /// Make a token; it is shown this one time
    #[command(after_help = "Examples:
  llamactl registry token create --owner alice
  llamactl registry token create --owner prometheus --scope read --expires 365d
  llamactl registry token create --owner root --scope admin --database sqlite:/var/lib/llamactl/registry.db")]
    Create(TokenCreateArgs),
    /// List the tokens, without themselves
    #[command(visible_alias = "list", after_help = "Example:\n  llamactl registry token ls")]
    Ls {
        /// Open this database, on the registry's host, in place of asking the registry
        #[arg(long, value_name = "URL")]
        database: Option<String>,
        /// Also those that ended within the last 90 days
        #[arg(long, short)]
        all: bool,
    },
    /// Revoke a token: it counts for nothing from then on
    #[command(
        visible_alias = "rm",
        after_help = "Example:\n  llamactl registry token revoke 3f9a0c77d1e2"
    )]
    Revoke {
        /// The token's id, as `token ls` shows it
        id: String,
        /// Open this database, on the registry's host, in place of asking the registry
        #[arg(long, value_name = "URL")]
        database: Option<String>,
        /// Also the last one for administrators
        #[arg(long)]
        force: bool,
    },
}

/// `llamactl registry token create`
#[derive(Debug, Clone, Args)]
pub struct TokenCreateArgs {
    /// Whose it is: the name that its servers and nodes have as owner (a user's login name)
    #[arg(long, value_name = "NAME")]
    pub owner: String,
    /// What it allows: read, register, admin; several with commas
    #[arg(
        long = "scope",
        value_name = "SCOPES",
        value_delimiter = ',',
        default_value = "read,register"
    )]
    pub scopes: Vec<String>,
    /// How long it counts, as 90d or 12h; for ever when left out
    #[arg(long, value_name = "TIME")]
    pub expires: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Open this database, on the registry's host, in place of asking the registry
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// `llamactl registry audit`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  llamactl registry audit --since 1d
  llamactl registry audit --actor alice --json")]
pub struct AuditArgs {
    /// Only what happened within this time, as 1d or 12h
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only what this owner did, or the token with this id
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// Only this kind of event, as token-created
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Only what happened to this server, node, token or job
    #[arg(long, value_name = "ID")]
    pub subject: Option<String>,
    /// At most so many, the last ones
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}
