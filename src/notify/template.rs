//! Message texts: built-in templates, which files of the user's own can replace.

use std::path::Path;
use std::sync::Once;

use handlebars::{Handlebars, no_escape};
use serde::Serialize;

/// Largest file taken as a template, in bytes.
const MAX_TEMPLATE: u64 = 64 * 1024;

/// One text that a message is made of. A user's file with the same name replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// The file's name.
    pub name: &'static str,
    /// The built-in text.
    text: &'static str,
}

macro_rules! templates {
    ($($(#[doc = $doc:literal])+ $id:ident = $name:literal;)+) => {
        $(
            $(#[doc = $doc])+
            pub const $id: Template = Template {
                name: $name,
                text: include_str!(concat!("../../templates/", $name)),
            };
        )+
        /// All of them.
        pub const ALL: &[Template] = &[$($id),+];
    };
}

templates! {
    /// Subject of the mail that says a server is ready.
    READY_SUBJECT = "ready.subject.hbs";
    /// Text of the mail that says a server is ready.
    READY_TEXT = "ready.txt.hbs";
    /// Subject of the mail that says a server failed.
    FAILED_SUBJECT = "failed.subject.hbs";
    /// Text of the mail that says a server failed.
    FAILED_TEXT = "failed.txt.hbs";
    /// Title of the push message that says a server is ready.
    NTFY_READY_TITLE = "ntfy-ready.title.hbs";
    /// Text of the push message that says a server is ready.
    NTFY_READY_TEXT = "ntfy-ready.txt.hbs";
    /// Title of the push message that says a server failed.
    NTFY_FAILED_TITLE = "ntfy-failed.title.hbs";
    /// Text of the push message that says a server failed.
    NTFY_FAILED_TEXT = "ntfy-failed.txt.hbs";
}

impl Template {
    /// The text, from the file of this name in `folder` when there is one, else the built-in
    /// one. A file that does not work is told in the log with its line, and the built-in one
    /// is used: the message goes out all the same.
    ///
    /// # Errors
    /// When the built-in template fails, which the tests rule out.
    pub fn render<D: Serialize>(self, folder: Option<&Path>, data: &D) -> Result<String, String> {
        if let Some(path) = folder.map(|folder| folder.join(self.name)) {
            match read(&path).and_then(|text| text.map(|t| fill(&t, data)).transpose()) {
                Ok(Some(text)) => return Ok(text),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!("template {}{error}; the built-in one is used", path.display())
                }
            }
        }
        fill(self.text, data).map_err(|error| format!("built-in template {}{error}", self.name))
    }
}

/// Tells in the log, once, of files in `folder` that look like templates and are never used.
pub fn report_strays(folder: &Path) {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| strays(folder));
}

fn strays(folder: &Path) {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for name in files.map(|file| file.file_name().to_string_lossy().into_owned()) {
        if name.ends_with(".hbs") && ALL.iter().all(|template| template.name != name) {
            let known: Vec<_> = ALL.iter().map(|template| template.name).collect();
            tracing::warn!(
                "{}: no template has this name; there are {}",
                folder.join(&name).display(),
                known.join(", ")
            );
        }
    }
}

/// Reads a template; nothing when there is none. Errors begin with `:` or `:LINE:`.
fn read(path: &Path) -> Result<Option<String>, String> {
    use std::io::Read;
    // A FIFO in its place would block for ever.
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!(": {error}")),
        Ok(meta) if !meta.is_file() => return Err(": not a file".to_owned()),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| format!(": {error}"))?;
    file.take(MAX_TEMPLATE + 1).read_to_end(&mut bytes).map_err(|error| format!(": {error}"))?;
    if bytes.len() as u64 > MAX_TEMPLATE {
        return Err(format!(": larger than {} KiB", MAX_TEMPLATE / 1024));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| ": not UTF-8".to_owned())
}

fn fill<D: Serialize>(template: &str, data: &D) -> Result<String, String> {
    let at = |line: Option<usize>| line.map_or_else(|| ":".to_owned(), |line| format!(":{line}:"));
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(no_escape);
    engine
        .register_template_string("it", template)
        .map_err(|error| format!("{} {}", at(error.pos().map(|pos| pos.0)), error.reason()))?;
    engine.render("it", data).map_err(|error| format!("{} {}", at(error.line_no), error.reason()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> serde_json::Value {
        serde_json::json!({"name": "<a> & 'b'"})
    }

    #[test]
    fn text_is_not_escaped_as_html() {
        assert_eq!(fill("{{name}}", &data()).unwrap(), "<a> & 'b'");
    }

    #[test]
    fn errors_name_the_line() {
        assert!(fill("a\n{{#if}}", &data()).unwrap_err().starts_with(":2: "));
        let error = fill("a\nb\n{{nmae}}", &data()).unwrap_err();
        assert!(error.starts_with(":3: ") && error.contains("nmae"), "{error}");
    }

    #[test]
    fn a_file_of_the_users_own_replaces_the_built_in_one_only_if_it_works() {
        let folder = tempfile::tempdir().unwrap();
        let template = Template { name: "x.hbs", text: "built-in {{name}}" };
        let render = || template.render(Some(folder.path()), &data()).unwrap();
        let built_in = "built-in <a> & 'b'";
        assert_eq!(render(), built_in);
        let path = folder.path().join("x.hbs");
        std::fs::write(&path, "mine: {{name}}").unwrap();
        assert_eq!(render(), "mine: <a> & 'b'");
        let huge = "x".repeat(MAX_TEMPLATE as usize + 1);
        for broken in ["{{nmae}}", "{{#if name}}", "{{> other}}", huge.as_str()] {
            std::fs::write(&path, broken).unwrap();
            assert_eq!(render(), built_in);
        }
        std::fs::write(&path, b"\xff").unwrap();
        assert_eq!(render(), built_in);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(render(), built_in);
    }
}
