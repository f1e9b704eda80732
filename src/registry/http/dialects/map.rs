//! Contract 4: a live map of nodes, at the root. It knows nodes by their names, and their status
//! by the last sign of life alone: a node in maintenance that beats is active here.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::HeaderMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::nodes::{Connection, HistoryQuery, NodeFilter, NodeStats, Topology, TopologyNode};
use crate::domain::node::change::NodeChange;
use crate::domain::node::{Life, Measured, NodeCapabilities};
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::{Body, Params, Segment, chosen_secret, proof};
use crate::registry::seen::node_list;
use crate::registry::seen::nodes::NodeEntry;
use crate::registry::service::Shared;
use crate::registry::service::nodes::{NewNode, Sign};

/// The role of the node that the others gather around.
const LEAD: &str = "lead";
/// What a node is for that does not say it.
const ROLE: &str = "compute";
/// Key of the metadata by which a node says whether it holds a copy of the lead's database.
const REPLICA: &str = "db_replication";
/// Most nodes with GPUs that are shown as connected each with each: the connections grow with
/// the square. Of more, each is shown as connected with the lead, or else the first of them.
const MAX_MESH: usize = 32;

/// `POST /nodes/register`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Register {
    /// Its name.
    name: String,
    /// What it is for.
    #[serde(default)]
    role: Option<String>,
    /// Its address in the virtual private network.
    #[serde(default)]
    vpn_ip: Option<String>,
    /// Its address on the internet, or a word such as `dynamic`.
    #[serde(default)]
    public_ip: Option<String>,
    /// What it has.
    #[serde(default)]
    capabilities: Option<Map<String, Value>>,
    /// Whatever its owner wants to keep with it.
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
}

/// `POST /nodes/{name}/heartbeat`; everything may be missing, and so may the body.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// How it is, in its own words.
    #[serde(default)]
    status: Option<String>,
    /// What it measured.
    #[serde(default)]
    metrics: Option<Map<String, Value>>,
}

/// A node in this format.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MapNode {
    /// Its name.
    name: String,
    /// What it is for.
    role: String,
    /// Its address in the virtual private network; the one at which others reach it, where
    /// another format told only that.
    vpn_ip: Option<String>,
    /// Its address on the internet, or a word such as `dynamic`.
    public_ip: Option<String>,
    /// `active`, `warning` or `offline`.
    status: Life,
    /// When the registry last heard of it.
    last_seen: Timestamp,
    /// What it has.
    capabilities: NodeCapabilities,
    /// When the registry first heard of it.
    registered_at: Timestamp,
    /// Whatever its owner wants to keep with it.
    metadata: Map<String, Value>,
}

/// `GET /nodes`
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MapNodes {
    /// Nodes by name.
    nodes: BTreeMap<String, MapNode>,
    /// How many there are.
    total: usize,
    /// How many of them are active.
    active: usize,
    /// When this was.
    timestamp: Timestamp,
}

/// The answer to a registration and to a heartbeat.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Told {
    /// `registered` or `ok`.
    status: &'static str,
    /// The node.
    node: MapNode,
}

/// `POST /nodes/register`
///
/// # Errors
/// As `Service::register_node`.
pub async fn register(
    State(service): State<Shared>,
    Caller(who): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Told>, ApiError> {
    let mut new = registration(body.json()?);
    new.secret = chosen_secret(&headers)?;
    let registered = service.register_node(new, proof(&headers)?, &who).await?;
    Ok(Json(Told { status: "registered", node: shown(&registered.entry) }))
}

/// `POST /nodes/{name}/heartbeat`
///
/// # Errors
/// As `Service::beat_node`.
pub async fn beat(
    State(service): State<Shared>,
    Caller(who): Caller,
    name: Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Told>, ApiError> {
    let beat: Heartbeat = if body.0.is_empty() { Heartbeat::default() } else { body.json()? };
    let sign =
        Sign { status: beat.status, measured: Measured { metrics: beat.metrics, pools: None } };
    service.beat_node(name.0.clone(), sign, proof(&headers)?, &who).await?;
    Ok(Json(Told { status: "ok", node: shown(&*service.node_named(&name.0)?) }))
}

/// `GET /nodes`
///
/// # Errors
/// 400 for a filter that means nothing.
pub async fn list(
    State(service): State<Shared>,
    Params(filter): Params<NodeFilter>,
) -> Result<Json<MapNodes>, ApiError> {
    let found = node_list::all(&service.view().read().nodes, &filter)?;
    let active = found.iter().filter(|entry| entry.is_live()).count();
    let (total, timestamp) = (found.len(), Timestamp::now());
    let nodes = found.iter().map(|entry| (entry.info.name.clone(), shown(entry))).collect();
    Ok(Json(MapNodes { nodes, total, active, timestamp }))
}

/// `GET /nodes/{name}`
///
/// # Errors
/// 404 where there is none.
pub async fn get(State(service): State<Shared>, name: Segment) -> Result<Json<MapNode>, ApiError> {
    Ok(Json(shown(&*service.node_named(&name.0)?)))
}

/// `GET /topology`
///
/// # Errors
/// 400 for a filter that means nothing.
pub async fn topology(
    State(service): State<Shared>,
    Params(filter): Params<NodeFilter>,
) -> Result<Json<Topology>, ApiError> {
    let found = node_list::all(&service.view().read().nodes, &filter)?;
    Ok(Json(Topology {
        connections: connections(&found),
        nodes: found.iter().map(|entry| on_map(entry)).collect(),
        timestamp: Timestamp::now(),
    }))
}

/// `GET /stats`, with the history of `since` where that is given.
///
/// # Errors
/// As `Service::history`.
pub async fn stats(
    State(service): State<Shared>,
    Params(query): Params<HistoryQuery>,
) -> Result<Json<NodeStats>, ApiError> {
    let filter = NodeFilter {
        role: query.role.clone(),
        label: query.label.clone(),
        group: query.group.clone(),
        location: query.location.clone(),
        ..NodeFilter::default()
    };
    let found = node_list::all(&service.view().read().nodes, &filter)?;
    let mut stats = count(&found);
    if query.since.is_some() {
        stats.history = Some(service.history(&query).await?);
    }
    Ok(Json(stats))
}

fn registration(request: Register) -> NewNode {
    let capabilities = request.capabilities.map(|mut capabilities| {
        if let Some(memory) = capabilities.get_mut("gpu_memory") {
            *memory = gigabytes(memory);
        }
        capabilities
    });
    NewNode {
        node_id: None,
        change: NodeChange {
            name: Some(request.name),
            role: request.role.filter(|role| !role.is_empty()),
            vpn_ip: request.vpn_ip,
            public_ip: request.public_ip,
            capabilities,
            metadata: request.metadata,
            ..NodeChange::default()
        },
        default_role: ROLE.to_owned(),
        pools: None,
        secret: None,
    }
}

/// Some say `"24GB"` for 24.
fn gigabytes(value: &Value) -> Value {
    let number = value.as_str().and_then(|text| {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let unit = text[end..].trim().to_ascii_lowercase();
        let number: f64 = text[..end].parse().ok()?;
        ["", "g", "gb", "gib"].contains(&unit.as_str()).then_some(number)
    });
    number.map_or_else(|| value.clone(), Value::from)
}

fn shown(entry: &NodeEntry) -> MapNode {
    let info = &entry.info;
    MapNode {
        name: info.name.clone(),
        role: info.role.clone(),
        vpn_ip: info.vpn_ip.clone().or_else(|| entry.ip().map(str::to_owned)),
        public_ip: info.public_ip.clone(),
        status: entry.sign_of_life(),
        last_seen: entry.last_heartbeat,
        capabilities: capabilities(&info.capabilities),
        registered_at: entry.created_at,
        metadata: info.metadata.clone(),
    }
}

/// What a node has, with the words of this format for what others told.
fn capabilities(known: &NodeCapabilities) -> NodeCapabilities {
    let mut shown = known.clone();
    let gpus = known.gpus();
    if gpus > 0 {
        shown.gpu = Some(true);
        shown.gpu_count = Some(gpus);
        shown.gpu_type = known.gpu_kind().map(str::to_owned);
        shown.gpu_memory = known.gpu_memory.or_else(|| known.vram_mb().map(in_gigabytes));
    }
    shown
}

/// With one decimal.
fn in_gigabytes(megabytes: u64) -> f64 {
    (megabytes as f64 / 1024.0 * 10.0).round() / 10.0
}

fn on_map(entry: &NodeEntry) -> TopologyNode {
    let MapNode { name, role, vpn_ip, status, capabilities, .. } = shown(entry);
    TopologyNode {
        id: name.clone(),
        label: name,
        role,
        status: status.as_str().to_owned(),
        vpn_ip,
        capabilities,
    }
}

fn connections(nodes: &[Arc<NodeEntry>]) -> Vec<Connection> {
    let connect = |source: &NodeEntry, target: &NodeEntry, kind: &str| Connection {
        source: source.info.name.clone(),
        target: target.info.name.clone(),
        kind: kind.to_owned(),
    };
    let lead = nodes.iter().find(|entry| entry.info.role == LEAD);
    let is_lead =
        |entry: &NodeEntry| lead.is_some_and(|lead| lead.info.node_id == entry.info.node_id);
    let mut found = Vec::new();
    for entry in nodes.iter().filter(|entry| !is_lead(entry)) {
        if let Some(lead) = lead {
            found.push(connect(lead, entry, "vpn_mesh"));
            if is_replica(entry) {
                found.push(connect(lead, entry, "db_replication"));
            }
        }
    }
    let gpus: Vec<_> = nodes.iter().filter(|entry| entry.info.capabilities.gpus() > 0).collect();
    let hub = lead.or(gpus.first().copied().filter(|_| gpus.len() > MAX_MESH));
    if let Some(hub) = hub {
        let others = gpus.iter().filter(|entry| entry.info.node_id != hub.info.node_id);
        found.extend(others.map(|entry| connect(entry, hub, "gpu_mesh")));
    }
    if gpus.len() <= MAX_MESH {
        let rest: Vec<_> = gpus.into_iter().filter(|entry| !is_lead(entry)).collect();
        for (at, one) in rest.iter().enumerate() {
            found.extend(rest[at + 1..].iter().map(|other| connect(one, other, "gpu_mesh")));
        }
    }
    found
}

/// Whether the node holds a copy of the lead's database: what it says itself, or else, as in
/// the system that this format comes from, whatever is in the lead's private network.
fn is_replica(entry: &NodeEntry) -> bool {
    let told = entry.info.metadata.get(REPLICA).and_then(Value::as_bool);
    told.unwrap_or(entry.info.vpn_ip.is_some())
}

fn count(nodes: &[Arc<NodeEntry>]) -> NodeStats {
    let active = nodes.iter().filter(|entry| entry.is_live()).count();
    let mut by_role = BTreeMap::new();
    for entry in nodes {
        *by_role.entry(entry.info.role.clone()).or_insert(0) += 1;
    }
    let memory = nodes.iter().filter_map(|entry| entry.info.capabilities.vram_mb());
    NodeStats {
        total_nodes: nodes.len(),
        active_nodes: active,
        offline_nodes: nodes.len() - active,
        nodes_by_role: by_role,
        total_gpus: nodes.iter().map(|entry| u64::from(entry.info.capabilities.gpus())).sum(),
        total_vram_gb: in_gigabytes(memory.fold(0, u64::saturating_add)),
        timestamp: Timestamp::now(),
        history: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry::seen::nodes::tests::entry;

    fn node(name: &str, role: &str, gpus: u32) -> Arc<NodeEntry> {
        let mut node = entry(name);
        node.info.role = role.to_owned();
        if gpus > 0 {
            node.info.capabilities.gpu_count = Some(gpus);
            node.info.capabilities.gpu_memory = Some(f64::from(gpus) * 24.0);
            node.info.vpn_ip = Some("10.0.0.3".to_owned());
        }
        Arc::new(node)
    }

    fn kinds(connections: &[Connection], kind: &str) -> Vec<String> {
        let of_kind = connections.iter().filter(|connection| connection.kind == kind);
        of_kind.map(|c| format!("{}-{}", c.source, c.target)).collect()
    }

    #[test]
    fn the_lead_is_connected_with_all_and_nodes_with_gpus_with_each_other() {
        let nodes = [
            node("a", "compute", 2),
            node("b", "compute", 1),
            node("c", "web", 0),
            node("l", LEAD, 0),
        ];
        let found = connections(&nodes);
        assert_eq!(kinds(&found, "vpn_mesh"), ["l-a", "l-b", "l-c"]);
        assert_eq!(kinds(&found, "db_replication"), ["l-a", "l-b"], "`c` has no address there");
        assert_eq!(kinds(&found, "gpu_mesh"), ["a-l", "b-l", "a-b"]);
        assert_eq!(kinds(&connections(&nodes[..2]), "gpu_mesh"), ["a-b"]);
        let many: Vec<_> = (0..50).map(|n| node(&format!("n{n:02}"), "compute", 1)).collect();
        assert_eq!(connections(&many).len(), 49, "a star, not a mesh");
    }

    #[test]
    fn totals_count_whatever_format_told_it() {
        let mut pools = entry("p");
        pools.info.capabilities.total_vram_mb = Some(81_920);
        pools.info.capabilities.gpu_count = Some(1);
        pools.life = Life::Warning;
        let stats = count(&[node("a", "compute", 2), Arc::new(pools), node("l", LEAD, 0)]);
        assert_eq!((stats.total_nodes, stats.active_nodes, stats.offline_nodes), (3, 2, 1));
        assert_eq!((stats.total_gpus, stats.total_vram_gb), (3, 128.0));
        assert_eq!(stats.nodes_by_role, [("compute".into(), 2), ("lead".into(), 1)].into());
    }

    #[test]
    fn what_other_formats_told_is_shown_in_the_words_of_this_one() {
        let mut other = entry("p");
        other.info.ip = Some("10.0.0.9".into());
        other.info.capabilities.total_vram_mb = Some(48_000);
        other.info.capabilities.gpu_count = Some(2);
        other.maintenance = true;
        let shown = serde_json::to_value(shown(&other)).unwrap();
        assert_eq!((&shown["vpn_ip"], &shown["status"]), (&json!("10.0.0.9"), &json!("active")));
        assert_eq!(shown["capabilities"]["gpu"], true);
        assert_eq!(shown["capabilities"]["gpu_memory"], 46.9);
        assert_eq!(shown["public_ip"], json!(null));
        let plain = serde_json::to_value(super::shown(&entry("x"))).unwrap();
        assert_eq!(plain["capabilities"], json!({}));
    }

    #[test]
    fn memory_with_a_unit_is_read() {
        assert_eq!(gigabytes(&json!("24GB")), json!(24.0));
        assert_eq!(gigabytes(&json!("40.5 GiB")), json!(40.5));
        assert_eq!(gigabytes(&json!(24)), json!(24));
        assert_eq!(gigabytes(&json!("much")), json!("much"));
    }
}
