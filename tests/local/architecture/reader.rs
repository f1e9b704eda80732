//! Reads source files as far as the rules need it: without prose, by functions and by imports.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::project;

/// A source file.
pub struct Source {
    /// Path below the project's folder.
    pub path: String,
    /// Lines without comments and texts; tests of the file included.
    pub lines: Vec<String>,
}

/// Every source file below a folder of the project.
pub fn sources(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(&project().join(folder), &mut files);
    files.sort();
    let read = |path: &PathBuf| Source {
        path: path.strip_prefix(project()).expect("below the root").display().to_string(),
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
pub fn code(source: &str) -> Vec<String> {
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

/// The identifier that a text begins with.
pub fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// A function, as far as its length is meant.
pub struct Function {
    pub name: String,
    /// The number of the line with its `fn`.
    pub line: usize,
    /// From that line to its closing brace, both counted.
    pub length: usize,
}

/// The functions with a body in lines that [`code`] made, those within others too. Where a
/// line has several, the first one counts.
pub fn functions(lines: &[String]) -> Vec<Function> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = declared(line) else { continue };
        if let Some(length) = body_end(&lines[start..]) {
            found.push(Function { name, line: start + 1, length });
        }
    }
    found
}

/// The name of the function that a line declares; none for a pointer's type, `fn(u8)`.
fn declared(line: &str) -> Option<String> {
    let before = |at: usize| line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let (at, _) = line.match_indices("fn ").find(|(at, _)| !before(*at))?;
    Some(identifier(line[at + 3..].trim_start())).filter(|name| !name.is_empty())
}

/// How many lines it is from a `fn` to the brace that closes its body; nothing for one that has
/// none, as in a trait.
fn body_end(lines: &[String]) -> Option<usize> {
    let mut depth = Depth::default();
    for (index, line) in lines.iter().enumerate() {
        let line = if index == 0 { &line[line.find("fn ")?..] } else { line };
        for c in line.chars() {
            match c {
                '(' | '[' => depth.other += 1,
                ')' | ']' => depth.other -= 1,
                // An array's length, `[u8; 4]`, has one in brackets.
                ';' if depth.braces == 0 && depth.other == 0 => return None,
                '{' => depth.braces += 1,
                '}' => depth.braces -= 1,
                _ => continue,
            }
            if c == '}' && depth.braces == 0 && depth.other == 0 {
                return Some(index + 1);
            }
        }
    }
    None
}

/// How deep a place is in braces, and in other brackets.
#[derive(Default)]
struct Depth {
    braces: i32,
    other: i32,
}

#[test]
fn the_length_of_a_function_is_from_its_fn_to_its_closing_brace() {
    let lines = code(
        "/// fn prose() {\npub async fn outer<T>(\n    list: [u8; 4],\n) -> impl Fn() -> u8 {\n    \
         let close = |x| { x + '}' };\n    fn inner() {\n        \"}\";\n    }\n}\n\
         trait T {\n    fn none(\n        x: fn (u8),\n    );\n    fn one() {}\n}\n",
    );
    let found: Vec<_> =
        functions(&lines).into_iter().map(|one| (one.name, one.line, one.length)).collect();
    let expected = [("outer", 2, 8), ("inner", 6, 3), ("one", 14, 1)];
    assert_eq!(found, expected.map(|(name, line, length)| (name.to_owned(), line, length)));
}
