//! Message texts: built-in templates, which files of the user's or the site's own can replace.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use handlebars::Handlebars;
use rust_embed::RustEmbed;
use serde::Serialize;

use super::helpers::{self, Escape};

/// Largest file taken as a template, in bytes.
const MAX_TEMPLATE: u64 = 64 * 1024;
/// Most files of a folder of templates that are looked at.
const MAX_FILES: usize = 500;
/// The folders of templates, below the one that holds them all.
const FOLDERS: [&str; 4] = ["", "events", "partials", "channels"];

/// The built-in files.
#[derive(RustEmbed)]
#[folder = "templates/"]
#[include = "events/*.hbs"]
#[include = "partials/*.hbs"]
#[include = "channels/*.yaml"]
#[include = "mail.*.hbs"]
struct BuiltIn;

/// Where templates are looked for: in folders, the first of which wins, then the built-in ones.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    folders: Vec<PathBuf>,
}

/// A text, and the file that it is from; nothing for a built-in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub file: Option<PathBuf>,
    /// Its text.
    pub text: String,
}

impl Templates {
    /// Looks into `folders` first.
    pub fn new(folders: Vec<PathBuf>) -> Templates {
        Templates { folders }
    }

    /// The names of all templates in a folder of them, as `channels`, also of the users' own.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let mut names: BTreeSet<String> = built_in(folder).collect();
        for own in &self.folders {
            names.extend(files(&own.join(folder)));
        }
        names.into_iter().collect()
    }

    /// Every text of this name, the strongest first. What can't be read is told in the log.
    pub fn sources(&self, name: &str) -> Vec<Source> {
        let mut found = Vec::new();
        for file in self.folders.iter().map(|folder| folder.join(name)) {
            match read(&file) {
                Ok(Some(text)) => found.push(Source { file: Some(file), text }),
                Ok(None) => {}
                Err(error) => tell(&file, &error),
            }
        }
        let built_in = BuiltIn::get(name);
        let text = built_in.map(|file| String::from_utf8_lossy(&file.data).into_owned());
        found.extend(text.map(|text| Source { file: None, text }));
        found
    }

    /// The template `name`, filled with `data`. A file that does not work is told in the log with
    /// its line, and the next one is used: the message goes out all the same.
    ///
    /// # Errors
    /// When there is no template that works.
    pub fn render<D: Serialize>(
        &self,
        name: &str,
        escape: Escape,
        data: &D,
    ) -> Result<String, String> {
        let mut last = format!("there is no template {name}");
        for source in self.sources(name) {
            match self.fill(&source.text, escape, data) {
                Ok(text) => return Ok(text),
                Err(error) => match &source.file {
                    Some(file) => tell(file, &error),
                    None => last = format!("built-in template {name}{error}"),
                },
            }
        }
        Err(last)
    }

    /// A text that is no file of its own, filled with `data`.
    ///
    /// # Errors
    /// `:LINE: WHY`
    pub fn fill<D: Serialize>(
        &self,
        text: &str,
        escape: Escape,
        data: &D,
    ) -> Result<String, String> {
        let at =
            |line: Option<usize>| line.map_or_else(|| ":".to_owned(), |line| format!(":{line}:"));
        let mut engine = helpers::engine(escape);
        if text.contains("{{>") {
            self.partials(&mut engine, escape);
        }
        engine
            .register_template_string("it", text)
            .map_err(|error| format!("{} {}", at(error.pos().map(|pos| pos.0)), error.reason()))?;
        let filled = engine.render("it", data);
        filled.map_err(|error| format!("{} {}", at(error.line_no), error.reason()))
    }

    /// Makes the partials known: `partials/NAME.txt.hbs` or `partials/NAME.html.hbs` as `NAME`.
    fn partials(&self, engine: &mut Handlebars<'_>, escape: Escape) {
        let ending = if escape == Escape::Html { ".html.hbs" } else { ".txt.hbs" };
        for file in self.names("partials") {
            let Some(name) = file.strip_suffix(ending) else { continue };
            for source in self.sources(&format!("partials/{file}")) {
                match engine.register_partial(name, &source.text) {
                    Ok(()) => break,
                    Err(error) => {
                        let line = error.pos().map_or(0, |pos| pos.0);
                        let file = source.file.unwrap_or_default();
                        tell(&file, &format!(":{line}: {}", error.reason()));
                    }
                }
            }
        }
    }

    /// Tells in the log, once, of files in the folders that are never used.
    pub fn report_strays(&self) {
        let own: BTreeSet<PathBuf> = self.folders.iter().cloned().collect();
        for folder in own.iter().flat_map(|own| FOLDERS.map(|folder| (own.clone(), folder))) {
            let (own, folder) = folder;
            let known: Vec<String> = built_in(folder).collect();
            for name in files(&own.join(folder)) {
                // A new channel is a file, and so is a new partial.
                let used = known.contains(&name)
                    || folder == "channels" && name.ends_with(".yaml")
                    || folder == "partials" && name.ends_with(".hbs");
                if !used && name.ends_with(".hbs") {
                    let file = own.join(folder).join(&name);
                    tell(
                        &file,
                        &format!(": no template has this name; there are {}", known.join(", ")),
                    );
                }
            }
        }
    }
}

/// Every built-in file: its name, and its text.
pub fn all_built_in() -> impl Iterator<Item = (String, Vec<u8>)> {
    BuiltIn::iter()
        .filter_map(|name| Some((name.to_string(), BuiltIn::get(&name)?.data.into_owned())))
}

fn built_in(folder: &str) -> impl Iterator<Item = String> {
    BuiltIn::iter().filter_map(move |path| match (path.rsplit_once('/'), folder) {
        (None, "") => Some(path.into_owned()),
        (Some((parent, name)), folder) if parent == folder => Some(name.to_owned()),
        _ => None,
    })
}

fn files(folder: &Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_FILES);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| {
        !name.starts_with('.') && (name.ends_with(".hbs") || name.ends_with(".yaml"))
    })
}

/// Warns of a template, once for each thing that is wrong.
pub fn tell(file: &Path, error: &str) {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let text = format!("template {}{error}", file.display());
    let mut told = TOLD.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if told.len() < MAX_FILES && told.insert(text.clone()) {
        tracing::warn!("{text}; the built-in one is used");
    }
}

/// Reads a template; nothing when there is none. Errors begin with `:`.
fn read(path: &Path) -> Result<Option<String>, String> {
    use std::io::Read;
    // A FIFO in its place would block for ever.
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fill(text: &str, escape: Escape) -> Result<String, String> {
        Templates::default().fill(text, escape, &json!({"name": "<a> & \"b\"\\"}))
    }

    #[test]
    fn values_are_escaped_for_where_they_stand() {
        assert_eq!(fill("{{name}}", Escape::None).unwrap(), "<a> & \"b\"\\");
        assert_eq!(fill("{{name}}", Escape::Html).unwrap(), "&lt;a&gt; &amp; &quot;b&quot;\\");
        let json = fill("{\"x\": \"{{name}}\"}", Escape::Json).unwrap();
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["x"], "<a> & \"b\"\\");
    }

    #[test]
    fn errors_name_the_line() {
        assert!(fill("a\n{{#if}}", Escape::None).unwrap_err().starts_with(":2: "));
        let error = fill("a\nb\n{{nmae}}", Escape::None).unwrap_err();
        assert!(error.starts_with(":3: ") && error.contains("nmae"), "{error}");
    }

    #[test]
    fn a_file_of_ones_own_replaces_the_built_in_one_only_if_it_works() {
        let folder = tempfile::tempdir().unwrap();
        let templates = Templates::new(vec![folder.path().to_owned()]);
        let data = super::super::message::Message::new(&[], &jiff::tz::TimeZone::UTC, false);
        let render = || templates.render("events/ready.hbs", Escape::None, &data).unwrap();
        let built_in = render();
        assert!(built_in.contains("Llama Server Ready"), "{built_in}");
        let path = folder.path().join("events/ready.hbs");
        std::fs::create_dir(folder.path().join("events")).unwrap();
        std::fs::write(&path, "mine: {{kind}}").unwrap();
        assert_eq!(render(), "mine: ready");
        let huge = "x".repeat(MAX_TEMPLATE as usize + 1);
        for broken in ["{{nmae}}", "{{#if name}}", "{{> other}}", huge.as_str()] {
            std::fs::write(&path, broken).unwrap();
            assert_eq!(render(), built_in, "{}", &broken[..10.min(broken.len())]);
        }
        std::fs::write(&path, b"\xff").unwrap();
        assert_eq!(render(), built_in);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(render(), built_in);
    }

    #[test]
    fn what_is_there_is_found_by_its_folder() {
        let names = Templates::default().names("events");
        assert!(names.contains(&"ready.hbs".to_owned()), "{names:?}");
        assert!(Templates::default().names("").contains(&"mail.txt.hbs".to_owned()));
    }
}
