//! `/api/v1/watches`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::api::Deleted;
use crate::api::dashboard::Watches;
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::{Body, Segment};
use crate::registry::service::Shared;

/// `GET /api/v1/watches`
///
/// # Errors
/// As `Service::watches`.
pub async fn list(
    State(service): State<Shared>,
    Caller(who): Caller,
) -> Result<Json<Watches>, ApiError> {
    service.watches(&who).await.map(Json)
}

/// `POST /api/v1/watches`
///
/// # Errors
/// As `Service::create_watch`.
pub async fn create(
    State(service): State<Shared>,
    Caller(who): Caller,
    body: Body,
) -> Result<Response, ApiError> {
    let watch = service.create_watch(body.json()?, &who).await?;
    let location = format!("/api/v1/watches/{}", watch.id);
    let location = HeaderValue::from_str(&location).map_err(|_| ApiError::internal())?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(watch)).into_response())
}

/// `DELETE /api/v1/watches/{id}`
///
/// # Errors
/// As `Service::remove_watch`.
pub async fn delete(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
) -> Result<Json<Deleted>, ApiError> {
    service.remove_watch(id.0.clone(), &who).await?;
    Ok(Json(Deleted { status: "deleted".to_owned(), id: id.0 }))
}
