//! The node record: one machine, what it has, and when it was last heard of.
//!
//! Three older wire formats are translations of it, so it has what each of them knows.

pub mod change;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::server::{MAX_TEXT, host, text};

/// Most labels, groups, addresses, GPUs or pools of one node, each.
pub const MAX_LIST: usize = 128;
/// Most bytes of JSON in the metadata, the metrics and the unknown capabilities of one node, each.
pub const MAX_OBJECT: usize = 16 * 1024;
/// A node that was not heard of for so long is in `warning` (contract 4).
pub const WARNING_AFTER: Duration = Duration::from_secs(2 * 60);
/// A node that was not heard of for so long is `offline` (contract 4).
pub const OFFLINE_AFTER: Duration = Duration::from_secs(5 * 60);

/// After how much silence a node is thought to be in trouble, and to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeLimits {
    /// It is in `warning`.
    pub warning: Duration,
    /// It is `offline`.
    pub offline: Duration,
}

impl Default for NodeLimits {
    fn default() -> NodeLimits {
        NodeLimits { warning: WARNING_AFTER, offline: OFFLINE_AFTER }
    }
}

/// How long ago a node was heard of: what contract 4 calls its status. Whatever the node said
/// of itself, and its operator, does not matter for it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Life {
    /// Within [`NodeLimits::warning`].
    Active,
    /// Within [`NodeLimits::offline`].
    Warning,
    /// Longer ago.
    Offline,
}

impl Life {
    /// Of a node that was not heard of for `silent`.
    pub fn after(silent: Duration, limits: NodeLimits) -> Life {
        match silent {
            _ if silent >= limits.offline => Life::Offline,
            _ if silent >= limits.warning => Life::Warning,
            _ => Life::Active,
        }
    }

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Life::Active => "active",
            Life::Warning => "warning",
            Life::Offline => "offline",
        }
    }
}

/// How a node is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    /// It was heard of within [`WARNING_AFTER`].
    Online,
    /// It was not heard of for [`WARNING_AFTER`], or says itself that it is degraded.
    Warning,
    /// It was not heard of for [`OFFLINE_AFTER`], or said goodbye.
    Offline,
    /// Its operator took it out of use.
    Maintenance,
    /// It finishes what it has and takes nothing new.
    Draining,
}

impl NodeState {
    /// All of them.
    pub const ALL: [NodeState; 5] = [
        NodeState::Online,
        NodeState::Warning,
        NodeState::Offline,
        NodeState::Maintenance,
        NodeState::Draining,
    ];

    /// The word on the wire and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeState::Online => "online",
            NodeState::Warning => "warning",
            NodeState::Offline => "offline",
            NodeState::Maintenance => "maintenance",
            NodeState::Draining => "draining",
        }
    }

    /// The state of a node that said `reported` when it was last heard of, and is so much alive.
    /// Maintenance is the operator's word and outlasts silence; whatever else a node said
    /// does not.
    pub fn of(reported: NodeState, maintenance: bool, life: Life) -> NodeState {
        match (reported, life) {
            _ if maintenance => NodeState::Maintenance,
            (NodeState::Offline, _) | (_, Life::Offline) => NodeState::Offline,
            (_, Life::Warning) => NodeState::Warning,
            (reported, Life::Active) => reported,
        }
    }

    /// The word of contract 2: one that does not take work is in `maintenance` there.
    pub fn status(self) -> &'static str {
        match self {
            NodeState::Online => "online",
            NodeState::Warning => "degraded",
            NodeState::Offline => "offline",
            NodeState::Maintenance | NodeState::Draining => "maintenance",
        }
    }

    /// What a node says of itself, in the words of any format.
    pub fn from_word(word: &str) -> Option<NodeState> {
        match word.to_ascii_lowercase().as_str() {
            "online" | "active" => Some(NodeState::Online),
            "warning" | "degraded" => Some(NodeState::Warning),
            "offline" => Some(NodeState::Offline),
            "maintenance" => Some(NodeState::Maintenance),
            "draining" => Some(NodeState::Draining),
            _ => None,
        }
    }
}

impl fmt::Display for NodeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One GPU.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gpu {
    /// Place on the node, from 0.
    pub index: u32,
    /// Model, as `NVIDIA A100-SXM4-80GB`.
    pub name: String,
    /// Memory in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vram_mb: Option<u64>,
}

/// What a node has. Fields that this version does not know are kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeCapabilities {
    /// Whether it has a GPU at all (contract 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<bool>,
    /// GPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_count: Option<u32>,
    /// Type of the GPUs, as `a100` or `RTX 4090`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_type: Option<String>,
    /// Memory of all GPUs in GB (contract 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_memory: Option<f64>,
    /// Memory of all GPUs in MiB (contract 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_vram_mb: Option<u64>,
    /// CUDA's version (contract 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuda_version: Option<String>,
    /// Each GPU.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<Gpu>,
    /// Logical CPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// Main memory in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u64>,
    /// Size of its local disks in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_mb: Option<u64>,
    /// Operating system, as `Debian GNU/Linux 12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// What else its client sent.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A pool of slots on a node (contract 3).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PoolStatus {
    /// Its name.
    pub pool_id: String,
    /// Whether it takes work.
    #[serde(default)]
    pub ready: bool,
    /// How much more work it takes.
    #[serde(default)]
    pub slots_free: u32,
    /// What else its client sent.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a heartbeat tells that is different with each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measured {
    /// What it measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Map<String, Value>>,
    /// Its pools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pools: Option<Vec<PoolStatus>>,
}

/// What a node, or whoever looks after it, says about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeInfo {
    /// Its id: what the client chose, or what the registry gave it. At most one node has it.
    pub node_id: String,
    /// The name that people use; the host's name where nobody gave one. At most one node has it.
    pub name: String,
    /// Host name.
    pub hostname: String,
    /// The address at which others reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Its address in the virtual private network (contract 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpn_ip: Option<String>,
    /// Its address on the internet, or a word such as `dynamic` (contract 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<String>,
    /// URL of its own service (contract 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// All its addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// What it is for, as `compute` or `lead`.
    pub role: String,
    /// Words by which it is found; `key=value` is one of them.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Groups that it is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Where it stands, as `paris/room-2/rack-7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Id of the machine (contract 3; `/etc/machine-id`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// SLURM's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slurm_node: Option<String>,
    /// What it has.
    #[serde(default)]
    pub capabilities: NodeCapabilities,
    /// Whatever its owner wants to keep with it.
    #[serde(default)]
    pub metadata: Map<String, Value>,
}

/// A node as the registry knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Node {
    /// What it says about itself.
    #[serde(flatten)]
    pub info: NodeInfo,
    /// How it is.
    pub state: NodeState,
    /// The same in the words of contract 2: `online`, `offline`, `maintenance`, `degraded`.
    pub status: String,
    /// Its pools, as of the last heartbeat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<PoolStatus>,
    /// What it measured, as of the last heartbeat.
    #[serde(default)]
    pub metrics: Map<String, Value>,
    /// Why it is in maintenance, in its operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance_reason: Option<String>,
    /// Who registered it, where the registry asks for tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When the registry last heard of it.
    pub last_heartbeat: Timestamp,
    /// When the registry first heard of it.
    pub created_at: Timestamp,
    /// When it last changed, beside its heartbeats.
    pub updated_at: Timestamp,
}

impl NodeCapabilities {
    /// Those that are known, key by key, as a change tells them.
    pub fn to_map(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }

    /// How many GPUs it has, however that was told.
    pub fn gpus(&self) -> u32 {
        let listed = u32::try_from(self.gpus.len()).unwrap_or(u32::MAX);
        let told = self.gpu_count.or((listed > 0).then_some(listed));
        told.unwrap_or_else(|| u32::from(self.gpu == Some(true)))
    }

    /// Memory of all its GPUs in MiB, however that was told.
    pub fn vram_mb(&self) -> Option<u64> {
        let listed = || {
            let sum = self.gpus.iter().filter_map(|gpu| gpu.vram_mb).fold(0, u64::saturating_add);
            (sum > 0).then_some(sum)
        };
        let gigabytes = || self.gpu_memory.map(|gb| (gb * 1024.0).round() as u64);
        self.total_vram_mb.or_else(gigabytes).or_else(listed)
    }

    /// The type of its GPUs, however that was told.
    pub fn gpu_kind(&self) -> Option<&str> {
        let listed = || self.gpus.first().map(|gpu| gpu.name.as_str());
        self.gpu_type.as_deref().or_else(listed)
    }
}

impl NodeInfo {
    /// Checks everything that a client can get wrong, before anything is stored.
    ///
    /// # Errors
    /// The first field that is wrong and why, as one sentence.
    pub fn validate(&self) -> Result<(), String> {
        identifier("node_id", &self.node_id)?;
        identifier("name", &self.name)?;
        identifier("hostname", &self.hostname)?;
        identifier("role", &self.role)?;
        // Clients put these into URLs.
        for (field, value) in
            [("ip", &self.ip), ("vpn_ip", &self.vpn_ip), ("public_ip", &self.public_ip)]
        {
            value.as_ref().map_or(Ok(()), |value| address(field, value))?;
        }
        length("addresses", self.addresses.len())?;
        self.addresses.iter().try_for_each(|value| address("addresses", value))?;
        let optional = [
            ("address", &self.address),
            ("location", &self.location),
            ("machine_id", &self.machine_id),
            ("slurm_node", &self.slurm_node),
            ("capabilities.gpu_type", &self.capabilities.gpu_type),
            ("capabilities.cuda_version", &self.capabilities.cuda_version),
            ("capabilities.os", &self.capabilities.os),
        ];
        for (field, value) in optional {
            value.as_ref().map_or(Ok(()), |value| text(field, value))?;
        }
        if self.capabilities.gpu_memory.is_some_and(|gb| !gb.is_finite() || gb < 0.0) {
            return Err("capabilities.gpu_memory must not be negative".to_owned());
        }
        for (field, list) in [("labels", &self.labels), ("groups", &self.groups)] {
            length(field, list.len())?;
            list.iter().try_for_each(|value| text(field, value))?;
        }
        length("capabilities.gpus", self.capabilities.gpus.len())?;
        self.capabilities.gpus.iter().try_for_each(|gpu| text("capabilities.gpus", &gpu.name))?;
        object("metadata", &self.metadata)?;
        object("capabilities", &self.capabilities.other)
    }
}

/// Checks an id or a name: what can stand in a path and on a command line.
///
/// # Errors
/// What is wrong with it.
pub fn identifier(field: &str, value: &str) -> Result<(), String> {
    text(field, value)?;
    if value.starts_with('-') || value.chars().any(|c| c.is_whitespace() || "/?#%\\".contains(c)) {
        return Err(format!("{field} must not have spaces or /?#%\\, nor begin with -"));
    }
    // These mean something else in a path.
    if [".", "..", "register", "heartbeat"].contains(&value) {
        return Err(format!("{field} must not be {value:?}"));
    }
    Ok(())
}

fn address(field: &str, value: &str) -> Result<(), String> {
    host(value).map_err(|_| format!("{field} must be an IP address or a host name"))
}

/// Checks a free-form object: not over [`MAX_OBJECT`] bytes as JSON.
///
/// # Errors
/// What is wrong with it.
pub fn object(field: &str, value: &Map<String, Value>) -> Result<(), String> {
    let size = serde_json::to_string(value).map_or(usize::MAX, |text| text.len());
    if size > MAX_OBJECT {
        return Err(format!("{field} must not be longer than {MAX_OBJECT} bytes"));
    }
    Ok(())
}

fn length(field: &str, length: usize) -> Result<(), String> {
    if length > MAX_LIST {
        return Err(format!(
            "{field}: at most {MAX_LIST} are allowed (each up to {MAX_TEXT} bytes)"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_makes_a_node_warn_and_then_offline_but_maintenance_stays() {
        let at = |seconds, reported| {
            let life = Life::after(Duration::from_secs(seconds), NodeLimits::default());
            (NodeState::of(reported, false, life), NodeState::of(reported, true, life))
        };
        assert_eq!(at(119, NodeState::Online).0, NodeState::Online);
        assert_eq!(at(119, NodeState::Draining).0, NodeState::Draining);
        assert_eq!(at(120, NodeState::Draining).0, NodeState::Warning);
        assert_eq!(at(300, NodeState::Online).0, NodeState::Offline);
        assert_eq!(at(0, NodeState::Offline).0, NodeState::Offline);
        assert_eq!(at(900, NodeState::Online).1, NodeState::Maintenance);
    }

    #[test]
    fn gpus_are_counted_however_they_were_told() {
        let of = |json| serde_json::from_value::<NodeCapabilities>(json).unwrap();
        let map = of(serde_json::json!({"gpu": true, "gpu_memory": 24}));
        assert_eq!((map.gpus(), map.vram_mb(), map.gpu_kind()), (1, Some(24 * 1024), None));
        let pools = of(serde_json::json!({"gpu_count": 2, "total_vram_mb": 48000}));
        assert_eq!((pools.gpus(), pools.vram_mb()), (2, Some(48000)));
        let gpu = |index| serde_json::json!({"index": index, "name": "A100", "vram_mb": 81920});
        let listed = of(serde_json::json!({"gpus": [gpu(0), gpu(1)]}));
        assert_eq!((listed.gpus(), listed.vram_mb()), (2, Some(163_840)));
        assert_eq!(listed.gpu_kind(), Some("A100"));
        assert_eq!(of(serde_json::json!({"gpu": false})).gpus(), 0);
    }

    #[test]
    fn names_that_break_a_path_or_a_command_line_are_refused() {
        for good in ["gpu-1", "node_3.lab", "0192-ab", "vengeance"] {
            assert_eq!(identifier("name", good), Ok(()), "{good}");
        }
        for bad in ["", "a b", "a/b", "-x", "a?b", "a%2f", "a\nb", "a\\b", "..", "register"] {
            assert!(identifier("name", bad).is_err(), "{bad}");
        }
    }
}
