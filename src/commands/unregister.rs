//! `llamactl unregister`

use anyhow::Context as _;

use super::lease::{self, LeaseFile};
use crate::cli::UnregisterArgs;
use crate::client::ClientError;
use crate::commands::Context;
use crate::exit::Exit;

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint and the exit code of the help.
pub async fn run(context: &Context, args: UnregisterArgs) -> anyhow::Result<Exit> {
    let timeout = lease::time("--timeout", &args.timeout)?;
    let file = LeaseFile::read(&args.lease_file)?;
    let client = file.client();
    let answer = lease::until_answered(timeout, || client.unregister(&file.lease)).await;
    // A lease that another start holds is of no use any more either.
    if matches!(answer, Ok(()) | Err(ClientError::Superseded(_))) {
        let name = args.lease_file.display();
        std::fs::remove_file(&args.lease_file)
            .with_context(|| format!("the lease file {name} can't be removed"))?;
    }
    answer.map_err(lease::refused)?;
    context.printer.note("unregistered");
    Ok(Exit::OK)
}
