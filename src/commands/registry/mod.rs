//! `llamactl registry`

mod audit;
mod check;
mod events;
mod serve;
mod token;
mod tools;

use std::io::Write;

use crate::cli::RegistryCommand;
use crate::commands::Context;
use crate::exit::Exit;
use crate::registry::http::router;

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(context: &Context, args: RegistryCommand) -> anyhow::Result<Exit> {
    match args {
        RegistryCommand::Events(args) => events::run(context, args).await,
        RegistryCommand::Serve(args) => serve::run(context, *args).await,
        RegistryCommand::Check(args) => check::run(context, args).await,
        RegistryCommand::Token(command) => token::run(context, command).await,
        RegistryCommand::Audit(args) => audit::run(context, args).await,
        RegistryCommand::Openapi => {
            let text = serde_json::to_string_pretty(&router::document())?;
            writeln!(std::io::stdout(), "{text}")?;
            Ok(Exit::OK)
        }
        RegistryCommand::Backup { file, force, database } => {
            tools::backup(context, file, force, database).await
        }
        RegistryCommand::Restore { file, database } => {
            tools::restore(context, file, database).await
        }
        RegistryCommand::Import { file, database } => tools::import(context, file, database).await,
    }
}
