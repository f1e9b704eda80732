//! `llamactl node maintenance`

use super::{client, find, own_lease, refused};
use crate::api::nodes::Maintenance;
use crate::cli::{MaintenanceArgs, Switch};
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use crate::output::printable;

/// Runs the command.
///
/// # Errors
/// What is wrong with the flags, or what the registry says.
pub async fn run(context: &Context, args: MaintenanceArgs) -> anyhow::Result<Exit> {
    let on = args.switch == Switch::On;
    if !on && args.reason.is_some() {
        return Err(Failure::usage("--reason is for `maintenance on`").into());
    }
    let client = client(context)?;
    let node = find(&client, &args.node).await?;
    let maintenance = Maintenance { on, reason: args.reason };
    let lease = own_lease(context, &node.info.node_id);
    let changed = client.maintain_node(&node.info.node_id, &maintenance, lease.as_ref()).await;
    let changed = changed.map_err(refused)?;
    if !context.printer.json(&changed)? {
        let name = printable(&changed.info.name);
        context.printer.note(format!("{name} is {}", changed.state));
    }
    Ok(Exit::OK)
}
