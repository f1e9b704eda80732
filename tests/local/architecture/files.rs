//! Which file imports which.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::{Source, identifier, sources};

/// An arrow: the file, and the line, that names something of another file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// The module of the file that imports, as `registry::seen::view`.
    pub from: String,
    /// The module of the file that it imports from.
    pub to: String,
    /// `src/registry/seen/view.rs:12`
    pub place: String,
}

/// Every arrow between files of `src`, unit tests left out.
pub fn arrows() -> BTreeSet<Arrow> {
    let sources: Vec<Source> = sources("src").into_iter().filter(|one| !is_test(one)).collect();
    let modules: BTreeMap<String, &Source> =
        sources.iter().map(|source| (module(&source.path), source)).collect();
    let mut arrows = BTreeSet::new();
    for (from, source) in &modules {
        for (line, path) in paths(source) {
            let Some(to) = file_of(&absolute(&path, from), &modules) else { continue };
            if to != *from {
                let place = format!("{}:{line}", source.path);
                arrows.insert(Arrow { from: from.clone(), to, place });
            }
        }
    }
    arrows
}

fn is_test(source: &Source) -> bool {
    source.path.ends_with("/tests.rs") || source.path.ends_with("_tests.rs")
}

/// `src/slurm/parse.rs` → `slurm::parse`, `src/slurm/mod.rs` → `slurm`.
fn module(path: &str) -> String {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    inner.trim_end_matches("/mod").replace('/', "::")
}

/// The longest beginning of a path that is a file.
fn file_of(path: &str, modules: &BTreeMap<String, &Source>) -> Option<String> {
    let mut path = path;
    loop {
        if modules.contains_key(path) {
            return Some(path.to_owned());
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// A path without `crate`, `self` and `super`, as seen from the module `from`.
fn absolute(path: &str, from: &str) -> String {
    let mut base: Vec<&str> = from.split("::").collect();
    let mut rest: Vec<&str> = path.split("::").collect();
    match rest.first() {
        Some(&("crate" | "llamactl")) => {
            base.clear();
            rest.remove(0);
        }
        Some(&"self") => {
            rest.remove(0);
        }
        _ => {}
    }
    while rest.first() == Some(&"super") {
        base.pop();
        rest.remove(0);
    }
    base.extend(rest);
    base.join("::")
}

/// (line number, path) of everything of ours that a file names: `use` trees taken apart, and
/// paths in the code that begin with a word for ours.
fn paths(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let lines = source.lines.iter().take_while(|line| line.trim() != "#[cfg(test)]");
    for (index, line) in lines.enumerate() {
        let (number, text) = match open.take() {
            Some((number, text)) => (number, format!("{text}{}", line.trim())),
            None => (index + 1, line.trim().to_owned()),
        };
        let Some(tree) = used(&text) else {
            found.extend(named(&text).into_iter().map(|path| (number, path)));
            continue;
        };
        match tree.split_once(';') {
            Some((tree, _)) => found.extend(expand(tree).into_iter().map(|path| (number, path))),
            None => open = Some((number, text)),
        }
    }
    found
}

/// What a line brings into scope, if it does.
fn used(line: &str) -> Option<&str> {
    let visible = line.strip_prefix("pub").map_or(line, |rest| match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(')').map_or(rest, |(_, rest)| rest),
        None => rest,
    });
    visible.trim_start().strip_prefix("use ")
}

/// The paths of a `use` tree.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((head, list)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or(tree).to_owned()];
    };
    let list = list.strip_suffix('}').unwrap_or(list);
    let (mut depth, mut item, mut items) = (0, String::new(), Vec::new());
    for c in list.chars() {
        match c {
            ',' if depth == 0 => items.push(std::mem::take(&mut item)),
            c => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                item.push(c);
            }
        }
    }
    items.push(item);
    let items = items.iter().filter(|item| !item.trim().is_empty());
    items.flat_map(|item| expand(item)).map(|path| format!("{head}{path}")).collect()
}

/// The paths in a line of code that begin with `crate`, `super` or `self`.
fn named(line: &str) -> Vec<String> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let roots = ["crate::", "super::", "self::"];
    let starts = roots.iter().flat_map(|root| line.match_indices(root));
    let own = starts.filter(|(at, _)| !line[..*at].ends_with(part_of_word));
    own.map(|(at, _)| {
        let mut path = Vec::new();
        for part in line[at..].split("::") {
            let name = identifier(part);
            let ends = name.len() < part.len();
            path.push(name);
            if ends {
                break;
            }
        }
        path.join("::").trim_end_matches("::").to_owned()
    })
    .collect()
}

#[test]
fn imports_lead_to_files() {
    let modules = ["a", "a::b", "a::b::c"];
    let source = Source { path: String::new(), lines: Vec::new() };
    let modules = modules.iter().map(|name| ((*name).to_owned(), &source)).collect();
    let to = |path: &str, from: &str| file_of(&absolute(path, from), &modules);
    assert_eq!(to("crate::a::b::Type", "x").as_deref(), Some("a::b"));
    assert_eq!(to("super::c::f", "a::b::d").as_deref(), Some("a::b::c"));
    assert_eq!(to("super::super::Type", "a::b::c").as_deref(), Some("a"));
    assert_eq!(to("c::f", "a::b").as_deref(), Some("a::b::c"));
    assert_eq!(to("std::fmt", "x"), None);
    let tree = expand("crate::a::{self, b::{C, d as e}, F}");
    assert_eq!(tree, ["crate::a::self", "crate::a::b::C", "crate::a::b::d", "crate::a::F"]);
    assert_eq!(named("x(crate::a::b(1), mycrate::c, super::d)"), ["crate::a::b", "super::d"]);
    assert_eq!(used("pub(super) use a::b;"), Some("a::b;"));
    assert_eq!(module("src/a/mod.rs"), "a");
}
