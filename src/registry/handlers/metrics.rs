//! `/metrics`

use std::sync::Arc;

use axum::Extension;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::registry::error::ApiError;
use crate::registry::metrics::{CONTENT_TYPE, Metrics};

/// `GET /metrics`
///
/// # Errors
/// None in practice.
pub async fn get(Extension(metrics): Extension<Arc<Metrics>>) -> Result<Response, ApiError> {
    let text = metrics.text().map_err(|_| ApiError::internal())?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}
