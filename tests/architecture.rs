//! Holds the rules of ARCHITECTURE.md: who may import whom, and what stands in one place only.
//! Each violation names its file and line.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules that know nothing of ours but each other, and that anybody may use.
const LEAVES: &[&str] = &["chance", "env", "exit", "paths", "secret", "http"];

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
    ("connection", &["LEAVES"]),
    ("exec", &["LEAVES"]),
    ("shutdown", &["LEAVES"]),
    ("output", &["LEAVES"]),
    // Values are completed by those who know them.
    ("cli", &["LEAVES"]),
    ("chance", &["LEAVES"]),
    ("env", &["LEAVES"]),
    ("exit", &["LEAVES"]),
    ("paths", &["LEAVES"]),
    ("secret", &["LEAVES"]),
    ("http", &["LEAVES"]),
];

/// Modules that may import everything: `commands`, and the two roots.
const KNOW_ALL: &[&str] = &["commands", "main", "lib"];

/// A text that may stand only in files whose path begins with one of these. Unit tests, from
/// `#[cfg(test)]` to the end of the file, may also start programs.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("Command::new(", &["src/exec.rs", "src/exec/", "src/supervisor/child"]),
    ("axum", &["src/registry/"]),
    ("rusqlite", &["src/registry/store"]),
    ("tokio_postgres", &["src/registry/store"]),
    ("redis::", &["src/registry/bus"]),
    ("unsafe", &["src/supervisor/child"]),
];

/// The longest file, in lines.
const MAX_LINES: usize = 600;

struct Source {
    /// Path below the project's folder.
    path: String,
    /// Lines without comments and texts; tests of the file included.
    lines: Vec<String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    files.sort();
    let read = |path: &PathBuf| Source {
        path: path.strip_prefix(root).expect("below the root").display().to_string(),
        lines: code(&fs::read_to_string(path).expect("a source file")),
    };
    files.iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The lines of a source text with comments and the content of texts blanked, so that prose
/// neither keeps nor breaks a rule.
fn code(source: &str) -> Vec<String> {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '"' {
            text_length(rest)
        } else if c == 'r' && !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            raw_text_length(rest)
        } else if c == '\'' {
            char_length(rest)
        } else {
            0
        };
        if skipped == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            out.extend(rest[..skipped].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[skipped..];
        }
    }
    out.lines().map(str::to_owned).collect()
}

/// How long the text literal is that `rest` begins with.
fn text_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// How long the raw text literal is that `rest` begins with; 0 when it is none.
fn raw_text_length(rest: &str) -> usize {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    let open = 1 + hashes;
    if !rest[open..].starts_with('"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    rest[open + 1..].find(&close).map_or(rest.len(), |end| open + 1 + end + close.len())
}

/// How long the character literal is that `rest` begins with; 0 for a lifetime.
fn char_length(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    let escaped = chars.next().is_some_and(|(_, c)| c == '\\');
    if escaped {
        chars.next();
        return rest[2..]
            .char_indices()
            .skip(1)
            .find(|(_, c)| *c == '\'')
            .map_or(0, |(i, _)| i + 3);
    }
    chars.next().filter(|(_, c)| *c == '\'').map_or(0, |(i, _)| i + 1)
}

/// `src/slurm/parse.rs` → `slurm`, `src/exec.rs` → `exec`.
fn module(path: &str) -> &str {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    inner.split('/').next().unwrap_or(inner)
}

/// The modules of ours that one line names after `crate::`, or `llamactl::` in the binary.
/// A list in braces is read to the end of the line; rustfmt puts a longer one on lines of its
/// own, which `imports` joins.
fn named(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, mark) in line.match_indices("crate::").chain(line.match_indices("llamactl::")) {
        let rest = &line[at + mark.len()..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(top_level(list)),
            None => found.push(identifier(rest)),
        }
    }
    found.retain(|name| name.chars().next().is_some_and(|c| c.is_ascii_lowercase()));
    found
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names of a list in braces, whose opening brace is taken off.
fn top_level(list: &str) -> Vec<String> {
    let (mut depth, mut item, mut items) = (0, String::new(), Vec::new());
    for c in list.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => items.push(std::mem::take(&mut item)),
            '{' => depth += 1,
            '}' => depth -= 1,
            c => item.push(c),
        }
    }
    items.push(item);
    items.iter().map(|item| identifier(item.trim())).collect()
}

/// (line number, module) of everything of ours that a file names.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in source.lines.iter().enumerate() {
        let (number, text) = match open.take() {
            Some((number, text)) => (number, format!("{text} {}", line.trim())),
            None => (index + 1, line.trim().to_owned()),
        };
        let is_use = text.starts_with("use ") || text.starts_with("pub use ");
        if is_use && !text.contains(';') {
            open = Some((number, text));
        } else {
            found.extend(named(&text).into_iter().map(|name| (number, name)));
        }
    }
    found
}

#[test]
fn modules_import_only_what_they_may() {
    let mut violations = Vec::new();
    for source in sources() {
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
        let wrong = imports(&source).into_iter().filter(|(_, name)| !may(name));
        violations.extend(wrong.map(|(line, name)| {
            format!("{}:{line}: `{module}` may not import `{name}`", source.path)
        }));
    }
    assert!(violations.is_empty(), "see ARCHITECTURE.md\n{}", violations.join("\n"));
}

#[test]
fn some_things_stand_in_one_place() {
    let mut violations = Vec::new();
    for source in sources() {
        for (text, places) in ONLY_IN {
            if places.iter().any(|place| source.path.starts_with(place)) {
                continue;
            }
            let lines = source.lines.iter().take_while(|line| line.trim() != "#[cfg(test)]");
            let lines = lines.enumerate().filter(|(_, line)| has_word(line, text));
            violations.extend(lines.map(|(index, _)| {
                format!(
                    "{}:{}: `{text}` belongs into {}",
                    source.path,
                    index + 1,
                    places.join(", ")
                )
            }));
        }
    }
    assert!(violations.is_empty(), "see ARCHITECTURE.md\n{}", violations.join("\n"));
}

/// Whether `line` has `text` as a word of its own: not as the end or the beginning of another.
fn has_word(line: &str, text: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(text).any(|(at, _)| {
        let ends_open = text.ends_with(|c: char| !part_of_word(c));
        !line[..at].ends_with(part_of_word)
            && (ends_open || !line[at + text.len()..].starts_with(part_of_word))
    })
}

#[test]
fn files_are_of_a_size_that_can_be_read() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|source| source.lines.len() > MAX_LINES)
        .map(|source| format!("{}:{}: the limit is {MAX_LINES}", source.path, source.lines.len()))
        .collect();
    assert!(long.is_empty(), "split these files\n{}", long.join("\n"));
}

#[test]
fn the_reader_of_sources_sees_imports_and_no_prose() {
    let source = Source {
        path: "src/domain/x.rs".to_owned(),
        lines: code(
            "// crate::prose is not code\nuse crate::{\n    api::{A, b},\n    exec,\n};\n\
             let x = crate::slurm::parse('\"', \"crate::text\", r#\"crate::raw\"#);\n\
             fn f<'a>(x: &'a str) { crate::config::go('\\'') }\n",
        ),
    };
    let expected = [(2, "api"), (2, "exec"), (6, "slurm"), (7, "config")];
    let found = imports(&source);
    let found: Vec<_> = found.iter().map(|(line, name)| (*line, name.as_str())).collect();
    assert_eq!(found, expected);
    assert!(has_word("#[unsafe(x)] unsafe {", "unsafe") && !has_word("unsafe_code", "unsafe"));
}
