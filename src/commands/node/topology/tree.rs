//! Nodes as a tree. Pure.

use std::collections::BTreeMap;

use crate::cli::Branches;
use crate::commands::node::{address, gpus};
use crate::domain::node::{Node, NodeState};
use crate::output::printable;

/// The role whose nodes lead the others (contract 4).
const LEAD: &str = "lead";

/// A line and what is below it.
#[derive(Debug, Default)]
struct Branch {
    line: String,
    below: Vec<Branch>,
}

/// A branch that is being filled: branches by name, and leaves.
#[derive(Debug, Default)]
struct Group<'a> {
    groups: BTreeMap<String, Group<'a>>,
    nodes: Vec<&'a Node>,
}

/// The tree, without a line break at its end.
pub(super) fn render(nodes: &[Node], by: Branches) -> String {
    let (leads, others): (Vec<&Node>, Vec<&Node>) =
        nodes.iter().partition(|node| by == Branches::Role && node.info.role == LEAD);
    let mut all = Group::default();
    for node in &others {
        for path in paths(node, by) {
            let mut group = &mut all;
            for part in path {
                group = group.groups.entry(part).or_default();
            }
            group.nodes.push(node);
        }
    }
    let width = nodes.iter().map(|node| node.info.name.chars().count()).max().unwrap_or(0);
    let mut lines: Vec<String> = match leads.is_empty() {
        true => vec![format!("nodes ({})", summary(&others))],
        false => leads.iter().map(|lead| leaf(lead, width)).collect(),
    };
    draw(&branches(&all, width), "", &mut lines);
    lines.join("\n")
}

/// Where a node belongs: one path, or several for a node in several groups.
fn paths(node: &Node, by: Branches) -> Vec<Vec<String>> {
    let info = &node.info;
    match by {
        Branches::Role => vec![vec![info.role.clone()]],
        Branches::Location => {
            let location = info.location.as_deref().unwrap_or("(no location)");
            let parts = location.split('/').map(str::trim).filter(|part| !part.is_empty());
            vec![parts.take(8).map(str::to_owned).collect()]
        }
        Branches::Group if info.groups.is_empty() => vec![vec!["(no group)".to_owned()]],
        Branches::Group => info.groups.iter().map(|group| vec![group.clone()]).collect(),
    }
}

fn branches(group: &Group, width: usize) -> Vec<Branch> {
    let inner = group.groups.iter().map(|(name, inner)| Branch {
        line: format!("{} ({})", printable(name), summary(&all(inner))),
        below: branches(inner, width),
    });
    let mut nodes = group.nodes.clone();
    nodes.sort_by_key(|node| &node.info.name);
    let leaves =
        nodes.into_iter().map(|node| Branch { line: leaf(node, width), below: Vec::new() });
    inner.chain(leaves).collect()
}

fn all<'a>(group: &Group<'a>) -> Vec<&'a Node> {
    let mut nodes = group.nodes.clone();
    nodes.extend(group.groups.values().flat_map(all));
    nodes
}

fn leaf(node: &Node, width: usize) -> String {
    let name = printable(&node.info.name);
    let line = format!(
        "{name:width$}  {:11}  {}  {}",
        node.state,
        printable(&address(node)),
        printable(&gpus(&node.info.capabilities))
    );
    line.trim_end_matches([' ', '-']).to_owned()
}

/// `3 nodes, 2 online, 4 GPUs`
fn summary(nodes: &[&Node]) -> String {
    let online = nodes.iter().filter(|node| node.state == NodeState::Online).count();
    let gpus: u64 = nodes.iter().map(|node| gpu_count(node)).sum();
    let many = |count: u64, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let mut parts = vec![many(nodes.len() as u64, "node")];
    if online < nodes.len() {
        parts.push(format!("{online} online"));
    }
    if gpus > 0 {
        parts.push(many(gpus, "GPU"));
    }
    parts.join(", ")
}

fn gpu_count(node: &Node) -> u64 {
    let capabilities = &node.info.capabilities;
    let listed = capabilities.gpus.len() as u64;
    let said = capabilities.gpu_count.map(u64::from);
    said.unwrap_or(listed.max(u64::from(capabilities.gpu == Some(true))))
}

fn draw(branches: &[Branch], indent: &str, lines: &mut Vec<String>) {
    for (at, branch) in branches.iter().enumerate() {
        let is_last = at + 1 == branches.len();
        let (joint, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        lines.push(format!("{indent}{joint}{}", branch.line));
        draw(&branch.below, &format!("{indent}{below}"), lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(name: &str, role: &str, location: &str, gpus: u32) -> Node {
        serde_json::from_value(json!({
            "node_id": name, "name": name, "hostname": name, "role": role, "ip": "10.0.0.3",
            "location": location, "groups": ["a", "b"], "state": "online", "status": "online",
            "capabilities": {"gpu_count": gpus, "gpu_type": "RTX 4090"},
            "last_heartbeat": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    fn some() -> Vec<Node> {
        let mut away = node("vengeance", "compute", "paris", 1);
        away.state = NodeState::Offline;
        vec![
            away,
            node("runpod-tx", "compute", "austin/room-2", 2),
            node("aurora", "lead", "austin", 0),
            node("nas\u{1b}", "storage", "paris", 0),
        ]
    }

    #[test]
    fn the_lead_is_the_root_and_roles_are_branches() {
        assert_eq!(
            render(&some(), Branches::Role),
            "aurora     online       10.0.0.3
├─ compute (2 nodes, 1 online, 3 GPUs)
│  ├─ runpod-tx  online       10.0.0.3  2x RTX 4090
│  └─ vengeance  offline      10.0.0.3  1x RTX 4090
└─ storage (1 node)
   └─ nas\u{fffd}       online       10.0.0.3"
        );
    }

    #[test]
    fn places_are_branches_of_branches() {
        assert_eq!(
            render(&some(), Branches::Location),
            "nodes (4 nodes, 3 online, 3 GPUs)
├─ austin (2 nodes, 2 GPUs)
│  ├─ room-2 (1 node, 2 GPUs)
│  │  └─ runpod-tx  online       10.0.0.3  2x RTX 4090
│  └─ aurora     online       10.0.0.3
└─ paris (2 nodes, 1 online, 1 GPU)
   ├─ nas\u{fffd}       online       10.0.0.3
   └─ vengeance  offline      10.0.0.3  1x RTX 4090"
        );
    }

    #[test]
    fn a_node_is_in_each_of_its_groups() {
        assert_eq!(render(&some(), Branches::Group).matches("runpod-tx").count(), 2);
    }
}
