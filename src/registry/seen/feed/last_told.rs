//! What those who follow have been told, and what of it has changed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::node::Node;
use crate::domain::server::Server;
use crate::registry::seen::legacy::LegacyEntry;
use crate::registry::seen::nodes::NodeEntry;
use crate::registry::seen::view::{Entry, SharedView};

/// A sign of life alone is told so often.
const STALE: SignedDuration = SignedDuration::from_secs(60);

/// All records as they were told last.
#[derive(Debug, Default)]
pub(super) struct LastTold {
    servers: Records<Uuid, Server, Entry>,
    nodes: Records<String, Node, NodeEntry>,
    looks: u64,
}

/// What one look found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub servers: Changed,
    pub nodes: Changed,
}

/// What became of one kind of records.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// New and changed ones, as JSON.
    pub changed: Vec<Bytes>,
    /// The ids of those that are gone.
    pub gone: Vec<String>,
}

impl LastTold {
    /// Finds what has changed since the last look, and knows it from then on. The view is
    /// locked only while it is seen what moved.
    pub(super) fn look(&mut self, view: &SharedView) -> Found {
        self.looks += 1;
        let look = self.looks;
        let (entries, nodes, old) = {
            let view = view.read();
            let entries: Vec<Arc<Entry>> = view
                .live()
                .filter(|entry| self.servers.moved(&entry.server.info.id, entry, look))
                .cloned()
                .collect();
            let nodes: Vec<Arc<NodeEntry>> = view
                .nodes
                .values()
                .filter(|entry| self.nodes.moved(&entry.info.node_id, entry, look))
                .cloned()
                .collect();
            let old: Vec<Arc<LegacyEntry>> = view.legacy_visible().cloned().collect();
            (entries, nodes, old)
        };
        let mut found = Found::default();
        let servers = &mut found.servers.changed;
        for entry in entries {
            let id = entry.server.info.id;
            servers.extend(self.servers.take(id, &entry.server, Arc::downgrade(&entry), look));
        }
        for server in old.iter().filter_map(|entry| entry.server()) {
            servers.extend(self.servers.take(server.info.id, &server, Weak::new(), look));
        }
        for entry in nodes {
            let (id, from) = (entry.info.node_id.clone(), Arc::downgrade(&entry));
            found.nodes.changed.extend(self.nodes.take(id, &entry.node(), from, look));
        }
        found.servers.gone = self.servers.forget(look);
        found.nodes.gone = self.nodes.forget(look);
        found
    }

    /// All servers and all nodes, as JSON.
    pub(super) fn all(&self) -> (Vec<Bytes>, Vec<Bytes>) {
        (self.servers.all(), self.nodes.all())
    }
}

/// A record that clients see.
trait Record: Clone + Serialize {
    /// Whether they would see another one. That it was heard of again is worth telling only now
    /// and then.
    fn differs(&mut self, new: &Self) -> bool;
}

impl Record for Server {
    fn differs(&mut self, new: &Server) -> bool {
        // When the registry last looked is a sign of life too.
        if let (Some(old), Some(new)) = (&mut self.health, &new.health) {
            old.checked = new.checked;
        }
        let told = std::mem::replace(&mut self.last_seen, new.last_seen);
        let differs = self != new;
        self.last_seen = told;
        differs || is_stale(told, new.last_seen)
    }
}

impl Record for Node {
    fn differs(&mut self, new: &Node) -> bool {
        let told = std::mem::replace(&mut self.last_heartbeat, new.last_heartbeat);
        let differs = self != new;
        self.last_heartbeat = told;
        differs || is_stale(told, new.last_heartbeat)
    }
}

/// Whether the last sign of life that was told of is so old that it would mislead.
fn is_stale(told: Timestamp, now: Timestamp) -> bool {
    now.duration_since(told) >= STALE
}

/// Records of one kind by id. `E` is the view's entry of one.
#[derive(Debug)]
struct Records<K, R, E>(HashMap<K, Told<R, E>>);

#[derive(Debug)]
struct Told<R, E> {
    record: R,
    json: Bytes,
    /// From which entry. A weak reference keeps the address from being used again, and lets
    /// the view change its entry in place of copying it.
    from: Weak<E>,
    /// In which look it was there last.
    look: u64,
}

impl<K, R, E> Default for Records<K, R, E> {
    fn default() -> Records<K, R, E> {
        Records(HashMap::new())
    }
}

impl<K: Eq + Hash + Clone + ToString, R: Record, E> Records<K, R, E> {
    /// Whether an entry must be looked at: it is not the one that was told of.
    fn moved(&mut self, id: &K, entry: &Arc<E>, look: u64) -> bool {
        let Some(told) = self.0.get_mut(id) else { return true };
        told.look = look;
        !std::ptr::eq(told.from.as_ptr(), Arc::as_ptr(entry))
    }

    /// Takes a record; its JSON where clients see a change.
    fn take(&mut self, id: K, record: &R, from: Weak<E>, look: u64) -> Option<Bytes> {
        if let Some(told) = self.0.get_mut(&id) {
            told.look = look;
            told.from = from.clone();
            if !told.record.differs(record) {
                return None;
            }
        }
        // Every record was JSON before it came here.
        let json = Bytes::from(serde_json::to_vec(record).ok()?);
        self.0.insert(id, Told { record: record.clone(), json: json.clone(), from, look });
        Some(json)
    }

    /// Forgets what was not there in this look; its ids.
    fn forget(&mut self, look: u64) -> Vec<String> {
        let gone = self.0.extract_if(|_, told| told.look != look);
        gone.map(|(id, _)| id.to_string()).collect()
    }

    fn all(&self) -> Vec<Bytes> {
        self.0.values().map(|told| told.json.clone()).collect()
    }
}
