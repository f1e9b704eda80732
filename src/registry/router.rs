//! Every route, and what every request goes through.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderValue, StatusCode, header};

use super::auth::Hosts;
use super::dialects::slurm;
use super::error::ApiError;
use super::handlers::{events, health, metrics, page, servers};
use super::metrics::Metrics;
use super::service::Service;
use crate::api::MAX_BODY;

/// How long one request may take, its body included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// All routes.
pub fn router(service: Service, hosts: Hosts, page: page::Page) -> Router {
    let metrics = Arc::new(Metrics::new(&service.counters, &service.store));
    let guard = Guard { service: service.clone(), hosts: Arc::new(hosts) };
    Router::new()
        .route("/", get(page::get))
        .route("/health", get(health::get))
        .route("/metrics", get(metrics::get))
        // Contract 1.
        .route("/servers", get(slurm::list))
        .route(
            "/servers/{job_id}",
            get(slurm::get).post(slurm::put).put(slurm::put).delete(slurm::delete),
        )
        .route("/servers/by-owner/{owner}", get(slurm::by_owner))
        // Canonical.
        .route("/api/v1/servers", get(servers::list).post(servers::register))
        .route(
            "/api/v1/servers/{id}",
            get(servers::get).patch(servers::renew).delete(servers::unregister),
        )
        .route("/api/v1/servers/{id}/heartbeat", post(servers::renew))
        .route("/api/v1/servers/{id}/key", get(servers::key))
        .route("/api/v1/events", get(events::list))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(Extension(metrics))
        .layer(Extension(Arc::new(page)))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(guard, guarded))
        .with_state(service)
}

async fn no_such_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "there is nothing at this path")
}

async fn no_such_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method")
}

#[derive(Clone)]
struct Guard {
    service: Service,
    hosts: Arc<Hosts>,
}

/// Checks where a request comes from, bounds its time, keeps a panic from the client, counts
/// it, and adds the headers that every answer has.
async fn guarded(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match guard.hosts.check(&method, request.uri(), request.headers()) {
        Ok(()) => bounded(REQUEST_TIMEOUT, next.run(request)).await,
        Err(error) => error.into_response(),
    };
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    let status = response.status().as_u16();
    guard.service.counters.request(&method, route, status, start.elapsed());
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

async fn bounded(
    limit: Duration,
    answer: impl Future<Output = Response> + Send + 'static,
) -> Response {
    // A task of its own: a panic in it is a result here, and what was begun is finished when
    // the client goes away.
    let mut task = tokio::spawn(answer);
    match tokio::time::timeout(limit, &mut task).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            tracing::error!(%error, "a request failed");
            ApiError::internal().into_response()
        }
        Err(_) => {
            task.abort();
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the request took too long")
                .hint("it may have been carried out: trying again is safe")
                .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_reaches_the_client_only_as_an_internal_error() {
        let response = bounded(REQUEST_TIMEOUT, async { panic!("the secret reason") }).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(&body[..], br#"{"error":"internal server error"}"#);
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_ended_with_a_word() {
        let response = bounded(Duration::from_millis(20), std::future::pending()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}
