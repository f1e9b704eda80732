//! Flags, environment and files → one resolved configuration, with where each value came from.

use std::collections::BTreeMap;

use super::model::{ServerConfig, SlurmConfig};
use super::settings::Settings;
use super::spec::Spec;

/// What the command line asks for. Empty fields ask for nothing.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `--config`: name or path.
    pub config: Option<String>,
    /// `--model`
    pub model: Option<String>,
    /// `--name`
    pub name: Option<String>,
    /// `--label k=v`
    pub labels: Vec<String>,
    /// `--set path=value`
    pub set: Vec<String>,
    /// Flags that set llama-server values.
    pub server: ServerConfig,
    /// Flags that set SLURM values.
    pub slurm: SlurmConfig,
    /// `--registry`
    pub registry: Option<String>,
    /// `--email`: `Some("")` is the flag without a value.
    pub email: Option<String>,
    /// `--ntfy-topic`: `Some("")` is the flag without a value.
    pub ntfy_topic: Option<String>,
    /// `--ntfy-server`
    pub ntfy_server: Option<String>,
}

/// Which layer a value came from, in rising order of strength.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// llamactl's own default.
    Default,
    /// A configuration file: path and line.
    File(String),
    /// The named variant of a file.
    Variant(String),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

/// Every value resolved.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Name of the server.
    pub name: String,
    /// One line about it.
    pub description: Option<String>,
    /// Path of the GGUF file, expanded.
    pub model: Option<String>,
    /// Hugging Face reference.
    pub hf: Option<String>,
    /// llama-server values.
    pub server: ServerConfig,
    /// SLURM values.
    pub slurm: SlurmConfig,
    /// `hooks.before` of the site, the user and the model, in this order.
    pub hooks: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The GPU type's variant that was used.
    pub variant: Option<String>,
    /// The merged configuration files and environment.
    pub settings: Settings,
    /// Key (`server.context`) → where its value came from.
    pub origins: BTreeMap<String, Origin>,
    /// What the job runs.
    pub spec: Spec,
}

/// Temporary.
///
/// # Errors
/// Temporary.
pub fn settings(registry: Option<&str>) -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    settings.registry.url =
        registry.map(str::to_owned).or_else(|| crate::env::REGISTRY_URL.get());
    settings.ssh.via = crate::env::LLAMACTL_SSH_VIA.get();
    settings.paths.slurm_bin = crate::env::LLAMACTL_SLURM_BIN.get().map(Into::into);
    Ok(settings)
}
