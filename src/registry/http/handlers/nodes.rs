//! `/api/v1/nodes`, which is contract 2 too, and `/api/v1/maintenance`.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value, json};

use crate::api::nodes::{
    CleanupQuery, CleanupReply, Maintenance, NodeBeat, NodeBeatReply, NodeFilter, NodeLease,
    NodeReply,
};
use crate::domain::node::Node;
use crate::domain::node::change::NodeChange;
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::dialects::nodes as dialect;
use crate::registry::http::extract::{Body, Moment, Params, Segment, chosen_secret, listed, proof};
use crate::registry::seen::list::Part;
use crate::registry::seen::node_list;
use crate::registry::service::Shared;
use crate::registry::service::nodes::Sign;

/// `POST /api/v1/nodes/register`
///
/// # Errors
/// As `Service::register_node`.
pub async fn register(
    State(service): State<Shared>,
    Caller(who): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let told: Map<String, Value> = body.json()?;
    let secret = chosen_secret(&headers)?;
    let new = dialect::registration(told, secret.clone())?;
    let registered = service.register_node(new, proof(&headers)?, &who).await?;
    let generation = registered.generation;
    let reply = NodeReply {
        node: registered.entry.node(),
        lease: secret.map(|secret| NodeLease { generation, secret }),
        beat_after_ms: service.beat_node_after().as_millis() as u64,
    };
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([no_store], Json(reply)).into_response())
}

/// `POST /api/v1/nodes/heartbeat`
///
/// # Errors
/// As `Service::beat_node`.
pub async fn beat(
    State(service): State<Shared>,
    Caller(who): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<NodeBeatReply>, ApiError> {
    let NodeBeat { node_id, status, measured } = body.json()?;
    let sign = Sign { status, measured };
    service.beat_node(node_id.clone(), sign, proof(&headers)?, &who).await?;
    let entry = service.node(&node_id)?;
    Ok(Json(NodeBeatReply {
        node_id,
        status: entry.state().status().to_owned(),
        last_heartbeat: entry.last_heartbeat,
        beat_after_ms: service.beat_node_after().as_millis() as u64,
    }))
}

/// `GET /api/v1/nodes`: by name.
///
/// # Errors
/// 400 for a filter that means nothing, 503 where too many requests wait.
pub async fn list(
    State(service): State<Shared>,
    Params(filter): Params<NodeFilter>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    service.live.wait(filter.after, filter.wait.as_deref()).await?;
    let (moment, page) = {
        let view = service.view().read();
        (Moment::of(&view, service.run), node_list::page(&view.nodes, &filter)?)
    };
    let part =
        Part { offset: page.offset, held: page.nodes.len(), limit: page.limit, total: page.total };
    listed(&moment, part, &uri, &headers, || {
        let nodes: Vec<Node> = page.nodes.iter().map(|entry| entry.node()).collect();
        serde_json::to_vec(&nodes).map(Bytes::from).map_err(|_| ApiError::internal())
    })
}

/// `GET /api/v1/nodes/{node_id}`
///
/// # Errors
/// 404 where there is none.
pub async fn get(State(service): State<Shared>, id: Segment) -> Result<Json<Node>, ApiError> {
    Ok(Json(service.node(&id.0)?.node()))
}

/// `PATCH /api/v1/nodes/{node_id}`
///
/// # Errors
/// As `Service::change_node`.
pub async fn change(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Node>, ApiError> {
    let change: NodeChange = body.json()?;
    let entry = service.change_node(id.0, change, proof(&headers)?, &who).await?;
    Ok(Json(entry.node()))
}

/// `DELETE /api/v1/nodes/{node_id}`
///
/// # Errors
/// As `Service::remove_node`.
pub async fn delete(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    service.remove_node(id.0.clone(), proof(&headers)?, &who).await?;
    Ok(Json(json!({"status": "deleted", "node_id": id.0})))
}

/// `PUT /api/v1/nodes/{node_id}/maintenance`
///
/// # Errors
/// As `Service::maintain_node`.
pub async fn maintain(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
    body: Body,
) -> Result<Json<Node>, ApiError> {
    let Maintenance { on, reason } = body.json()?;
    let entry = service.maintain_node(id.0, on, reason, &who).await?;
    Ok(Json(entry.node()))
}

/// `POST /api/v1/maintenance/cleanup?timeout_minutes=5`
///
/// # Errors
/// As `Service::clean_nodes`.
pub async fn clean(
    State(service): State<Shared>,
    Caller(who): Caller,
    Params(query): Params<CleanupQuery>,
) -> Result<Json<CleanupReply>, ApiError> {
    service.clean_nodes(query, &who).await.map(Json)
}
