//! Contract 2: the node registry, whose paths and format the canonical one has taken over.

use serde_json::{Map, Value};

use crate::api::nodes::NodeRegister;
use crate::domain::node::change::NodeChange;
use crate::registry::error::ApiError;
use crate::registry::service::nodes::NewNode;
use crate::secret::Secret;

/// What a registration tells: a field that is missing, or `null`, is told from an empty one.
///
/// # Errors
/// 400 for a field that means nothing.
pub fn registration(
    mut told: Map<String, Value>,
    secret: Option<Secret>,
) -> Result<NewNode, ApiError> {
    told.retain(|_, value| !value.is_null());
    let wrong = |error| ApiError::bad_request(format!("the body is wrong: {error}"));
    let NodeRegister { hostname, role, node_id, told } =
        serde_json::from_value(Value::Object(told)).map_err(wrong)?;
    Ok(NewNode {
        node_id: node_id.filter(|id| !id.is_empty()),
        default_role: role.clone(),
        change: NodeChange { hostname: Some(hostname), role: Some(role), ..told },
        pools: None,
        secret,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_is_told_from_what_is_empty() {
        let body = json!({"hostname": "node-1", "ip": "10.0.0.1", "role": "router",
            "labels": [], "node_id": "", "unknown": 1, "metadata": null});
        let Value::Object(told) = body else { panic!() };
        let new = registration(told, None).unwrap();
        assert_eq!(new.node_id, None);
        assert_eq!(new.change.labels, Some(Vec::new()));
        assert_eq!((new.change.groups, new.change.metadata), (None, None));
        assert_eq!(new.change.ip.as_deref(), Some("10.0.0.1"));
    }
}
