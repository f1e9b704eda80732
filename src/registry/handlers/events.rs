//! `/api/v1/events`

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Params;
use crate::domain::event::Event;
use crate::registry::error::ApiError;
use crate::registry::service::Service;

/// Query parameters of `GET /api/v1/events`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    /// Only events after this number.
    #[serde(default)]
    after: u64,
    /// At most so many.
    limit: Option<usize>,
}

/// `GET /api/v1/events?after=SEQ&limit=N`: what happened, oldest first.
///
/// # Errors
/// 400 for parameters that mean nothing, 503 when the database can't be read.
pub async fn list(
    State(service): State<Service>,
    Params(query): Params<EventQuery>,
) -> Result<Json<Vec<Event>>, ApiError> {
    let limit = query.limit.unwrap_or(100);
    Ok(Json(service.events(query.after, limit).await?))
}
