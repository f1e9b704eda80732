//! `llamactl node topology`

mod dot;
mod tree;

use super::{client, filter, refused};
use crate::cli::TopologyArgs;
use crate::commands::Context;
use crate::exit::Exit;

/// Runs the command.
///
/// # Errors
/// What the registry, or the way to it, says.
pub async fn run(context: &Context, args: TopologyArgs) -> anyhow::Result<Exit> {
    let (client, filter) = (client(context)?, filter(&args.filter));
    if args.dot || context.printer.is_json() {
        let topology = client.topology(&filter).await.map_err(refused)?;
        if !context.printer.json(&topology)? {
            context.printer.line(dot::render(&topology))?;
        }
        return Ok(Exit::OK);
    }
    let nodes = client.all_nodes(&filter).await.map_err(refused)?;
    if nodes.is_empty() {
        context.printer.note("no node");
        return Ok(Exit::OK);
    }
    context.printer.line(tree::render(&nodes, args.by))?;
    Ok(Exit::OK)
}
