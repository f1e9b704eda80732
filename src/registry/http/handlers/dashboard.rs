//! `/`, `/dashboard/…` and `/api/v1/dashboard`: the page for people. It has no data in itself,
//! so that everybody may have it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::tokens::WhoAmI;
use crate::domain::token::Scope;
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::dashboard::{self, INDEX, Site};
use crate::registry::http::extract::Segment;
use crate::registry::http::extract::wants_json;
use crate::registry::service::{SERVICE_NAME, Shared};

/// How tokens are dealt with.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Auth {
    /// They are asked for.
    Token,
    /// Nobody needs one.
    None,
}

/// What a page must know before anything else.
#[derive(Debug, Serialize, JsonSchema)]
pub struct About {
    version: &'static str,
    /// Whether tokens are asked for.
    auth: Auth,
    /// Whether it can be reached from elsewhere and asks for no tokens: worth a warning.
    exposed: bool,
    /// What may be done without a token, where they are asked for.
    anonymous: Vec<Scope>,
    /// The login node by which people outside reach the cluster, where its operator said so.
    login_host: Option<String>,
    /// Who asks; nobody without a token that counts.
    whoami: Option<WhoAmI>,
}

/// `GET /`
///
/// # Errors
/// None in practice.
pub async fn index(headers: HeaderMap) -> Result<Response, ApiError> {
    let mut response = match wants_json(&headers) {
        true => Json(information()).into_response(),
        false => dashboard::file(INDEX, &headers).ok_or_else(ApiError::internal)?,
    };
    let vary = HeaderValue::from_static("accept, accept-encoding");
    response.headers_mut().insert(header::VARY, vary);
    Ok(response)
}

/// `GET /dashboard/{path}`
///
/// # Errors
/// 404 for a file that it does not have.
pub async fn file(path: Segment, headers: HeaderMap) -> Result<Response, ApiError> {
    dashboard::file(&path.0, &headers).ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "the dashboard has no such file")
            .hint("it is at /; another version of it may be in your browser: load it anew")
    })
}

/// `GET /api/v1/dashboard`
pub async fn about(
    State(service): State<Shared>,
    Extension(site): Extension<Arc<Site>>,
    Caller(caller): Caller,
) -> Response {
    let about = About {
        version: env!("CARGO_PKG_VERSION"),
        auth: if service.door.wants_tokens() { Auth::Token } else { Auth::None },
        exposed: site.exposed,
        anonymous: service.door.anonymous().to_vec(),
        login_host: service.login_host.clone(),
        whoami: caller.owner.is_some().then(|| service.whoami(&caller)),
    };
    let no_store = HeaderValue::from_static("no-store");
    ([(header::CACHE_CONTROL, no_store)], Json(about)).into_response()
}

/// What the registry is, for programs (contract 2).
fn information() -> Value {
    json!({
        "service": SERVICE_NAME,
        "version": env!("CARGO_PKG_VERSION"),
        "endpoints": {
            "servers": "/api/v1/servers",
            "nodes": "/api/v1/nodes",
            "profiles": "/api/v1/profiles",
            "events": "/api/v1/events",
            "health": "/health",
            "metrics": "/metrics",
        },
    })
}
