//! What happened, in order. The audit log, history and live streams are views of it.

use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One entry of the registry's event log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its place in the order; 1 is the first. ETags and waits speak in it.
    pub seq: u64,
    /// When the registry wrote it.
    pub time: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// Whom it happened to: the server's id, a job id for entries of old clients, a node's id, a
    /// role, a token's id.
    pub subject: String,
    /// Details that a reader may show.
    pub data: serde_json::Value,
    /// Owner of the token with which it was done; nothing where the registry did it by itself
    /// or asks for no tokens. Only the audit shows it.
    #[serde(skip)]
    pub actor: Option<String>,
    /// Address of the client that did it. Only the audit shows it.
    #[serde(skip)]
    pub origin: Option<IpAddr>,
    /// Id of the token with which it was done. Only the audit shows it.
    #[serde(skip)]
    pub token: Option<String>,
}

impl Event {
    /// An event that the registry itself made.
    pub fn new(
        seq: u64,
        time: Timestamp,
        kind: EventKind,
        subject: String,
        data: serde_json::Value,
    ) -> Event {
        Event { seq, time, kind, subject, data, actor: None, origin: None, token: None }
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $id:ident = $word:literal,)+) => {
        /// What can happen.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
            JsonSchema,
        )]
        pub enum EventKind {
            $($(#[doc = $doc])+ #[serde(rename = $word)] $id,)+
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &[EventKind] = &[$(EventKind::$id),+];

            /// The word in the database and on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(EventKind::$id => $word,)+ }
            }
        }
    };
}

kinds! {
    /// A server registered for the first time, or anew after its entry was gone.
    Registered = "registered",
    /// Its state, models or labels changed.
    Updated = "updated",
    /// Its lease ended without a word.
    Lost = "lost",
    /// It said goodbye.
    Unregistered = "unregistered",
    /// A later start of the same job took its place.
    Replaced = "replaced",
    /// It was lost, or an old client's entry was not updated, for so long that it was dropped.
    Removed = "removed",
    /// The registry looked at its `/health` and got no 200.
    Unhealthy = "unhealthy",
    /// Its `/health` answers 200 again.
    Recovered = "recovered",
    /// People were told of a server, or could not be.
    Notified = "notified",
    /// Somebody wants to be told when a server of a model is ready.
    WatchCreated = "watch-created",
    /// Nobody wants that any more, or it was told.
    WatchRemoved = "watch-removed",
    /// A node registered for the first time, or anew after it was gone.
    NodeRegistered = "node-registered",
    /// What is known of a node changed, beside its state and measurements.
    NodeUpdated = "node-updated",
    /// A node's state changed: `data.state`.
    NodeState = "node-state",
    /// A node was taken out.
    NodeRemoved = "node-removed",
    /// A role's profile was written.
    ProfileSet = "profile-set",
    /// A role's profile was taken out.
    ProfileRemoved = "profile-removed",
    /// A token was made. Its id is the subject.
    TokenCreated = "token-created",
    /// A token was revoked.
    TokenRevoked = "token-revoked",
    /// The database was replaced by a backup.
    Restored = "restored",
}
