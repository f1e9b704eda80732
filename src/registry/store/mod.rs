//! The operations that change the registry, and the database that carries them out.
//!
//! Each operation is one transaction of its own, with its event row in it, and is answered
//! only after the commit. SQL is written once, for SQLite and PostgreSQL: what they say
//! differently is in [`sqlite`] and [`postgres`].

pub mod audit;
pub mod core;
pub mod database;
pub mod dump;
pub mod follow;
pub mod import;
pub mod listen;
pub mod node_ops;
pub mod operations;
pub mod place;
pub mod postgres;
pub mod rows;
pub mod schema;
pub mod sql;
pub mod sqlite;
mod writer;

use std::net::IpAddr;
use std::time::Instant;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::legacy::Record;
use crate::api::{RegisterRequest, ServerUpdate};
use crate::domain::server::ServerHealth;
use crate::domain::token::Token;
use crate::secret::{Secret, hex};

pub use self::core::Lifetimes;
pub use self::database::Database;
use self::node_ops::NodeOp;
pub use self::operations::watches::WatchOp;
use self::sql::to_json;
pub use self::writer::Store;

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

/// Who asked for an operation, for the audit. The default is the registry itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct By {
    /// Owner of the token, where one was shown.
    pub actor: Option<String>,
    /// The token's id.
    pub token: Option<String>,
    /// Address of the client.
    pub origin: Option<IpAddr>,
    /// Whose entries it may change.
    pub reach: Reach,
}

/// Whose entries somebody may change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's: administrators, and whoever reaches a registry that asks for no tokens.
    #[default]
    All,
    /// Those of the owner whose token was shown.
    Own,
    /// Those that nobody's token stands for: whoever shows no token where the registry knows
    /// tokens.
    Unproven,
}

impl By {
    /// Whether it may change what belongs to `owner`. `proven` says that the owner's token, or
    /// an administrator's, was shown when it was registered, so that the name is no mere word.
    pub fn may_change(&self, owner: Option<&str>, proven: bool) -> bool {
        match self.reach {
            Reach::All => true,
            Reach::Own => owner.is_none_or(|owner| self.actor.as_deref() == Some(owner)),
            Reach::Unproven => !proven,
        }
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

/// What a client shows to prove that it holds a lease.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Generation of the lease.
    pub generation: u64,
    /// Hash of its secret.
    pub secret_hash: String,
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
    Health(Vec<Seen>),
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

/// What was seen of one server's `/health`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which server.
    pub target: Target,
    /// How it is.
    pub health: ServerHealth,
}

/// A server whose `/health` can be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A leased one, by its id and the generation of its lease.
    Leased(Uuid, u64),
    /// An old client's, by its job.
    Legacy(String),
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

/// Why an operation changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no such entry.
    Unknown,
    /// The proof is of an older lease, or wrong.
    Stale,
    /// A later start of the same job took its place.
    Replaced,
    /// A later start of the same job (with this restart count) has the entry.
    Older(u32),
    /// The server has a live lease, and the client did not prove that it holds it.
    Held,
    /// The same id was registered for another job.
    OtherJob,
    /// A leased server has this job: old clients can't change it.
    Leased,
    /// There is no such node.
    UnknownNode,
    /// The role has no profile.
    UnknownProfile,
    /// Another node has this name, or it for its id.
    NameTaken(String),
    /// The node has a lease, and the client did not prove that it holds it.
    NodeHeld,
    /// It is somebody else's.
    Foreign,
    /// What would come of it is not allowed, for this reason.
    Wrong(String),
    /// There is a token for administrators already.
    NotFirst,
    /// It is the last token for administrators.
    LastAdmin,
    /// There are so many of these already, which is as many as there may be.
    TooMany(&'static str, u64),
    /// As many are there as the registry holds.
    Full,
}

/// Why an operation's outcome is not known, or why it was not tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The queue is full.
    #[error("too many requests at once")]
    Busy,
    /// The database can't be written; nothing of the operation is in it.
    #[error("the registry's database can't be written: {0}")]
    Unavailable(String),
    /// The database could not be reached any more when the change was to be committed.
    #[error("the registry's database did not say whether the change is in it: {0}")]
    Unknown(String),
    /// The writer is gone.
    #[error("the registry is shutting down")]
    Closed,
}
