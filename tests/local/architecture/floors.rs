//! Who may import whom: the floors of the house. The walls between the rooms of one module are
//! another table, in a file of its own beside this one.

use super::imports::imports;
use super::reader::sources;

/// Modules that know nothing of ours but each other, and that anybody may use.
const LEAVES: &[&str] = &["env", "exit", "paths", "secret", "http"];

/// Module → what of ours it may import, beside itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("api", &["domain", "secret"]),
    ("config", &["domain", "LEAVES"]),
    ("slurm", &["domain", "exec", "config", "LEAVES"]),
    ("client", &["api", "domain", "LEAVES"]),
    ("notify", &["domain", "config", "exec", "LEAVES"]),
    ("presets", &["domain", "LEAVES"]),
    // Connections and what passes through them: of nobody in particular.
    ("proxy", &["LEAVES"]),
    ("engine", &["config", "domain", "LEAVES"]),
    // One submission, decided; what prints or acts stands above it.
    ("launch", &["client", "config", "slurm", "exec", "domain", "notify", "LEAVES"]),
    ("registry", &["proxy", "api", "domain", "config", "notify", "presets", "shutdown", "LEAVES"]),
    (
        "supervisor",
        &[
            "proxy",
            "engine",
            "client",
            "api",
            "domain",
            "config",
            "notify",
            "connection",
            "shutdown",
            "LEAVES",
        ],
    ),
    ("node", &["api", "client", "domain", "exec", "config", "shutdown", "LEAVES"]),
    ("lookup", &["api", "client", "domain", "LEAVES"]),
    ("connection", &["domain", "LEAVES"]),
    ("exec", &["LEAVES"]),
    ("shutdown", &["LEAVES"]),
    ("output", &["LEAVES"]),
    // Values are completed by those who know them.
    ("cli", &["LEAVES"]),
    ("env", &["LEAVES"]),
    ("exit", &["LEAVES"]),
    ("paths", &["LEAVES"]),
    ("secret", &["LEAVES"]),
    ("http", &["LEAVES"]),
];

/// Modules that may import everything: `commands`, and the two roots.
const KNOW_ALL: &[&str] = &["commands", "main", "lib"];

/// What comes before the name of a module of ours; the second one in the binary.
const ROOTS: [&str; 2] = ["crate::", "llamactl::"];

/// `src/slurm/parse.rs` → `slurm`, `src/exec.rs` → `exec`.
fn module(path: &str) -> &str {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    inner.split('/').next().unwrap_or(inner)
}

#[test]
fn modules_import_only_what_they_may() {
    let mut violations = Vec::new();
    for source in sources("src") {
        let module = module(&source.path);
        if KNOW_ALL.contains(&module) {
            continue;
        }
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            violations.push(format!("{}: module `{module}` has no rule here", source.path));
            continue;
        };
        let may = |name: &str| {
            name == module
                || allowed.contains(&name)
                || (allowed.contains(&"LEAVES") && LEAVES.contains(&name))
        };
        let wrong = imports(&source, &ROOTS).into_iter().filter(|(_, name)| !may(name));
        violations.extend(wrong.map(|(line, name)| {
            format!("{}:{line}: `{module}` may not import `{name}`", source.path)
        }));
    }
    assert!(violations.is_empty(), "see ARCHITECTURE.md\n{}", violations.join("\n"));
}
