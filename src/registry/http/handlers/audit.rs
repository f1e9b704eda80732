//! `/api/v1/audit`

use axum::Json;
use axum::extract::State;

use crate::api::tokens::{AuditEntry, AuditFilter};
use crate::registry::error::ApiError;
use crate::registry::http::extract::Params;
use crate::registry::service::Shared;

/// `GET /api/v1/audit`
///
/// # Errors
/// 400 for a filter that means nothing, 503 when the database can't be read.
pub async fn list(
    State(service): State<Shared>,
    Params(filter): Params<AuditFilter>,
) -> Result<Json<Vec<AuditEntry>>, ApiError> {
    Ok(Json(service.audit(filter).await?))
}
