//! Nodes and their connections in Graphviz's language (<https://graphviz.org/doc/info/lang.html>).
//! Pure.

use std::collections::HashMap;

use crate::api::nodes::{Topology, TopologyNode};
use crate::commands::node::gpus;
use crate::output::printable;

/// The graph. Nodes are called `n0`, `n1` … in it, so that what others wrote stands in quoted
/// labels only.
pub(super) fn render(topology: &Topology) -> String {
    let mut lines = vec![
        "graph nodes {".to_owned(),
        "  graph [overlap=false, splines=true];".to_owned(),
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];"
            .to_owned(),
        "  edge [fontname=\"sans-serif\", fontsize=9];".to_owned(),
    ];
    let mut places = HashMap::new();
    for (at, node) in topology.nodes.iter().enumerate() {
        places.insert(node.id.as_str(), at);
        lines.push(format!("  n{at} [label={}, color={}];", label(node), color(&node.status)));
    }
    for connection in &topology.connections {
        let ends =
            places.get(connection.source.as_str()).zip(places.get(connection.target.as_str()));
        let Some((source, target)) = ends else { continue };
        let kind = quoted(&[&connection.kind]);
        lines.push(format!(
            "  n{source} -- n{target} [label={kind}, style={}];",
            style(&connection.kind)
        ));
    }
    lines.push("}".to_owned());
    lines.join("\n")
}

fn label(node: &TopologyNode) -> String {
    let gpus = gpus(&node.capabilities);
    let mut parts = vec![node.label.as_str(), node.role.as_str()];
    parts.extend(node.vpn_ip.as_deref());
    if gpus != "-" {
        parts.push(&gpus);
    }
    quoted(&parts)
}

fn color(status: &str) -> &'static str {
    match status {
        "active" => "darkgreen",
        "offline" => "red",
        _ => "orange",
    }
}

fn style(kind: &str) -> &'static str {
    match kind {
        "db_replication" => "dashed",
        "gpu_mesh" => "bold",
        _ => "solid",
    }
}

/// A quoted label with a line for each part. In a label a backslash begins an escape and an
/// ampersand an entity, also inside of quotes.
fn quoted(lines: &[&str]) -> String {
    let escape = |line: &&str| {
        printable(line).replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
    };
    format!("\"{}\"", lines.iter().map(escape).collect::<Vec<_>>().join("\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_quoted_whatever_is_in_them() {
        assert_eq!(quoted(&["a\"];b", "c\\N&lt;\n"]), "\"a\\\"];b\\nc\\\\N&amp;lt;\u{fffd}\"");
    }
}
