//! `/api/v1/tokens` and `/api/v1/whoami`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::api::tokens::{TokenRevoke, WhoAmI};
use crate::domain::token::Token;
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::{Body, Params, Segment};
use crate::registry::service::Shared;

/// `GET /api/v1/tokens`
pub async fn list(State(service): State<Shared>) -> Json<Vec<Token>> {
    Json(service.tokens())
}

/// `POST /api/v1/tokens`
///
/// # Errors
/// As `Service::create_token`.
pub async fn create(
    State(service): State<Shared>,
    Caller(who): Caller,
    body: Body,
) -> Result<Response, ApiError> {
    let created = service.create_token(body.json()?, &who).await?;
    let location = format!("/api/v1/tokens/{}", created.token.id);
    let location = HeaderValue::from_str(&location).map_err(|_| ApiError::internal())?;
    let no_store = HeaderValue::from_static("no-store");
    let headers = [(header::CACHE_CONTROL, no_store), (header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Json(created)).into_response())
}

/// `DELETE /api/v1/tokens/{id}`
///
/// # Errors
/// As `Service::revoke_token`.
pub async fn revoke(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
    Params(query): Params<TokenRevoke>,
) -> Result<Json<Token>, ApiError> {
    Ok(Json(service.revoke_token(id.0, query.force, &who).await?))
}

/// `GET /api/v1/whoami`
pub async fn whoami(State(service): State<Shared>, Caller(who): Caller) -> Json<WhoAmI> {
    Json(service.whoami(&who))
}
