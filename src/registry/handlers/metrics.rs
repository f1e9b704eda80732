//! `/metrics`

use std::sync::Arc;

use axum::Extension;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};

use crate::registry::error::ApiError;
use crate::registry::metrics::{Metrics, OPENMETRICS, TEXT, older};

/// `GET /metrics`: OpenMetrics for whoever asks for it, as Prometheus does; else the older text.
///
/// # Errors
/// None in practice.
pub async fn get(
    Extension(metrics): Extension<Arc<Metrics>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let text = metrics.text().map_err(|_| ApiError::internal())?;
    let wanted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut wanted = wanted.flat_map(|value| value.split(','));
    let vary = (header::VARY, HeaderValue::from_static("accept"));
    if wanted.any(|kind| kind.trim().starts_with("application/openmetrics-text")) {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(OPENMETRICS));
        return Ok(([kind, vary], text).into_response());
    }
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(TEXT));
    Ok(([kind, vary], older(&text)).into_response())
}
