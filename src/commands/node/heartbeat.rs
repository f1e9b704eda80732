//! `llamactl node heartbeat`

use super::{client, find, own_lease, pairs, refused};
use crate::api::nodes::NodeBeat;
use crate::cli::{NodeHeartbeatArgs, NodeStatusArg};
use crate::commands::Context;
use crate::domain::node::Measured;
use crate::exit::Exit;

/// Runs the command.
///
/// # Errors
/// What is wrong with the flags, or what the registry says.
pub async fn run(context: &Context, args: NodeHeartbeatArgs) -> anyhow::Result<Exit> {
    let status = match args.status {
        NodeStatusArg::Online => "online",
        NodeStatusArg::Degraded => "degraded",
        NodeStatusArg::Draining => "draining",
        NodeStatusArg::Offline => "offline",
    };
    let metrics = pairs("--metric", &args.metrics)?;
    let client = client(context)?;
    let node_id = find(&client, &args.node).await?.info.node_id;
    let lease = own_lease(context, &node_id);
    let beat = NodeBeat {
        node_id,
        status: Some(status.to_owned()),
        measured: Measured { metrics: (!metrics.is_empty()).then_some(metrics), pools: None },
    };
    let reply = client.beat_node(&beat, lease.as_ref()).await.map_err(refused)?;
    context.printer.json(&reply)?;
    Ok(Exit::OK)
}
