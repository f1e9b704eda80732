//! Who asks: found once for each request, before its handler, and handed on to it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::request::Parts;
use jiff::Timestamp;

use crate::domain::token::{Scope, Token};
use crate::registry::edge::limits::{Rate, RateLimits};
use crate::registry::error::ApiError;
use crate::registry::may::{By, Reach};
use crate::registry::seen::view::View;

/// Refusals a second that the log tells of; the others are only counted.
const LOGGED: std::num::NonZeroU32 = std::num::NonZeroU32::new(5).unwrap();

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
    limits: RateLimits,
    logged: DefaultDirectRateLimiter,
}

impl Door {
    /// A door with this policy.
    pub fn new(policy: Policy) -> Door {
        Door(Arc::new(Inner {
            anonymous: policy.anonymous,
            limits: RateLimits::new(policy.rate),
            logged: RateLimiter::direct(Quota::per_second(LOGGED)),
        }))
    }

    /// Whether tokens are asked for.
    pub fn wants_tokens(&self) -> bool {
        self.0.anonymous.is_some()
    }

    /// Counts a request of a token, or of an address without any.
    ///
    /// # Errors
    /// Seconds to wait, where there were too many.
    pub fn request(&self, token: Option<&str>, origin: Option<IpAddr>) -> Result<(), u32> {
        self.0.limits.request(token, origin)
    }

    /// Counts a token of an address that does not count here.
    ///
    /// # Errors
    /// Seconds to wait, where there were too many.
    pub fn failure(&self, origin: Option<IpAddr>) -> Result<(), u32> {
        self.0.limits.failure(origin)
    }

    /// Whether the log may tell of one more refusal.
    pub fn may_log(&self) -> bool {
        self.0.logged.check().is_ok()
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
    pub fn anonymous(scopes: &[Scope], origin: Option<IpAddr>) -> Identity {
        let scopes = scopes.to_vec();
        Identity { owner: None, token: None, scopes, origin, hash: None, reach: Reach::Unproven }
    }

    /// Whoever shows this token, whose hash is `hash`.
    pub fn of(token: &Token, hash: String, origin: Option<IpAddr>) -> Identity {
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
    use http::StatusCode;

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
            let by = identity.by();
            assert_eq!(by.owns(Some("ann")).is_ok(), own, "{identity:?}");
            assert_eq!(by.owns(Some("bob")).is_ok(), foreign, "{identity:?}");
            assert_eq!(by.owns(None).is_ok(), unowned, "{identity:?}");
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
}
