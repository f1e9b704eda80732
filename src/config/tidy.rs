//! Brings merged values into their final form: paths expanded, several spellings made one.

use std::path::{Path, PathBuf};

use serde_yaml::Value;

use super::diagnose::Problem;
use super::merge::{Layer, Merged};
use super::units;
use crate::exit::Failure;
use crate::paths;

/// Values that are paths, which start from the folder of the file that they stand in.
const PATHS: &[&str] = &[
    "model",
    "server.mmproj",
    "server.draft_model",
    "server.chat_template_file",
    "registry.token_file",
    "registry.ca_file",
    "notify.ntfy_token_file",
    "notify.templates",
    "notify.plugins",
    "node.id_file",
    "paths.slurm_bin",
    "paths.llamactl",
];

/// Expands paths, and brings values with several spellings to one.
pub(super) fn tidy(layers: &[Layer], merged: &mut Merged) -> Result<(), Failure> {
    for (path, leaf) in &mut merged.leaves {
        let Some(layer) = layers.get(leaf.layer) else { continue };
        let key = path.join(".");
        let password = leaf.value.get("password_file").and_then(Value::as_str).map(str::to_owned);
        if let (Some(text), Value::Mapping(smtp)) = (password, &mut leaf.value) {
            smtp.insert("password_file".into(), expand(layer, path, &text, true)?);
        }
        let Some(text) = leaf.value.as_str().map(str::to_owned) else { continue };
        leaf.value = match key.as_str() {
            key if PATHS.contains(&key) => expand(layer, path, &text, true)?,
            "server.program" if text.contains('/') => expand(layer, path, &text, true)?,
            // SLURM puts a relative log into the folder of the submission.
            "slurm.output" => expand(layer, path, &text, false)?,
            "slurm.time" if units::walltime(&text) == Ok(None) => "none".into(),
            "registry.url" | "notify.ntfy_server" => text.trim_end_matches('/').into(),
            _ => continue,
        };
    }
    let none = |merged: &Merged| merged.text("registry.url") == Some("none");
    if none(merged) {
        merged.leaves.shift_remove(&vec!["registry".to_owned(), "url".to_owned()]);
    }
    Ok(())
}

fn expand(layer: &Layer, path: &[String], text: &str, absolute: bool) -> Result<Value, Failure> {
    let wrong = |message: String| match &layer.source {
        Some(source) => Problem::in_value(source, &layer.written(path), message).failure(),
        None => Failure::usage(message),
    };
    let expanded = paths::expand(text).map_err(wrong)?;
    if !absolute {
        return Ok(expanded.to_string_lossy().into_owned().into());
    }
    let full = match &layer.base {
        Some(base) => Ok(base.join(expanded)),
        None => std::path::absolute(&expanded),
    };
    let full = full.map_err(|error| wrong(error.to_string()))?;
    Ok(plain(&full).to_string_lossy().into_owned().into())
}

/// `path` without `.` and, as far as that is possible without looking, without `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}
