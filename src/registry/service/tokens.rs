//! Tokens: made, listed, revoked; by the registry's administrators over HTTP, and by whoever
//! may open its database on its host.

use jiff::Timestamp;

use crate::api::tokens::{AuditEntry, AuditFilter, TokenCreate, TokenCreated, WhoAmI};
use crate::domain::lease;
use crate::domain::token::{self, Scope, Token};
use crate::exit::Failure;
use crate::registry::edge::identity::Identity;
use crate::registry::error::ApiError;
use crate::registry::error::{Refused, StoreError};
use crate::registry::may::By;
use crate::registry::seen::view::View;
use crate::registry::service::Service;
use crate::registry::store::core::Core;
use crate::registry::store::listen::Replica;
use crate::registry::store::operations::Outcome;
use crate::registry::store::operations::tokens::shown_since;
use crate::registry::store::{Database, Done, Lifetimes, NewToken, Now, Op};
use crate::secret::{Secret, hex};

/// Entries of the audit in one answer, where nothing is said, and at most.
const AUDIT: (usize, usize) = (100, 1000);

impl Service {
    /// All tokens that count or ended not long ago, newest first.
    pub fn tokens(&self) -> Vec<Token> {
        listed(&self.view().read(), Timestamp::now())
    }

    /// Makes a token.
    ///
    /// # Errors
    /// 400 for what is wrong in it, 403 where the registry asks for no tokens, 503.
    pub async fn create_token(
        &self,
        wanted: TokenCreate,
        who: &Identity,
    ) -> Result<TokenCreated, ApiError> {
        self.manages_tokens()?;
        let now = Now::get();
        check(&wanted, now.wall).map_err(ApiError::bad_request)?;
        let (op, created) = prepare(wanted, false, now.wall);
        self.store.run(op, now, who.by()).await??;
        Ok(created)
    }

    /// Revokes a token. It counts for nothing from then on; `force` also the last one for
    /// administrators.
    ///
    /// # Errors
    /// 403 where the registry asks for no tokens, 404 for one that is not known, 409 for the
    /// last one, 503.
    pub async fn revoke_token(
        &self,
        id: String,
        force: bool,
        who: &Identity,
    ) -> Result<Token, ApiError> {
        self.manages_tokens()?;
        let op = Op::RevokeToken { id: id.clone(), force };
        match self.store.run(op, Now::get(), who.by()).await? {
            Ok(_) => {}
            Err(Refused::Unknown) => return Err(no_such_token()),
            Err(refused) => return Err(refused.into()),
        }
        let view = self.view().read();
        let token = view.tokens.values().find(|token| token.id == id);
        token.map(|token| Token::clone(token)).ok_or_else(no_such_token)
    }

    /// Makes the first token for an administrator, where there is none that counts.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn first_token(&self, secret: Secret, owner: String) -> Result<bool, StoreError> {
        let now = Now::get();
        let wanted = TokenCreate {
            owner,
            scopes: vec![Scope::Admin],
            note: Some("made at the registry's first start".to_owned()),
            expires: None,
        };
        let (op, _) = prepare_with(wanted, secret, true, now.wall);
        Ok(self.store.run(op, now, By::default()).await?.is_ok())
    }

    /// Whether some token for administrators counts.
    pub fn has_admin(&self) -> bool {
        let (view, now) = (self.view().read(), Timestamp::now());
        view.tokens.values().any(|token| token.is_valid(now) && token.allows(Scope::Admin))
    }

    /// Who asks.
    pub fn whoami(&self, who: &Identity) -> WhoAmI {
        let view = self.view().read();
        let token = view.tokens.values().find(|token| Some(&token.id) == who.token.as_ref());
        WhoAmI {
            owner: who.owner.clone(),
            token: who.token.clone(),
            scopes: who.scopes.clone(),
            expires: token.and_then(|token| token.expires),
        }
    }

    /// Who did what.
    ///
    /// # Errors
    /// 503 when the database can't be read.
    pub async fn audit(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>, ApiError> {
        let limit = filter.limit.unwrap_or(AUDIT.0).min(AUDIT.1);
        let events = self.store.audit(filter, limit).await.map_err(|error| {
            tracing::error!(%error, "the audit can't be read");
            ApiError::new(
                http::StatusCode::SERVICE_UNAVAILABLE,
                "the registry's database can't be read",
            )
        })?;
        let entry = |event: crate::domain::event::Event| AuditEntry {
            seq: event.seq,
            time: event.time,
            kind: event.kind,
            subject: event.subject,
            actor: event.actor,
            token: event.token,
            origin: event.origin,
            data: event.data,
        };
        Ok(events.into_iter().map(entry).collect())
    }

    /// Where everybody is an administrator, everybody could make tokens that count later.
    fn manages_tokens(&self) -> Result<(), ApiError> {
        if self.door.wants_tokens() {
            return Ok(());
        }
        Err(ApiError::forbidden("this registry asks for no tokens, and makes none for strangers")
            .hint("start it with --auth token, or give --database URL on its host"))
    }
}

fn no_such_token() -> ApiError {
    ApiError::new(http::StatusCode::NOT_FOUND, "there is no such token")
        .hint("`llamactl registry token ls` lists them")
}

/// A registry's database, opened beside the registry by its operator.
#[derive(Debug)]
pub struct Direct(Core);

impl Direct {
    /// Opens it. Not on a thread that must not block; so for all that follow.
    ///
    /// # Errors
    /// When there is no such database, or it can't be used.
    pub fn open(database: &Database) -> anyhow::Result<Direct> {
        // Leases do not matter here: this ends before any does.
        let day = std::time::Duration::from_secs(86_400);
        let lifetimes = Lifetimes { ttl: lease::DEFAULT_TTL, retain: day };
        let name = database.to_string();
        Ok(Direct(Core::over(database.connect(Replica::random())?, &name, lifetimes, Now::get())?))
    }

    /// As [`Service::tokens`].
    pub fn tokens(&self) -> Vec<Token> {
        listed(&self.0.view().read(), Timestamp::now())
    }

    /// As [`Service::create_token`].
    ///
    /// # Errors
    /// What is wrong in it, or why it can't be written.
    pub fn create(&mut self, wanted: TokenCreate, actor: &str) -> anyhow::Result<TokenCreated> {
        let now = Now::get();
        check(&wanted, now.wall).map_err(Failure::usage)?;
        let (op, created) = prepare(wanted, false, now.wall);
        self.run(op, actor)??;
        Ok(created)
    }

    /// As [`Service::revoke_token`].
    ///
    /// # Errors
    /// Why it can't be revoked.
    pub fn revoke(&mut self, id: &str, force: bool, actor: &str) -> anyhow::Result<Token> {
        self.run(Op::RevokeToken { id: id.to_owned(), force }, actor)??;
        let view = self.0.view().read();
        let token = view.tokens.values().find(|token| token.id == id);
        Ok(token.map(|token| Token::clone(token)).ok_or(Refusal(Refused::Unknown))?)
    }

    fn run(&mut self, op: Op, actor: &str) -> Result<Result<Done, Refusal>, StoreError> {
        let by = By { actor: Some(actor.to_owned()), ..By::default() };
        let outcome: Option<Result<Outcome, StoreError>> =
            self.0.commit(&[(op, Now::get(), by)]).pop();
        Ok(outcome.unwrap_or(Err(StoreError::Closed))?.map_err(Refusal))
    }
}

/// A refusal of the store, for people.
#[derive(Debug, thiserror::Error)]
#[error("{}", match .0 {
    Refused::Unknown => "there is no such token: `llamactl registry token ls` lists them",
    Refused::LastAdmin => "this is the last token for administrators: make another one first, or \
                           say --force",
    _ => "the registry is full",
})]
pub struct Refusal(Refused);

fn listed(view: &View, now: Timestamp) -> Vec<Token> {
    let since = shown_since(now);
    let shown = |token: &&std::sync::Arc<Token>| token.ended().is_none_or(|ended| ended >= since);
    let mut tokens: Vec<Token> =
        view.tokens.values().filter(shown).map(|token| Token::clone(token)).collect();
    tokens.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    tokens
}

fn check(wanted: &TokenCreate, now: Timestamp) -> Result<(), String> {
    token::check(&wanted.owner, &wanted.scopes, wanted.note.as_deref())?;
    match wanted.expires {
        Some(expires) if expires <= now => Err("expires must be in the future".to_owned()),
        _ => Ok(()),
    }
}

fn prepare(wanted: TokenCreate, first: bool, now: Timestamp) -> (Op, TokenCreated) {
    prepare_with(wanted, Secret::token(), first, now)
}

fn prepare_with(
    wanted: TokenCreate,
    secret: Secret,
    first: bool,
    now: Timestamp,
) -> (Op, TokenCreated) {
    let TokenCreate { owner, mut scopes, note, expires } = wanted;
    scopes.sort_unstable();
    scopes.dedup();
    // The database keeps milliseconds.
    let whole = |time: Timestamp| Timestamp::from_millisecond(time.as_millisecond()).ok();
    let expires = expires.and_then(whole);
    let id = hex(&uuid::Uuid::new_v4().as_bytes()[..6]);
    let token = Token { id, owner, scopes, note, created: now, expires, revoked: None };
    let new = NewToken { token: token.clone(), hash: secret.hash(), first };
    (Op::CreateToken(Box::new(new)), TokenCreated { token, secret })
}
