//! What can be done to nodes and profiles.

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use crate::domain::node::change::NodeChange;
use crate::domain::node::{Life, Measured, NodeState};
use crate::registry::may::Proof;
use crate::registry::seen::nodes::NodeEntry;

/// Most profiles.
pub const MAX_PROFILES: u64 = 1_000;

/// An operation on nodes or profiles.
#[derive(Debug)]
pub enum NodeOp {
    /// A node registers.
    Register(Box<NodeRegistration>),
    /// A node says that it is there, and what changed.
    Beat(Box<Beat>),
    /// Somebody changes what is known of a node.
    Change {
        /// Its id or name.
        node: String,
        /// What changes.
        change: Box<NodeChange>,
        /// The lease that was shown.
        proof: Option<Proof>,
    },
    /// An operator takes a node out of use, or gives it back.
    Maintenance {
        /// Its id or name.
        node: String,
        /// Out of use.
        on: bool,
        /// Why.
        reason: Option<String>,
    },
    /// Somebody takes a node out.
    Remove {
        /// Its id or name.
        node: String,
        /// The lease that was shown.
        proof: Option<Proof>,
    },
    /// Beats that were taken in memory come to the disk: the nodes as they are now.
    WriteBeats(Vec<Arc<NodeEntry>>),
    /// Nodes were not heard of for long.
    Silent(Vec<Silence>),
    /// Nodes that were silent for long go.
    Clean(Vec<Silence>),
    /// A role's profile is written.
    SetProfile {
        /// The role.
        role: String,
        /// The settings.
        config: Value,
    },
    /// A role's profile is taken out.
    RemoveProfile {
        /// The role.
        role: String,
    },
}

impl NodeOp {
    /// Whether it must be on disk before it is acknowledged.
    pub fn is_durable(&self) -> bool {
        match self {
            NodeOp::Beat(beat) => beat.durable,
            NodeOp::WriteBeats(_) => false,
            _ => true,
        }
    }
}

/// A registration of a node.
#[derive(Debug)]
pub struct NodeRegistration {
    /// The id that it says it has.
    pub node_id: Option<String>,
    /// What it tells.
    pub change: NodeChange,
    /// What it is for, where neither it nor anybody else told.
    pub default_role: String,
    /// Names of its pools, where it told them.
    pub pools: Option<Vec<String>>,
    /// Hash of the secret of the lease that it wants, where it wants one.
    pub secret_hash: Option<String>,
    /// The lease that was shown.
    pub proof: Option<Proof>,
}

/// A sign of life.
#[derive(Debug)]
pub struct Beat {
    /// The node's id; of clients that know names only, its name.
    pub node: String,
    /// What it says of itself.
    pub reported: Option<NodeState>,
    /// What it measured.
    pub measured: Measured,
    /// Whether the view says that its state changes.
    pub durable: bool,
    /// The lease that was shown.
    pub proof: Option<Proof>,
}

/// A node that is silent, as the view saw it. It is left alone if it was heard of since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Which.
    pub node_id: String,
    /// How often it was heard of.
    pub beats: u64,
    /// How long it is silent, now.
    pub life: Life,
    /// Since when; it stays so.
    pub heard: Instant,
}
