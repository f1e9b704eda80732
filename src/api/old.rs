//! Contract 1 on the wire: the format of the older registry for SLURM.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A port as it was sent: a number, or the same as a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OldPort {
    /// As a number.
    Number(#[schemars(range(min = 1))] u16),
    /// As a text.
    Text(#[schemars(regex(pattern = r"^[1-9][0-9]{0,3}$"))] String),
}

/// `POST` and `PUT /servers/{job_id}`: what is not listed here is kept too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OldRecord {
    /// Host name or address.
    #[schemars(regex(pattern = r"^[0-9A-Za-z][0-9A-Za-z._-]{0,252}$"))]
    pub host: String,
    /// Port.
    pub port: OldPort,
    /// The fields that older clients send: `owner`, `model_file`, `model_name`, `start_time`
    /// (ISO 8601, with or without a zone), `slurm_node`, `notify_email`, and any others.
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
