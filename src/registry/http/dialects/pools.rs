//! Contract 3: nodes with pools of slots, under `/v2/nodes`.

use axum::Json;
use axum::extract::State;
use http::HeaderMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::nodes::NodeFilter;
use crate::domain::node::change::NodeChange;
use crate::domain::node::{Measured, NodeCapabilities, PoolStatus};
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::{Body, Params, Segment, chosen_secret, proof};
use crate::registry::seen::node_list;
use crate::registry::seen::nodes::{NodeEntry, url_host};
use crate::registry::service::nodes::{NewNode, Sign};
use crate::registry::service::{Service, Shared};

/// What a node is for that this format tells nothing of.
const ROLE: &str = "compute";

/// `POST /v2/nodes/register`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Register {
    /// Its id.
    node_id: String,
    /// Id of the machine.
    #[serde(default)]
    machine_id: Option<String>,
    /// URL of its own service.
    #[serde(default)]
    address: Option<String>,
    /// Names of its pools.
    #[serde(default)]
    pools: Option<Vec<String>>,
    /// What it has.
    #[serde(default)]
    capabilities: Option<Map<String, Value>>,
}

/// The answer to a registration and to a heartbeat.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Next {
    /// Always.
    success: bool,
    /// Beat after so many milliseconds.
    next_heartbeat_ms: u64,
}

/// `POST /v2/nodes/{id}/heartbeat`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// When the node sent it. The clocks of two machines are not compared.
    #[serde(default, rename = "timestamp")]
    _timestamp: Option<Value>,
    /// Its pools.
    #[serde(default)]
    pools: Option<Vec<PoolStatus>>,
}

/// A node in this format.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PoolNode {
    /// Its id.
    node_id: String,
    /// Id of the machine.
    machine_id: Option<String>,
    /// URL of its own service; its address, where another format told only that.
    address: Option<String>,
    /// Names of its pools.
    pools: Vec<String>,
    /// Its pools. Where the node takes no work, none of them is ready.
    pool_status: Vec<PoolStatus>,
    /// What it has.
    capabilities: NodeCapabilities,
    /// Whether it has a pool that is ready.
    ready: bool,
    /// When the registry last heard of it.
    last_heartbeat: Timestamp,
    /// When it first did.
    registered_at: Timestamp,
}

/// The answer to a removal.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Removed {
    /// Always.
    success: bool,
}

/// `POST /v2/nodes/register`
///
/// # Errors
/// As [`Service::register_node`].
pub async fn register(
    State(service): State<Shared>,
    Caller(who): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Next>, ApiError> {
    let mut new = registration(body.json()?);
    new.secret = chosen_secret(&headers)?;
    service.register_node(new, proof(&headers)?, &who).await?;
    Ok(Json(next(&service)))
}

/// `POST /v2/nodes/{id}/heartbeat`
///
/// # Errors
/// As [`Service::beat_node`]: 404 for one that is not known, so that it registers anew.
pub async fn beat(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Next>, ApiError> {
    let beat: Heartbeat = if body.0.is_empty() { Heartbeat::default() } else { body.json()? };
    let sign = Sign { status: None, measured: Measured { metrics: None, pools: beat.pools } };
    service.beat_node(id.0, sign, proof(&headers)?, &who).await?;
    Ok(Json(next(&service)))
}

/// `GET /v2/nodes`
///
/// # Errors
/// 400 for a filter that means nothing.
pub async fn list(
    State(service): State<Shared>,
    Params(filter): Params<NodeFilter>,
) -> Result<Json<Vec<PoolNode>>, ApiError> {
    let nodes = node_list::all(&service.view().read().nodes, &filter)?;
    Ok(Json(nodes.iter().map(|entry| shown(entry)).collect()))
}

/// `GET /v2/nodes/{id}`
///
/// # Errors
/// 404 where there is none.
pub async fn get(State(service): State<Shared>, id: Segment) -> Result<Json<PoolNode>, ApiError> {
    Ok(Json(shown(&*service.node(&id.0)?)))
}

/// `DELETE /v2/nodes/{id}`
///
/// # Errors
/// As [`Service::remove_node`].
pub async fn delete(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
    headers: HeaderMap,
) -> Result<Json<Removed>, ApiError> {
    service.remove_node(id.0, proof(&headers)?, &who).await?;
    Ok(Json(Removed { success: true }))
}

fn next(service: &Service) -> Next {
    let after = service.beat_node_after().as_millis() as u64;
    Next { success: true, next_heartbeat_ms: after }
}

fn registration(request: Register) -> NewNode {
    let host = request.address.as_deref().and_then(url_host);
    let ip = host.filter(|host| host.parse::<std::net::IpAddr>().is_ok()).map(str::to_owned);
    NewNode {
        node_id: Some(request.node_id),
        change: NodeChange {
            machine_id: request.machine_id,
            address: request.address,
            ip,
            capabilities: request.capabilities.map(without_empty),
            ..NodeChange::default()
        },
        default_role: ROLE.to_owned(),
        pools: request.pools,
        secret: None,
    }
}

fn shown(entry: &NodeEntry) -> PoolNode {
    let info = &entry.info;
    let takes_work = entry.takes_work();
    let mut pools = entry.pools.clone();
    for pool in &mut pools {
        pool.ready &= takes_work;
    }
    let mut capabilities = info.capabilities.clone();
    let gpus = capabilities.gpus();
    capabilities.gpu_count = capabilities.gpu_count.or((gpus > 0).then_some(gpus));
    capabilities.total_vram_mb = capabilities.vram_mb();
    PoolNode {
        node_id: info.node_id.clone(),
        machine_id: info.machine_id.clone(),
        address: info.address.clone().or_else(|| entry.ip().map(str::to_owned)),
        pools: pools.iter().map(|pool| pool.pool_id.clone()).collect(),
        ready: pools.iter().any(|pool| pool.ready),
        pool_status: pools,
        capabilities,
        last_heartbeat: entry.last_heartbeat,
        registered_at: entry.created_at,
    }
}

/// The library of this format has no word for "none": a node without CUDA sends an empty text.
fn without_empty(mut capabilities: Map<String, Value>) -> Map<String, Value> {
    capabilities.retain(|_, value| value.as_str() != Some(""));
    capabilities
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::node::Life;
    use crate::registry::seen::nodes::tests::entry;

    #[test]
    fn a_registration_tells_what_it_tells_and_nothing_else() {
        let body = json!({"node_id": "gpu-node-1", "machine_id": "machine-alpha",
            "address": "http://192.168.1.100:9200", "pools": ["pool-0", "pool-1"],
            "capabilities": {"gpu_count": 2, "total_vram_mb": 48000, "cuda_version": "12.1"}});
        let new = registration(serde_json::from_value(body).unwrap());
        assert_eq!(new.node_id.as_deref(), Some("gpu-node-1"));
        assert_eq!(new.change.ip.as_deref(), Some("192.168.1.100"));
        assert_eq!(new.pools.unwrap(), ["pool-0", "pool-1"]);
        assert_eq!((new.change.role, new.change.labels, new.change.hostname), (None, None, None));
    }

    #[test]
    fn a_node_that_takes_no_work_has_no_pool_that_is_ready() {
        let mut node = entry("a");
        node.pools = vec![PoolStatus { pool_id: "p".into(), ready: true, ..Default::default() }];
        node.info.capabilities.gpu_memory = Some(24.0);
        node.info.vpn_ip = Some("10.8.0.2".into());
        let of = |node: &NodeEntry| shown(node);
        assert!(of(&node).ready && of(&node).pool_status[0].ready);
        assert_eq!(of(&node).address.as_deref(), Some("10.8.0.2"));
        assert_eq!(of(&node).capabilities.total_vram_mb, Some(24 * 1024));
        node.maintenance = true;
        assert!(!of(&node).ready && !of(&node).pool_status[0].ready);
        assert_eq!(of(&node).pools, ["p"]);
        (node.maintenance, node.life) = (false, Life::Warning);
        assert!(!of(&node).ready);
    }
}
