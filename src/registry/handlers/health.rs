//! `/health`

use axum::Json;
use axum::extract::State;

use crate::api::Health;
use crate::registry::service::Service;

/// `GET /health`
pub async fn get(State(service): State<Service>) -> Json<Health> {
    Json(service.health())
}
