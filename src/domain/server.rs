//! The server record: one running llama-server and how to reach it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::names::Names;

/// Longest text that a client may put into one field, in characters.
pub const MAX_TEXT: usize = 512;
/// A text without control characters, as a pattern of JSON Schema.
pub const CLEAN: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
/// The same, and it does not consist of spaces: what [`text`] takes.
pub const TEXT: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
/// A host name or an IPv4 address: what [`host`] takes, beside IPv6 addresses.
pub const HOST_NAME: &str = r"^[0-9A-Za-z._][0-9A-Za-z._-]{0,252}$";
/// Most labels that one server may carry.
pub const MAX_LABELS: usize = 32;
/// Most model ids that one server may list.
pub const MAX_MODELS: usize = 64;

/// Which job a server belongs to. At most one live server has a given key.
///
/// SLURM's job ids wrap at `MaxJobId` and collide between clusters, so the cluster is part
/// of it, and so is the task of an array job.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct JobKey {
    /// SLURM's `ClusterName`, or the host's name where there is no SLURM.
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub cluster: String,
    /// The job id; of an array job, the id of the array (`SLURM_ARRAY_JOB_ID`).
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub job_id: String,
    /// `SLURM_ARRAY_TASK_ID` of an array job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array_task: Option<u32>,
}

impl JobKey {
    /// The job as SLURM's commands name it: `108`, or `108_2` for a task of an array.
    pub fn job(&self) -> String {
        match self.array_task {
            Some(task) => format!("{}_{task}", self.job_id),
            None => self.job_id.clone(),
        }
    }
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.job())
    }
}

/// Where a server is in its life.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ServerState {
    /// The process runs, its `/health` does not answer 200 yet.
    Loading,
    /// `/health` answered 200.
    Ready,
    /// It finishes what it has and takes nothing new.
    Draining,
    /// Its lease ended without a word: hidden from default lists, removed later.
    Lost,
}

impl ServerState {
    /// The word on the wire and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            ServerState::Loading => "loading",
            ServerState::Ready => "ready",
            ServerState::Draining => "draining",
            ServerState::Lost => "lost",
        }
    }
}

impl fmt::Display for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who may use a server.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Its owner: the API key stays in the owner's connection file.
    Private,
    /// Whoever may read the registry gets the API key from it.
    #[default]
    Shared,
    /// Anybody who reaches the port: there is no API key.
    Open,
}

/// The model that a server has loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ModelInfo {
    /// The name of the model's YAML file, or the file's stem where there is none.
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub name: String,
    /// File name (without the folder) or Hugging Face reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub file: Option<String>,
    /// Context size in tokens, for all slots together (llama-server's `-c`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// llama-server's `--alias`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub alias: Option<String>,
}

/// llama-server's slots: how many requests it can work on at once.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Slots {
    /// Slots in all (`--parallel`).
    pub total: u32,
    /// Slots that work on a request now.
    pub busy: u32,
}

/// What whoever runs a server says about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ServerInfo {
    /// UUIDv7, minted at each start of `llamactl run`.
    pub id: Uuid,
    /// The job it runs in.
    #[serde(flatten)]
    pub job: JobKey,
    /// `SLURM_RESTART_COUNT`: 0 on the first run, one more after each requeue.
    #[serde(default)]
    pub restart_count: u32,
    /// The name that people use for it; not unique.
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub name: String,
    /// What it serves.
    pub model: ModelInfo,
    /// The user who runs it.
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub owner: String,
    /// Host name or address at which clients reach it.
    #[schemars(extend("anyOf" = [{"pattern": HOST_NAME}, {"format": "ipv6"}]))]
    pub host: String,
    /// TCP port at which clients reach it.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// `http`, or `https` behind a proxy that speaks TLS.
    #[serde(default = "http")]
    #[schemars(extend("enum" = ["http", "https"]))]
    pub scheme: String,
    /// `SLURMD_NODENAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub slurm_node: Option<String>,
    /// `SLURM_JOB_PARTITION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub partition: Option<String>,
    /// The GPUs it was given, as `2 x h100`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub gpus: Option<String>,
    /// Who may use it.
    #[serde(default)]
    pub access: Access,
    /// When `llamactl run` started.
    pub started: Timestamp,
    /// When the walltime ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// The owner's own words about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = MAX_LABELS, "propertyNames" = {"pattern": TEXT,
        "maxLength": MAX_TEXT}, "additionalProperties" = {"type": "string", "pattern": CLEAN,
        "maxLength": MAX_TEXT}))]
    pub labels: BTreeMap<String, String>,
}

fn http() -> String {
    "http".to_owned()
}

/// Most tokens a second that a server can tell: more is a mistake.
pub const MAX_RATE: f64 = 1e9;

/// What the registry saw when it looked at a server's `/health` itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ServerHealth {
    /// Whether it answers 200.
    pub ok: bool,
    /// When the registry last looked; of a server that does not answer, when that was found.
    pub checked: Timestamp,
    /// What is wrong, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A server as the registry knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Server {
    /// What its owner says.
    #[serde(flatten)]
    pub info: ServerInfo,
    /// Where it is in its life.
    pub state: ServerState,
    /// Ids that its `/v1/models` lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// How busy it is, as of the last heartbeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<Slots>,
    /// Tokens that it generates in a second, for all slots together, between the last two
    /// heartbeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// What the registry saw itself; nothing where it has not looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<ServerHealth>,
    /// When the registry first heard of it.
    pub first_seen: Timestamp,
    /// When the registry last heard from it.
    pub last_seen: Timestamp,
}

impl Server {
    /// Whether the registry looked and got no answer.
    pub fn is_unhealthy(&self) -> bool {
        self.health.as_ref().is_some_and(|health| !health.ok)
    }

    /// What its model is called.
    pub fn names(&self) -> Names<'_> {
        let ModelInfo { name, file, alias, .. } = &self.info.model;
        Names { name, alias: alias.as_deref(), file: file.as_deref(), listed: &self.models }
    }

    /// `http://HOST:PORT`, with brackets around an IPv6 address.
    pub fn url(&self) -> String {
        self.info.url()
    }
}

impl ServerInfo {
    /// `http://HOST:PORT`, with brackets around an IPv6 address.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, authority(&self.host, self.port))
    }

    /// Checks everything that a client can get wrong, before anything is stored.
    ///
    /// # Errors
    /// The first field that is wrong and why, as one sentence.
    pub fn validate(&self) -> Result<(), String> {
        text("cluster", &self.job.cluster)?;
        text("job_id", &self.job.job_id)?;
        text("name", &self.name)?;
        text("owner", &self.owner)?;
        text("model.name", &self.model.name)?;
        host(&self.host)?;
        if self.port == 0 {
            return Err("port must be between 1 and 65535".to_owned());
        }
        if self.scheme != "http" && self.scheme != "https" {
            return Err("scheme must be http or https".to_owned());
        }
        for (field, value) in [
            ("model.file", &self.model.file),
            ("model.alias", &self.model.alias),
            ("slurm_node", &self.slurm_node),
            ("partition", &self.partition),
            ("gpus", &self.gpus),
        ] {
            if let Some(value) = value {
                text(field, value)?;
            }
        }
        labels(&self.labels)
    }
}

/// A host as it stands in a URL and before a port: an IPv6 address gets its brackets.
pub fn url_host(host: &str) -> Cow<'_, str> {
    match host.contains(':') {
        true => format!("[{host}]").into(),
        false => host.into(),
    }
}

/// `HOST:PORT`, with brackets around an IPv6 address.
pub fn authority(host: &str, port: u16) -> String {
    format!("{}:{port}", url_host(host))
}

/// Checks a server's labels.
///
/// # Errors
/// Too many, empty keys, or a text that [`text`] refuses.
pub fn labels(labels: &BTreeMap<String, String>) -> Result<(), String> {
    if labels.len() > MAX_LABELS {
        return Err(format!("labels: at most {MAX_LABELS} are allowed"));
    }
    for (key, value) in labels {
        text("label", key)?;
        if value.chars().count() > MAX_TEXT || value.chars().any(char::is_control) {
            return Err(format!("label {key}: too long, or it has control characters"));
        }
    }
    Ok(())
}

/// Checks how many tokens a server says it generates in a second.
///
/// # Errors
/// What no server does.
pub fn rate(tokens_per_second: f64) -> Result<(), String> {
    match (0.0..=MAX_RATE).contains(&tokens_per_second) {
        true => Ok(()),
        false => Err(format!("tokens_per_second must be between 0 and {MAX_RATE}")),
    }
}

/// Checks one field: not empty, not over [`MAX_TEXT`], no control characters.
///
/// # Errors
/// What is wrong with it.
pub fn text(field: &str, value: &str) -> Result<(), String> {
    if value.trim().is_empty() {
        return Err(format!("{field} must not be empty"));
    }
    if value.chars().count() > MAX_TEXT {
        return Err(format!("{field} must not be longer than {MAX_TEXT} characters"));
    }
    if value.chars().any(char::is_control) {
        return Err(format!("{field} must not have control characters"));
    }
    Ok(())
}

/// Checks a host: a name of letters, digits, `.`, `-` and `_`, or an IP address. Nothing else
/// may stand where clients put it into URLs and command lines.
///
/// # Errors
/// What is wrong with it.
pub fn host(value: &str) -> Result<(), String> {
    if value.parse::<std::net::IpAddr>().is_ok() {
        return Ok(());
    }
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if value.is_empty() || value.len() > 253 || value.starts_with('-') || !value.chars().all(name) {
        return Err("host must be a host name or an IP address".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_could_break_a_url_or_a_command_line_are_refused() {
        for good in ["n1", "gpu-05.cluster.example.org", "10.0.0.7", "::1", "node_3"] {
            assert_eq!(host(good), Ok(()), "{good}");
        }
        for bad in ["", "-oProxyCommand=x", "a b", "a/b", "a@b", "a:80", "n1;id", "n\u{e9}"] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_ipv6_address_gets_brackets_before_a_port() {
        assert_eq!(authority("gpu-1", 80), "gpu-1:80");
        assert_eq!(authority("10.0.0.7", 80), "10.0.0.7:80");
        assert_eq!(authority("2001:db8::1", 80), "[2001:db8::1]:80");
        assert_eq!(url_host("::1"), "[::1]");
    }

    #[test]
    fn an_array_task_is_named_as_slurm_names_it() {
        let key = JobKey { cluster: "lab".into(), job_id: "108".into(), array_task: Some(2) };
        assert_eq!(key.to_string(), "lab/108_2");
    }
}
