//! `/metrics`

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use serde_json::json;

use super::wants_json;
use crate::registry::error::ApiError;
use crate::registry::metrics::{CONTENT_TYPE, Metrics};
use crate::registry::service::{SERVICE_NAME, Service};

/// `GET /metrics`: for Prometheus; to clients that accept JSON, the few numbers of contract 2.
///
/// # Errors
/// None in practice.
pub async fn get(
    State(service): State<Service>,
    Extension(metrics): Extension<Arc<Metrics>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let vary = (header::VARY, HeaderValue::from_static("accept"));
    if wants_json(&headers) {
        let (total, active) = {
            let view = service.view().read();
            let active = view.nodes.values().filter(|entry| entry.is_live()).count();
            (view.nodes.len(), active)
        };
        let numbers = json!({
            "service": SERVICE_NAME,
            "uptime_seconds": service.uptime(),
            "total_nodes": total,
            "active_nodes": active,
            "timestamp": Timestamp::now(),
        });
        return Ok(([vary], Json(numbers)).into_response());
    }
    let text = metrics.text().map_err(|_| ApiError::internal())?;
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    Ok(([content_type, vary], text).into_response())
}
