//! `llamactl node rm`

use super::{client, find, own_lease, refused};
use crate::cli::NodeRmArgs;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::printable;

/// Runs the command.
///
/// # Errors
/// What the registry says to the first node that can't be removed.
pub async fn run(context: &Context, args: NodeRmArgs) -> anyhow::Result<Exit> {
    let client = client(context)?;
    let mut removed = Vec::new();
    for text in &args.nodes {
        let node = find(&client, text).await?;
        let lease = own_lease(context, &node.info.node_id);
        client.remove_node(&node.info.node_id, lease.as_ref()).await.map_err(refused)?;
        context.printer.note(format!("{} is removed", printable(&node.info.name)));
        removed.push(node.info.node_id);
    }
    context.printer.json(&removed)?;
    Ok(Exit::OK)
}
