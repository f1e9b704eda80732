//! What people are told: the kinds of event, and what is known of one.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names::Names;
use super::server::ServerInfo;

/// What happened.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The server answers.
    #[default]
    Ready,
    /// It never became ready, or it crashed.
    Failed,
    /// Its job still waits in the queue.
    Pending,
    /// Its walltime ends soon.
    Expiring,
    /// It takes no new requests.
    Draining,
    /// It ended as somebody asked for.
    Ended,
    /// The registry has not heard of it for longer than its lease.
    Lost,
    /// It does not answer the registry any more.
    Unhealthy,
    /// It answers the registry again.
    Recovered,
    /// A server of a model is ready that somebody waits for.
    Available,
    /// A node is silent.
    Offline,
    /// A node is back.
    Online,
    /// SLURM has something to say of any job (`MailProg`).
    Job,
}

/// How bad it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As hoped for.
    Good,
    /// To know.
    Info,
    /// To look at soon.
    Warning,
    /// To look at.
    Bad,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 13] = [
        Kind::Ready,
        Kind::Failed,
        Kind::Pending,
        Kind::Expiring,
        Kind::Draining,
        Kind::Ended,
        Kind::Lost,
        Kind::Unhealthy,
        Kind::Recovered,
        Kind::Available,
        Kind::Offline,
        Kind::Online,
        Kind::Job,
    ];

    /// What people are told of who have not said of what. A server that somebody stopped on
    /// purpose is no news to them, and nodes are their operator's business.
    pub const DEFAULT: [Kind; 9] = [
        Kind::Ready,
        Kind::Failed,
        Kind::Pending,
        Kind::Expiring,
        Kind::Lost,
        Kind::Unhealthy,
        Kind::Recovered,
        Kind::Available,
        Kind::Job,
    ];

    /// Its name, as in files, flags and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Ready => "ready",
            Kind::Failed => "failed",
            Kind::Pending => "pending",
            Kind::Expiring => "expiring",
            Kind::Draining => "draining",
            Kind::Ended => "ended",
            Kind::Lost => "lost",
            Kind::Unhealthy => "unhealthy",
            Kind::Recovered => "recovered",
            Kind::Available => "available",
            Kind::Offline => "offline",
            Kind::Online => "online",
            Kind::Job => "job",
        }
    }

    /// How bad it is.
    pub fn level(self) -> Level {
        match self {
            Kind::Ready | Kind::Recovered | Kind::Available | Kind::Online => Level::Good,
            Kind::Draining | Kind::Ended | Kind::Job => Level::Info,
            Kind::Pending | Kind::Expiring => Level::Warning,
            Kind::Failed | Kind::Lost | Kind::Unhealthy | Kind::Offline => Level::Bad,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Kind, String> {
        Kind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let all = Kind::ALL.map(Kind::name).join(", ");
            format!("`{text}` is no kind of event; there are {all}")
        })
    }
}

/// One thing that people are told. What is unknown is empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Notice {
    /// What happened.
    pub kind: Kind,
    /// When.
    pub time: Timestamp,
    /// Name of the server; of a node, its name.
    pub name: String,
    /// Name of the model, by which rules pick; empty where the file says it all.
    pub model: String,
    /// llama-server's `--alias`, by which rules pick too.
    pub model_alias: String,
    /// Model file name or Hugging Face reference.
    pub model_file: String,
    /// Job id as SLURM's commands take it; empty outside SLURM.
    pub job: String,
    /// Id of the array that the job is a task of.
    pub array: String,
    /// Host at which clients reach it.
    pub host: String,
    /// Port at which clients reach it; 0 when it never listened.
    pub port: u16,
    /// The user who runs it.
    pub owner: String,
    /// Its node, in SLURM's words.
    pub slurm_node: String,
    /// Its partition.
    pub partition: String,
    /// Its GPUs.
    pub gpus: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// When it started.
    pub started: Option<Timestamp>,
    /// When the walltime ends.
    pub ends: Option<Timestamp>,
    /// URL of the registry, whose root is the dashboard; empty without one.
    pub registry: String,
    /// Login host for tunnels; empty when not configured.
    pub ssh_via: String,
    /// Whether clients need an API key.
    pub needs_key: bool,
    /// Path of the connection file; empty when there is none.
    pub connection_file: String,
    /// Path of the job's log; empty when unknown.
    pub log_file: String,
    /// Why: it failed, its job waits, SLURM writes.
    pub reason: String,
    /// The end of its log, for failures.
    pub log_tail: Vec<String>,
    /// How long its job has waited, in seconds.
    pub waited: Option<u64>,
    /// When SLURM thinks that its job starts.
    pub estimated_start: Option<Timestamp>,
    /// How long it ran, in seconds.
    pub ran_for: Option<u64>,
    /// How long nothing was heard of it, in seconds.
    pub silent_for: Option<u64>,
    /// Requests that it answered.
    pub requests: Option<u64>,
    /// Tokens of prompts that it read.
    pub tokens_in: Option<u64>,
    /// Tokens that it generated.
    pub tokens_out: Option<u64>,
    /// Role of a node.
    pub role: String,
    /// SLURM's own line about a job.
    pub subject: String,
    /// SLURM's word for the state of a job.
    pub state: String,
}

impl Notice {
    /// What is known of a server from what is told of it; the rest is empty.
    pub fn of(kind: Kind, info: ServerInfo) -> Notice {
        let in_slurm = info.slurm_node.is_some();
        let array = info.job.array_task.map(|_| info.job.job_id.clone());
        Notice {
            kind,
            name: info.name,
            job: if in_slurm { info.job.job() } else { String::new() },
            array: array.unwrap_or_default(),
            model_alias: info.model.alias.unwrap_or_default(),
            model_file: info.model.file.unwrap_or_else(|| info.model.name.clone()),
            model: info.model.name,
            host: info.host,
            port: info.port,
            owner: info.owner,
            slurm_node: info.slurm_node.unwrap_or_default(),
            partition: info.partition.unwrap_or_default(),
            gpus: info.gpus.unwrap_or_default(),
            labels: info.labels,
            started: Some(info.started),
            ends: info.ends,
            ..Notice::default()
        }
    }

    /// What the model is called.
    pub fn names(&self) -> Names<'_> {
        Names {
            name: &self.model,
            alias: Some(self.model_alias.as_str()),
            file: Some(self.model_file.as_str()),
            listed: &[],
        }
    }

    /// What all messages about the same job have in common: channels show them together.
    pub fn thread(&self) -> String {
        match self.job.as_str() {
            "" => format!("{}-{}", self.owner, self.name),
            job => format!("job-{job}"),
        }
    }

    /// Notices of one group are one message: those of an array's tasks.
    pub fn group(&self) -> Option<String> {
        (!self.array.is_empty()).then(|| format!("{}-{}", self.array, self.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        assert!("reddy".parse::<Kind>().unwrap_err().contains("ready, failed"));
    }

    #[test]
    fn a_notice_comes_back_from_disk_as_it_was_and_what_is_missing_is_empty() {
        let notice = Notice { kind: Kind::Ended, requests: Some(7), ..Notice::default() };
        let text = serde_json::to_string(&notice).unwrap();
        assert_eq!(serde_json::from_str::<Notice>(&text).unwrap(), notice);
        let small: Notice = serde_json::from_str(r#"{"kind":"lost"}"#).unwrap();
        assert_eq!(small, Notice { kind: Kind::Lost, ..Notice::default() });
    }
}
