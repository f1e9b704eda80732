//! Tokens and the audit on the wire.

use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::event::EventKind;
use crate::domain::token::{Scope, Token};
use crate::secret::Secret;

/// `POST /api/v1/tokens`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenCreate {
    /// Whose it is: the name that stands as owner in what is registered with it.
    pub owner: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it ends by itself; never, without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// The answer: the token, this one time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TokenCreated {
    /// What can be seen of it later too.
    #[serde(flatten)]
    pub token: Token,
    /// The token itself. The registry stores its hash.
    pub secret: Secret,
}

/// Query parameters of `DELETE /api/v1/tokens/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRevoke {
    /// Revoke it although it is the last one for administrators.
    #[serde(default)]
    pub force: bool,
}

/// `GET /api/v1/whoami`: who asks, as the registry sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhoAmI {
    /// The token's owner; nobody where none was shown, or none is asked for.
    pub owner: Option<String>,
    /// The token's id.
    pub token: Option<String>,
    /// What may be done.
    pub scopes: Vec<Scope>,
    /// When the token ends by itself.
    pub expires: Option<Timestamp>,
}

/// One line of the audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// The event's number.
    pub seq: u64,
    /// When.
    pub time: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// To whom: a server's, node's or token's id, a job, a role.
    pub subject: String,
    /// Owner of the token with which it was done; nobody where the registry did it by itself,
    /// or no token was shown.
    pub actor: Option<String>,
    /// The token's id.
    pub token: Option<String>,
    /// The client's address.
    pub origin: Option<IpAddr>,
    /// Details.
    pub data: Value,
}

/// Query parameters of `GET /api/v1/audit`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditFilter {
    /// Only what this owner did, or the token with this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only events of this kind, as `token-created`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EventKind>,
    /// Only what happened to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Only what happened at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The next ones after this event's number; without it the last ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// At most so many (100 without this, 1,000 at most).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}
