//! `/api/v1/servers/{id}/connect` and `/api/v1/servers/{id}/usage`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use crate::api::dashboard::{ConnectQuery, Usage};
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::{Params, Segment};
use crate::registry::service::Shared;

/// `GET /api/v1/servers/{id}/connect`
///
/// # Errors
/// As `Service::snippets`.
pub async fn get(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
    Params(query): Params<ConnectQuery>,
) -> Result<Response, ApiError> {
    let reply = service.snippets(id.id()?, &query, &who)?;
    // A key may be in it.
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([no_store], Json(reply)).into_response())
}

/// `GET /api/v1/servers/{id}/usage`
///
/// # Errors
/// As `Service::usage`.
pub async fn usage(State(service): State<Shared>, id: Segment) -> Result<Json<Usage>, ApiError> {
    service.usage(id.id()?).map(Json)
}
