//! `/api/v1/profiles`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::nodes::Profile;
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::{Body, Segment};
use crate::registry::service::Shared;

/// `GET /api/v1/profiles`: by role.
pub async fn list(State(service): State<Shared>) -> Json<Vec<Profile>> {
    let profiles: Vec<Arc<Profile>> = service.view().read().profiles.values().cloned().collect();
    Json(profiles.iter().map(|profile| Profile::clone(profile)).collect())
}

/// `GET /api/v1/profiles/{role}`
///
/// # Errors
/// 404 where the role has none.
pub async fn get(State(service): State<Shared>, role: Segment) -> Result<Json<Profile>, ApiError> {
    service.profile(&role.0).map(|profile| Json(Profile::clone(&profile)))
}

/// `PUT /api/v1/profiles/{role}`: the body is the profile, any JSON.
///
/// # Errors
/// As `Service::set_profile`.
pub async fn put(
    State(service): State<Shared>,
    Caller(who): Caller,
    role: Segment,
    body: Body,
) -> Result<Json<Profile>, ApiError> {
    let config: Value = body.json()?;
    let profile = service.set_profile(role.0, config, &who).await?;
    Ok(Json(Profile::clone(&profile)))
}

/// `DELETE /api/v1/profiles/{role}`
///
/// # Errors
/// 404 where the role has none.
pub async fn delete(
    State(service): State<Shared>,
    Caller(who): Caller,
    role: Segment,
) -> Result<Json<Value>, ApiError> {
    service.remove_profile(role.0.clone(), &who).await?;
    Ok(Json(json!({"status": "deleted", "role": role.0})))
}
