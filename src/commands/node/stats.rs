//! `llamactl node stats`

use serde_json::Value;

use super::{client, refused};
use crate::cli::StatsArgs;
use crate::commands::{Context, lease};
use crate::exit::Exit;
use crate::output::printable;

/// Runs the command.
///
/// # Errors
/// A time that is none, or what the registry says.
pub async fn run(context: &Context, args: StatsArgs) -> anyhow::Result<Exit> {
    if let Some(since) = &args.since {
        lease::time("--since", since)?;
    }
    let stats = client(context)?.node_stats(args.since.as_deref()).await.map_err(refused)?;
    if !context.printer.json(&stats)? {
        context.printer.line(render(&stats))?;
    }
    Ok(Exit::OK)
}

/// One line for each number, with what is inside an object or a list below it.
fn render(stats: &Value) -> String {
    let mut lines = Vec::new();
    add(stats, 0, &mut lines);
    lines.join("\n")
}

fn add(value: &Value, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let Some(object) = value.as_object() else { return };
    let width = object.keys().map(|key| key.chars().count()).max().unwrap_or(0);
    for (key, value) in object {
        let name = printable(&key.replace('_', " "));
        match value {
            Value::Object(_) => {
                lines.push(format!("{indent}{name}"));
                add(value, depth + 1, lines);
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                lines.push(format!("{indent}{name}"));
                for item in items.iter().filter_map(Value::as_object) {
                    let pairs = item.iter().map(|(key, value)| format!("{key} {}", scalar(value)));
                    lines.push(format!("{indent}  {}", pairs.collect::<Vec<_>>().join("  ")));
                }
            }
            value => lines.push(format!("{indent}{name:width$}  {}", scalar(value))),
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text),
        Value::Array(items) => items.iter().map(scalar).collect::<Vec<_>>().join(", "),
        value => printable(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_shown_with_what_they_are() {
        let stats = json!({
            "total_nodes": 3, "nodes_by_role": {"lead": 1, "com\u{7}pute": 2},
            "series": [{"at": "x", "online": 2}],
        });
        let text = render(&stats);
        assert_eq!(
            text,
            "total nodes    3\nnodes by role\n  lead      1\n  com\u{fffd}pute  2\n\
             series\n  at x  online 2"
        );
    }
}
