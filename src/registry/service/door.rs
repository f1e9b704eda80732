//! Finds out who asks, before the handler, by what the registry knows of tokens.

use std::net::IpAddr;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use jiff::Timestamp;

use super::{Service, Shared};
use crate::domain::token::Scope;
use crate::registry::edge::identity::Identity;
use crate::registry::edge::session::{self, MAX_TOKEN};
use crate::registry::error::ApiError;
use crate::secret::Secret;

/// How often a stream looks whether its token still counts.
const LOOK: Duration = Duration::from_secs(2);

/// Finds out who asks, and whether they may.
///
/// # Errors
/// 400 for two tokens, 401 where a token is wanted and none that counts is shown, 403 where it
/// does not allow this or a page of another site asks, 429 for more requests than there may be.
pub fn authorise(
    service: &Service,
    method: &Method,
    headers: &HeaderMap,
    origin: Option<IpAddr>,
    scope: Option<Scope>,
) -> Result<Identity, ApiError> {
    if !service.door.wants_tokens() {
        within_limits(service, None, origin)?;
        return Ok(Identity::anybody(origin));
    }
    let shown = match shown(method, headers) {
        // What is open to everybody is open to every page too.
        Err(error) if is_open_read(method, scope, &error) => None,
        shown => shown?,
    };
    let identity = match shown {
        None => Identity::anonymous(service.door.anonymous(), origin),
        Some(token) => {
            match token.and_then(|token| find(service, &token, origin)) {
                Some(identity) => identity,
                // What is open to everybody is open to those too whose token has ended.
                None if scope.is_none() => Identity::anonymous(&[], origin),
                None => return Err(refuse(service, origin, "the token does not count here")),
            }
        }
    };
    within_limits(service, identity.token.as_deref(), origin)?;
    match scope {
        Some(scope) if !identity.allows(scope) => match &identity.token {
            None => Err(refuse(service, origin, "this registry wants a token")),
            Some(_) => Err(missing(scope)),
        },
        _ => Ok(identity),
    }
}

fn is_open_read(method: &Method, scope: Option<Scope>, error: &ApiError) -> bool {
    scope.is_none() && method.is_safe() && error.status == StatusCode::FORBIDDEN
}

/// Who has this token.
///
/// # Errors
/// 401 where it does not count, 429 for an address that tries too often.
pub fn of_token(
    service: &Service,
    token: &Secret,
    origin: Option<IpAddr>,
) -> Result<Identity, ApiError> {
    let found = Some(token).filter(|token| token.expose().len() <= MAX_TOKEN);
    let found = found.and_then(|token| find(service, token, origin));
    found.ok_or_else(|| refuse(service, origin, "the token does not count here"))
}

fn within_limits(
    service: &Service,
    token: Option<&str>,
    origin: Option<IpAddr>,
) -> Result<(), ApiError> {
    service.door.request(token, origin).map_err(|wait| {
        service.counters.refused("rate");
        ApiError::too_many("too many requests", wait).hint("ask less often, or raise --rate-limit")
    })
}

/// The token that a request shows: nothing where it shows none, `Some(None)` for something that
/// can't be one. The one place that says how a token may come: in its header, or else in the two
/// halves of a browser's session.
fn shown(method: &Method, headers: &HeaderMap) -> Result<Option<Option<Secret>>, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return session::token(method, headers) };
    if values.next().is_some() {
        return Err(ApiError::bad_request("there is more than one Authorization header"));
    }
    let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
    let token = parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map(|(_, token)| token.trim()).filter(|token| token.len() <= MAX_TOKEN);
    Ok(Some(token.map(Secret::new)))
}

/// Looks a token up by its hash, so that the time it takes tells nothing of any token.
fn find(service: &Service, token: &Secret, origin: Option<IpAddr>) -> Option<Identity> {
    let hash = token.hash();
    let view = service.view().read();
    let token = view.tokens.get(&hash).filter(|token| token.is_valid(Timestamp::now()))?;
    Some(Identity::of(token, hash, origin))
}

/// 401, or 429 for an address that tries too often.
fn refuse(service: &Service, origin: Option<IpAddr>, why: &str) -> ApiError {
    service.counters.refused("unauthorised");
    if let Err(wait) = service.door.failure(origin) {
        service.counters.refused("rate");
        return ApiError::too_many("too many failed authentications", wait);
    }
    if service.door.may_log() {
        tracing::warn!(origin = origin.map(tracing::field::display), "refused: {why}");
    }
    ApiError::unauthorised(why)
}

/// Counts a 403, and tells the log.
pub fn forbidden(service: &Service, origin: Option<IpAddr>, method: &http::Method, route: &str) {
    service.counters.refused("forbidden");
    if service.door.may_log() {
        let origin = origin.map(tracing::field::display);
        tracing::warn!(origin, %method, route, "forbidden");
    }
}

fn missing(scope: Scope) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, format!("the token does not have the scope {scope}")).hint(
        format!(
            "the registry's operator makes one that has it: `llamactl registry token create \
             --scope {scope}`"
        ),
    )
}

/// Comes back when the token does not count any more: streams end then.
pub async fn until_it_ends(service: Shared, identity: Identity) {
    loop {
        tokio::time::sleep(LOOK).await;
        if !identity.still_counts(&service.view().read(), Timestamp::now()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_in_one_header() {
        let shown = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            let token = shown(&Method::GET, &headers)?;
            Ok(token.map(|token| token.map(|token| token.expose().to_owned())))
        };
        assert_eq!(shown(&[]), Ok(None));
        for same in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(shown(&[same]), Ok(Some(Some("abc".to_owned()))), "{same}");
        }
        let long = format!("Bearer {}", "a".repeat(MAX_TOKEN + 1));
        for none in ["Basic abc", "abc", "", &long] {
            assert_eq!(shown(&[none]), Ok(Some(None)), "{none}");
        }
        let two: ApiError = shown(&["Bearer a", "Bearer a"]).unwrap_err();
        assert_eq!(two.status, StatusCode::BAD_REQUEST);
    }
}
