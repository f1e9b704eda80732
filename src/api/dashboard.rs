//! What the registry's page asks for beside the lists.

use std::collections::BTreeMap;

use crate::domain::notice::Kind;
use crate::domain::server::{CLEAN, MAX_LABELS, MAX_TEXT, TEXT};
use crate::domain::watch::{MAX_TARGETS, SEEN, TARGET, Watch};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where somebody is who wants to use a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// On a machine that reaches the cluster's nodes.
    #[default]
    Cluster,
    /// Elsewhere: through an ssh tunnel by way of a login host.
    Outside,
}

/// Query of `GET /api/v1/servers/{id}/connect`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectQuery {
    /// Where the asking person is.
    #[serde(default)]
    pub from: Place,
    /// The login host to tunnel through, as `you@login.example.org`; without it the one that the
    /// registry's operator named. Only from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
}

/// `GET /api/v1/servers/{id}/connect`: what to copy to use a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snippets {
    /// In the order in which they are worth showing.
    pub snippets: Vec<Snippet>,
}

/// One text to copy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snippet {
    /// `connect`, `tunnel`, `claude`, `curl`, `python`, or another program's name.
    pub id: String,
    /// What it is, in a few words.
    pub title: String,
    /// What to do with it, in one line.
    pub about: String,
    /// The text.
    pub text: String,
    /// `bash` or `python`.
    pub language: String,
    /// Whether the server's API key is in it.
    pub secret: bool,
}

/// `GET /api/v1/servers/{id}/usage`: how busy a server was during the last two hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Time between two points in seconds. Where nothing was heard, points are missing.
    pub step_seconds: u64,
    /// Oldest first.
    pub points: Vec<UsagePoint>,
}

/// How busy a server was in one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsagePoint {
    /// When the step began.
    pub time: Timestamp,
    /// Slots that worked on a request: the most that a heartbeat told.
    pub busy: u32,
    /// Slots in all.
    pub total: u32,
    /// Tokens generated in a second, on average; nothing where it is not known.
    pub tokens_per_second: Option<f64>,
}

/// `POST /api/v1/watches`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchCreate {
    /// Name, alias or file of a model, in which `*` stands for anything; case does not count.
    /// It may be left out where an owner, a label or a node says what is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = TEXT, "maxLength" = MAX_TEXT))]
    pub model: Option<String>,
    /// What to tell of: `available` (the default; with a node, `offline` and `online`),
    /// `draining`, `ended`, `lost`, `unhealthy`, `recovered`, and of nodes `offline` and
    /// `online`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = SEEN.len()))]
    pub events: Option<Vec<Kind>>,
    /// Only of this owner's; `*` stands for anything, and case does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = TEXT, "maxLength" = MAX_TEXT))]
    pub server_owner: Option<String>,
    /// Only of what has these labels. In values `*` stands for anything; of nodes, whose labels
    /// are words, only `*` and an empty value fit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = MAX_LABELS, "propertyNames" = {"pattern": TEXT,
        "maxLength": MAX_TEXT}, "additionalProperties" = {"type": "string", "pattern": CLEAN,
        "maxLength": MAX_TEXT}))]
    pub labels: BTreeMap<String, String>,
    /// Only of nodes of this name, and servers on them; `*` stands for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = TEXT, "maxLength" = MAX_TEXT))]
    pub node: Option<String>,
    /// Whom to tell, each as a URL: `ntfy://TOPIC` at the ntfy server of the registry's
    /// operator, `mailto:ADDRESS`, and whatever else the operator allows.
    #[schemars(length(min = 1, max = MAX_TARGETS), inner(regex(pattern = TARGET)))]
    pub notify: Vec<String>,
    /// Tell once, and be gone then.
    #[serde(default = "yes")]
    pub once: bool,
}

fn yes() -> bool {
    true
}

/// `GET /api/v1/watches`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Watches {
    /// What the registry can tell people by: `email`, `ntfy`.
    pub channels: Vec<String>,
    /// The asking owner's watches, oldest first; everybody's for an administrator.
    pub watches: Vec<Watch>,
}
