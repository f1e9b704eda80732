//! Holds the walls of `dashboard/js/`, as `floors.rs` holds those of `src/`: which folder may
//! import which, and how wide a line may be. That no two files import each other is biome's to say
//! (`biome.jsonc`). Each violation names its file and line.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Folder → what it may import, beside itself. The empty one is `dashboard/js/` itself, where
/// `main.js` and `early.js` are, which `index.html` asks for.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("core", &["vendor"]),
    ("facts", &["core"]),
    ("parts", &["core", "facts", "vendor"]),
    ("views", &["core", "facts", "parts"]),
    ("", &["core", "facts", "parts", "views"]),
];

/// The folder of pages, none of which knows another: it is loaded when it is first opened.
const PAGES: &str = "views";

/// The widest line, in columns. The formatter leaves templates, texts and comments as they are.
const MAX_COLUMNS: usize = 120;

/// A file's path below the project, and its text.
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }
}

/// The files below `folder` that end in one of `kinds`, without what others wrote or a program made.
fn sources(folder: &str, kinds: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join(folder), kinds, &mut files);
    assert!(!files.is_empty(), "no file in {folder}");
    files.sort();
    let read = |file: &PathBuf| Source {
        path: file.strip_prefix(root).expect("below the root").to_owned(),
        text: fs::read_to_string(file).expect("a source file"),
    };
    files.iter().map(read).collect()
}

fn collect(folder: &Path, kinds: &[&str], files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let theirs = path.ends_with("vendor") || path.ends_with("facts/models.js");
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if path.is_dir() && !theirs {
            collect(&path, kinds, files);
        } else if kinds.contains(&kind) && !theirs {
            files.push(path);
        }
    }
}

/// What a line imports, as it is written there.
fn imported(line: &str) -> Option<&str> {
    let code = line.trim_start();
    if code.starts_with("//") || code.starts_with('*') {
        return None;
    }
    let (_, rest) =
        ["from \"", "import(\"", "import \""].iter().find_map(|word| code.split_once(word))?;
    rest.split('"').next().filter(|path| path.starts_with('.'))
}

/// The folder of `dashboard/js/` that a file is in: empty for that folder itself, `vendor` for what
/// others wrote.
fn folder_of(path: &Path) -> String {
    let below = path.strip_prefix("dashboard").expect("a file of the dashboard");
    let below = below.strip_prefix("js").unwrap_or(below);
    let first = below.parent().and_then(|folder| folder.components().next());
    first.map(|name| name.as_os_str().to_string_lossy().into_owned()).unwrap_or_default()
}

/// The file that `import` means in the file at `from`.
fn resolved(from: &Path, import: &str) -> PathBuf {
    let mut path = from.parent().expect("a folder").to_owned();
    for part in Path::new(import).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{import} leads out of the project"),
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}

#[test]
fn arrows_go_one_way() {
    let mut wrong = Vec::new();
    for source in sources("dashboard/js", &["js"]) {
        let folder = folder_of(&source.path);
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(name, _)| *name == folder)
            .unwrap_or_else(|| panic!("{} is in a folder of no rule", source.path.display()));
        for (number, line) in source.lines() {
            let Some(import) = imported(line) else { continue };
            let other = folder_of(&resolved(&source.path, import));
            let inside = other == folder && folder != PAGES;
            if !inside && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{}:{number}: {import}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "against MAY_IMPORT:\n{}", wrong.join("\n"));
}

#[test]
fn no_line_is_wider_than_120_columns() {
    let dashboard = sources("dashboard", &["js", "css"]);
    let others = sources("tests/browser", &["mjs"]).into_iter().chain(sources("scripts", &["mjs"]));
    let mut wrong = Vec::new();
    for source in dashboard.into_iter().chain(others) {
        let wide = source.lines().filter(|(_, line)| line.chars().count() > MAX_COLUMNS);
        wrong.extend(wide.map(|(number, _)| format!("{}:{number}", source.path.display())));
    }
    assert!(wrong.is_empty(), "wider than {MAX_COLUMNS} columns:\n{}", wrong.join("\n"));
}

#[test]
fn an_import_is_seen_however_it_is_written() {
    for (line, import) in [
        (r#"import { html } from "../core/dom.js";"#, Some("../core/dom.js")),
        (r#"} from "./dom.js";"#, Some("./dom.js")),
        (r#"export { h } from "./dom.js";"#, Some("./dom.js")),
        (
            r#"  { path: "nodes", view: () => import("./views/nodes.js") },"#,
            Some("./views/nodes.js"),
        ),
        (r#"import "./early.js";"#, Some("./early.js")),
        (r#"// as in import("./early.js")"#, None),
        (r#"const text = "from";"#, None),
    ] {
        assert_eq!(imported(line), import, "{line}");
    }
    let from = Path::new("dashboard/js/views/nodes.js");
    assert_eq!(folder_of(&resolved(from, "../core/dom.js")), "core");
    assert_eq!(folder_of(&resolved(from, "../main.js")), "");
    assert_eq!(folder_of(&resolved(from, "../../vendor/uplot/uplot.js")), "vendor");
}
