//! `llamactl node ls`

use jiff::Timestamp;

use super::{address, client, filter, gpus, refused};
use crate::cli::NodeLsArgs;
use crate::commands::Context;
use crate::domain::node::{Node, NodeState};
use crate::exit::Exit;
use crate::output::{Cell, Tone, span, table_of, terminal};

const HEADER: [&str; 5] = ["NAME", "ROLE", "STATUS", "IP", "GPU"];
const MORE: [&str; 9] =
    ["LABELS", "GROUPS", "LOCATION", "CPUS", "MEM", "LOAD", "SLURM", "SEEN", "NODE-ID"];

/// Runs the command.
///
/// # Errors
/// What the registry, or the way to it, says.
pub async fn run(context: &Context, args: NodeLsArgs) -> anyhow::Result<Exit> {
    let nodes = client(context)?.all_nodes(&filter(&args.filter)).await.map_err(refused)?;
    if context.printer.json(&nodes)? {
        return Ok(Exit::OK);
    }
    if nodes.is_empty() {
        context.printer.note("no node; `llamactl node agent --role ROLE` on a machine adds it");
        return Ok(Exit::OK);
    }
    context.printer.line(render(&nodes, args.wide, Timestamp::now()))?;
    Ok(Exit::OK)
}

fn render(nodes: &[Node], wide: bool, now: Timestamp) -> String {
    let mut header = HEADER.to_vec();
    if wide {
        header.extend(MORE);
    }
    let mut nodes: Vec<&Node> = nodes.iter().collect();
    nodes.sort_by(|a, b| (&a.info.role, &a.info.name).cmp(&(&b.info.role, &b.info.name)));
    let rows = nodes.iter().map(|node| row(node, wide, now)).collect();
    // A wide table is for a pipe or a wide terminal: wrapped cells are hard to read.
    table_of(&header, rows, terminal().map(|(width, _)| width).filter(|_| !wide))
}

fn row(node: &Node, wide: bool, now: Timestamp) -> Vec<Cell> {
    let info = &node.info;
    let mut row: Vec<Cell> = vec![
        info.name.clone().into(),
        info.role.clone().into(),
        Cell::new(node.state.as_str(), tone(node.state)),
        address(node).into(),
        gpus(&info.capabilities).into(),
    ];
    if wide {
        let dash = || "-".to_owned();
        let list = |words: &[String]| match words {
            [] => dash(),
            words => words.join(","),
        };
        let load = node.metrics.get("load1").and_then(serde_json::Value::as_f64);
        let seen = now.duration_since(node.last_heartbeat).as_secs();
        let memory = info.capabilities.memory_mb;
        let more = [
            list(&info.labels),
            list(&info.groups),
            info.location.clone().unwrap_or_else(dash),
            info.capabilities.cpus.map_or_else(dash, |cpus| cpus.to_string()),
            memory.map_or_else(dash, |mib| format!("{}G", mib.div_ceil(1024))),
            load.map_or_else(dash, |load| format!("{load:.1}")),
            info.slurm_node.clone().unwrap_or_else(dash),
            format!("{} ago", span(seen)),
            info.node_id.clone(),
        ];
        row.extend(more.map(Cell::from));
    }
    row
}

/// The colour of a state.
pub(super) fn tone(state: NodeState) -> Tone {
    match state {
        NodeState::Online => Tone::Good,
        NodeState::Warning | NodeState::Draining | NodeState::Maintenance => Tone::Busy,
        NodeState::Offline => Tone::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(name: &str, role: &str, capabilities: serde_json::Value) -> Node {
        serde_json::from_value(json!({
            "node_id": format!("id-{name}"), "name": name, "hostname": name, "role": role,
            "ip": "10.0.0.3", "labels": ["gpu", "a\u{1b}[31m"], "capabilities": capabilities,
            "state": "online", "status": "online", "metrics": {"load1": 0.25},
            "last_heartbeat": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    #[test]
    fn the_table_is_that_of_the_older_command_and_wide_shows_more() {
        let nodes = [
            node("runpod-tx", "compute", json!({"gpu_count": 2, "gpu_type": "RTX 4090"})),
            node("aurora", "lead", json!({"gpu": false})),
        ];
        let now = "2026-01-01T00:01:00Z".parse().unwrap();
        let plain = |wide| anstream::adapter::strip_str(&render(&nodes, wide, now)).to_string();
        let words: Vec<Vec<String>> = plain(false)
            .lines()
            .map(|line| line.split("  ").map(str::trim).filter(|w| !w.is_empty()))
            .map(|words| words.map(str::to_owned).collect())
            .collect();
        assert_eq!(words[0], ["NAME", "ROLE", "STATUS", "IP", "GPU"]);
        assert_eq!(words[1], ["runpod-tx", "compute", "online", "10.0.0.3", "2x RTX 4090"]);
        assert_eq!(words[2], ["aurora", "lead", "online", "10.0.0.3", "-"]);
        let wide = plain(true);
        for word in ["LABELS", "id-aurora", "1m ago", "0.2"] {
            assert!(wide.contains(word), "{word} in {wide}");
        }
        assert!(!wide.contains('\u{1b}'));
    }
}
