//! `llamactl unregister`

use anyhow::Context as _;

use super::lease;
use crate::cli::UnregisterArgs;
use crate::commands::Context;
use crate::exit::{Exit, Failure};

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint and the exit code of the help.
pub async fn run(context: &Context, args: UnregisterArgs) -> anyhow::Result<Exit> {
    let timeout = lease::time("--timeout", &args.timeout)?;
    let answer = lease::with_current(&args.lease_file, |file| async move {
        let client = file.client();
        lease::until_answered(timeout, || client.unregister(&file.lease)).await
    });
    let answer = answer.await;
    // A lease that another start holds is of no use any more either.
    let useless = |failure: &Failure| failure.exit == Exit::SUPERSEDED;
    if answer.as_ref().map_or_else(useless, |()| true) {
        let name = args.lease_file.display();
        std::fs::remove_file(&args.lease_file)
            .with_context(|| format!("the lease file {name} can't be removed"))?;
    }
    answer?;
    context.printer.note("unregistered");
    Ok(Exit::OK)
}
