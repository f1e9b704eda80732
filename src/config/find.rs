//! Finds model files by name: in the folders of the user and the site, then among the
//! examples that are built in.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::keys;
use crate::exit::Failure;
use crate::{env, paths};

/// Largest configuration file that is read, in bytes.
pub const MAX_BYTES: u64 = 1024 * 1024;

macro_rules! builtin {
    ($($name:literal)+) => {
        /// The built-in examples: name and text.
        pub const BUILTIN: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../configs/", $name, ".yaml")))),+
        ];
    };
}

builtin! {
    "devstral-small-2"
    "gemma-3-27b"
    "glm-4.7"
    "gpt-oss-120b"
    "gpt-oss-20b"
    "llama-3.3-70b"
    "mistral-small-24b"
    "nemotron-nano-30b"
    "qwen3-30b"
    "qwen3-4b"
    "qwen3-80b"
    "qwen3-coder-30b"
    "qwen3-embedding"
    "qwen3-vl-30b"
    "tiny"
}

/// A model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What one types for it: the file's stem.
    pub name: String,
    /// The file; nothing for a built-in example.
    pub path: Option<PathBuf>,
}

impl Found {
    /// How messages call it: its path, or `built-in NAME.yaml`.
    pub fn label(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => format!("built-in {}.yaml", self.name),
        }
    }

    /// Its text.
    ///
    /// # Errors
    /// When the file can't be read, is too large, or everybody may change it.
    pub fn text(&self) -> Result<String, Failure> {
        match &self.path {
            Some(path) => read(path),
            None => {
                let text = BUILTIN.iter().find(|(name, _)| *name == self.name);
                let text = text.map(|(_, text)| (*text).to_owned());
                text.ok_or_else(|| Failure::usage(format!("there is no built-in {}", self.name)))
            }
        }
    }
}

/// The model file that `text` means: a path when it has a `/` or ends in `.yaml`, else a name.
///
/// # Errors
/// When there is none: with near names, and the folders that were searched.
pub fn find(text: &str) -> Result<Found, Failure> {
    if is_path(text) {
        let path = paths::expand(text).map_err(Failure::usage)?;
        if !path.exists() {
            let failure = Failure::usage(format!("there is no file {}", path.display()));
            return Err(failure.hint("`llamactl configs ls` lists the configurations there are"));
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Found { name, path: Some(path) });
    }
    if let Some(found) = list().into_iter().find(|found| found.name == text) {
        return Ok(found);
    }
    let names = names();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let folders: Vec<String> = folders().iter().map(|dir| dir.display().to_string()).collect();
    let shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    let failure = Failure::usage(format!(
        "there is no model configuration `{shown}` in {}, nor built in",
        folders.join(", ")
    ));
    let prefix = all.iter().find(|name| text.len() >= 3 && name.starts_with(text));
    Err(match keys::nearest(text, &all).or(prefix.copied()) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("there are {}", all.join(", "))),
    })
}

/// Whether `text` is meant as a path and not as a name.
pub fn is_path(text: &str) -> bool {
    text.contains('/') || is_yaml(Path::new(text))
}

/// Every model file, each name once, in the order in which they are found by name.
pub fn list() -> Vec<Found> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for folder in folders() {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> =
            entries.map(|e| e.path()).filter(|path| is_yaml(path) && path.is_file()).collect();
        files.sort();
        for path in files {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if seen.insert(name.clone()) {
                all.push(Found { name, path: Some(path) });
            }
        }
    }
    for (name, _) in BUILTIN {
        if seen.insert((*name).to_owned()) {
            all.push(Found { name: (*name).to_owned(), path: None });
        }
    }
    all
}

/// The names that `--config` takes, sorted.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = list().into_iter().map(|found| found.name).collect();
    names.sort();
    names
}

/// The folders that are searched, in this order.
pub fn folders() -> Vec<PathBuf> {
    let mut all = Vec::new();
    if let Some(folder) = env::LLAMACTL_CONFIGS.get() {
        all.push(paths::expand(&folder).unwrap_or_else(|_| PathBuf::from(folder)));
    }
    // Whoever may write to the current folder could put a model file there whose hooks would
    // run as us: /tmp has no say.
    if !world_writable(Path::new(".")) && !world_writable(Path::new("configs")) {
        all.push(PathBuf::from("configs"));
    }
    all.extend(user_folder());
    all.push(paths::site_dir().join("models"));
    all
}

/// The user's own folder of model files.
pub fn user_folder() -> Option<PathBuf> {
    paths::config_dir().map(|dir| dir.join("models"))
}

/// Reads a configuration file.
///
/// # Errors
/// When it can't be read, is no plain file, is too large, or everybody may change it.
pub fn read(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let about = std::fs::metadata(path)
        .map_err(|error| Failure::usage(format!("{shown} can't be read: {error}")))?;
    if about.is_dir() {
        let failure = Failure::usage(format!("{shown} is a folder, not a configuration"));
        return Err(failure.hint("name a file in it"));
    }
    if !about.is_file() {
        return Err(Failure::usage(format!("{shown} is not a plain file")));
    }
    if about.len() > MAX_BYTES {
        return Err(Failure::usage(format!("{shown} is larger than 1 MiB")));
    }
    if about.mode() & 0o002 != 0 {
        // Its hooks run in our jobs.
        let failure = Failure::usage(format!("every user of this machine may change {shown}"));
        return Err(failure.hint(format!("chmod o-w {shown}")));
    }
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::usage(format!("{shown} can't be read: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        Failure::usage(format!("{shown} is not UTF-8 text (line {})", line + 1))
    })
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml")
}

fn world_writable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|about| about.mode() & 0o002 != 0)
}
