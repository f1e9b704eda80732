//! `/metrics`

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use serde_json::json;

use crate::registry::error::ApiError;
use crate::registry::http::extract::wants_json;
use crate::registry::http::metrics::{Metrics, OPENMETRICS, TEXT, older};
use crate::registry::service::{SERVICE_NAME, Shared};

/// `GET /metrics`: OpenMetrics for whoever asks for it, as Prometheus does; to clients that
/// accept JSON, the few numbers of contract 2; else the older text.
///
/// # Errors
/// None in practice.
pub async fn get(
    State(service): State<Shared>,
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
    let wanted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut wanted = wanted.flat_map(|value| value.split(','));
    if wanted.any(|kind| kind.trim().starts_with("application/openmetrics-text")) {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(OPENMETRICS));
        return Ok(([kind, vary], text).into_response());
    }
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(TEXT));
    Ok(([kind, vary], older(&text)).into_response())
}
