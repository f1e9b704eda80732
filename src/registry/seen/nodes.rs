//! Nodes as the view in memory has them, found by id and by name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::node::{Life, Measured, Node, NodeInfo, NodeState, PoolStatus};
use crate::registry::may::Held;

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeEntry {
    /// What is known of it.
    pub info: NodeInfo,
    /// What it said of itself when it was last heard of.
    pub reported: NodeState,
    /// How long ago that is, roughly.
    pub life: Life,
    /// Whether its operator took it out of use.
    pub maintenance: bool,
    /// Why.
    pub reason: Option<String>,
    /// Its pools, as of the last heartbeat.
    pub pools: Vec<PoolStatus>,
    /// What it measured, as of the last heartbeat.
    pub metrics: Map<String, Value>,
    /// Who registered it, where the registry asks for tokens.
    pub owner: Option<String>,
    /// Generation of its lease, where it has one.
    pub generation: u64,
    /// Hash of its lease's secret, where it has a lease.
    pub secret_hash: Option<String>,
    /// How often it was heard of: whoever says that it is silent names this, so that a beat in
    /// between wins.
    pub beats: u64,
    /// When it was last heard of.
    pub last_heartbeat: Timestamp,
    /// When it first was.
    pub created_at: Timestamp,
    /// When it last changed, beside its heartbeats.
    pub updated_at: Timestamp,
    /// When it was last heard of, or when time began to count for it.
    pub heard: Instant,
    /// Since when beats are here that the database does not know of.
    pub unwritten: Option<Instant>,
    /// Its beats go through the writer: somebody is about to say that it is silent.
    pub in_doubt: bool,
}

impl NodeEntry {
    /// How it is.
    pub fn state(&self) -> NodeState {
        NodeState::of(self.reported, self.maintenance, self.life)
    }

    /// How it is in the words of contract 4, which go by the last sign of life alone. One that
    /// said goodbye is offline.
    pub fn sign_of_life(&self) -> Life {
        if self.reported == NodeState::Offline { Life::Offline } else { self.life }
    }

    /// What counts of it when somebody wants to change it.
    pub fn held(&self) -> Held<'_> {
        let lease = self.secret_hash.as_deref().map(|hash| (self.generation, hash));
        Held { owner: self.owner.as_deref(), lease, is_live: self.is_live() }
    }

    /// Whether its holder still holds it.
    pub fn is_live(&self) -> bool {
        self.sign_of_life() == Life::Active
    }

    /// Takes over what a beat measured, and that it was here; tells whether pools changed.
    fn follow(&mut self, beat: Beaten) -> bool {
        self.beats += 1;
        self.last_heartbeat = beat.seen;
        self.heard = beat.heard;
        self.measure(beat.measured)
    }

    /// Takes over what was measured; tells whether pools changed.
    pub fn measure(&mut self, measured: Measured) -> bool {
        if let Some(metrics) = measured.metrics {
            self.metrics = metrics;
        }
        match measured.pools {
            Some(pools) if pools != self.pools => {
                self.pools = pools;
                true
            }
            _ => false,
        }
    }

    /// Takes over from `newer`, the same node, what only memory knows of its beats.
    fn keep_beats(&mut self, newer: &NodeEntry) {
        self.beats = newer.beats;
        self.metrics.clone_from(&newer.metrics);
        self.pools.clone_from(&newer.pools);
        self.last_heartbeat = newer.last_heartbeat;
        self.heard = newer.heard;
    }

    /// Whether it has beats that the database, which knows of `written` for this generation,
    /// does not know of.
    fn is_ahead_of(&self, generation: u64, written: u64) -> bool {
        self.unwritten.is_some() && self.generation == generation && self.beats > written
    }

    /// Whether it takes work.
    pub fn takes_work(&self) -> bool {
        let state = self.state();
        let degraded = state == NodeState::Warning && self.life == Life::Active;
        state == NodeState::Online || degraded
    }

    /// The address at which others reach it, whichever format told it.
    pub fn ip(&self) -> Option<&str> {
        let info = &self.info;
        let public = info.public_ip.as_deref().filter(|ip| ip.parse::<std::net::IpAddr>().is_ok());
        let told = info.ip.as_deref().or(info.vpn_ip.as_deref()).or(public);
        told.or_else(|| info.addresses.first().map(String::as_str)).or_else(|| {
            let host = info.address.as_deref().and_then(url_host)?;
            host.parse::<std::net::IpAddr>().ok().map(|_| host)
        })
    }

    /// The record that clients see.
    pub fn node(&self) -> Node {
        let state = self.state();
        let mut info = self.info.clone();
        info.ip = self.ip().map(str::to_owned);
        Node {
            info,
            state,
            status: state.status().to_owned(),
            pools: self.pools.clone(),
            metrics: self.metrics.clone(),
            maintenance_reason: self.reason.clone(),
            owner: self.owner.clone(),
            last_heartbeat: self.last_heartbeat,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The host in a URL, or in what looks like one: `http://10.0.0.7:9200/x`, `10.0.0.7:9200`.
pub fn url_host(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

/// What a beat changed.
#[derive(Debug)]
pub struct Beaten {
    /// Whose it is.
    pub node_id: String,
    /// What the node measured.
    pub measured: Measured,
    /// The time of day.
    pub seen: Timestamp,
    /// The same on the clock that silence is counted on.
    pub heard: Instant,
}

/// All nodes.
#[derive(Debug, Default)]
pub struct Nodes {
    by_id: HashMap<String, Arc<NodeEntry>>,
    /// Name → id, in the order in which lists show them.
    names: BTreeMap<String, String>,
}

impl Nodes {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The node with this id, or else with this name.
    pub fn find(&self, id_or_name: &str) -> Option<&Arc<NodeEntry>> {
        self.by_id.get(id_or_name).or_else(|| self.named(id_or_name))
    }

    /// The node with this name, or else with this id.
    pub fn find_named(&self, name_or_id: &str) -> Option<&Arc<NodeEntry>> {
        self.named(name_or_id).or_else(|| self.by_id.get(name_or_id))
    }

    /// The node with this id.
    pub fn get(&self, id: &str) -> Option<&Arc<NodeEntry>> {
        self.by_id.get(id)
    }

    fn named(&self, name: &str) -> Option<&Arc<NodeEntry>> {
        self.names.get(name).and_then(|id| self.by_id.get(id))
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<NodeEntry>> {
        self.names.values().filter_map(|id| self.by_id.get(id))
    }

    /// All of them, in no order.
    pub fn values(&self) -> impl Iterator<Item = &Arc<NodeEntry>> {
        self.by_id.values()
    }

    /// Takes a new or changed node. Without `heard` it was not heard of just now, and its
    /// silence goes on. Tells whether something changed that is no event: another replica
    /// took a beat.
    pub(super) fn put(&mut self, mut entry: NodeEntry, heard: Option<Instant>) -> bool {
        let id = entry.info.node_id.clone();
        let old = self.by_id.get(&id);
        entry.heard = heard.or_else(|| old.map(|old| old.heard)).unwrap_or_else(Instant::now);
        let measured =
            old.is_some_and(|old| old.pools != entry.pools || old.metrics != entry.metrics);
        // It beat while the change was on its way to the disk.
        if let Some(old) = old.filter(|old| old.is_ahead_of(entry.generation, entry.beats)) {
            entry.keep_beats(old);
            entry.unwritten = old.unwritten;
        }
        entry.in_doubt = old.is_some_and(|old| old.in_doubt);
        if let Some(old) = old
            && old.info.name != entry.info.name
            && self.names.get(&old.info.name) == Some(&id)
        {
            self.names.remove(&old.info.name);
        }
        self.names.insert(entry.info.name.clone(), id.clone());
        self.by_id.insert(id, Arc::new(entry));
        measured
    }

    /// Follows a beat; tells whether pools changed. What a node measures changes with each
    /// beat, and is not worth a new answer to who waits.
    pub(super) fn beat(&mut self, beat: Beaten) -> bool {
        let Some(entry) = self.by_id.get_mut(&beat.node_id) else { return false };
        Arc::make_mut(entry).follow(beat)
    }

    /// Takes a beat that changes nothing but measurements and pools, and is to be written later;
    /// tells whether pools changed. Any other is given back, as is one of whoever may not beat
    /// for the node: that is the writer's business.
    pub(super) fn take(
        &mut self,
        beat: Box<Beaten>,
        reported: Option<NodeState>,
        may: impl FnOnce(&NodeEntry) -> bool,
    ) -> Result<bool, Box<Beaten>> {
        let Some(entry) = self.by_id.get_mut(&beat.node_id) else { return Err(beat) };
        let same = entry.is_live() && reported.is_none_or(|reported| reported == entry.reported);
        if !same || entry.in_doubt || !may(entry) {
            return Err(beat);
        }
        let entry = Arc::make_mut(entry);
        entry.unwritten = entry.unwritten.or(Some(beat.heard));
        Ok(entry.follow(*beat))
    }

    /// Those that have beats which the database has not known of since `before`.
    pub fn unwritten(&self, before: Instant) -> Vec<Arc<NodeEntry>> {
        let due = |entry: &&Arc<NodeEntry>| entry.unwritten.is_some_and(|since| since <= before);
        self.by_id.values().filter(due).cloned().collect()
    }

    /// The database knows now of so many beats of a node, as of `now`.
    pub(super) fn written(&mut self, id: &str, beats: u64, now: Instant) {
        let Some(entry) = self.by_id.get_mut(id) else { return };
        let unwritten = (entry.beats > beats).then_some(now);
        if entry.unwritten.is_some() {
            Arc::make_mut(entry).unwritten = unwritten;
        }
    }

    /// What is known of the beats of a node, where the database does not know it yet.
    pub fn complete(&self, entry: &mut NodeEntry) {
        if let Some(known) = self.by_id.get(&entry.info.node_id)
            && known.is_ahead_of(entry.generation, entry.beats)
        {
            entry.keep_beats(known);
        }
    }

    /// Somebody is about to say that these are silent: until that is decided, their beats stand
    /// in line with it.
    pub fn doubt<'a>(&mut self, ids: impl Iterator<Item = &'a str>, in_doubt: bool) {
        for id in ids {
            if let Some(entry) = self.by_id.get_mut(id) {
                Arc::make_mut(entry).in_doubt = in_doubt;
            }
        }
    }

    /// Forgets a node.
    pub(super) fn remove(&mut self, id: &str) {
        if let Some(old) = self.by_id.remove(id)
            && self.names.get(&old.info.name).is_some_and(|known| known == id)
        {
            self.names.remove(&old.info.name);
        }
    }

    /// Nobody's beats were taken until `now`: silence counts from here.
    pub(super) fn pardon(&mut self, now: Instant) {
        for entry in self.by_id.values_mut() {
            Arc::make_mut(entry).heard = now;
        }
    }

    /// The time of `by` does not count as silence.
    pub(super) fn postpone(&mut self, by: Duration) {
        for entry in self.by_id.values_mut() {
            let entry = Arc::make_mut(entry);
            entry.heard = entry.heard.checked_add(by).unwrap_or(entry.heard);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A node with this name, heard of just now.
    pub(crate) fn entry(name: &str) -> NodeEntry {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        NodeEntry {
            info: NodeInfo {
                node_id: format!("id-{name}"),
                name: name.to_owned(),
                hostname: name.to_owned(),
                role: "compute".to_owned(),
                ..NodeInfo::default()
            },
            reported: NodeState::Online,
            life: Life::Active,
            maintenance: false,
            reason: None,
            pools: Vec::new(),
            metrics: Map::new(),
            owner: None,
            generation: 1,
            secret_hash: None,
            beats: 0,
            last_heartbeat: now,
            created_at: now,
            updated_at: now,
            heard: Instant::now(),
            unwritten: None,
            in_doubt: false,
        }
    }

    #[test]
    fn a_name_that_wanders_to_another_node_is_found_there_in_any_order() {
        let mut nodes = Nodes::default();
        let rename = |mut entry: NodeEntry, name: &str| {
            entry.info.name = name.to_owned();
            entry
        };
        nodes.put(entry("a"), None);
        nodes.put(entry("b"), None);
        // As another replica's rows may come: `b` takes the name before `a` gives it up.
        nodes.put(rename(entry("b"), "a"), None);
        nodes.put(rename(entry("a"), "c"), None);
        assert_eq!(nodes.find("a").unwrap().info.node_id, "id-b");
        assert_eq!(nodes.find_named("c").unwrap().info.node_id, "id-a");
        assert_eq!(nodes.find("id-a").unwrap().info.name, "c");
        assert_eq!(
            nodes.iter().map(|node| node.info.name.as_str()).collect::<Vec<_>>(),
            ["a", "c"]
        );
        nodes.remove("id-b");
        assert!(nodes.find("a").is_none());
        assert_eq!(nodes.len(), 1);
    }

    fn beat(load: f64) -> Box<Beaten> {
        let metrics = Map::from_iter([("load".to_owned(), load.into())]);
        Box::new(Beaten {
            node_id: "id-a".to_owned(),
            measured: Measured { metrics: Some(metrics), pools: None },
            seen: Timestamp::from_second(1_700_000_010).unwrap(),
            heard: Instant::now(),
        })
    }

    #[test]
    fn only_a_beat_that_changes_no_state_and_comes_from_the_holder_is_taken_in_memory() {
        let take = |change: fn(&mut NodeEntry), reported, may| {
            let mut nodes = Nodes::default();
            let mut entry = entry("a");
            change(&mut entry);
            nodes.put(entry, None);
            nodes.doubt(std::iter::once("id-b"), true);
            nodes.take(beat(1.0), reported, |_| may).is_ok()
        };
        assert!(take(|_| (), None, true));
        assert!(take(|_| (), Some(NodeState::Online), true));
        assert!(!take(|_| (), Some(NodeState::Draining), true), "its state changes");
        assert!(!take(|entry| entry.life = Life::Warning, None, true), "it comes back");
        assert!(!take(|entry| entry.reported = NodeState::Offline, None, true), "it said goodbye");
        assert!(!take(|_| (), None, false), "another's");
        let mut nodes = Nodes::default();
        nodes.put(entry("a"), None);
        nodes.doubt(std::iter::once("id-a"), true);
        assert!(nodes.take(beat(1.0), None, |_| true).is_err(), "somebody decides on it");
    }

    #[test]
    fn beats_that_are_not_written_outlive_a_change_that_was_on_its_way() {
        let mut nodes = Nodes::default();
        nodes.put(entry("a"), None);
        let mut change = entry("a");
        change.info.location = Some("room 1".to_owned());
        assert!(nodes.take(beat(1.0), None, |_| true).is_ok());
        nodes.put(change, None);
        let now = nodes.get("id-a").unwrap();
        assert_eq!((now.beats, now.info.location.as_deref()), (1, Some("room 1")));
        assert_eq!(now.metrics["load"], 1.0);

        // What is read from the database meanwhile is completed.
        let mut row = entry("a");
        nodes.complete(&mut row);
        assert_eq!((row.beats, &row.metrics["load"]), (1, &1.0.into()));
        let mut newer = entry("a");
        newer.generation = 2;
        nodes.complete(&mut newer);
        assert_eq!(newer.beats, 0, "another lease");

        let written = nodes.unwritten(Instant::now());
        assert_eq!(written.len(), 1);
        assert!(nodes.take(beat(2.0), None, |_| true).is_ok());
        nodes.written("id-a", written[0].beats, Instant::now());
        assert_eq!(nodes.unwritten(Instant::now()).len(), 1, "it beat again");
        nodes.written("id-a", 2, Instant::now());
        assert!(nodes.unwritten(Instant::now()).is_empty());
    }

    #[test]
    fn silence_goes_on_unless_the_node_was_heard() {
        let mut nodes = Nodes::default();
        let then = Instant::now();
        nodes.put(entry("a"), Some(then));
        nodes.put(entry("a"), None);
        assert_eq!(nodes.find("a").unwrap().heard, then);
        nodes.postpone(Duration::from_secs(7));
        assert_eq!(nodes.find("a").unwrap().heard, then + Duration::from_secs(7));
    }

    #[test]
    fn an_address_is_found_in_whatever_a_format_told() {
        assert_eq!(url_host("http://192.168.1.100:9200/x"), Some("192.168.1.100"));
        assert_eq!(url_host("https://u@[fe80::1]:9200"), Some("fe80::1"));
        assert_eq!(url_host("node-3:9200"), Some("node-3"));
        assert_eq!(url_host("http://"), None);
        let mut node = entry("a");
        node.info.address = Some("http://10.0.0.7:9200".to_owned());
        assert_eq!(node.ip(), Some("10.0.0.7"));
        node.info.public_ip = Some("dynamic".to_owned());
        assert_eq!(node.ip(), Some("10.0.0.7"));
        node.info.vpn_ip = Some("10.8.0.2".to_owned());
        assert_eq!(node.ip(), Some("10.8.0.2"));
    }

    #[test]
    fn contract_4_goes_by_the_last_sign_of_life_alone() {
        let mut node = entry("a");
        (node.maintenance, node.life) = (true, Life::Active);
        assert_eq!((node.state(), node.sign_of_life()), (NodeState::Maintenance, Life::Active));
        assert!(!node.takes_work());
        node.life = Life::Warning;
        assert_eq!((node.state(), node.sign_of_life()), (NodeState::Maintenance, Life::Warning));
        (node.maintenance, node.life, node.reported) = (false, Life::Active, NodeState::Warning);
        assert_eq!((node.state(), node.sign_of_life()), (NodeState::Warning, Life::Active));
        assert!(node.takes_work());
        node.reported = NodeState::Offline;
        assert_eq!(node.sign_of_life(), Life::Offline);
    }
}
