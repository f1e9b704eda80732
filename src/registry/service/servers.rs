//! Servers with a lease: they register, beat and say goodbye.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use jiff::Timestamp;
use uuid::Uuid;

use super::Service;
use crate::api::{
    KeyReply, LeaseGrant, MAX_NOTIFIED, MAX_OWNERS_TARGETS, Notified, RegisterRequest, Renewed,
    ServerUpdate,
};
use crate::domain::lease;
use crate::domain::server::{self, Access, MAX_MODELS, Server, ServerState};
use crate::domain::target;
use crate::registry::edge::identity::{Identity, owner_for};
use crate::registry::error::{ApiError, Refused};
use crate::registry::may::Proof;
use crate::registry::seen::view::{Entry, View};
use crate::registry::store::{Done, Op, Registration};
use crate::secret::Secret;

impl Service {
    /// One server, also an old client's.
    ///
    /// # Errors
    /// 404 where there is none.
    pub fn server(&self, id: Uuid) -> Result<Server, ApiError> {
        let view = self.view().read();
        if let Some(entry) = view.entries.get(&id) {
            return Ok(entry.server.clone());
        }
        if !is_custom(id) {
            return Err(ApiError::unknown());
        }
        let legacy = view.legacy_visible().find(|entry| entry.id() == id);
        legacy.and_then(|entry| entry.server()).ok_or_else(ApiError::unknown)
    }

    /// Registers a server.
    ///
    /// # Errors
    /// 400 for what is wrong in it, 403 for somebody else's entry, 409 where another start of the
    /// job has the entry, 503.
    pub async fn register(
        &self,
        mut request: RegisterRequest,
        chosen: Option<Secret>,
        proof: Option<Proof>,
        who: &Identity,
    ) -> Result<LeaseGrant, ApiError> {
        check_registration(&request)?;
        owner_for(who, Some(&request.info.owner))?;
        if request.info.access == Access::Private && who.owner.is_none() {
            // Nobody could be told from its owner later.
            request.api_key = None;
        }
        let warnings = self.check_notify(&mut request)?;
        let id = request.info.id;
        let secret = chosen.unwrap_or_else(Secret::random);
        let registration = Registration::new(request, &secret, proof);
        let done = self.run_op(Op::Register(Box::new(registration)), who).await?;
        let Done::Registered(generation) = done else { return Err(ApiError::internal()) };
        self.counters.registrations.inc();
        let Renewed { ttl_ms, beat_after_ms } = self.renewed();
        Ok(LeaseGrant { id, generation, secret, ttl_ms, beat_after_ms, warnings })
    }

    /// Leaves out of a registration whom the registry may not tell, and says so. A server is
    /// registered whoever can be told of it.
    fn check_notify(&self, request: &mut RegisterRequest) -> Result<Vec<String>, ApiError> {
        let Some(notify) = &mut request.notify else { return Ok(Vec::new()) };
        if notify.to.len() > MAX_OWNERS_TARGETS {
            let error = format!("notify.to must have at most {MAX_OWNERS_TARGETS} entries");
            return Err(ApiError::bad_request(error));
        }
        let mut warnings = Vec::new();
        let mut allowed: Vec<Secret> = Vec::new();
        for target in &notify.to {
            match self.channels.allowed(target.expose()) {
                Ok(target) => {
                    let target = Secret::new(target.text());
                    if !allowed.contains(&target) {
                        allowed.push(target);
                    }
                }
                Err(no) => {
                    let shown = target::masked(target.expose());
                    warnings.push(format!("{shown} is not told: {} ({})", no.reason, no.hint));
                }
            }
        }
        notify.to = allowed;
        if notify.to.is_empty() {
            request.notify = None;
        }
        Ok(warnings)
    }

    /// Renews a lease, and takes over what its holder tells.
    ///
    /// # Errors
    /// 400 for what is wrong in it, 404 where the server is not known, 409 where the lease is
    /// not the current one, 503.
    pub async fn renew(
        &self,
        id: Uuid,
        proof: Proof,
        update: ServerUpdate,
        who: &Identity,
    ) -> Result<Renewed, ApiError> {
        check_update(&update).map_err(ApiError::bad_request)?;
        let (durable, late) = {
            // One look: a beat is what the registry does most.
            let view = self.view().read();
            let entry = changeable(&view, id, who)?;
            (is_durable(entry, &update), self.late(entry))
        };
        let notified = update.notified.clone();
        self.run_op(Op::Renew { id, proof, update: Box::new(update), durable }, who).await?;
        self.counters.heartbeats.inc();
        self.counters.late(late);
        notified.iter().for_each(|told| self.counters.notified(told));
        self.delays.note(Timestamp::now(), late);
        Ok(self.renewed())
    }

    /// Takes a server out: its holder by the lease, an administrator also without.
    ///
    /// # Errors
    /// 403 for somebody else's, or without a lease; 404 where the server is not known, 409 where
    /// the lease is not the current one, 503.
    pub async fn unregister(
        &self,
        id: Uuid,
        proof: Option<Proof>,
        who: &Identity,
    ) -> Result<(), ApiError> {
        changeable(&self.view().read(), id, who)?;
        if proof.is_none() && !who.is_known_admin() {
            return Err(ApiError::no_proof());
        }
        self.run_op(Op::Unregister { id, proof }, who).await.map(|_| ())
    }

    /// The API key of a server: to whoever may read where it is shared, to its owner where it is
    /// private.
    ///
    /// # Errors
    /// 404 where there is no server, or no key to give.
    pub fn key(&self, id: Uuid, who: &Identity) -> Result<KeyReply, ApiError> {
        let view = self.view().read();
        let entry = view.entries.get(&id).ok_or_else(ApiError::unknown)?;
        let none = |hint: &str| {
            Err(ApiError::new(StatusCode::NOT_FOUND, "there is no key for this server").hint(hint))
        };
        match (entry.server.info.access, &entry.api_key) {
            (Access::Shared, Some(key)) => Ok(KeyReply { api_key: key.clone() }),
            (Access::Shared, None) => none("its owner registered none: ask them"),
            // Not even to administrators: it is no matter of keeping order.
            (Access::Private, Some(key))
                if entry.proven && who.owner.as_ref() == Some(&entry.server.info.owner) =>
            {
                Ok(KeyReply { api_key: key.clone() })
            }
            (Access::Private, _) => none("it is private: only its owner has the key"),
            (Access::Open, _) => none("it is open: it needs none"),
        }
    }

    fn renewed(&self) -> Renewed {
        let mut random = [0u8; 2];
        // Without random numbers servers beat together, which does no harm.
        let _ = getrandom::fill(&mut random);
        let spread = f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX);
        let beat_after = lease::beat_after(self.ttl, spread);
        Renewed {
            ttl_ms: self.ttl.as_millis() as u64,
            beat_after_ms: beat_after.as_millis() as u64,
        }
    }

    /// How much later than asked a server beats now; nothing of one that is not known.
    fn late(&self, entry: Option<&Arc<Entry>>) -> Duration {
        let due = entry.filter(|entry| entry.is_live()).map(|entry| entry.due);
        // The lease began one TTL before its end. It may have been made longer since, which
        // makes no beat late.
        let left = due.map(|due| due.saturating_duration_since(Instant::now()));
        let since = left.map_or(Duration::ZERO, |left| self.ttl.saturating_sub(left));
        since.saturating_sub(lease::beat_after(self.ttl, 1.0))
    }
}

/// The entry with this id, where `who` may change it; nothing where there is none. The lease,
/// which the statement that writes looks at, binds an entry to its holder; this binds it to the
/// holder's token too.
///
/// # Errors
/// 403 for somebody else's, 409 for an old client's.
fn changeable<'a>(
    view: &'a View,
    id: Uuid,
    who: &Identity,
) -> Result<Option<&'a Arc<Entry>>, ApiError> {
    // Old clients' ids are known by their version, so that beats need not search.
    if is_custom(id) && view.legacy.values().any(|entry| entry.id() == id) {
        return Err(ApiError::new(StatusCode::CONFLICT, "an old client registered this entry")
            .hint("it has no lease; change or delete it at /servers/JOB"));
    }
    let Some(entry) = view.entries.get(&id) else { return Ok(None) };
    match who.by().may_change(Some(&entry.server.info.owner), entry.proven) {
        true => Ok(Some(entry)),
        false => Err(Refused::Foreign.into()),
    }
}

/// Whether an update tells more than how busy the server is, so that it must be on disk
/// before it is acknowledged. Only a matter of the disk: what changes is decided by the
/// store.
fn is_durable(entry: Option<&Arc<Entry>>, update: &ServerUpdate) -> bool {
    let more = update.models.is_some()
        || update.labels.is_some()
        || update.ends.is_some()
        || !update.notified.is_empty();
    let state = entry.map(|entry| entry.server.state);
    more || (update.state.is_some() && update.state != state) || state == Some(ServerState::Lost)
}

/// Whether `id` can be one that stands for an old client's entry.
pub fn is_custom(id: Uuid) -> bool {
    id.get_version() == Some(uuid::Version::Custom)
}

fn check_registration(request: &RegisterRequest) -> Result<(), ApiError> {
    let info = &request.info;
    info.validate().map_err(ApiError::bad_request)?;
    if info.id.is_nil() || is_custom(info.id) {
        return Err(ApiError::bad_request("id must be a UUID of version 7"));
    }
    if let Some(key) = &request.api_key {
        if info.access == Access::Open {
            return Err(ApiError::bad_request(
                "api_key must not be sent with access \"open\": nobody needs it",
            ));
        }
        server::text("api_key", key.expose()).map_err(ApiError::bad_request)?;
    }
    check_update(&ServerUpdate {
        state: Some(request.state),
        models: Some(request.models.clone()),
        tokens_per_second: request.tokens_per_second,
        ..ServerUpdate::default()
    })
    .map_err(ApiError::bad_request)
}

fn check_update(update: &ServerUpdate) -> Result<(), String> {
    if update.state == Some(ServerState::Lost) {
        return Err("state must be loading, ready or draining".to_owned());
    }
    if let Some(models) = &update.models {
        if models.len() > MAX_MODELS {
            return Err(format!("models: at most {MAX_MODELS} are allowed"));
        }
        models.iter().try_for_each(|model| server::text("models", model))?;
    }
    if let Some(rate) = update.tokens_per_second {
        server::rate(rate)?;
    }
    check_notified(&update.notified)?;
    update.labels.as_ref().map_or(Ok(()), server::labels)
}

fn check_notified(notified: &[Notified]) -> Result<(), String> {
    if notified.len() > MAX_NOTIFIED {
        return Err(format!("notified: at most {MAX_NOTIFIED} are allowed"));
    }
    notified.iter().try_for_each(|told| {
        server::text("notified.event", &told.event)?;
        server::text("notified.channel", &told.channel)?;
        told.error.as_deref().map_or(Ok(()), |error| server::text("notified.error", error))
    })
}
