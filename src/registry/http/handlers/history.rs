//! `/api/v1/history`

use axum::Json;
use axum::extract::State;

use crate::api::nodes::{History, HistoryQuery};
use crate::registry::error::ApiError;
use crate::registry::http::extract::Params;
use crate::registry::service::Shared;

/// `GET /api/v1/history?since=7d&step=1h&what=servers`
///
/// # Errors
/// As `Service::history`.
pub async fn get(
    State(service): State<Shared>,
    Params(query): Params<HistoryQuery>,
) -> Result<Json<History>, ApiError> {
    service.history(&query).await.map(Json)
}
