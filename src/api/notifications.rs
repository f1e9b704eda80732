//! What the registry sends on for those who can't reach the world outside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::notice::Notice;
use crate::domain::watch::TARGET;
use crate::secret::Secret;

/// Most targets of one notification.
pub const MAX_RELAYED: usize = 16;
/// What an id of a notification consists of, as a pattern of JSON Schema.
pub const RELAY_ID: &str = "^[0-9A-Za-z._-]{8,128}$";

/// `POST /api/v1/notifications`: tell these people of this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// The sender's choice, 8 to 128 letters, digits, `.`, `_` and `-`. The same notification
    /// sent again with the same id goes out once.
    #[schemars(regex(pattern = RELAY_ID))]
    pub id: String,
    /// What happened. Its owner is that of the token, whatever it says.
    pub notice: Notice,
    /// Whom to tell, each as a URL: `mailto:ADDRESS`, `ntfy://TOPIC` at the ntfy server of the
    /// registry's operator, and whatever else the operator allows.
    #[schemars(extend("minItems" = 1, "maxItems" = MAX_RELAYED, "items" = {"type": "string",
        "pattern": TARGET}))]
    pub to: Vec<Secret>,
}

/// The answer: it is on the registry's disk, and goes out from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Relayed {
    /// The notification's id.
    pub id: String,
    /// How many targets it goes to.
    pub accepted: usize,
    /// Targets that it does not go to, in the order in which they were named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<NotRelayed>,
}

/// A target that the registry sends nothing to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotRelayed {
    /// Its place in `to`, counted from 0.
    pub index: usize,
    /// What it is, without its secret.
    pub target: String,
    /// Why not.
    pub reason: String,
}
