//! `/api/v1/notifications`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::Body;
use crate::registry::service::Shared;

/// `POST /api/v1/notifications`
///
/// # Errors
/// As `Service::relay`.
pub async fn relay(
    State(service): State<Shared>,
    Caller(who): Caller,
    body: Body,
) -> Result<Response, ApiError> {
    let relayed = service.relay(body.json()?, &who).await?;
    Ok((StatusCode::ACCEPTED, Json(relayed)).into_response())
}
