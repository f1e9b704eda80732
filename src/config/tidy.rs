//! Brings merged values into their final form: paths expanded, several spellings made one, the
//! time to drain fitted to the walltime.

use std::path::{Path, PathBuf};

use serde_yaml::Value;

use super::diagnose::Problem;
use super::layers;
use super::merge::{Layer, Merged};
use super::model::SlurmConfig;
use super::spec::default_drain_seconds;
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

/// Seconds before the end at which the job is asked to drain. The default gives way to a short
/// walltime, since SLURM would signal the job at its start; what somebody wrote does not.
pub(super) fn drain(
    slurm: &mut SlurmConfig,
    layers: &[Layer],
    merged: &Merged,
) -> Result<u64, Failure> {
    let text = slurm.drain_before.as_deref().unwrap_or_default();
    let seconds = units::duration(text).map_or(default_drain_seconds(), |time| time.as_secs());
    let Some(limit) = layers::seconds(slurm.time.as_ref()) else { return Ok(seconds) };
    let leaf = merged.get("slurm.drain_before");
    let layer = leaf.and_then(|leaf| layers.get(leaf.layer));
    let Some((layer, source)) = layer.and_then(|l| Some((l, l.source.as_ref()?))) else {
        let shorter = seconds.min(limit / 4).max(1);
        if shorter < seconds {
            slurm.drain_before = Some(format!("{shorter}s"));
        }
        return Ok(shorter);
    };
    if seconds < limit {
        return Ok(seconds);
    }
    let path = ["slurm".to_owned(), "drain_before".to_owned()];
    let message = "`drain_before` is not shorter than the walltime";
    let problem = Problem::in_value(source, &layer.written(&path), message);
    Err(problem.hint("the job would be told to drain at its start").failure())
}
