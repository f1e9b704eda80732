//! Contract 1 on the wire: the format of the older registry for SLURM.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::server::{CLEAN, TEXT};

/// Longest text in a known field of a record, in characters: old clients send whole paths.
pub const MAX_OLD_TEXT: usize = 4096;

/// A port as a text.
const PORT: &str =
    r"^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$";

/// A port as it was sent: a number, or the same as a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OldPort {
    /// As a number.
    Number(#[schemars(range(min = 1))] u16),
    /// As a text.
    Text(#[schemars(regex(pattern = PORT))] String),
}

/// `POST` and `PUT /servers/{job_id}`: what is not listed here is kept too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OldRecord {
    /// Host name or address.
    #[schemars(regex(pattern = TEXT), length(max = MAX_OLD_TEXT))]
    pub host: String,
    /// Port.
    pub port: OldPort,
    /// Who runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = CLEAN, "maxLength" = MAX_OLD_TEXT))]
    pub owner: Option<Value>,
    /// Path or name of the model file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = CLEAN, "maxLength" = MAX_OLD_TEXT))]
    pub model_file: Option<Value>,
    /// Name of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = CLEAN, "maxLength" = MAX_OLD_TEXT))]
    pub model_name: Option<Value>,
    /// When it started: ISO 8601, with or without a zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = CLEAN, "maxLength" = MAX_OLD_TEXT))]
    pub start_time: Option<Value>,
    /// SLURM's name of the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = CLEAN, "maxLength" = MAX_OLD_TEXT))]
    pub slurm_node: Option<Value>,
    /// Whom its script tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = CLEAN, "maxLength" = MAX_OLD_TEXT))]
    pub notify_email: Option<Value>,
    /// SLURM's name of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = CLEAN, "maxLength" = MAX_OLD_TEXT))]
    pub cluster: Option<Value>,
    /// Partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = CLEAN, "maxLength" = MAX_OLD_TEXT))]
    pub partition: Option<Value>,
    /// GPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = CLEAN, "maxLength" = MAX_OLD_TEXT))]
    pub gpus: Option<Value>,
    /// Any others.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `GET /servers`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OldList {
    /// Newest start first; each with its `job_id` and its `uptime_hours`.
    pub servers: Vec<OldListed>,
    /// How many there are.
    pub count: usize,
}

/// One record of `GET /servers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OldListed {
    /// The job.
    pub job_id: String,
    /// Hours since the start, with one decimal.
    #[schemars(range(min = 0.0))]
    pub uptime_hours: f64,
    /// The record.
    #[serde(flatten)]
    pub record: OldShown,
}

/// A record as it is given back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OldShown {
    /// Host, as it was sent.
    pub host: String,
    /// Port, as it was sent: a number or a text.
    pub port: Value,
    /// When it was last sent.
    pub last_updated: String,
    /// What else was sent.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `GET /servers/by-owner/{owner}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OldByOwner {
    /// The records by job id.
    pub servers: BTreeMap<String, OldShown>,
    /// How many there are.
    pub count: usize,
}

/// The answer to a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OldDone {
    /// `registered` or `deleted`.
    pub status: String,
    /// The job.
    pub job_id: String,
}
