//! Nodes.

use std::sync::Arc;

use serde_json::{Map, json};

use super::apply::{Apply, Outcome};
use crate::domain::event::EventKind;
use crate::domain::node::{Life, NodeInfo, NodeState, PoolStatus};
use crate::registry::error::Refused;
use crate::registry::may::{Proof, Reach};
use crate::registry::seen::nodes::{Beaten, NodeEntry};
use crate::registry::seen::view::Change;
use crate::registry::store::node_ops::{Beat, NodeOp, NodeRegistration, Silence};
use crate::registry::store::op::{Done, MAX_ENTRIES};
use crate::registry::store::sql::{Row, SqlError, Value, to_json, values};
use crate::registry::store::table::{Table, When};

/// How the view follows it.
pub const TABLE: Table = Table {
    changed: "SELECT * FROM nodes WHERE rev > ?1 ORDER BY rev LIMIT ?2",
    exists: "SELECT node_id FROM nodes WHERE node_id = ?1",
    key: "node_id",
    read,
    gone: |view, id| view.nodes.get(id).map(|_| Change::DropNode(id.to_owned())),
};

const BY_ID: &str = "SELECT * FROM nodes WHERE node_id = ?1";
const BY_NAME: &str = "SELECT * FROM nodes WHERE name = ?1";

fn read(row: &Row, when: &When) -> Result<Change, SqlError> {
    let entry = node_row(row, when.now.instant)?;
    Ok(Change::PutNode { entry: Box::new(entry), heard: Some(when.now.instant) })
}

/// A row of `nodes`, read at `now`.
fn node_row(row: &Row, now: std::time::Instant) -> Result<NodeEntry, SqlError> {
    Ok(NodeEntry {
        info: row.json("info")?,
        reported: row.word("reported")?,
        life: row.word("life")?,
        maintenance: row.int("maintenance")? != 0,
        reason: row.text_or_none("reason")?.map(str::to_owned),
        pools: row.json("pools")?,
        metrics: row.json("metrics")?,
        owner: row.text_or_none("owner")?.map(str::to_owned),
        generation: row.count("generation")?,
        secret_hash: row.text_or_none("secret_hash")?.map(str::to_owned),
        beats: row.count("beats")?,
        last_heartbeat: row.time("last_heartbeat")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        heard: now,
        unwritten: None,
        in_doubt: false,
    })
}

/// What events tell of a node.
fn summary(entry: &NodeEntry) -> serde_json::Value {
    let info = &entry.info;
    json!({
        "name": info.name,
        "hostname": info.hostname,
        "role": info.role,
        "labels": info.labels,
        "groups": info.groups,
        "location": info.location,
        "gpus": info.capabilities.gpus(),
        "owner": entry.owner,
        "state": entry.state(),
    })
}

impl Apply<'_> {
    pub(super) fn node_op(&mut self, op: &NodeOp) -> Result<Outcome, SqlError> {
        match op {
            NodeOp::Register(registration) => self.register_node(registration),
            NodeOp::Beat(beat) => self.beat_node(beat),
            NodeOp::Change { node, change, proof } => {
                let Some(old) = self.node(node)? else { return Ok(Err(Refused::UnknownNode)) };
                if let Err(refused) = self.by.may_change_node(old.held(), proof.as_ref()) {
                    return Ok(Err(refused));
                }
                let info = match old.info.apply(change) {
                    Ok(info) => info,
                    Err(reason) => return Ok(Err(Refused::Wrong(reason))),
                };
                self.change_node(old, info)
            }
            NodeOp::Maintenance { node, on, reason } => {
                self.maintain_node(node, *on, reason.as_deref())
            }
            NodeOp::Remove { node, proof } => self.remove_node(node, proof.as_ref()),
            NodeOp::WriteBeats(nodes) => self.write_beats(nodes),
            NodeOp::Silent(silent) => self.silence_nodes(silent),
            NodeOp::Clean(silent) => self.clean_nodes(silent),
            NodeOp::SetProfile { role, config } => self.set_profile(role, config),
            NodeOp::RemoveProfile { role } => self.remove_profile(role),
        }
    }

    fn register_node(&mut self, new: &NodeRegistration) -> Result<Outcome, SqlError> {
        let known = self.same_node(new)?;
        if known.is_none() && self.held.nodes >= MAX_ENTRIES {
            return Ok(Err(Refused::Full));
        }
        if let Some(old) = &known {
            let holds = old.secret_hash.is_some() && old.secret_hash == new.secret_hash;
            let allowed = match holds {
                true => self.by.owns(old.owner.as_deref()),
                false => self.by.may_change_node(old.held(), new.proof.as_ref()),
            };
            if let Err(refused) = allowed {
                return Ok(Err(refused));
            }
        }
        let old = match &known {
            Some(old) => old.info.clone(),
            None => self.new_node(new)?,
        };
        let info = match old.apply(&new.change) {
            Ok(info) => info,
            Err(reason) => return Ok(Err(Refused::Wrong(reason))),
        };
        if self.is_taken(&info.name, &info.node_id)? {
            return Ok(Err(Refused::NameTaken(info.name)));
        }
        match known {
            Some(old) => self.register_known(new, old, info),
            None => self.insert_node(new, info),
        }
    }

    /// The node that registers, if it is known: the one with its id, or its name; else the one
    /// of its host; else one of the same machine that is silent, since its host was renamed.
    /// Machines that are live may share an id: nodes without disks that boot from one image do.
    fn same_node(&mut self, new: &NodeRegistration) -> Result<Option<NodeEntry>, SqlError> {
        if let Some(id) = &new.node_id {
            return self.node(id);
        }
        if let Some(name) = &new.change.name {
            let found = self.one_node(BY_NAME, values![name])?;
            let found = if found.is_some() { found } else { self.one_node(BY_ID, values![name])? };
            if found.is_some() {
                return Ok(found);
            }
        }
        // Who knows names only calls a host by its name.
        if let Some(hostname) = new.change.hostname.as_ref().or(new.change.name.as_ref()) {
            let sql = "SELECT * FROM nodes WHERE hostname = ?1
                ORDER BY CASE WHEN name = hostname THEN 0 ELSE 1 END, created_at, node_id LIMIT 1";
            let found = self.one_node(sql, values![hostname])?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let machine = new.change.machine_id.as_ref().filter(|machine| !machine.is_empty());
        let Some(machine) = machine else { return Ok(None) };
        let sql = "SELECT * FROM nodes
            WHERE machine_id = ?1 AND (life <> 'active' OR reported = 'offline')
            ORDER BY created_at, node_id LIMIT 1";
        self.one_node(sql, values![machine])
    }

    /// Id and name of a node that is not known yet: what its client chose, or the host's name
    /// where nobody else has it, so that every format finds the host under the same name.
    fn new_node(&mut self, new: &NodeRegistration) -> Result<NodeInfo, SqlError> {
        let change = &new.change;
        let told = [new.node_id.as_ref(), change.name.as_ref(), change.hostname.as_ref()];
        let base = told.into_iter().flatten().next().cloned().unwrap_or_default();
        let free = match &new.node_id {
            Some(_) => base,
            None if self.is_taken(&base, "")? => format!("{base}-{}", self.next_seq()),
            None => base,
        };
        let hostname = change.hostname.clone().unwrap_or_else(|| free.clone());
        let name = match &change.name {
            Some(name) => name.clone(),
            None if self.is_taken(&hostname, "")? => free.clone(),
            None => hostname.clone(),
        };
        Ok(NodeInfo {
            node_id: free,
            name,
            hostname,
            role: new.default_role.clone(),
            ..NodeInfo::default()
        })
    }

    /// Whether another node than `node_id` has this name, or it for its id.
    fn is_taken(&mut self, name: &str, node_id: &str) -> Result<bool, SqlError> {
        self.exists(
            "SELECT node_id FROM nodes WHERE (name = ?1 OR node_id = ?1) AND node_id <> ?2",
            values![name, node_id],
        )
    }

    fn insert_node(&mut self, new: &NodeRegistration, info: NodeInfo) -> Result<Outcome, SqlError> {
        let entry = NodeEntry {
            reported: NodeState::Online,
            life: Life::Active,
            maintenance: false,
            reason: None,
            pools: pools(&[], new.pools.as_deref()),
            metrics: Map::new(),
            owner: self.by.actor.clone(),
            generation: self.next_seq(),
            secret_hash: new.secret_hash.clone(),
            beats: 0,
            last_heartbeat: self.now.wall,
            created_at: self.now.wall,
            updated_at: self.now.wall,
            heard: self.now.instant,
            unwritten: None,
            in_doubt: false,
            info,
        };
        let rev = self.next_rev();
        self.execute(
            "INSERT INTO nodes (node_id, name, hostname, machine_id, owner, reported, life,
                 maintenance, generation, secret_hash, beats, info, pools, metrics,
                 last_heartbeat, created_at, updated_at, rev)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, 0, ?10, ?11, '{}', ?12, ?12, ?12, ?13)",
            values![
                &entry.info.node_id,
                &entry.info.name,
                &entry.info.hostname,
                entry.info.machine_id.as_deref(),
                entry.owner.as_deref(),
                entry.reported.as_str(),
                entry.life.as_str(),
                entry.generation,
                entry.secret_hash.as_deref(),
                to_json(&entry.info),
                to_json(&entry.pools),
                self.now.wall,
                rev,
            ],
        )?;
        self.event(EventKind::NodeRegistered, &entry.info.node_id, summary(&entry))?;
        Ok(self.put_node(entry, true))
    }

    fn register_known(
        &mut self,
        new: &NodeRegistration,
        old: NodeEntry,
        info: NodeInfo,
    ) -> Result<Outcome, SqlError> {
        let mut entry = old.clone();
        entry.info = info;
        (entry.reported, entry.life) = (NodeState::Online, Life::Active);
        if new.pools.is_some() {
            entry.pools = pools(&old.pools, new.pools.as_deref());
        }
        entry.owner = entry.owner.or_else(|| self.by.actor.clone());
        // Who proves the lease that is there keeps it.
        let kept = new.proof.as_ref().and(old.secret_hash.as_ref());
        entry.secret_hash = new.secret_hash.as_ref().or(kept).cloned();
        let same_lease = entry.secret_hash == old.secret_hash;
        let changed = entry.info != old.info || entry.owner != old.owner || !same_lease;
        if changed {
            entry.updated_at = self.now.wall;
            if !same_lease {
                entry.generation = self.next_seq();
            }
            self.event(EventKind::NodeUpdated, &entry.info.node_id, summary(&entry))?;
        }
        entry.beats += 1;
        entry.last_heartbeat = self.now.wall;
        self.write_node(&entry, old.generation)?;
        self.state_event(&old, &entry)?;
        Ok(self.put_node(entry, true))
    }

    /// The path that every beat of every node takes: one statement, no event, and nothing of
    /// the node is read.
    fn beat_node(&mut self, beat: &Beat) -> Result<Outcome, SqlError> {
        let rev = self.next_rev();
        let (generation, secret) = match &beat.proof {
            Some(proof) => (proof.generation, Some(proof.secret_hash.as_str())),
            None => (0, None),
        };
        let written = self.execute(
            "UPDATE nodes SET beats = beats + 1, last_heartbeat = ?2, rev = ?3,
                 metrics = coalesce(?4, metrics), pools = coalesce(?5, pools)
             WHERE node_id = ?1 AND life = 'active'
               AND reported = coalesce(?6, reported) AND reported <> 'offline'
               AND ((?7 = 0 AND (secret_hash IS NULL OR ?8 = 1))
                    OR (generation = ?9 AND secret_hash = ?10))
               AND (?11 = 1 OR owner IS NULL OR owner = ?12)",
            values![
                &beat.node,
                self.now.wall,
                rev,
                beat.measured.metrics.as_ref().map(to_json),
                beat.measured.pools.as_ref().map(to_json),
                beat.reported.map(NodeState::as_str),
                i64::from(beat.proof.is_some()),
                i64::from(self.by.is_admin()),
                generation,
                secret,
                i64::from(self.by.reach == Reach::All),
                self.by.actor.as_deref(),
            ],
        )?;
        if written == 1 {
            self.changes.push(Change::BeatNode(Box::new(Beaten {
                node_id: beat.node.clone(),
                measured: beat.measured.clone(),
                seen: self.now.wall,
                heard: self.now.instant,
            })));
            return Ok(Ok(Done::Changed(1)));
        }
        self.beat_that_changes(beat)
    }

    fn beat_that_changes(&mut self, beat: &Beat) -> Result<Outcome, SqlError> {
        let Some(old) = self.node(&beat.node)? else { return Ok(Err(Refused::UnknownNode)) };
        if let Err(refused) = self.by.may_beat(old.held(), beat.proof.as_ref()) {
            return Ok(Err(refused));
        }
        let mut entry = old.clone();
        entry.life = Life::Active;
        entry.reported = match (beat.reported, old.reported) {
            (Some(reported), _) => reported,
            (None, NodeState::Offline) => NodeState::Online,
            (None, reported) => reported,
        };
        entry.measure(beat.measured.clone());
        entry.beats += 1;
        entry.last_heartbeat = self.now.wall;
        self.write_node(&entry, old.generation)?;
        self.state_event(&old, &entry)?;
        self.put_node(entry, true).ok();
        Ok(Ok(Done::Changed(1)))
    }

    fn change_node(&mut self, old: NodeEntry, info: NodeInfo) -> Result<Outcome, SqlError> {
        if self.is_taken(&info.name, &info.node_id)? {
            return Ok(Err(Refused::NameTaken(info.name)));
        }
        let mut entry = old;
        if entry.info == info {
            return Ok(Ok(Done::Node { id: info.node_id, generation: entry.generation }));
        }
        entry.info = info;
        entry.updated_at = self.now.wall;
        self.write_node(&entry, entry.generation)?;
        self.event(EventKind::NodeUpdated, &entry.info.node_id, summary(&entry))?;
        Ok(self.put_node(entry, false))
    }

    fn maintain_node(
        &mut self,
        node: &str,
        on: bool,
        reason: Option<&str>,
    ) -> Result<Outcome, SqlError> {
        let Some(old) = self.node(node)? else { return Ok(Err(Refused::UnknownNode)) };
        if let Err(refused) = self.by.owns(old.owner.as_deref()) {
            return Ok(Err(refused));
        }
        let mut entry = old.clone();
        entry.maintenance = on;
        entry.reason = reason.filter(|_| on).map(str::to_owned);
        if entry == old {
            return Ok(Ok(Done::Node { id: old.info.node_id, generation: old.generation }));
        }
        entry.updated_at = self.now.wall;
        self.write_node(&entry, old.generation)?;
        if entry.state() == old.state() {
            self.event(EventKind::NodeUpdated, &entry.info.node_id, summary(&entry))?;
        }
        self.state_event(&old, &entry)?;
        Ok(self.put_node(entry, false))
    }

    fn remove_node(&mut self, node: &str, proof: Option<&Proof>) -> Result<Outcome, SqlError> {
        let Some(old) = self.node(node)? else { return Ok(Err(Refused::UnknownNode)) };
        if let Err(refused) = self.by.may_change_node(old.held(), proof) {
            return Ok(Err(refused));
        }
        self.delete_node(&old)
    }

    fn delete_node(&mut self, entry: &NodeEntry) -> Result<Outcome, SqlError> {
        let id = entry.info.node_id.clone();
        self.execute(
            "DELETE FROM nodes WHERE node_id = ?1 AND generation = ?2",
            values![&id, entry.generation],
        )?;
        self.event(EventKind::NodeRemoved, &id, summary(entry))?;
        self.changes.push(Change::DropNode(id));
        Ok(Ok(Done::Changed(1)))
    }

    /// Marks nodes as silent, where nobody heard of them since: of several replicas one does
    /// it.
    fn silence_nodes(&mut self, silent: &[Silence]) -> Result<Outcome, SqlError> {
        let mut count = 0;
        for silence in silent {
            let Some(old) = self.one_node(BY_ID, values![&silence.node_id])? else { continue };
            if old.beats != silence.beats || old.life >= silence.life {
                continue;
            }
            let mut entry = old.clone();
            entry.life = silence.life;
            self.write_node(&entry, old.generation)?;
            self.state_event(&old, &entry)?;
            let heard = Some(silence.heard);
            self.changes.push(Change::PutNode { entry: Box::new(entry), heard });
            count += 1;
        }
        Ok(Ok(Done::Changed(count)))
    }

    fn clean_nodes(&mut self, silent: &[Silence]) -> Result<Outcome, SqlError> {
        let mut count = 0;
        for silence in silent {
            let old = self.one_node(BY_ID, values![&silence.node_id])?;
            let Some(old) = old.filter(|old| old.beats == silence.beats) else { continue };
            self.delete_node(&old)?.ok();
            count += 1;
        }
        Ok(Ok(Done::Changed(count)))
    }

    /// Writes what was measured and not written until now. A row that was removed, registered
    /// anew or written since is left as it is.
    fn write_beats(&mut self, nodes: &[Arc<NodeEntry>]) -> Result<Outcome, SqlError> {
        for entry in nodes {
            let rev = self.next_rev();
            self.execute(
                "UPDATE nodes SET beats = ?3, metrics = ?4, pools = ?5, last_heartbeat = ?6,
                     rev = ?7
                 WHERE node_id = ?1 AND generation = ?2 AND beats < ?3",
                values![
                    &entry.info.node_id,
                    entry.generation,
                    entry.beats,
                    to_json(&entry.metrics),
                    to_json(&entry.pools),
                    entry.last_heartbeat,
                    rev,
                ],
            )?;
        }
        let beats = nodes.iter().map(|entry| (entry.info.node_id.clone(), entry.beats)).collect();
        self.changes.push(Change::WroteBeats { nodes: beats, now: self.now.instant });
        Ok(Ok(Done::Changed(nodes.len())))
    }

    /// Writes everything that can change of a node that had this generation.
    fn write_node(&mut self, entry: &NodeEntry, generation: u64) -> Result<(), SqlError> {
        let rev = self.next_rev();
        let info = &entry.info;
        self.execute(
            "UPDATE nodes SET name = ?3, hostname = ?4, machine_id = ?5, owner = ?6,
                 reported = ?7, life = ?8, maintenance = ?9, reason = ?10, generation = ?11,
                 beats = ?12, info = ?13, pools = ?14, metrics = ?15, last_heartbeat = ?16,
                 updated_at = ?17, rev = ?18, secret_hash = ?19
             WHERE node_id = ?1 AND generation = ?2",
            values![
                &info.node_id,
                generation,
                &info.name,
                &info.hostname,
                info.machine_id.as_deref(),
                entry.owner.as_deref(),
                entry.reported.as_str(),
                entry.life.as_str(),
                i64::from(entry.maintenance),
                entry.reason.as_deref(),
                entry.generation,
                entry.beats,
                to_json(info),
                to_json(&entry.pools),
                to_json(&entry.metrics),
                entry.last_heartbeat,
                entry.updated_at,
                rev,
                entry.secret_hash.as_deref(),
            ],
        )
        .map(drop)
    }

    fn state_event(&mut self, old: &NodeEntry, new: &NodeEntry) -> Result<(), SqlError> {
        if old.state() != new.state() {
            let mut data = summary(new);
            data["from"] = json!(old.state());
            self.event(EventKind::NodeState, &new.info.node_id, data)?;
        }
        Ok(())
    }

    fn put_node(&mut self, entry: NodeEntry, heard: bool) -> Outcome {
        let done = Done::Node { id: entry.info.node_id.clone(), generation: entry.generation };
        let heard = heard.then_some(self.now.instant);
        self.changes.push(Change::PutNode { entry: Box::new(entry), heard });
        Ok(done)
    }

    /// The node with this id, or else with this name.
    fn node(&mut self, node: &str) -> Result<Option<NodeEntry>, SqlError> {
        let found = self.one_node(BY_ID, values![node])?;
        if found.is_some() { Ok(found) } else { self.one_node(BY_NAME, values![node]) }
    }

    fn one_node(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<NodeEntry>, SqlError> {
        let Some(row) = self.first(sql, values)? else { return Ok(None) };
        let mut entry = node_row(&row, self.now.instant)?;
        self.view.read().nodes.complete(&mut entry);
        Ok(Some(entry))
    }
}

/// The pools with these names: as they were, where they are known; not ready, where not.
fn pools(old: &[PoolStatus], names: Option<&[String]>) -> Vec<PoolStatus> {
    let known = |name: &String| old.iter().find(|pool| pool.pool_id == *name).cloned();
    let new = |name: &String| PoolStatus { pool_id: name.clone(), ..PoolStatus::default() };
    names.unwrap_or_default().iter().map(|name| known(name).unwrap_or_else(|| new(name))).collect()
}
