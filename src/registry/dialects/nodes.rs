//! Contract 2: the node registry, whose paths and format the canonical one has taken over.

use serde_json::{Map, Value};

use crate::api::nodes::NodeRegister;
use crate::registry::error::ApiError;
use crate::registry::node_merge;
use crate::registry::service::nodes::NewNode;
use crate::secret::Secret;

/// What a registration tells. Its required fields are in `request`; `told` is the same body,
/// in which a field that is missing can be told from an empty one.
///
/// # Errors
/// 400 for a field that means nothing.
pub fn registration(
    request: &NodeRegister,
    told: Map<String, Value>,
    secret: Option<Secret>,
) -> Result<NewNode, ApiError> {
    let change = node_merge::told(told)
        .map_err(|error| ApiError::bad_request(format!("the body is wrong: {error}")))?;
    Ok(NewNode {
        node_id: request.node_id.clone().filter(|id| !id.is_empty()),
        change,
        default_role: request.role.clone(),
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
            "labels": [], "node_id": "", "unknown": 1});
        let request = serde_json::from_value(body.clone()).unwrap();
        let Value::Object(told) = body else { panic!() };
        let new = registration(&request, told, None).unwrap();
        assert_eq!(new.node_id, None);
        assert_eq!(new.change.labels, Some(Vec::new()));
        assert_eq!((new.change.groups, new.change.metadata), (None, None));
        assert_eq!(new.change.ip.as_deref(), Some("10.0.0.1"));
    }
}
