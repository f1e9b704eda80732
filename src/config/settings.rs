//! The configuration files: `/etc/llamactl/config.yaml` and `~/.config/llamactl/config.yaml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Hooks, ServerConfig, SlurmConfig};
use super::rules::{EventName, RelaySettings, Rule};

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
    /// What this machine is as a node.
    pub node: NodeSettings,
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
    /// Everybody who is told, each as one URL: `mailto:you@example.org`, `ntfy://topic`,
    /// `slack://…`, `plugin://NAME` (`LLAMACTL_NOTIFY`, with commas).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<String>>,
    /// Of which events; `[all]` for all. Without it of all that one may want to act on: not of
    /// `draining`, `ended`, `offline` and `online`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventName>>,
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
    /// Folder with further plugins, `llamactl-notify-NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugins: Option<PathBuf>,
    /// How messages leave: `auto` (the default: directly, and through the registry where that
    /// can't be), `direct` or `registry`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// So long before its walltime ends a server is `expiring`; 15m when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiring_before: Option<String>,
    /// A job that still waits after so long is `pending`; 30m when left out. `submit --wait`
    /// tells of it; where this is set, `submit` leaves a process behind that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_after: Option<String>,
    /// Whether a public service may be told host and port of a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_address: Option<bool>,
    /// How long messages of one array wait for each other, to be one; 15s when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Most messages a minute to one target; what is more becomes one. 10 when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub a_minute: Option<u32>,
    /// Who else is told: by event, model, owner and label. The registry tells by them of what it
    /// sees, and whoever runs a server of the rest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// What the registry sends for others; for its operator.
    #[serde(skip_serializing_if = "is_default")]
    pub relay: RelaySettings,
}

fn is_default(relay: &RelaySettings) -> bool {
    *relay == RelaySettings::default()
}

/// How messages leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// Directly, and through the registry where a target can't be reached from here.
    #[default]
    Auto,
    /// Directly only.
    Direct,
    /// Through the registry only.
    Registry,
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

/// What this machine is as a node, for `llamactl node agent`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NodeSettings {
    /// What it is for, as `compute` or `lead` (`LLAMACTL_NODE_ROLE`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Words by which it is found (`LLAMACTL_NODE_LABELS`, with commas).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Groups that it is in (`LLAMACTL_NODE_GROUPS`, with commas).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Where it stands, as `paris/room-2/rack-7` (`LLAMACTL_NODE_LOCATION`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The name that people use (`LLAMACTL_NODE_NAME`); the host's name when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Address at which others reach it (`LLAMACTL_NODE_IP`); the one from which the registry is reached when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Address in the virtual private network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpn_ip: Option<String>,
    /// Address on the internet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<String>,
    /// URL of the node's own service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where its id and the secret of its lease are kept (`LLAMACTL_NODE_ID_FILE`); `/etc/llamactl/node_id`, or the user's configuration folder, when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_file: Option<PathBuf>,
    /// How often to look anew what the machine has; 30s when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detect_every: Option<String>,
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
