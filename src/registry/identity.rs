//! Who asks: found once for each request, before its handler, and handed on to it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use jiff::Timestamp;

use super::error::ApiError;
use super::limits::{Limits, Rate};
use super::service::{Service, Shared};
use super::session::{self, MAX_TOKEN};
use super::store::{By, Reach};
use super::view::View;
use crate::domain::token::{Scope, Token};
use crate::secret::Secret;

/// How often a stream looks whether its token still counts.
const LOOK: Duration = Duration::from_secs(2);
/// Refusals a second that the log tells of; the others are only counted.
const LOGGED: std::num::NonZeroU32 = std::num::NonZeroU32::new(5).unwrap();

/// The address that a connection comes from, as an extension of its requests.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// What the registry asks of those who use it.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What may be done without a token; nothing where tokens are not asked for at all.
    pub anonymous: Option<Vec<Scope>>,
    /// Requests a second of one token, or of one address without any.
    pub rate: Option<Rate>,
}

impl Policy {
    /// Nobody needs a token, and nobody is known.
    pub const OPEN: Policy = Policy { anonymous: None, rate: None };
}

/// The door: who comes in, and how often. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Door(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    anonymous: Option<Vec<Scope>>,
    limits: Limits,
    logged: DefaultDirectRateLimiter,
}

impl Door {
    /// A door with this policy.
    pub fn new(policy: Policy) -> Door {
        Door(Arc::new(Inner {
            anonymous: policy.anonymous,
            limits: Limits::new(policy.rate),
            logged: RateLimiter::direct(Quota::per_second(LOGGED)),
        }))
    }

    /// Whether tokens are asked for.
    pub fn wants_tokens(&self) -> bool {
        self.0.anonymous.is_some()
    }

    /// What may be done without a token, where tokens are asked for.
    pub fn anonymous(&self) -> &[Scope] {
        self.0.anonymous.as_deref().unwrap_or_default()
    }
}

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
    /// Hash of the token, to look it up again.
    hash: Option<String>,
    reach: Reach,
}

impl Identity {
    /// Whoever reaches the port of a registry without tokens: everything is allowed, and
    /// nothing is known of them.
    pub fn anybody(origin: Option<IpAddr>) -> Identity {
        let scopes = vec![Scope::Admin];
        Identity { owner: None, token: None, scopes, origin, hash: None, reach: Reach::All }
    }

    /// Whoever shows no token to a registry that knows tokens.
    fn anonymous(scopes: &[Scope], origin: Option<IpAddr>) -> Identity {
        let scopes = scopes.to_vec();
        Identity { owner: None, token: None, scopes, origin, hash: None, reach: Reach::Unproven }
    }

    fn of(token: &Token, hash: String, origin: Option<IpAddr>) -> Identity {
        let admin = token.allows(Scope::Admin);
        Identity {
            owner: Some(token.owner.clone()),
            token: Some(token.id.clone()),
            scopes: token.scopes.clone(),
            origin,
            hash: Some(hash),
            reach: if admin { Reach::All } else { Reach::Own },
        }
    }

    /// Whether it may do what wants `scope`.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// Whether it is an administrator whom the registry knows: not merely somebody whom it does
    /// not ask.
    pub fn is_known_admin(&self) -> bool {
        self.owner.is_some() && self.allows(Scope::Admin)
    }

    /// Who it is for operations of the store: for the audit, and for whose entries it may
    /// change.
    pub fn by(&self) -> By {
        By {
            actor: self.owner.clone(),
            token: self.token.clone(),
            origin: self.origin,
            reach: self.reach,
        }
    }

    /// Whether it still counts: its token was not revoked and has not ended.
    pub fn still_counts(&self, view: &View, now: Timestamp) -> bool {
        let token = |hash: &String| view.tokens.get(hash).is_some_and(|token| token.is_valid(now));
        self.hash.as_ref().is_none_or(token)
    }
}

/// Whether `identity` may change what belongs to `owner`: nodes, and everything else whose
/// owner is only ever written down from a token.
///
/// # Errors
/// 403 where it may not.
pub fn may_change(identity: &Identity, owner: Option<&str>) -> Result<(), ApiError> {
    match identity.by().may_change(owner, owner.is_some()) {
        true => Ok(()),
        false => Err(super::store::Refused::Foreign.into()),
    }
}

/// The owner that an entry gets: that of the token, which administrators may say otherwise.
///
/// # Errors
/// 403 where `claimed` is somebody else.
pub fn owner_for<'a>(
    identity: &'a Identity,
    claimed: Option<&'a str>,
) -> Result<Option<&'a str>, ApiError> {
    match (identity.owner.as_deref(), claimed) {
        (Some(owner), Some(claimed)) if owner != claimed && identity.by().reach != Reach::All => {
            let error = format!("the token is {owner}'s, and the owner is to be {claimed}");
            Err(ApiError::forbidden(error)
                .hint("leave the owner out, or ask for a token of that owner"))
        }
        (Some(owner), None) => Ok(Some(owner)),
        (_, claimed) => Ok(claimed),
    }
}

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
    let door = &service.door.0;
    let Some(anonymous) = &door.anonymous else {
        within_limits(service, None, origin)?;
        return Ok(Identity::anybody(origin));
    };
    let shown = match shown(method, headers) {
        // What is open to everybody is open to every page too.
        Err(error) if is_open_read(method, scope, &error) => None,
        shown => shown?,
    };
    let identity = match shown {
        None => Identity::anonymous(anonymous, origin),
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
    service.door.0.limits.request(token, origin).map_err(|wait| {
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
    if let Err(wait) = service.door.0.limits.failure(origin) {
        service.counters.refused("rate");
        return ApiError::too_many("too many failed authentications", wait);
    }
    if service.door.0.logged.check().is_ok() {
        tracing::warn!(origin = origin.map(tracing::field::display), "refused: {why}");
    }
    ApiError::unauthorised(why)
}

/// Counts a 403, and tells the log.
pub fn forbidden(service: &Service, origin: Option<IpAddr>, method: &http::Method, route: &str) {
    service.counters.refused("forbidden");
    if service.door.0.logged.check().is_ok() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn token(owner: &str, scopes: &[Scope]) -> Identity {
        let token = Token {
            id: "1".to_owned(),
            owner: owner.to_owned(),
            scopes: scopes.to_vec(),
            note: None,
            created: Timestamp::UNIX_EPOCH,
            expires: None,
            revoked: None,
        };
        Identity::of(&token, "h".to_owned(), None)
    }

    #[test]
    fn owners_change_what_is_theirs_and_administrators_everything() {
        let ann = token("ann", &[Scope::Read, Scope::Register]);
        let admin = token("root", &[Scope::Admin]);
        let nobody = Identity::anonymous(&[Scope::Register], None);
        for (identity, own, foreign, unowned) in [
            (&ann, true, false, true),
            (&admin, true, true, true),
            (&nobody, false, false, true),
            (&Identity::anybody(None), true, true, true),
        ] {
            assert_eq!(may_change(identity, Some("ann")).is_ok(), own, "{identity:?}");
            assert_eq!(may_change(identity, Some("bob")).is_ok(), foreign, "{identity:?}");
            assert_eq!(may_change(identity, None).is_ok(), unowned, "{identity:?}");
        }
        assert!(nobody.by().may_change(Some("ann"), false), "a name that nobody proved");
        assert!(!ann.by().may_change(Some("bob"), false));
    }

    #[test]
    fn the_owner_is_that_of_the_token() {
        let ann = token("ann", &[Scope::Register]);
        assert_eq!(owner_for(&ann, None), Ok(Some("ann")));
        assert_eq!(owner_for(&ann, Some("ann")), Ok(Some("ann")));
        assert_eq!(owner_for(&ann, Some("bob")).unwrap_err().status, StatusCode::FORBIDDEN);
        assert_eq!(owner_for(&token("r", &[Scope::Admin]), Some("bob")), Ok(Some("bob")));
        assert_eq!(owner_for(&Identity::anybody(None), Some("bob")), Ok(Some("bob")));
        assert_eq!(owner_for(&Identity::anybody(None), None), Ok(None));
    }

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
