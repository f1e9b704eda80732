//! Rules of nodes and profiles.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::Service;
use crate::api::nodes::{CleanupQuery, CleanupReply, Profile};
use crate::chance;
use crate::domain::node::change::NodeChange;
use crate::domain::node::{self, Life, MAX_LIST, Measured, NodeLimits, NodeState};
use crate::domain::server::text;
use crate::registry::edge::identity::Identity;
use crate::registry::error::ApiError;
use crate::registry::error::{Refused, StoreError};
use crate::registry::may::{By, Proof};
use crate::registry::seen::nodes::{Beaten, NodeEntry};
use crate::registry::store::core::Reply;
use crate::registry::store::node_ops::{Beat, NodeOp, NodeRegistration, Silence};
use crate::registry::store::{Done, Now, Op};
use crate::secret::Secret;

/// How often nodes beat, unless there are very many.
const BEAT: Duration = Duration::from_secs(10);
/// Beats a second that a registry takes on one core beside its other work (docs/performance.md).
const BEATS_A_SECOND: usize = 10_000;
/// The same where each of them goes to the database.
const WRITTEN_BEATS_A_SECOND: usize = 5_000;
/// How long a beat that changes nothing but measurements may wait for the disk. A crash loses
/// no more than that, and after it nobody is silent for a while anyway.
const UNWRITTEN: Duration = Duration::from_secs(30);
/// Most bytes of a profile.
const MAX_PROFILE: usize = 64 * 1024;
/// Most nodes that one operation marks or removes, so that no other waits long.
const CHUNK: usize = 200;

/// A registration, in the words of no format.
#[derive(Debug, Default)]
pub struct NewNode {
    /// The id that it says it has.
    pub node_id: Option<String>,
    /// What it tells.
    pub change: NodeChange,
    /// What it is for, where neither it nor anybody else told.
    pub default_role: String,
    /// Names of its pools, where it told them.
    pub pools: Option<Vec<String>>,
    /// Secret of the lease that it wants, where it wants one.
    pub secret: Option<Secret>,
}

/// A node that has registered.
#[derive(Debug)]
pub struct Registered {
    /// The node.
    pub entry: Arc<NodeEntry>,
    /// Generation of its lease.
    pub generation: u64,
}

/// A sign of life, in the words of no format.
#[derive(Debug, Default)]
pub struct Sign {
    /// The word that the node has for its state.
    pub status: Option<String>,
    /// What it measured.
    pub measured: Measured,
}

impl Service {
    /// Registers a node: the same host, name or id is the same node.
    ///
    /// # Errors
    /// 400 for what is wrong in it, 403 for somebody else's node, 409 where its name is taken or
    /// another holds its lease, 503.
    pub async fn register_node(
        &self,
        new: NewNode,
        proof: Option<Proof>,
        who: &Identity,
    ) -> Result<Registered, ApiError> {
        // What the node is found by; the rest is checked when it is merged.
        let change = &new.change;
        for (field, id) in
            [("node_id", &new.node_id), ("name", &change.name), ("hostname", &change.hostname)]
        {
            let checked = id.as_ref().map_or(Ok(()), |id| node::identifier(field, id));
            checked.map_err(ApiError::bad_request)?;
        }
        if let Some(machine) = change.machine_id.as_ref().filter(|machine| !machine.is_empty()) {
            text("machine_id", machine).map_err(ApiError::bad_request)?;
        }
        check_pools(new.pools.as_deref().unwrap_or_default())?;
        let registration = NodeRegistration {
            node_id: new.node_id,
            change: new.change,
            default_role: new.default_role,
            pools: new.pools,
            secret_hash: new.secret.map(|secret| secret.hash()),
            proof,
        };
        let done = self.node_op(NodeOp::Register(Box::new(registration)), who).await?;
        self.counters.node_registrations.inc();
        self.done_node(done)
    }

    /// Takes a beat of the node with this id (or name).
    ///
    /// # Errors
    /// 400 for what is wrong in it, 403 for somebody else's node, 404 where it is not known, 409
    /// where the lease is not the current one, 503.
    pub async fn beat_node(
        &self,
        node: String,
        sign: Sign,
        proof: Option<Proof>,
        who: &Identity,
    ) -> Result<(), ApiError> {
        check_name(&node)?;
        let reported = sign.status.as_deref().map(reported).transpose()?;
        if let Some(metrics) = &sign.measured.metrics {
            node::object("metrics", metrics).map_err(ApiError::bad_request)?;
        }
        if let Some(pools) = &sign.measured.pools {
            check_pools(pools.iter().map(|pool| &pool.pool_id))?;
            for pool in pools {
                node::object("pools", &pool.other).map_err(ApiError::bad_request)?;
            }
        }
        // The store finds a node by its id at once, by its name only on a longer way.
        let known = self.view().read().nodes.find(&node).map(|entry| entry.info.node_id.clone());
        let node = known.unwrap_or(node);
        let (now, by) = (Now::get(), who.by());
        let (measured, seen, heard) = (sign.measured, now.wall, now.instant);
        let beat = Box::new(Beaten { node_id: node, measured, seen, heard });
        if let Err(beat) = self.take_beat(beat, reported, &by, proof.as_ref()) {
            let Beaten { node_id: node, measured, .. } = *beat;
            let durable = self.changes_state(&node, reported);
            let beat = Beat { node, reported, measured, durable, proof };
            self.node_op(NodeOp::Beat(Box::new(beat)), who).await?;
        }
        self.counters.node_heartbeats.inc();
        Ok(())
    }

    /// Takes a beat in memory, to be written with others: where no other process could have
    /// changed the node in the meantime.
    fn take_beat(
        &self,
        beat: Box<Beaten>,
        reported: Option<NodeState>,
        by: &By,
        proof: Option<&Proof>,
    ) -> Result<(), Box<Beaten>> {
        match self.store.is_alone() {
            true => self.view().write().take_beat(beat, reported, by, proof),
            false => Err(beat),
        }
    }

    /// Changes what is known of a node.
    ///
    /// # Errors
    /// As [`Service::beat_node`].
    pub async fn change_node(
        &self,
        node: String,
        change: NodeChange,
        proof: Option<Proof>,
        who: &Identity,
    ) -> Result<Arc<NodeEntry>, ApiError> {
        check_name(&node)?;
        let change = Box::new(change);
        let done = self.node_op(NodeOp::Change { node, change, proof }, who).await?;
        self.done_node(done).map(|done| done.entry)
    }

    /// Takes a node out of use, or gives it back. That is its operator's business: the owner's,
    /// an administrator's, or anybody's where no tokens are asked for; a lease is no hindrance.
    ///
    /// # Errors
    /// As [`Service::beat_node`].
    pub async fn maintain_node(
        &self,
        node: String,
        on: bool,
        reason: Option<String>,
        who: &Identity,
    ) -> Result<Arc<NodeEntry>, ApiError> {
        check_name(&node)?;
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        if let Some(reason) = &reason {
            text("reason", reason).map_err(ApiError::bad_request)?;
        }
        let done = self.node_op(NodeOp::Maintenance { node, on, reason }, who).await?;
        self.done_node(done).map(|done| done.entry)
    }

    /// Takes a node out.
    ///
    /// # Errors
    /// As [`Service::beat_node`].
    pub async fn remove_node(
        &self,
        node: String,
        proof: Option<Proof>,
        who: &Identity,
    ) -> Result<(), ApiError> {
        check_name(&node)?;
        self.node_op(NodeOp::Remove { node, proof }, who).await.map(drop)
    }

    /// Marks nodes as offline that were silent for so long, or takes them out.
    ///
    /// # Errors
    /// 400 for a timeout that is none, 503.
    pub async fn clean_nodes(
        &self,
        query: CleanupQuery,
        who: &Identity,
    ) -> Result<CleanupReply, ApiError> {
        let CleanupQuery { timeout_minutes, remove } = query;
        if timeout_minutes > 525_600 {
            return Err(ApiError::bad_request("timeout_minutes must be 525600 at most"));
        }
        let timeout = Duration::from_secs(u64::from(timeout_minutes) * 60);
        let now = Now::get();
        let silent = self.silent_for(timeout, now, remove);
        let mut changed = 0;
        for chunk in silent.chunks(CHUNK) {
            let clean: fn(_) -> _ = if remove { NodeOp::Clean } else { NodeOp::Silent };
            if let Ok(Done::Changed(count)) = self.judge(chunk, clean, now, who.by()).await? {
                changed += count;
            }
        }
        let (marked_offline, removed) = if remove { (0, changed) } else { (changed, 0) };
        Ok(CleanupReply { timeout_minutes, marked_offline, removed })
    }

    fn silent_for(&self, timeout: Duration, now: Now, remove: bool) -> Vec<Silence> {
        let view = self.view().read();
        let due = view.nodes.values().filter(|entry| {
            let silent = now.instant.saturating_duration_since(entry.heard);
            if !remove {
                return silent >= timeout && entry.life != Life::Offline;
            }
            // Of one that was offline already when the registry started only the time of day
            // can tell for how long.
            // One in maintenance is expected to be silent.
            let gone = entry.sign_of_life() == Life::Offline;
            if entry.maintenance {
                return false;
            }
            silent >= timeout || (gone && age(entry.last_heartbeat, now.wall) >= timeout)
        });
        due.map(|entry| silence(entry, Life::Offline)).collect()
    }

    /// Writes a role's profile.
    ///
    /// # Errors
    /// 400 for one that is too large, or a role that is none; 503.
    pub async fn set_profile(
        &self,
        role: String,
        config: Value,
        who: &Identity,
    ) -> Result<Arc<Profile>, ApiError> {
        node::identifier("role", &role).map_err(ApiError::bad_request)?;
        if config.to_string().len() > MAX_PROFILE {
            return Err(ApiError::bad_request(format!(
                "a profile must not be longer than {MAX_PROFILE} bytes"
            )));
        }
        self.node_op(NodeOp::SetProfile { role: role.clone(), config }, who).await?;
        self.profile(&role)
    }

    /// Takes a role's profile out.
    ///
    /// # Errors
    /// 404 where it has none, 503.
    pub async fn remove_profile(&self, role: String, who: &Identity) -> Result<(), ApiError> {
        if node::identifier("role", &role).is_err() {
            return Err(Refused::UnknownProfile.into());
        }
        self.node_op(NodeOp::RemoveProfile { role }, who).await.map(drop)
    }

    /// A role's profile.
    ///
    /// # Errors
    /// 404 where it has none.
    pub fn profile(&self, role: &str) -> Result<Arc<Profile>, ApiError> {
        let profile = self.view().read().profiles.get(role).cloned();
        let none = || ApiError::new(StatusCode::NOT_FOUND, "the role has no profile");
        profile.ok_or_else(none)
    }

    /// The node with this id, or else with this name.
    ///
    /// # Errors
    /// 404 where there is none.
    pub fn node(&self, id_or_name: &str) -> Result<Arc<NodeEntry>, ApiError> {
        self.view().read().nodes.find(id_or_name).cloned().ok_or_else(unknown_node)
    }

    /// The node with this name, or else with this id.
    ///
    /// # Errors
    /// 404 where there is none.
    pub fn node_named(&self, name_or_id: &str) -> Result<Arc<NodeEntry>, ApiError> {
        self.view().read().nodes.find_named(name_or_id).cloned().ok_or_else(unknown_node)
    }

    /// When a node should beat next: spread, and seldom enough for all of them.
    pub fn beat_node_after(&self) -> Duration {
        let nodes = self.view().read().nodes.len();
        let alone = self.store.is_alone();
        let rate = if alone { BEATS_A_SECOND } else { WRITTEN_BEATS_A_SECOND };
        beat_after(self.limits, nodes, rate, chance::fraction())
    }

    /// Marks nodes that were not heard of for long, and writes beats that have waited for it.
    ///
    /// # Errors
    /// When the store is closed, or can't write.
    pub async fn look_at_nodes(&self, now: Now) -> Result<(), StoreError> {
        self.mark_silent_nodes(now).await?;
        let wait = UNWRITTEN.min(self.limits.warning / 4);
        match now.instant.checked_sub(wait) {
            Some(before) => self.write_beats(before, now).await,
            None => Ok(()),
        }
    }

    /// Writes the beats that were taken in memory, of all nodes that have had any since `before`
    /// or longer.
    ///
    /// # Errors
    /// When the store is closed, or can't write.
    pub async fn write_beats(&self, before: Instant, now: Now) -> Result<(), StoreError> {
        let nodes = self.view().read().nodes.unwritten(before);
        for chunk in nodes.chunks(CHUNK) {
            let op = Op::Nodes(NodeOp::WriteBeats(chunk.to_vec()));
            self.store.run(op, now, By::default()).await?.ok();
        }
        Ok(())
    }

    async fn mark_silent_nodes(&self, now: Now) -> Result<(), StoreError> {
        let due: Vec<Silence> = {
            let view = self.view().read();
            let due = view.nodes.values().filter_map(|entry| {
                let silent = now.instant.saturating_duration_since(entry.heard);
                let life = Life::after(silent, self.limits);
                (life > entry.life).then(|| silence(entry, life))
            });
            due.collect()
        };
        for chunk in due.chunks(CHUNK) {
            self.judge(chunk, NodeOp::Silent, now, By::default()).await?.ok();
        }
        Ok(())
    }

    /// Lets the store decide on nodes that are silent. Until it has, their beats stand in line.
    async fn judge(
        &self,
        silent: &[Silence],
        op: fn(Vec<Silence>) -> NodeOp,
        now: Now,
        by: By,
    ) -> Reply {
        let ids = || silent.iter().map(|silence| silence.node_id.as_str());
        self.view().write().nodes.doubt(ids(), true);
        let reply = self.store.run(Op::Nodes(op(silent.to_vec())), now, by).await;
        self.view().write().nodes.doubt(ids(), false);
        reply
    }

    async fn node_op(&self, op: NodeOp, who: &Identity) -> Result<Done, ApiError> {
        let by = who.by();
        Ok(self.store.run(Op::Nodes(op), Now::get(), by).await??)
    }

    fn done_node(&self, done: Done) -> Result<Registered, ApiError> {
        let Done::Node { id, generation } = done else { return Err(ApiError::internal()) };
        // It may be gone again already.
        Ok(Registered { entry: self.node(&id)?, generation })
    }

    /// Whether a beat changes the node's state, so that it must be on disk before it is
    /// acknowledged. Only a matter of the disk: what changes is decided by the store.
    fn changes_state(&self, node: &str, reported: Option<NodeState>) -> bool {
        let view = self.view().read();
        view.nodes.find(node).is_some_and(|entry| {
            !entry.is_live() || reported.is_some_and(|reported| reported != entry.reported)
        })
    }
}

/// 404: there is no such node.
pub fn unknown_node() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "node not found")
}

/// What can't be the name of a node need not be looked up.
fn check_name(node: &str) -> Result<(), ApiError> {
    node::identifier("node", node).map_err(|_| unknown_node())
}

fn silence(entry: &NodeEntry, life: Life) -> Silence {
    let node_id = entry.info.node_id.clone();
    Silence { node_id, beats: entry.beats, life, heard: entry.heard }
}

fn age(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

fn reported(word: &str) -> Result<NodeState, ApiError> {
    NodeState::from_word(word).ok_or_else(|| {
        ApiError::bad_request(format!("there is no status {word:?}"))
            .hint("online, degraded, draining, maintenance or offline")
    })
}

fn check_pools<'a>(ids: impl IntoIterator<Item = &'a String>) -> Result<(), ApiError> {
    let ids: Vec<&String> = ids.into_iter().collect();
    if ids.len() > MAX_LIST {
        return Err(ApiError::bad_request(format!("pools: at most {MAX_LIST} are allowed")));
    }
    ids.iter().try_for_each(|id| text("pool_id", id)).map_err(ApiError::bad_request)
}

fn beat_after(limits: NodeLimits, nodes: usize, rate: usize, spread: f64) -> Duration {
    let enough = Duration::from_secs_f64(nodes as f64 / rate as f64);
    // Three beats may be lost before anybody worries.
    let most = limits.warning / 4;
    BEAT.max(enough).min(most).mul_f64(0.9 + 0.2 * spread.clamp(0.0, 1.0))
}

/// How often to look for nodes that became silent.
pub fn look_every(limits: NodeLimits) -> Duration {
    (limits.warning / 8).clamp(Duration::from_millis(250), Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_are_spread_and_become_seldom_when_there_are_very_many() {
        let at = |nodes, spread| beat_after(NodeLimits::default(), nodes, 10_000, spread);
        assert_eq!(at(10, 0.5), Duration::from_secs(10));
        assert!(at(10, 0.0) >= Duration::from_secs(9) && at(10, 1.0) <= Duration::from_secs(11));
        assert_eq!(at(100_000, 0.5), Duration::from_secs(10));
        assert_eq!(at(200_000, 0.5), Duration::from_secs(20));
        let limits = NodeLimits { warning: Duration::from_secs(4), ..NodeLimits::default() };
        assert_eq!(beat_after(limits, 10, 10_000, 0.5), Duration::from_secs(1));
    }
}
