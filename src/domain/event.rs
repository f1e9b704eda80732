//! What happened, in order. The audit log, history and live streams are views of it.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One entry of the registry's event log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the order; 1 is the first. ETags and waits speak in it.
    pub seq: u64,
    /// When the registry wrote it.
    pub time: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// Whom it happened to: the server's id, or a job id for entries of old clients.
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
        Event { seq, time, kind, subject, data, actor: None, origin: None }
    }
}

/// What can happen to a server entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A server registered for the first time, or anew after its entry was gone.
    Registered,
    /// Its state, models or labels changed.
    Updated,
    /// Its lease ended without a word.
    Lost,
    /// It said goodbye.
    Unregistered,
    /// A later start of the same job took its place.
    Replaced,
    /// It was lost, or an old client's entry was not updated, for so long that it was dropped.
    Removed,
}

impl EventKind {
    /// The word in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Registered => "registered",
            EventKind::Updated => "updated",
            EventKind::Lost => "lost",
            EventKind::Unregistered => "unregistered",
            EventKind::Replaced => "replaced",
            EventKind::Removed => "removed",
        }
    }
}
