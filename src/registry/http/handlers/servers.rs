//! `/api/v1/servers`

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::api::{RegisterRequest, ServerFilter, ServerUpdate};
use crate::domain::server::Server;
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::{
    Body, Moment, Params, Segment, chosen_secret, listed, proof, required_proof,
};
use crate::registry::seen::bodies::Stamp;
use crate::registry::seen::list;
use crate::registry::service::Shared;

const NO_STORE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// `GET /api/v1/servers`
///
/// # Errors
/// 400 for a filter that means nothing, 503 where too many requests wait.
pub async fn list(
    State(service): State<Shared>,
    Params(mut filter): Params<ServerFilter>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    service.live.wait(filter.after.take(), filter.wait.take().as_deref()).await?;
    let (moment, stamp) = {
        let view = service.view().read();
        (Moment::of(&view, service.run), Stamp::of(&view))
    };
    let all = ServerFilter::default();
    let page = if filter == all {
        let view = service.view().clone();
        service.bodies.servers.get(stamp, move || list::render(&view, &all)).await?
    } else {
        list::render(service.view(), &filter)?
    };
    listed(&moment, page.part, &uri, &headers, || Ok(page.body))
}

/// `POST /api/v1/servers`
///
/// # Errors
/// As `Service::register`.
pub async fn register(
    State(service): State<Shared>,
    Caller(who): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let request: RegisterRequest = body.json()?;
    let (chosen, proof) = (chosen_secret(&headers)?, proof(&headers)?);
    let grant = service.register(request, chosen, proof, &who).await?;
    let location = format!("/api/v1/servers/{}", grant.id);
    let location = HeaderValue::from_str(&location).map_err(|_| ApiError::internal())?;
    let headers = [NO_STORE, (header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Json(grant)).into_response())
}

/// `GET /api/v1/servers/{id}`
///
/// # Errors
/// 404 where there is none.
pub async fn get(State(service): State<Shared>, id: Segment) -> Result<Json<Server>, ApiError> {
    service.server(id.id()?).map(Json)
}

/// `PATCH /api/v1/servers/{id}`, and `POST /api/v1/servers/{id}/heartbeat`, whose body may be
/// missing.
///
/// # Errors
/// As `Service::renew`.
pub async fn renew(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let id = id.id()?;
    let proof = required_proof(&headers)?;
    let update: ServerUpdate = if body.0.is_empty() { Default::default() } else { body.json()? };
    let renewed = service.renew(id, proof, update, &who).await?;
    Ok(Json(renewed).into_response())
}

/// `DELETE /api/v1/servers/{id}`
///
/// # Errors
/// As `Service::unregister`.
pub async fn unregister(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = id.id()?;
    service.unregister(id, proof(&headers)?, &who).await?;
    Ok(Json(json!({"status": "deleted", "id": id})).into_response())
}

/// `GET /api/v1/servers/{id}/key`
///
/// # Errors
/// 404 where there is no server, or no key to give.
pub async fn key(
    State(service): State<Shared>,
    Caller(who): Caller,
    id: Segment,
) -> Result<Response, ApiError> {
    let reply = service.key(id.id()?, &who)?;
    Ok(([NO_STORE], Json(reply)).into_response())
}
