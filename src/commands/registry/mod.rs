//! `llamactl registry`

mod serve;
mod tools;

use crate::cli::RegistryCommand;
use crate::commands::Context;
use crate::exit::Exit;

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(context: &Context, args: RegistryCommand) -> anyhow::Result<Exit> {
    match args {
        RegistryCommand::Serve(args) => serve::run(context, args).await,
        RegistryCommand::Backup { file, force, database } => {
            tools::backup(context, file, force, database).await
        }
        RegistryCommand::Restore { file, database } => {
            tools::restore(context, file, database).await
        }
        RegistryCommand::Import { file, database } => tools::import(context, file, database).await,
    }
}
