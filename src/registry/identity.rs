//! Who asks: found once for each request, before its handler, and handed on to it.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use super::error::ApiError;
use super::service::Service;
use crate::domain::token::Scope;

/// The address that a connection comes from, as an extension of its requests.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Who asks, as far as the registry knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The owner of the token; nobody where the registry asks for none, or none was shown.
    pub owner: Option<String>,
    /// The token's id, by which rates are limited and changes are recorded.
    pub token: Option<String>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Where the request comes from.
    pub origin: Option<IpAddr>,
}

impl Identity {
    /// Whoever reaches the port of a registry without tokens: everything is allowed, and
    /// nothing is known of them.
    pub fn anybody(origin: Option<IpAddr>) -> Identity {
        Identity { owner: None, token: None, scopes: vec![Scope::Admin], origin }
    }

    /// Whether it may do what wants `scope`.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }
}

/// Finds out who asks, and whether they may.
///
/// # Errors
/// 401 where a token is wanted and none that counts is shown, 403 where it does not allow this.
pub fn authorise(
    _service: &Service,
    _headers: &HeaderMap,
    origin: Option<IpAddr>,
    scope: Option<Scope>,
) -> Result<Identity, ApiError> {
    let identity = Identity::anybody(origin);
    match scope.is_none_or(|scope| identity.allows(scope)) {
        true => Ok(identity),
        false => Err(ApiError::new(StatusCode::FORBIDDEN, "the token does not allow this")),
    }
}

/// The caller, for handlers.
#[derive(Debug, Clone)]
pub struct Caller(pub Identity);

impl Caller {
    /// Puts the caller into a request, for its handler.
    pub fn attach(identity: Identity, request: &mut Request) {
        request.extensions_mut().insert(Caller(identity));
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Caller, ApiError> {
        // Every request goes through the guard, which puts it there.
        parts.extensions.get::<Caller>().cloned().ok_or_else(ApiError::internal)
    }
}
