//! What a node is after a registration or a change: what was told now over what was told
//! before, field by field, so that one format does not wipe what another one told.

use serde_json::{Map, Value};

use crate::api::nodes::NodeChange;
use crate::domain::node::{NodeCapabilities, NodeInfo};

/// Two formats tell the memory of the GPUs in different units. When what one told before
/// differs by more than this share from what another tells now, it is out of date.
const SAME_MEMORY: f64 = 0.1;

/// `old` with what `change` tells, checked.
///
/// # Errors
/// The first field that is wrong and why, as one sentence.
pub fn merge(old: &NodeInfo, change: &NodeChange) -> Result<NodeInfo, String> {
    let mut info = old.clone();
    for (field, told) in [
        (&mut info.name, &change.name),
        (&mut info.hostname, &change.hostname),
        (&mut info.role, &change.role),
    ] {
        if let Some(told) = told {
            field.clone_from(told);
        }
    }
    for (field, told) in [
        (&mut info.ip, &change.ip),
        (&mut info.vpn_ip, &change.vpn_ip),
        (&mut info.public_ip, &change.public_ip),
        (&mut info.address, &change.address),
        (&mut info.location, &change.location),
        (&mut info.machine_id, &change.machine_id),
        (&mut info.slurm_node, &change.slurm_node),
    ] {
        if let Some(told) = told {
            *field = (!told.is_empty()).then(|| told.clone());
        }
    }
    for (field, told) in [
        (&mut info.addresses, &change.addresses),
        (&mut info.labels, &change.labels),
        (&mut info.groups, &change.groups),
    ] {
        if let Some(told) = told {
            field.clone_from(told);
        }
    }
    if let Some(told) = &change.metadata {
        merge_keys(&mut info.metadata, told);
    }
    if let Some(told) = &change.capabilities {
        info.capabilities = capabilities(&info.capabilities, told)?;
    }
    info.validate()?;
    Ok(info)
}

fn merge_keys(map: &mut Map<String, Value>, told: &Map<String, Value>) {
    for (key, value) in told {
        match value {
            Value::Null => map.shift_remove(key),
            value => map.insert(key.clone(), value.clone()),
        };
    }
}

fn capabilities(
    old: &NodeCapabilities,
    told: &Map<String, Value>,
) -> Result<NodeCapabilities, String> {
    let mut map = match serde_json::to_value(old) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
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

/// The fields of a registration that a change has too: what it tells, and nothing else.
///
/// # Errors
/// A field of the wrong type.
pub fn told(mut body: Map<String, Value>) -> Result<NodeChange, serde_json::Error> {
    body.retain(|key, _| NodeChange::FIELDS.contains(&key.as_str()));
    serde_json::from_value(Value::Object(body))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::nodes::NodeRegister;

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
        let info = merge(&node(), &first).unwrap();
        let second = change(json!({"vpn_ip": "10.8.0.1", "labels": [], "location": "",
            "metadata": {"os": "ubuntu", "note": null}, "capabilities": {"cuda_version": "12.1"}}));
        let info = merge(&info, &second).unwrap();
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
        let info = merge(&node(), &told(json!({"gpu_memory": 24}))).unwrap();
        let rounded = merge(&info, &told(json!({"total_vram_mb": 24000}))).unwrap();
        assert_eq!(rounded.capabilities.gpu_memory, Some(24.0));
        let grown = merge(&info, &told(json!({"total_vram_mb": 48000}))).unwrap();
        assert_eq!(grown.capabilities.gpu_memory, None);
        assert_eq!(grown.capabilities.vram_mb(), Some(48000));
    }

    #[test]
    fn hostile_values_are_refused_by_name() {
        let refused = |json: Value| merge(&node(), &change(json)).unwrap_err();
        assert!(refused(json!({"hostname": "a;rm b"})).starts_with("hostname"));
        assert!(refused(json!({"vpn_ip": "evil.com/#"})).starts_with("vpn_ip"));
        assert!(refused(json!({"public_ip": "u@evil"})).starts_with("public_ip"));
        assert!(refused(json!({"labels": ["a\u{1b}[2J"]})).starts_with("labels"));
        assert!(refused(json!({"name": "../x"})).starts_with("name"));
        assert!(refused(json!({"capabilities": {"gpu_count": -1}})).starts_with("capabilities"));
        assert!(refused(json!({"metadata": {"k": "x".repeat(20_000)}})).starts_with("metadata"));
        assert_eq!(merge(&node(), &change(json!({"public_ip": "dynamic"}))).err(), None);
    }

    #[test]
    fn every_field_of_a_registration_is_taken_over() {
        let full = NodeRegister {
            name: Some("a".into()),
            ip: Some("10.0.0.1".into()),
            vpn_ip: Some("10.8.0.1".into()),
            public_ip: Some("dynamic".into()),
            address: Some("http://x".into()),
            addresses: vec!["10.0.0.1".into()],
            groups: vec!["g".into()],
            location: Some("l".into()),
            machine_id: Some("m".into()),
            slurm_node: Some("s".into()),
            node_id: Some("n1".into()),
            ..NodeRegister::default()
        };
        let Value::Object(mut body) = serde_json::to_value(&full).unwrap() else { panic!() };
        let change = told(body.clone()).unwrap();
        let Value::Object(taken) = serde_json::to_value(&change).unwrap() else { panic!() };
        body.shift_remove("node_id");
        assert_eq!(taken.len(), NodeChange::FIELDS.len());
        assert_eq!(Value::Object(taken), Value::Object(body));
    }
}
