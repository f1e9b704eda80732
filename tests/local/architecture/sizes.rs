//! How long files and functions may be.

use super::reader::{functions, sources};

/// The longest file, in lines.
const MAX_LINES: usize = 600;

/// The longest function, in lines from its `fn` to its closing brace.
const MAX_FUNCTION: usize = 70;

/// The folders that are held to it.
const FOLDERS: [&str; 2] = ["src", "tests"];

#[test]
fn files_are_of_a_size_that_can_be_read() {
    let long: Vec<_> = FOLDERS
        .into_iter()
        .flat_map(sources)
        .filter(|source| source.lines.len() > MAX_LINES)
        .map(|source| format!("{}:{}: the limit is {MAX_LINES}", source.path, source.lines.len()))
        .collect();
    assert!(long.is_empty(), "split these files\n{}", long.join("\n"));
}

#[test]
fn functions_are_of_a_size_that_can_be_read() {
    let mut long = Vec::new();
    for source in FOLDERS.into_iter().flat_map(sources) {
        let over = functions(&source.lines).into_iter().filter(|one| one.length > MAX_FUNCTION);
        long.extend(over.map(|one| {
            format!("{}:{}: `{}` has {} lines", source.path, one.line, one.name, one.length)
        }));
    }
    assert!(long.is_empty(), "split these, the limit is {MAX_FUNCTION}\n{}", long.join("\n"));
}
