//! What a job runs: every value resolved, nothing left to look up, no secret inside.
//!
//! `submit` writes it into the job script as YAML, `run --spec -` reads it back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::drain;
use super::model::ServerConfig;
use super::rules::Rule;
use super::settings::{Smtp, Via};
use crate::domain::gpu::Gpus;
use crate::domain::notice::Kind;

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
    /// The GPUs asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<Gpus>,
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
    #[serde(default = "usual_drain")]
    pub drain_seconds: u64,
    /// Folder of the connection file: the folder of the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_dir: Option<PathBuf>,
}

impl Spec {
    /// The same for a job that is submitted in `folder`, where SLURM's commands are in
    /// `slurm_bin`, and which tells people as `notify` says: without a secret in it.
    pub fn for_job(self, notify: NotifySpec, slurm_bin: Option<PathBuf>, folder: PathBuf) -> Spec {
        Spec { notify, slurm_bin, connection_dir: Some(folder), ..self }
    }
}

/// Who is told, of what, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifySpec {
    /// Everybody who is told, each as one URL ([`crate::domain::target`]).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Who else is told of what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Of which events; nothing: of those that people usually want.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<Kind>>,
    /// ntfy server of topics that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntfy_server: Option<String>,
    /// File (0600) with an access token for that server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntfy_token_file: Option<PathBuf>,
    /// SMTP server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp: Option<Smtp>,
    /// Folder with templates of the user's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templates: Option<PathBuf>,
    /// Folder with plugins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugins: Option<PathBuf>,
    /// How messages leave.
    #[serde(skip_serializing_if = "is_default")]
    pub via: Via,
    /// So many seconds before its walltime ends a server is `expiring`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiring_before: Option<u64>,
    /// A job that still waits after so many seconds is `pending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_after: Option<u64>,
    /// Whether a public service may be told host and port of a server.
    #[serde(skip_serializing_if = "is_default")]
    pub share_address: bool,
    /// How many seconds messages of one array wait for each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<u64>,
    /// Most messages a minute to one target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_minute: Option<u32>,
}

impl NotifySpec {
    /// Whether nobody is told anything.
    pub fn is_empty(&self) -> bool {
        self.to.is_empty() && self.rules.is_empty()
    }

    /// Whether those of `to` are told of such an event.
    pub fn tells(&self, kind: Kind) -> bool {
        self.events.as_deref().unwrap_or(&Kind::DEFAULT).contains(&kind)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn usual_drain() -> u64 {
    drain::USUAL.as_secs()
}
