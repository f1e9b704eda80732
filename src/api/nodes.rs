//! Nodes on the wire: the canonical format, which contract 2 is a part of.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::node::change::NodeChange;
use crate::domain::node::{Measured, Node, NodeCapabilities, NodeInfo};
use crate::secret::Secret;

/// `POST /api/v1/nodes/register`. The same host, or the same `node_id`, is the same node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeRegister {
    /// Host name.
    pub hostname: String,
    /// What it is for.
    pub role: String,
    /// The id that it has already. Without it the registry gives one, the same for the same host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// What else is told of it; host name and role are those above.
    #[serde(flatten)]
    pub told: NodeChange,
}

impl JsonSchema for NodeRegister {
    fn schema_name() -> Cow<'static, str> {
        "NodeRegister".into()
    }

    /// What a node registers with is what the registry knows of it afterwards; of that only two
    /// things must be there.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let known = NodeInfo::json_schema(generator);
        let known = known.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let own = json!({
            "hostname": known["hostname"],
            "role": known["role"],
            "node_id": {
                "type": ["string", "null"],
                "description": "The id that it has already. Without it the registry gives one, \
                    the same for the same host.",
            },
            "name": {
                "type": ["string", "null"],
                "description": "The name that people use; the host's name without it.",
            },
        });
        let mut properties = own.as_object().cloned().unwrap_or_default();
        for (field, schema) in known {
            properties.entry(field).or_insert(schema);
        }
        json_schema!({
            "type": "object",
            "properties": properties,
            "required": ["hostname", "role"],
            "description": "`POST /api/v1/nodes/register`. The same host, or the same `node_id`, \
                is the same node.",
        })
    }
}

/// The answer to a registration: the node, and how to go on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NodeReply {
    /// The node.
    #[serde(flatten)]
    pub node: Node,
    /// The lease, where the client asked for one with the header `llamactl-lease-secret`: from
    /// then on only its holder may beat for, change or remove the node, and administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<NodeLease>,
    /// Beat after so many milliseconds.
    pub beat_after_ms: u64,
}

/// A node's lease, to be proven in the header `llamactl-lease`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NodeLease {
    /// Grows with each registration of the same node.
    pub generation: u64,
    /// Shown this one time; the registry stores its hash.
    pub secret: Secret,
}

/// `POST /api/v1/nodes/heartbeat`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeBeat {
    /// Whose.
    pub node_id: String,
    /// How it is, in its own words: `online`, `degraded`, `draining`, `maintenance`, or
    /// `offline` to say goodbye.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What it measured.
    #[serde(flatten)]
    pub measured: Measured,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NodeBeatReply {
    /// Whose.
    pub node_id: String,
    /// How the registry sees it, in the words of contract 2.
    pub status: String,
    /// When it was heard.
    pub last_heartbeat: Timestamp,
    /// Beat after so many milliseconds.
    pub beat_after_ms: u64,
}

/// `PUT /api/v1/nodes/{node_id}/maintenance`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// Whether the node is taken out of use, or given back.
    pub on: bool,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Filters of `GET /api/v1/nodes`, and of every other list of nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeFilter {
    /// Only those of this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Only those with this label; several with commas, of which all are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Only those in this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Only those that stand there: `paris` takes `paris/room-2` in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Only those in this state, in any format's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Leave out so many at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    /// Answer when something changed after this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Wait at most so long for it, as `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
}

/// Query of `POST /api/v1/maintenance/cleanup`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CleanupQuery {
    /// Nodes that were not heard of for so many minutes (0 to 525,600).
    #[serde(default = "five")]
    #[schemars(range(max = 525_600))]
    pub timeout_minutes: u32,
    /// Take them out, instead of marking them as offline.
    #[serde(default)]
    pub remove: bool,
}

fn five() -> u32 {
    5
}

/// The answer to a cleanup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CleanupReply {
    /// The timeout that was used.
    pub timeout_minutes: u32,
    /// How many nodes were marked as offline.
    pub marked_offline: usize,
    /// How many nodes were taken out.
    pub removed: usize,
}

/// A role's profile: settings that nodes of the role start from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    /// The role.
    pub role: String,
    /// The settings.
    pub config: Value,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// `GET /stats` (contract 4)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeStats {
    /// All nodes.
    pub total_nodes: usize,
    /// Those that were heard of within two minutes.
    pub active_nodes: usize,
    /// All others: `warning` and `offline`.
    pub offline_nodes: usize,
    /// How many have each role.
    pub nodes_by_role: BTreeMap<String, usize>,
    /// GPUs of all nodes.
    pub total_gpus: u64,
    /// Their memory in GB.
    pub total_vram_gb: f64,
    /// When this was.
    pub timestamp: Timestamp,
    /// What happened, where `since` asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
}

/// Query of `GET /stats` and of `GET /api/v1/history`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    /// How far to look back, as `24h` or `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Time between two points, as `1h`; at least a minute, and at most 1,000 points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Only `servers`, or only `nodes`; both without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// Of the nodes only those of this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Of the nodes only those with this label; several with commas, of which all are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Of the nodes only those in this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Of the nodes only those that stand there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// What happened over a time, from the event log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// When it begins.
    pub since: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// Time between two points in seconds.
    pub step_seconds: u64,
    /// From here on every event was looked at. Later than `since`, when the log does not reach
    /// so far back or has more than the registry reads for one answer: what was before is not
    /// told.
    pub complete_from: Timestamp,
    /// How many there were at certain times.
    pub points: Vec<HistoryPoint>,
    /// How much later than asked servers' heartbeats came. Kept in memory for 24 hours by each
    /// process of the registry, of the heartbeats that it took itself: it begins with the
    /// process' start. Steps without a heartbeat are missing.
    #[serde(default)]
    pub heartbeat_delay: Vec<DelayPoint>,
    /// Servers that registered.
    pub servers_registered: u64,
    /// Servers whose lease ended without a word.
    pub servers_lost: u64,
    /// Nodes that registered for the first time, or anew after they were gone.
    pub nodes_registered: u64,
    /// How often a node became offline.
    pub nodes_lost: u64,
    /// Hours of GPUs by owner.
    pub gpu_hours_by_owner: BTreeMap<String, f64>,
    /// Hours of GPUs by model.
    pub gpu_hours_by_model: BTreeMap<String, f64>,
}

/// How much later than asked heartbeats came in one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DelayPoint {
    /// When the step began.
    pub time: Timestamp,
    /// Half of them came no later than this, in milliseconds, within a tenth.
    pub p50_ms: u64,
    /// 99 of 100 came no later than this.
    pub p99_ms: u64,
    /// The latest.
    pub max_ms: u64,
}

/// How many servers and nodes there were at one time, by state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryPoint {
    /// When.
    pub time: Timestamp,
    /// Servers by state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<BTreeMap<String, u64>>,
    /// Nodes by state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<BTreeMap<String, u64>>,
}

/// `GET /topology` (contract 4)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Topology {
    /// The nodes.
    pub nodes: Vec<TopologyNode>,
    /// How they are connected.
    pub connections: Vec<Connection>,
    /// When this was.
    pub timestamp: Timestamp,
}

/// One node of a [`Topology`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TopologyNode {
    /// Its name.
    pub id: String,
    /// Its name, for people.
    pub label: String,
    /// What it is for.
    pub role: String,
    /// `active`, `warning` or `offline`.
    pub status: String,
    /// Its address in the virtual private network.
    pub vpn_ip: Option<String>,
    /// What it has.
    pub capabilities: NodeCapabilities,
}

/// One connection of a [`Topology`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connection {
    /// Name of one node.
    pub source: String,
    /// Name of the other.
    pub target: String,
    /// `vpn_mesh`, `db_replication` or `gpu_mesh`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// `DELETE /api/v1/nodes/{node_id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeDeleted {
    /// `deleted`
    pub status: String,
    /// As it was asked for.
    pub node_id: String,
}

/// `DELETE /api/v1/profiles/{role}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProfileDeleted {
    /// `deleted`
    pub status: String,
    /// The role.
    pub role: String,
}

/// `PUT /api/v1/profiles/{role}`: any JSON that its nodes understand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("type" = ["object", "array", "string", "number", "boolean", "null"]))]
pub struct ProfileConfig(pub Value);
