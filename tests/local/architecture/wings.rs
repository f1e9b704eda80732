//! The walls inside the registry: which wing knows which.

use super::files::{Arrow, arrows};

/// Wing of the registry → those below it that it may import. `error` and `may` are files.
const WINGS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("may", &["error"]),
    ("seen", &["may", "error"]),
    ("store", &["seen", "may", "error"]),
    ("edge", &["seen", "may", "error"]),
    ("service", &["edge", "store", "seen", "may", "error"]),
    ("http", &["service", "edge", "store", "seen", "may", "error"]),
    ("work", &["service", "edge", "store", "seen", "may", "error"]),
    ("serve", &["http", "work", "service", "edge", "store", "seen", "may", "error"]),
];

/// Handlers are known to the table of routes alone, so that none becomes another's means.
const HANDLERS: &str = "registry::http::handlers::";
const ROUTER: &str = "registry::http::router";

fn wing(module: &str) -> Option<&str> {
    module.strip_prefix("registry::")?.split("::").next()
}

#[test]
fn no_wing_of_the_registry_imports_one_above_it() {
    let mut seen = 0;
    let mut violations = Vec::new();
    for Arrow { from, to, place } in arrows() {
        let (Some(one), Some(other)) = (wing(&from), wing(&to)) else { continue };
        seen += 1;
        let rule = WINGS.iter().find(|(name, _)| *name == one);
        let may = rule.is_some_and(|(_, below)| below.contains(&other));
        if one != other && !may {
            violations.push(format!("{place}: `{one}` may not import `{other}`"));
        }
    }
    assert!(seen > 100, "the imports are not read: {seen}");
    assert!(violations.is_empty(), "see ARCHITECTURE.md\n{}", violations.join("\n"));
}

#[test]
fn handlers_are_known_to_the_router_alone() {
    let violations: Vec<String> = arrows()
        .into_iter()
        .filter(|arrow| arrow.to.starts_with(HANDLERS) && arrow.from != ROUTER)
        .map(|arrow| format!("{}: {} imports {}", arrow.place, arrow.from, arrow.to))
        .collect();
    assert!(violations.is_empty(), "see ARCHITECTURE.md\n{}", violations.join("\n"));
}
