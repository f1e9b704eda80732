//! `/health`

use axum::Json;
use axum::extract::State;
use http::uri::Authority;
use http::{HeaderMap, header};

use crate::api::Health;
use crate::registry::service::Shared;

/// The port of contract 2, whose clients want another word than those of contract 1. It is the
/// only thing in which the two contradict each other, and in which their requests can differ.
const OLD_NODE_REGISTRY: u16 = 9205;

/// `GET /health`
pub async fn get(State(service): State<Shared>, headers: HeaderMap) -> Json<Health> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let port =
        host.and_then(|host| host.parse::<Authority>().ok()).and_then(|host| host.port_u16());
    let word = if port == Some(OLD_NODE_REGISTRY) { "healthy" } else { "ok" };
    Json(service.health(word))
}
