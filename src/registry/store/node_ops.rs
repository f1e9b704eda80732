//! What can be done to nodes and profiles, and who asks for it.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value};

use super::{Proof, Refused};
use crate::api::nodes::NodeChange;
use crate::domain::node::{Life, NodeState, PoolStatus};
use crate::registry::nodes::NodeEntry;

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
        /// Who asks.
        asker: Asker,
    },
    /// An operator takes a node out of use, or gives it back.
    Maintenance {
        /// Its id or name.
        node: String,
        /// Out of use.
        on: bool,
        /// Why.
        reason: Option<String>,
        /// Who asks.
        asker: Asker,
    },
    /// Somebody takes a node out.
    Remove {
        /// Its id or name.
        node: String,
        /// Who asks.
        asker: Asker,
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
    /// Who asks.
    pub asker: Asker,
}

/// A sign of life.
#[derive(Debug)]
pub struct Beat {
    /// The node's id; of clients that know names only, its name.
    pub node: String,
    /// What it says of itself.
    pub reported: Option<NodeState>,
    /// What it measured.
    pub metrics: Option<Map<String, Value>>,
    /// Its pools.
    pub pools: Option<Vec<PoolStatus>>,
    /// Whether the view says that its state changes.
    pub durable: bool,
    /// Who asks.
    pub asker: Asker,
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

/// Who asks for a change of a node, and by what right.
#[derive(Debug, Clone, Default)]
pub struct Asker {
    /// Owner of the token that was shown.
    pub owner: Option<String>,
    /// May change what others own: an administrator, or anybody where no tokens are asked for.
    pub everywhere: bool,
    /// An administrator's token was shown: leases are no hindrance.
    pub admin: bool,
    /// The lease that was shown.
    pub proof: Option<Proof>,
}

/// What counts of a node when somebody wants to change it.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// Its owner.
    pub owner: Option<&'a str>,
    /// Generation of its lease, and hash of the secret.
    pub lease: Option<(u64, &'a str)>,
    /// Whether its holder still holds it.
    pub is_live: bool,
}

impl Held<'_> {
    /// Of this node.
    pub fn of(entry: &NodeEntry) -> Held<'_> {
        let lease = entry.secret_hash.as_deref().map(|hash| (entry.generation, hash));
        Held { owner: entry.owner.as_deref(), lease, is_live: entry.is_live() }
    }
}

impl Asker {
    /// Whether the node may be changed at all: by whoever owns it, or nobody does.
    ///
    /// # Errors
    /// It is somebody else's.
    pub fn owns(&self, owner: Option<&str>) -> Result<(), Refused> {
        match owner {
            Some(owner) if !self.everywhere && self.owner.as_deref() != Some(owner) => {
                Err(Refused::Foreign)
            }
            _ => Ok(()),
        }
    }

    /// Whether the lease of the node is no hindrance to change it, remove it or register it
    /// anew. A lease that is shown must be the current one, whoever shows it.
    ///
    /// # Errors
    /// Why not.
    pub fn may_change(&self, held: Held<'_>) -> Result<(), Refused> {
        self.owns(held.owner)?;
        match (&self.proof, held.lease) {
            (Some(proof), Some((generation, secret)))
                if proof.generation == generation && proof.secret_hash == secret =>
            {
                Ok(())
            }
            (Some(_), _) => Err(Refused::Stale),
            (None, None) => Ok(()),
            (None, Some(_)) => {
                let owner = self.owner.is_some() && self.owner.as_deref() == held.owner;
                if owner || self.admin || !held.is_live { Ok(()) } else { Err(Refused::NodeHeld) }
            }
        }
    }

    /// Whether it may beat for the node. Its owner's token is not enough: an older start of the
    /// same program has it too.
    ///
    /// # Errors
    /// Why not.
    pub fn may_beat(&self, held: Held<'_>) -> Result<(), Refused> {
        if self.proof.is_none() && held.lease.is_some() && !self.admin {
            self.owns(held.owner)?;
            return Err(Refused::NodeHeld);
        }
        self.may_change(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(owner: Option<&'static str>, lease: bool, is_live: bool) -> Held<'static> {
        Held { owner, lease: lease.then_some((7, "hash")), is_live }
    }

    fn proof(generation: u64) -> Option<Proof> {
        Some(Proof { generation, secret_hash: "hash".to_owned() })
    }

    #[test]
    fn a_live_lease_keeps_others_out_and_a_stale_one_counts_for_nobody() {
        let anybody = Asker { everywhere: true, ..Asker::default() };
        assert_eq!(anybody.may_change(held(None, false, true)), Ok(()));
        assert_eq!(anybody.may_change(held(None, true, true)), Err(Refused::NodeHeld));
        assert_eq!(anybody.may_change(held(None, true, false)), Ok(()), "it is silent");
        assert_eq!(anybody.may_beat(held(None, true, false)), Err(Refused::NodeHeld));
        let holder = Asker { proof: proof(7), ..anybody.clone() };
        assert_eq!(holder.may_beat(held(None, true, true)), Ok(()));
        let admin = Asker { admin: true, everywhere: true, ..Asker::default() };
        assert_eq!(admin.may_change(held(Some("ann"), true, true)), Ok(()));
        let stale = Asker { proof: proof(6), ..admin };
        assert_eq!(stale.may_change(held(None, true, false)), Err(Refused::Stale));
        assert_eq!(stale.may_beat(held(None, false, true)), Err(Refused::Stale), "taken over");
    }

    #[test]
    fn with_tokens_only_the_owner_may() {
        let ann = Asker { owner: Some("ann".into()), ..Asker::default() };
        assert_eq!(ann.may_change(held(Some("ann"), true, true)), Ok(()));
        assert_eq!(ann.may_beat(held(Some("ann"), true, true)), Err(Refused::NodeHeld));
        assert_eq!(ann.may_change(held(Some("bob"), false, false)), Err(Refused::Foreign));
        assert_eq!(ann.may_beat(held(Some("bob"), true, true)), Err(Refused::Foreign));
        assert_eq!(ann.may_change(held(None, false, true)), Ok(()), "nobody's");
    }
}
