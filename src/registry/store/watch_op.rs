//! What can be done to watches, and to claims of events that somebody tells of.

use crate::api::Notified;
use crate::domain::watch::Watch;

/// A watch as it is kept.
#[derive(Debug, Clone)]
pub struct KeptWatch {
    /// What may be seen of it.
    pub watch: Watch,
    /// Number of the last event when it was made: earlier ones are no news to it.
    pub told: u64,
    /// Failures in a row.
    pub failures: u32,
    /// Of one that tells once: the event that it tells of. 0 while it waits.
    pub claimed: u64,
}

/// An event that somebody tells of, whose messages may not be on a disk yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenClaim {
    /// The event.
    pub seq: u64,
    /// The process that tells.
    pub by: String,
}

/// An operation on watches.
#[derive(Debug)]
pub enum WatchOp {
    /// A new one.
    Add(Watch),
    /// Its owner does not want it any more.
    Remove(String),
    /// A process wants to tell of events.
    Claim(Claim),
    /// The messages of these events are on the disk of whoever sends them.
    Sent(Vec<u64>),
    /// What became of a message.
    Told(Box<Told>),
}

/// A process wants to tell of events: it gets those that nobody has, and its own whose messages
/// could not be put on the disk.
#[derive(Debug)]
pub struct Claim {
    /// The process.
    pub by: String,
    /// Events, and the watches that would tell once of them.
    pub wanted: Vec<(u64, Vec<String>)>,
    /// Where the process is gone that had them: it. Its claims are taken over.
    pub from: Option<String>,
}

/// What became of a message.
#[derive(Debug)]
pub struct Told {
    /// The watch that asked for it, and the event; nothing where it was a rule or the owner.
    pub watch: Option<(String, u64)>,
    /// Whom the event was about: a server's or a node's id.
    pub subject: String,
    /// Its name and its owner.
    pub of: (String, String),
    /// How it went.
    pub delivery: Notified,
}
