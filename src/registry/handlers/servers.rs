//! `/api/v1/servers`

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use super::{Body, Params, Segment, chosen_secret, proof, required_proof};
use crate::api::{RegisterRequest, SEQ_HEADER, ServerFilter, ServerUpdate};
use crate::domain::server::Server;
use crate::registry::bodies::Stamp;
use crate::registry::error::ApiError;
use crate::registry::list;
use crate::registry::service::{Service, is_custom};

const NO_STORE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// `GET /api/v1/servers`
///
/// # Errors
/// 400 for a filter that means nothing, 503 where too many requests wait.
pub async fn list(
    State(service): State<Service>,
    Params(mut filter): Params<ServerFilter>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    service.live.wait(filter.after.take(), filter.wait.take().as_deref()).await?;
    // Weak: `last_seen` moves with every beat, and is not worth a new answer.
    let (etag, stamp, seq) = {
        let view = service.view().read();
        let etag = format!("W/\"{}.{}.{:08x}\"", view.seq, view.revision, service.run);
        (etag, Stamp::of(&view), view.seq)
    };
    let all = ServerFilter::default();
    let page = if filter == all {
        let view = service.view().clone();
        service.bodies.servers.get(stamp, move || list::render(&view, &all)).await?
    } else {
        list::render(service.view(), &filter)?
    };
    let mut answer = HeaderMap::new();
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| ApiError::internal());
    answer.insert(header::ETAG, value(&etag)?);
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer.insert(SEQ_HEADER, HeaderValue::from(seq));
    answer.insert("x-total-count", HeaderValue::from(page.total));
    if let Some(link) = list::link(&uri, &page) {
        answer.insert(header::LINK, value(&link)?);
    }
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let known = known.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    if known.map(str::trim).any(|known| known == etag || known == "*") {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok((answer, page.body).into_response())
}

/// `POST /api/v1/servers`
///
/// # Errors
/// As [`Service::register`].
pub async fn register(
    State(service): State<Service>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let request: RegisterRequest = body.json()?;
    let grant = service.register(request, chosen_secret(&headers)?, proof(&headers)?).await?;
    let location = format!("/api/v1/servers/{}", grant.id);
    let location = HeaderValue::from_str(&location).map_err(|_| ApiError::internal())?;
    let headers = [NO_STORE, (header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Json(grant)).into_response())
}

/// `GET /api/v1/servers/{id}`
///
/// # Errors
/// 404 where there is none.
pub async fn get(State(service): State<Service>, id: Segment) -> Result<Json<Server>, ApiError> {
    let id = id.id()?;
    let view = service.view().read();
    if let Some(entry) = view.entries.get(&id) {
        return Ok(Json(entry.server.clone()));
    }
    if !is_custom(id) {
        return Err(ApiError::unknown());
    }
    let legacy = view.legacy_visible().find(|entry| entry.id() == id);
    legacy.and_then(|entry| entry.server()).map(Json).ok_or_else(ApiError::unknown)
}

/// `PATCH /api/v1/servers/{id}`, and `POST /api/v1/servers/{id}/heartbeat`, whose body may be
/// missing.
///
/// # Errors
/// As [`Service::renew`].
pub async fn renew(
    State(service): State<Service>,
    id: Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let id = id.id()?;
    let proof = required_proof(&headers)?;
    let update: ServerUpdate = if body.0.is_empty() { Default::default() } else { body.json()? };
    let renewed = service.renew(id, proof, update).await?;
    Ok(Json(renewed).into_response())
}

/// `DELETE /api/v1/servers/{id}`
///
/// # Errors
/// As [`Service::unregister`].
pub async fn unregister(
    State(service): State<Service>,
    id: Segment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = id.id()?;
    service.unregister(id, required_proof(&headers)?).await?;
    Ok(Json(json!({"status": "deleted", "id": id})).into_response())
}

/// `GET /api/v1/servers/{id}/key`
///
/// # Errors
/// 404 where there is no server, or no key to give.
pub async fn key(State(service): State<Service>, id: Segment) -> Result<Response, ApiError> {
    let reply = service.key(id.id()?)?;
    Ok(([NO_STORE], Json(reply)).into_response())
}
