//! What a source file imports.

use super::reader::{Source, code, identifier};

/// The names that one line has right after one of `roots`. A list in braces is read to the end
/// of the line; rustfmt puts a longer one on lines of its own, which `imports` joins.
fn named(line: &str, roots: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, mark) in roots.iter().flat_map(|root| line.match_indices(root)) {
        let rest = &line[at + mark.len()..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(top_level(list)),
            None => found.push(identifier(rest)),
        }
    }
    found.retain(|name| name.chars().next().is_some_and(|c| c.is_ascii_lowercase()));
    found
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

/// (line number, module) of everything that a file names below `roots`, as `crate::`.
pub fn imports(source: &Source, roots: &[&str]) -> Vec<(usize, String)> {
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
            found.extend(named(&text, roots).into_iter().map(|name| (number, name)));
        }
    }
    found
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
    let found = |roots: &[&str]| imports(&source, roots);
    let expected = [(2, "api"), (2, "exec"), (6, "slurm"), (7, "config")];
    assert_eq!(found(&["crate::"]), expected.map(|(line, name)| (line, name.to_owned())));
    assert_eq!(found(&["crate::slurm::"]), [(6, "parse".to_owned())]);
}
