//! `llamactl notify`

use crate::commands::Context;
use crate::exit::Exit;

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(_context: &Context, _args: crate::cli::NotifyArgs) -> anyhow::Result<Exit> {
    anyhow::bail!("not built yet")
}
