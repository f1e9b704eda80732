//! The registry's rules: what a request means, checked before the store carries it out, and
//! what readers get to see.

pub mod allowance;
pub mod channels;
mod dashboard;
pub mod door;
pub mod events;
pub mod follow;
mod history;
pub mod nodes;
pub mod post;
pub mod relay;
pub mod tokens;
pub mod watches;

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use tokio::sync::Semaphore;

use crate::api::{
    DatabaseHealth, Health, KeyReply, LeaseGrant, MAX_NOTIFIED, MAX_OWNERS_TARGETS, Notified,
    RegisterRequest, Renewed, ServerUpdate,
};
use crate::chance;
use crate::domain::lease;
use crate::domain::node::Limits;
use crate::domain::server::{self, Access, MAX_MODELS, ServerState};
use crate::domain::target;
use crate::registry::edge::identity::{Door, Identity, Policy, owner_for};
use crate::registry::error::ApiError;
use crate::registry::error::Refused;
use crate::registry::may::Proof;
use crate::registry::seen::bodies::Bodies;
use crate::registry::seen::counters::Counters;
use crate::registry::seen::delays::Delays;
use crate::registry::seen::feed::Feed;
use crate::registry::seen::legacy::{self, Record};
use crate::registry::seen::live::Live;
use crate::registry::seen::view::SharedView;
use crate::registry::service::post::{Diary, Mailbag};
use crate::registry::store::operations::Outcome;
use crate::registry::store::{Done, Now, Op, Registration, Store};
use crate::secret::Secret;

use allowance::Allowance;
pub use channels::Channels;

/// What the registry calls itself.
pub const SERVICE_NAME: &str = "llamactl-registry";

/// The registry behind its HTTP face.
#[derive(Debug)]
pub struct Service {
    /// The database.
    pub store: Arc<Store>,
    /// How long leases live.
    pub ttl: Duration,
    /// The login host that is suggested to people outside the cluster.
    pub login_host: Option<String>,
    /// After how much silence nodes are in trouble.
    pub limits: Limits,
    /// What is counted.
    pub counters: Counters,
    /// Who comes in, and how often.
    pub door: Door,
    /// Lists that were made a moment ago.
    pub bodies: Bodies,
    /// Streams and reads that wait.
    pub live: Live,
    /// Everything that the dashboard shows, as it changes.
    pub feed: Feed,
    /// Tells ETags of this run of the registry from those of an earlier one.
    pub run: u32,
    /// When it began.
    pub started: Instant,
    /// How people are told, and who may be.
    pub channels: Arc<Channels>,
    /// What is to be sent, on the disk.
    pub post: Option<Arc<Mailbag>>,
    /// How much owners may have sent.
    pub allowance: Allowance,
    /// How late heartbeats came, since this process began.
    pub delays: Delays,
    /// Histories that may be made at a time.
    histories: Semaphore,
}

/// The one service, as each request and each task beside them has it.
pub type Shared = Arc<Service>;

impl Service {
    /// A service over an open database.
    pub fn new(store: Arc<Store>, ttl: Duration, policy: Policy) -> Service {
        let mut run = [0u8; 4];
        // Without random numbers ETags of two runs could meet; no secret hangs on this.
        let _ = getrandom::fill(&mut run);
        let counters = Counters::default();
        let live = Live::new(store.log().clone(), counters.streams.clone());
        let feed = Feed::new(store.view().clone(), store.log().clone(), live.clone());
        let run = u32::from_le_bytes(run);
        Service {
            store,
            ttl,
            login_host: None,
            limits: Limits::default(),
            counters,
            door: Door::new(policy),
            bodies: Bodies::default(),
            live,
            feed,
            run,
            started: Instant::now(),
            channels: Arc::default(),
            post: None,
            allowance: Allowance::default(),
            delays: Delays::default(),
            histories: Semaphore::new(history::AT_ONCE),
        }
    }

    /// Where it is written down what became of letters.
    pub fn diary(&self) -> Diary {
        let store = Arc::clone(&self.store);
        let channels = Arc::clone(&self.channels);
        Diary { store, counters: self.counters.clone(), channels }
    }

    /// What readers see.
    pub fn view(&self) -> &SharedView {
        self.store.view()
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
        self.refuse_legacy(id)?;
        self.refuse_foreign(id, who)?;
        let durable = self.is_durable(id, &update);
        let late = self.late(id);
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
        self.refuse_legacy(id)?;
        self.refuse_foreign(id, who)?;
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

    /// Registers or updates an entry of an old client.
    ///
    /// # Errors
    /// 400 for what is wrong in it, 403 for somebody else's, 409 where a leased server has the
    /// job, 503.
    pub async fn put_legacy(
        &self,
        job: String,
        mut record: Record,
        who: &Identity,
    ) -> Result<(), ApiError> {
        legacy::validate(&job, &record).map_err(ApiError::bad_request)?;
        let claimed = record.get("owner").filter(|owner| !owner.is_null() && *owner != "");
        let claimed = claimed.map(|owner| owner.as_str().unwrap_or_default().to_owned());
        if let Some(owner) = owner_for(who, claimed.as_deref())?.filter(|_| claimed.is_none()) {
            record.insert("owner".to_owned(), owner.into());
        }
        self.run_op(Op::PutLegacy { job, record: Box::new(record) }, who).await?;
        self.counters.registrations.inc();
        Ok(())
    }

    /// Deletes an entry of an old client.
    ///
    /// # Errors
    /// 403 for somebody else's, 404 where there is none, 409 where a leased server has the job,
    /// 503.
    pub async fn delete_legacy(&self, job: String, who: &Identity) -> Result<(), ApiError> {
        match self.outcome(Op::DeleteLegacy { job }, who).await? {
            Ok(_) => Ok(()),
            Err(Refused::Unknown) => Err(ApiError::unknown()),
            Err(refused) => Err(refused.into()),
        }
    }

    /// Whether the registry is well; `well` is the word for it.
    pub fn health(&self, well: &str) -> Health {
        let view = self.view().read();
        let connected = view.broken.is_none();
        Health {
            status: if connected { well } else { "degraded" }.to_owned(),
            servers: view.live().count() + view.legacy_visible().count(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            service: SERVICE_NAME.to_owned(),
            nodes: view.nodes.len(),
            database: DatabaseHealth { connected },
            uptime_seconds: self.uptime(),
        }
    }

    /// Seconds since the start.
    pub fn uptime(&self) -> f64 {
        (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
    }

    async fn run_op(&self, op: Op, who: &Identity) -> Result<Done, ApiError> {
        Ok(self.outcome(op, who).await??)
    }

    async fn outcome(&self, op: Op, who: &Identity) -> Result<Outcome, ApiError> {
        Ok(self.store.run(op, Now::get(), who.by()).await?)
    }

    /// Refuses what somebody else registered. The lease, which the statement that writes looks
    /// at, binds an entry to its holder; this binds it to the holder's token too.
    fn refuse_foreign(&self, id: Uuid, who: &Identity) -> Result<(), ApiError> {
        let view = self.view().read();
        let Some(entry) = view.entries.get(&id) else { return Ok(()) };
        match who.by().may_change(Some(&entry.server.info.owner), entry.proven) {
            true => Ok(()),
            false => Err(Refused::Foreign.into()),
        }
    }

    fn renewed(&self) -> Renewed {
        let beat_after = lease::beat_after(self.ttl, chance::fraction());
        Renewed {
            ttl_ms: self.ttl.as_millis() as u64,
            beat_after_ms: beat_after.as_millis() as u64,
        }
    }

    /// How much later than asked a server beats now; nothing of one that is not known.
    fn late(&self, id: Uuid) -> Duration {
        let view = self.view().read();
        let due = view.entries.get(&id).filter(|entry| entry.is_live()).map(|entry| entry.due);
        // The lease began one TTL before its end. It may have been made longer since, which
        // makes no beat late.
        let left = due.map(|due| due.saturating_duration_since(Instant::now()));
        let since = left.map_or(Duration::ZERO, |left| self.ttl.saturating_sub(left));
        since.saturating_sub(lease::beat_after(self.ttl, 1.0))
    }

    /// Whether an update tells more than how busy the server is, so that it must be on disk
    /// before it is acknowledged. Only a matter of the disk: what changes is decided by the
    /// store.
    fn is_durable(&self, id: Uuid, update: &ServerUpdate) -> bool {
        let more = update.models.is_some()
            || update.labels.is_some()
            || update.ends.is_some()
            || !update.notified.is_empty();
        let view = self.view().read();
        let state = view.entries.get(&id).map(|entry| entry.server.state);
        more || (update.state.is_some() && update.state != state)
            || state == Some(ServerState::Lost)
    }

    fn refuse_legacy(&self, id: Uuid) -> Result<(), ApiError> {
        // Their ids are known by their version, so that beats need not search.
        if is_custom(id) && self.view().read().legacy.values().any(|entry| entry.id() == id) {
            return Err(ApiError::new(StatusCode::CONFLICT, "an old client registered this entry")
                .hint("it has no lease; change or delete it at /servers/JOB"));
        }
        Ok(())
    }
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

/// The record that an old client sent, from its body.
///
/// # Errors
/// 400 for what is no JSON object.
pub fn record(body: &[u8]) -> Result<Record, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(record)) => Ok(record),
        Ok(_) => Err(ApiError::bad_request("the body must be a JSON object")),
        Err(error) => Err(ApiError::bad_request(format!("the body is no JSON: {error}"))),
    }
}
