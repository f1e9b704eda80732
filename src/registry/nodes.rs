//! Nodes as the view in memory has them, found by id and by name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::node::{Life, Node, NodeInfo, NodeState, PoolStatus};

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
    /// Whether it has a lease.
    pub leased: bool,
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

    /// Whether its holder still holds it.
    pub fn is_live(&self) -> bool {
        self.sign_of_life() == Life::Active
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
    /// What the node measured, where the beat said so.
    pub metrics: Option<Map<String, Value>>,
    /// Its pools, where the beat said so.
    pub pools: Option<Vec<PoolStatus>>,
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
        let entry = Arc::make_mut(entry);
        entry.beats += 1;
        entry.last_heartbeat = beat.seen;
        entry.heard = beat.heard;
        if let Some(metrics) = beat.metrics {
            entry.metrics = metrics;
        }
        match beat.pools {
            Some(pools) if pools != entry.pools => {
                entry.pools = pools;
                true
            }
            _ => false,
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
            leased: false,
            beats: 0,
            last_heartbeat: now,
            created_at: now,
            updated_at: now,
            heard: Instant::now(),
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
