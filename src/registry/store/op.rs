//! One operation of the store: what is asked for, and what came of it.

use std::time::Instant;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::node_ops::NodeOp;
use super::sql::to_json;
use super::watch_op::WatchOp;
use crate::api::{RegisterRequest, ServerUpdate};
use crate::domain::token::Token;
use crate::registry::may::Proof;
use crate::registry::seen::legacy::Record;
use crate::registry::seen::view::Sighting;
use crate::secret::{Secret, hex};

/// Most entries that the registry holds, of each kind. More is a mistake or an attack.
pub const MAX_ENTRIES: usize = 200_000;
/// Most events that are kept, however young they are.
pub const EVENTS_KEPT: u64 = 2_000_000;

/// When an operation was asked for: the clock that leases run on, and the time of day for
/// people.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Monotonic.
    pub instant: Instant,
    /// The time of day.
    pub wall: Timestamp,
}

impl Now {
    /// The present; the time of day in whole milliseconds, as the database keeps it.
    pub fn get() -> Now {
        let wall = Timestamp::now();
        let wall = Timestamp::from_millisecond(wall.as_millisecond()).unwrap_or(wall);
        Now { instant: Instant::now(), wall }
    }
}

/// A token to be made.
#[derive(Debug)]
pub struct NewToken {
    /// What may be seen of it.
    pub token: Token,
    /// Hash of the token itself.
    pub hash: String,
    /// Only where there is none for administrators yet.
    pub first: bool,
}

/// One operation.
#[derive(Debug)]
pub enum Op {
    /// A server registers.
    Register(Box<Registration>),
    /// A holder beats, and tells what changed.
    Renew {
        /// Which server.
        id: Uuid,
        /// The holder's proof.
        proof: Proof,
        /// What changed.
        update: Box<ServerUpdate>,
        /// Whether the view says that something durable changes.
        durable: bool,
    },
    /// A holder says goodbye.
    Unregister {
        /// Which server.
        id: Uuid,
        /// The holder's proof; nothing where an administrator takes it out.
        proof: Option<Proof>,
    },
    /// A token is made.
    CreateToken(Box<NewToken>),
    /// A token is revoked.
    RevokeToken {
        /// Which.
        id: String,
        /// Also the last one for administrators.
        force: bool,
    },
    /// An old client registers or updates its entry.
    PutLegacy {
        /// The job id in the path.
        job: String,
        /// What it sent.
        record: Box<Record>,
    },
    /// An entry is taken over from the file of another registry.
    ImportLegacy {
        /// Its job id.
        job: String,
        /// What its client had sent.
        record: Box<Record>,
        /// When.
        updated: Timestamp,
    },
    /// An old client deletes an entry.
    DeleteLegacy {
        /// The job id in the path.
        job: String,
    },
    /// Leases ended.
    Expire(Vec<Due>),
    /// Lost entries, and those of old clients, have been kept long enough.
    Remove {
        /// Lost entries.
        lost: Vec<Due>,
        /// Entries of old clients, and how often they had been sent.
        legacy: Vec<(String, u64)>,
    },
    /// The registry looked at servers' `/health`, and found some otherwise than they were.
    Health(Vec<Sighting>),
    /// Nodes and profiles.
    Nodes(NodeOp),
    /// Who wants to be told of a model.
    Watches(WatchOp),
    /// Old events and replaced ids go.
    Prune,
}

impl Op {
    /// Whether it must be on disk before it is acknowledged, also when the power fails.
    pub fn is_durable(&self) -> bool {
        match self {
            Op::Renew { durable: false, .. } | Op::Prune => false,
            Op::Nodes(op) => op.is_durable(),
            _ => true,
        }
    }
}

/// A registration, decoded and checked, with all of it that the database takes as a text: the
/// writer is one thread for all, and whoever asks prepares what it can.
#[derive(Debug)]
pub struct Registration {
    /// What the client sent.
    pub request: RegisterRequest,
    /// Hash of the secret of the new lease.
    pub secret_hash: String,
    /// Hash of what the client sent, by which a retry is known.
    pub request_hash: String,
    /// Proof of the lease that the server holds already, if any.
    pub proof: Option<Proof>,
    /// The texts of the row.
    pub texts: Texts,
}

/// What a registration says that is JSON in the database.
#[derive(Debug)]
pub struct Texts {
    /// Of `info`.
    pub info: String,
    /// Of `models`.
    pub models: String,
    /// Of `slots`.
    pub slots: Option<String>,
    /// Of `tokens_per_second`.
    pub tokens_per_second: Option<String>,
    /// Of `notify`.
    pub notify: Option<String>,
}

impl Registration {
    /// Prepares what a client sent; `secret` is the one of its new lease.
    pub fn new(request: RegisterRequest, secret: &Secret, proof: Option<Proof>) -> Registration {
        let texts = Texts {
            info: to_json(&request.info),
            models: to_json(&request.models),
            slots: request.slots.as_ref().map(to_json),
            tokens_per_second: request.tokens_per_second.as_ref().map(to_json),
            notify: request.notify.as_ref().map(to_json),
        };
        let request_hash = hex(&Sha256::digest(to_json(&request)));
        Registration { request, secret_hash: secret.hash(), request_hash, proof, texts }
    }
}

/// An entry that is due, as the view saw it. It is left alone if it has changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub id: Uuid,
    /// Generation of its lease.
    pub generation: u64,
    /// How often it was renewed.
    pub beats: u64,
}

/// What an operation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// A lease with this generation.
    Registered(u64),
    /// A node, which has a lease with this generation, if any.
    Node {
        /// The node's id.
        id: String,
        /// The generation.
        generation: u64,
    },
    /// So many entries were changed, or the one that was meant.
    Changed(usize),
    /// Events that the asking process tells of, and the watches that tell once of each.
    Claimed(Vec<(u64, Vec<String>)>),
}
