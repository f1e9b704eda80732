//! The registry's wire types, shared by the registry and its clients.

pub mod dashboard;
pub mod nodes;
pub mod notifications;
pub mod old;
pub mod tokens;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::notice::Kind;
use crate::domain::server::{
    CLEAN, MAX_LABELS, MAX_MODELS, MAX_RATE, MAX_TEXT, ServerInfo, ServerState, Slots, TEXT,
};
use crate::domain::watch::TARGET;
use crate::secret::Secret;

/// Header that proves the lease on heartbeat, update and delete: `GENERATION:SECRET`.
pub const LEASE_HEADER: &str = "llamactl-lease";

/// Header of a registration: a secret for the lease that the client chose itself, 32 to 128
/// letters and digits. Sending the same registration again with the same secret gives the same
/// lease, so that a client whose answer was lost may simply try again. Without it the registry
/// makes a secret, and such a retry is refused until the lease has ended.
pub const LEASE_SECRET_HEADER: &str = "llamactl-lease-secret";

/// Header of a request to `/health` with a nonce: prove that you know the key.
pub const CHALLENGE_HEADER: &str = "llamactl-challenge";
/// Header of the answer: [`Secret::prove`] of the nonce.
pub const PROOF_HEADER: &str = "llamactl-proof";

/// Header of a list's answer: the number of the last event that it knows, to go on with as
/// `?after=`.
pub const SEQ_HEADER: &str = "llamactl-seq";

/// Largest body that the registry reads, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// `POST /api/v1/servers`
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RegisterRequest {
    /// The server.
    #[serde(flatten)]
    pub info: ServerInfo,
    /// `loading`, `ready` or `draining`.
    #[schemars(with = "Reported")]
    pub state: ServerState,
    /// Ids that its `/v1/models` lists.
    #[serde(default)]
    #[schemars(length(max = MAX_MODELS), inner(regex(pattern = TEXT), length(max = MAX_TEXT)))]
    pub models: Vec<String>,
    /// How busy it is.
    #[serde(default)]
    pub slots: Option<Slots>,
    /// Tokens that it generates in a second, for all slots together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = MAX_RATE))]
    pub tokens_per_second: Option<f64>,
    /// The key that its clients need, for those whom `access` allows. Never given back in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// Whom the registry tells when it sees that something is wrong with the server. Never given
    /// back, to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<OwnerNotify>,
}

/// Whom the registry tells of a server on behalf of its owner. What the registry's operator does
/// not allow is left out, with a warning in the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerNotify {
    /// Each as a URL: `mailto:ADDRESS`, `ntfy://TOPIC`, or whatever else the operator allows.
    #[schemars(extend("maxItems" = MAX_OWNERS_TARGETS, "items" = {"type": "string",
        "pattern": TARGET}))]
    pub to: Vec<Secret>,
    /// Of what: `lost`, `unhealthy` and `recovered` when left out; whatever else the registry
    /// does not see is told by whoever runs the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<Kind>>,
}

/// Most targets that a registration may name.
pub const MAX_OWNERS_TARGETS: usize = 8;

/// What a holder may say of its server: it is never `lost` by its own word.
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "it is a schema, and no value of it is ever made")]
enum Reported {
    Loading,
    Ready,
    Draining,
}

/// The answer to a registration: prove the lease with these from now on.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LeaseGrant {
    /// The server's id.
    pub id: Uuid,
    /// Grows with each registration of the same server.
    pub generation: u64,
    /// Shown this one time; the registry stores its hash.
    pub secret: Secret,
    /// The lease ends so many milliseconds after the last heartbeat.
    pub ttl_ms: u64,
    /// Beat after so many milliseconds.
    pub beat_after_ms: u64,
    /// What was left out of the registration, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Body of `POST /api/v1/servers/{id}/heartbeat` and `PATCH /api/v1/servers/{id}`: what
/// changed, if anything did. Both renew the lease.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerUpdate {
    /// A new state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Reported>")]
    pub state: Option<ServerState>,
    /// How busy it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<Slots>,
    /// Tokens that it generates in a second, for all slots together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = MAX_RATE))]
    pub tokens_per_second: Option<f64>,
    /// How people were told of the server since the last heartbeat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_NOTIFIED))]
    pub notified: Vec<Notified>,
    /// Ids that its `/v1/models` lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = MAX_MODELS, "items" = {"type": "string", "pattern": TEXT,
        "maxLength": MAX_TEXT}))]
    pub models: Option<Vec<String>>,
    /// All labels; those that are missing go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = MAX_LABELS, "propertyNames" = {"pattern": TEXT,
        "maxLength": MAX_TEXT}, "additionalProperties" = {"type": "string", "pattern": CLEAN,
        "maxLength": MAX_TEXT}))]
    pub labels: Option<BTreeMap<String, String>>,
    /// When the walltime ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<jiff::Timestamp>,
}

/// Most notifications that one heartbeat may tell of.
pub const MAX_NOTIFIED: usize = 8;

/// How people were told of a server, without whom it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notified {
    /// What they were told: `ready` or `failed`.
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub event: String,
    /// How: `email` or `ntfy`.
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub channel: String,
    /// Whether it was delivered.
    pub ok: bool,
    /// Why not, without addresses and secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = TEXT), length(max = MAX_TEXT))]
    pub error: Option<String>,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Renewed {
    /// The lease ends so many milliseconds after this heartbeat.
    pub ttl_ms: u64,
    /// Beat after so many milliseconds.
    pub beat_after_ms: u64,
}

/// The answer to a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Deleted {
    /// `deleted`
    pub status: String,
    /// What was taken out.
    pub id: String,
}

/// `GET /api/v1/servers/{id}/key`
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KeyReply {
    /// The server's API key.
    pub api_key: Secret,
}

/// The one error envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ErrorReply {
    /// What went wrong.
    pub error: String,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// `GET /health`
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Health {
    /// `ok`, or `degraded` while the database can't be written. Who asks at port 9205, which is
    /// that of contract 2, gets its word `healthy` for `ok`.
    pub status: String,
    /// Live entries.
    pub servers: usize,
    /// The registry's version.
    #[serde(default)]
    pub version: String,
    /// What the registry calls itself.
    #[serde(default)]
    pub service: String,
    /// Nodes, in any state.
    #[serde(default)]
    pub nodes: usize,
    /// The database.
    #[serde(default)]
    pub database: DatabaseHealth,
    /// Seconds since the registry's start.
    #[serde(default)]
    pub uptime_seconds: f64,
}

/// The part of [`Health`] that is about the database.
#[derive(Debug, Clone, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DatabaseHealth {
    /// Whether the last change could be written.
    pub connected: bool,
}

/// Filters of `GET /api/v1/servers`, as query parameters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerFilter {
    /// Only this owner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Only those whose model is called this, ignoring case: its name, its alias or one of them,
    /// its file (also without `.gguf`, and without the quantisation), or an id of `/v1/models`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Only those in this state; without it all but `lost`; `all` for really all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["loading", "ready", "draining", "lost", "all"]))]
    pub state: Option<String>,
    /// Only those of this cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Only those with these labels: `k=v`, or `k`; several with commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// At most so many (default and most: 10,000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Leave out so many at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    /// Answer when something changed after this event: the number in the header `llamactl-seq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Wait at most so long for it, as `30s`; at most 60 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
}
