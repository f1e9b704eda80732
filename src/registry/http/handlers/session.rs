//! `/api/v1/session`: a browser logs in and out.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::tokens::WhoAmI;
use crate::registry::edge::identity::Caller;
use crate::registry::edge::session::{self, Halves};
use crate::registry::error::ApiError;
use crate::registry::http::dashboard::Site;
use crate::registry::http::extract::Body;
use crate::registry::service::Shared;
use crate::registry::service::door;
use crate::secret::Secret;

/// `POST /api/v1/session`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// A token of `llamactl registry token create`.
    token: Secret,
}

/// The answer: the page's half of the session; the cookie has the other.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LoggedIn {
    /// To send as the header `llamactl-session` with each request.
    key: Secret,
    /// Whose the token is and what it allows.
    whoami: WhoAmI,
}

/// `POST /api/v1/session`
///
/// # Errors
/// 400 for a body that has no token, 401 for one that does not count, 409 where the registry
/// asks for none, 429 for too many of them.
pub async fn login(
    State(service): State<Shared>,
    Extension(site): Extension<Arc<Site>>,
    Caller(caller): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    // What is wrong with it is not repeated: it may be a token.
    let login: Login = body.json().map_err(|_| {
        ApiError::bad_request("the body is wrong").hint("send {\"token\": \"llamactl_…\"}")
    })?;
    if !service.door.wants_tokens() {
        let error = "this registry asks for no tokens: there is nothing to log in to";
        return Err(ApiError::new(StatusCode::CONFLICT, error));
    }
    let who = door::of_token(&service, &login.token, caller.origin)?;
    let whoami = service.whoami(&who);
    let Halves { key, masked } = Halves::of(&login.token);
    let now = Timestamp::now();
    let cookie = session::cookie(&headers, &masked, whoami.expires, now, site.tls);
    Ok((cookie_headers(&cookie)?, Json(LoggedIn { key, whoami })).into_response())
}

/// `DELETE /api/v1/session`
///
/// # Errors
/// None in practice.
pub async fn logout(headers: HeaderMap) -> Result<Response, ApiError> {
    let headers = cookie_headers(&session::no_cookie(&headers))?;
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

fn cookie_headers(cookie: &str) -> Result<HeaderMap, ApiError> {
    let mut cookie = HeaderValue::from_str(cookie).map_err(|_| ApiError::internal())?;
    cookie.set_sensitive(true);
    let no_store = HeaderValue::from_static("no-store");
    Ok(HeaderMap::from_iter([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, no_store)]))
}
