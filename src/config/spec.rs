//! What a job runs: every value resolved, nothing left to look up, no secret inside.
//!
//! `submit` writes it into the job script as YAML, `run --spec -` reads it back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::model::ServerConfig;
use super::settings::Smtp;

/// Everything that `llamactl run` needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Name that people use for the server.
    pub name: String,
    /// Path of the GGUF file, or nothing where `hf` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<PathBuf>,
    /// Hugging Face reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hf: Option<String>,
    /// How llama-server runs: defaults filled in.
    pub server: ServerConfig,
    /// The GPUs asked for, as `2 x h100`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// URL of the registry; nothing: the server is not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// File (0600) with a token for the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry_token_file: Option<PathBuf>,
    /// PEM file with the CA of the registry's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry_ca: Option<PathBuf>,
    /// Who is told.
    #[serde(default)]
    pub notify: NotifySpec,
    /// Login host for the instructions in notifications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_via: Option<String>,
    /// Folder with SLURM's commands; PATH when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slurm_bin: Option<PathBuf>,
    /// How long draining may take after the drain signal, in seconds: `--signal`'s N.
    #[serde(default = "default_drain_seconds")]
    pub drain_seconds: u64,
    /// Folder of the connection file: the folder of the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_dir: Option<PathBuf>,
}

/// Who is told, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifySpec {
    /// Mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// ntfy topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntfy_topic: Option<String>,
    /// ntfy server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntfy_server: Option<String>,
    /// File (0600) with an ntfy access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntfy_token_file: Option<PathBuf>,
    /// SMTP server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp: Option<Smtp>,
    /// Folder with templates of the user's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templates: Option<PathBuf>,
}

impl NotifySpec {
    /// Whether anybody is told anything.
    pub fn is_empty(&self) -> bool {
        self.email.is_none() && self.ntfy_topic.is_none()
    }
}

/// SLURM asks a job to drain so many seconds before its end, unless the configuration says
/// otherwise.
pub fn default_drain_seconds() -> u64 {
    120
}
