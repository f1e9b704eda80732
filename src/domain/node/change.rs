//! What is told of a node over time, and what the node is after it: what was told now over what
//! was told before, field by field, so that one format does not wipe what another one told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{NodeCapabilities, NodeInfo};

/// Two formats tell the memory of the GPUs in different units. When what one told before
/// differs by more than this share from what another tells now, it is out of date.
const SAME_MEMORY: f64 = 0.1;

/// Body of `PATCH /api/v1/nodes/{node_id}`: what changes. What is missing, or `null`, stays; an
/// empty text or list takes away what is there. Metadata and capabilities change key by key,
/// where `null` takes a key away.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeChange {
    /// The name that people use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The address at which others reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Its address in the virtual private network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpn_ip: Option<String>,
    /// Its address on the internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<String>,
    /// URL of its own service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// All its addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<String>>,
    /// Words by which it is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Groups that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Id of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// SLURM's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slurm_node: Option<String>,
    /// What it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Map<String, Value>>,
    /// Whatever its owner wants to keep with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

impl NodeInfo {
    /// What it is after a change, checked.
    ///
    /// # Errors
    /// The first field that is wrong and why, as one sentence.
    pub fn apply(&self, change: &NodeChange) -> Result<NodeInfo, String> {
        // Taken apart, so that the compiler finds a field that is forgotten here.
        let NodeChange {
            name,
            hostname,
            role,
            ip,
            vpn_ip,
            public_ip,
            address,
            addresses,
            labels,
            groups,
            location,
            machine_id,
            slurm_node,
            capabilities,
            metadata,
        } = change;
        let mut info = self.clone();
        for (field, told) in
            [(&mut info.name, name), (&mut info.hostname, hostname), (&mut info.role, role)]
        {
            if let Some(told) = told {
                field.clone_from(told);
            }
        }
        for (field, told) in [
            (&mut info.ip, ip),
            (&mut info.vpn_ip, vpn_ip),
            (&mut info.public_ip, public_ip),
            (&mut info.address, address),
            (&mut info.location, location),
            (&mut info.machine_id, machine_id),
            (&mut info.slurm_node, slurm_node),
        ] {
            if let Some(told) = told {
                *field = (!told.is_empty()).then(|| told.clone());
            }
        }
        for (field, told) in [
            (&mut info.addresses, addresses),
            (&mut info.labels, labels),
            (&mut info.groups, groups),
        ] {
            if let Some(told) = told {
                field.clone_from(told);
            }
        }
        if let Some(told) = metadata {
            merge_keys(&mut info.metadata, told);
        }
        if let Some(told) = capabilities {
            info.capabilities = merge_capabilities(&info.capabilities, told)?;
        }
        info.validate()?;
        Ok(info)
    }
}

fn merge_keys(map: &mut Map<String, Value>, told: &Map<String, Value>) {
    for (key, value) in told {
        match value {
            Value::Null => map.shift_remove(key),
            value => map.insert(key.clone(), value.clone()),
        };
    }
}

fn merge_capabilities(
    old: &NodeCapabilities,
    told: &Map<String, Value>,
) -> Result<NodeCapabilities, String> {
    let mut map = old.to_map();
    merge_keys(&mut map, told);
    let has = |key: &str| told.get(key).is_some_and(|value| !value.is_null());
    match (has("gpu_memory"), has("total_vram_mb")) {
        (true, false) if disagree(&map) => map.shift_remove("total_vram_mb"),
        (false, true) if disagree(&map) => map.shift_remove("gpu_memory"),
        _ => None,
    };
    serde_json::from_value(Value::Object(map)).map_err(|error| format!("capabilities: {error}"))
}

fn disagree(capabilities: &Map<String, Value>) -> bool {
    let number = |key: &str| capabilities.get(key).and_then(Value::as_f64);
    match (number("gpu_memory"), number("total_vram_mb")) {
        (Some(gb), Some(mb)) => {
            let gb = gb * 1024.0;
            (gb - mb).abs() > SAME_MEMORY * gb.abs().max(mb.abs())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn change(json: Value) -> NodeChange {
        serde_json::from_value(json).unwrap()
    }

    fn node() -> NodeInfo {
        NodeInfo {
            node_id: "n1".into(),
            name: "n1".into(),
            hostname: "n1".into(),
            role: "compute".into(),
            ..NodeInfo::default()
        }
    }

    #[test]
    fn what_is_not_told_stays_and_what_is_told_replaces() {
        let first = change(json!({"ip": "10.0.0.1", "labels": ["gpu"], "location": "paris",
            "metadata": {"rack": 5, "note": "x"}, "capabilities": {"gpu_type": "a100"}}));
        let info = node().apply(&first).unwrap();
        let second = change(json!({"vpn_ip": "10.8.0.1", "labels": [], "location": "",
            "metadata": {"os": "ubuntu", "note": null}, "capabilities": {"cuda_version": "12.1"}}));
        let info = info.apply(&second).unwrap();
        assert_eq!(
            (info.ip.as_deref(), info.vpn_ip.as_deref()),
            (Some("10.0.0.1"), Some("10.8.0.1"))
        );
        assert_eq!((info.labels.len(), info.location), (0, None));
        assert_eq!(Value::Object(info.metadata), json!({"rack": 5, "os": "ubuntu"}));
        assert_eq!(info.capabilities.gpu_type.as_deref(), Some("a100"));
        assert_eq!(info.capabilities.cuda_version.as_deref(), Some("12.1"));
    }

    #[test]
    fn memory_that_another_unit_contradicts_goes_and_rounding_does_not_count() {
        let told = |json| change(json!({"capabilities": json}));
        let info = node().apply(&told(json!({"gpu_memory": 24}))).unwrap();
        let rounded = info.apply(&told(json!({"total_vram_mb": 24000}))).unwrap();
        assert_eq!(rounded.capabilities.gpu_memory, Some(24.0));
        let grown = info.apply(&told(json!({"total_vram_mb": 48000}))).unwrap();
        assert_eq!(grown.capabilities.gpu_memory, None);
        assert_eq!(grown.capabilities.vram_mb(), Some(48000));
    }

    #[test]
    fn hostile_values_are_refused_by_name() {
        let refused = |json: Value| node().apply(&change(json)).unwrap_err();
        assert!(refused(json!({"hostname": "a;rm b"})).starts_with("hostname"));
        assert!(refused(json!({"vpn_ip": "evil.com/#"})).starts_with("vpn_ip"));
        assert!(refused(json!({"public_ip": "u@evil"})).starts_with("public_ip"));
        assert!(refused(json!({"labels": ["a\u{1b}[2J"]})).starts_with("labels"));
        assert!(refused(json!({"name": "../x"})).starts_with("name"));
        assert!(refused(json!({"capabilities": {"gpu_count": -1}})).starts_with("capabilities"));
        assert!(refused(json!({"metadata": {"k": "x".repeat(20_000)}})).starts_with("metadata"));
        assert_eq!(node().apply(&change(json!({"public_ip": "dynamic"}))).err(), None);
    }

    #[test]
    fn a_change_has_every_field_of_a_node_but_its_id() {
        fn fields<T: JsonSchema>() -> BTreeSet<String> {
            let schema = schemars::schema_for!(T);
            schema.get("properties").unwrap().as_object().unwrap().keys().cloned().collect()
        }
        let mut known = fields::<NodeInfo>();
        assert!(known.remove("node_id"));
        assert_eq!(fields::<NodeChange>(), known);
    }
}
