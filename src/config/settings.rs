//! The configuration files: `/etc/llamactl/config.yaml` and `~/.config/llamactl/config.yaml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Hooks, ServerConfig, SlurmConfig};

/// One configuration file. `server`, `slurm`, `hooks` and `labels` are defaults for every
/// model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where servers are registered and found.
    pub registry: RegistrySettings,
    /// Who is told, and how.
    pub notify: NotifySettings,
    /// How `connect` reaches a server that it can't reach directly.
    pub ssh: SshSettings,
    /// Where programs are.
    pub paths: PathSettings,
    /// Defaults for llama-server.
    pub server: ServerConfig,
    /// Defaults for SLURM.
    pub slurm: SlurmConfig,
    /// Shell lines for every job script.
    pub hooks: Hooks,
    /// Labels for every server.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Where servers are registered and found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegistrySettings {
    /// `http://HOST:PORT` (`REGISTRY_URL`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// File (0600) with a token for it, where it asks for one; jobs read it too
    /// (`LLAMACTL_TOKEN` holds the token itself).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// PEM file with the CA of the registry's certificate, where it is one of your site's own
    /// (`LLAMACTL_CA_FILE`). It is trusted for the registry alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// Who is told, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NotifySettings {
    /// Mail address for `--email` without a value (`NOTIFY_EMAIL`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Topic for `--ntfy-topic` without a value (`NTFY_TOPIC`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntfy_topic: Option<String>,
    /// ntfy server (`NTFY_SERVER`); `https://ntfy.sh` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntfy_server: Option<String>,
    /// File (0600) with an ntfy access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntfy_token_file: Option<PathBuf>,
    /// SMTP server; without it the node's sendmail, mail or mutt is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp: Option<Smtp>,
    /// Folder with templates of your own, in place of the built-in ones of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templates: Option<PathBuf>,
}

/// An SMTP server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Host name.
    pub host: String,
    /// Port; 587 for `starttls`, 465 for `tls`, 25 for `none`, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `starttls` (the default), `tls` or `none`.
    #[serde(default)]
    pub security: SmtpSecurity,
    /// User name, where the server wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// File (0600) with the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Sender; `USER@HOST` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// How an SMTP connection is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// Plain at first, then TLS, which the server must offer.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// No protection: for a relay on the same host.
    None,
}

/// How `connect` reaches a server that it can't reach directly.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SshSettings {
    /// Login host of the cluster, as ssh takes it: `user@login.example.org`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// Where programs are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PathSettings {
    /// Folder with sbatch, squeue, sinfo, scancel and scontrol; PATH when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slurm_bin: Option<PathBuf>,
    /// llamactl on the compute nodes; the running program's own path when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llamactl: Option<PathBuf>,
}
