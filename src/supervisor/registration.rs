//! The entry in the registry, kept by a task in the background: a registry that is down
//! delays and fails nothing, and is told later.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::gate::Gate;
use crate::api::{
    LeaseGrant, MAX_NOTIFIED, MAX_OWNERS_TARGETS, Notified, OwnerNotify, RegisterRequest,
    ServerUpdate,
};
use crate::client::{ClientError, RegistryClient};
use crate::config::spec::NotifySpec;
use crate::domain::server::{Access, ServerInfo, ServerState, Slots};
use crate::engine::ask::Backend;
use crate::notify::{self, Kind};
use crate::secret::Secret;

/// Waits between tries while the registry can't be reached: the first, and the longest.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// Wait after a refusal that trying again does not mend; an operator may.
const REFUSED: Duration = Duration::from_secs(60);
/// Bounds of what the registry may dictate as the interval of beats.
const BEATS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(600));
/// How long one try to unregister may take.
const GOODBYE: Duration = Duration::from_secs(3);
/// How long llama-server may take to say how busy it is: between two beats, and when a new
/// state is to be told at once.
const LOOK: (Duration, Duration) = (Duration::from_secs(2), Duration::from_millis(40));

/// Throughput is measured over at least this time.
const MEASURE: Duration = Duration::from_millis(500);

/// What the registry is to know beside the fixed facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The state.
    pub state: ServerState,
    /// When the walltime ends.
    pub ends: Option<Timestamp>,
    /// How people were told, in order.
    pub notified: Vec<Notified>,
}

/// What the background task works with.
#[derive(Debug)]
pub struct Subject {
    /// The fixed facts.
    pub info: ServerInfo,
    /// The key for those whom `access` allows; nothing for open servers, and for private ones
    /// where there is no token by which the registry knows their owner.
    pub api_key: Option<Secret>,
    /// Whom the registry is to tell when something is wrong with the server.
    pub notify: Option<OwnerNotify>,
    /// Where to ask how busy the server is.
    pub backend: Backend,
    /// What to ask where llama-server does not tell.
    pub gate: Gate,
}

/// A running registration.
#[derive(Debug)]
pub struct Registration {
    report: watch::Sender<Report>,
    end: oneshot::Sender<Instant>,
    task: JoinHandle<()>,
}

impl Registration {
    /// Starts to register in the background, as `loading`.
    pub fn start(client: RegistryClient, subject: Subject) -> Registration {
        let first =
            Report { state: ServerState::Loading, ends: subject.info.ends, notified: Vec::new() };
        let (report, seen) = watch::channel(first);
        let (end, ended) = oneshot::channel();
        let keeper = Keeper {
            client,
            subject,
            report: seen,
            models: Vec::new(),
            total: None,
            tokens: None,
            told: 0,
            plain: false,
            trouble: None,
            warned: None,
        };
        let task = tokio::spawn(keeper.keep(ended));
        Registration { report, end, task }
    }

    /// Changes what the registry is to know. It is told at once.
    pub fn tell(&self, change: impl FnOnce(&mut Report)) {
        self.reporter().tell(change);
    }

    /// What changes it from another task.
    pub fn reporter(&self) -> Reporter {
        Reporter(self.report.clone())
    }

    /// Takes the entry out, trying until `budget` is over.
    pub async fn finish(self, budget: Duration) {
        let deadline = Instant::now() + budget;
        let _ = self.end.send(deadline);
        let abort = self.task.abort_handle();
        if tokio::time::timeout_at(deadline, self.task).await.is_err() {
            abort.abort();
            tracing::warn!("not unregistered in time: the entry goes when its lease ends");
        }
    }
}

/// Changes what the registry is to know. Cheap to clone; after the end it changes nothing.
#[derive(Debug, Clone)]
pub struct Reporter(watch::Sender<Report>);

impl Reporter {
    /// Changes what the registry is to know. It is told at once.
    pub fn tell(&self, change: impl FnOnce(&mut Report)) {
        self.0.send_if_modified(|report| {
            let before = report.clone();
            change(report);
            *report != before
        });
    }
}

/// Why the lease is not kept any longer.
enum Left {
    /// The end was called; the deadline for saying goodbye, and what to give back.
    Ending(Instant, Option<LeaseGrant>),
    /// A newer start of the job has the entry.
    Superseded(String),
    /// The registry does not know the server any more.
    Forgotten,
}

/// What a call came to, when it did not work.
enum Failed {
    /// 404
    Forgotten,
    /// 409
    Superseded(String),
    /// Try again, but not before this time.
    Later(Duration),
}

/// How busy llama-server is, as far as it tells.
#[derive(Default)]
struct Look {
    slots: Option<Slots>,
    tokens_per_second: Option<f64>,
}

struct Keeper {
    client: RegistryClient,
    subject: Subject,
    report: watch::Receiver<Report>,
    /// Ids of `/v1/models`, once they are known.
    models: Vec<String>,
    /// Number of slots, once it is known.
    total: Option<u32>,
    /// Tokens that were generated, and when that was asked.
    tokens: Option<(Instant, u64)>,
    /// How many of the notifications the registry knows.
    told: usize,
    /// The registry is an older one, which knows neither throughput nor notifications.
    plain: bool,
    /// What was logged last, while all is not well.
    trouble: Option<String>,
    /// What the registry left out of the last registration.
    warned: Option<Vec<String>>,
}

impl Keeper {
    async fn keep(mut self, mut ended: oneshot::Receiver<Instant>) {
        let mut backoff = RETRY.0;
        let left = loop {
            // Not to be broken off: a lease that we never saw can't be given back.
            let wait = match self.register().await {
                Ok((lease, told)) => match self.beat(lease, told, &mut ended).await {
                    Left::Forgotten => {
                        tracing::info!("the registry forgot this server: registering anew");
                        backoff = RETRY.0;
                        continue;
                    }
                    left => break left,
                },
                Err(Failed::Superseded(why)) => break Left::Superseded(why),
                Err(Failed::Later(at_least)) => backoff.max(at_least),
                Err(Failed::Forgotten) => REFUSED,
            };
            backoff = (backoff * 2).min(RETRY.1);
            tokio::select! {
                deadline = &mut ended => break Left::Ending(or_now(deadline), None),
                () = tokio::time::sleep(spread(wait)) => {}
                Ok(()) = self.report.changed() => {}
            }
        };
        match left {
            Left::Ending(deadline, Some(lease)) => self.say_goodbye(&lease, deadline).await,
            Left::Ending(_, None) | Left::Forgotten => {}
            Left::Superseded(why) => {
                tracing::warn!("{why}: this server goes on, but is not registered any more");
            }
        }
    }

    async fn register(&mut self) -> Result<(LeaseGrant, Report), Failed> {
        let report = self.report.borrow_and_update().clone();
        let look = self.look(report.state, LOOK.1).await;
        let mut info = self.subject.info.clone();
        info.ends = report.ends;
        let request = RegisterRequest {
            info,
            state: report.state,
            models: self.models.clone(),
            slots: look.slots,
            tokens_per_second: look.tokens_per_second,
            api_key: self.subject.api_key.clone(),
            notify: self.subject.notify.clone(),
        };
        match self.client.register(&request).await {
            // An older registry takes no key of a private server.
            Err(ClientError::Refused { status: 400, .. })
                if request.info.access == Access::Private && request.api_key.is_some() =>
            {
                self.subject.api_key = None;
                Err(Failed::Later(Duration::ZERO))
            }
            Ok(lease) => {
                self.trouble = None;
                tracing::info!("registered at {}", self.client.url());
                if self.warned.as_ref() != Some(&lease.warnings) {
                    lease.warnings.iter().for_each(|why| tracing::warn!("the registry: {why}"));
                    self.warned = Some(lease.warnings.clone());
                }
                Ok((lease, report))
            }
            Err(error) => match self.failed(error) {
                // There is no such route: this is not a registry of ours.
                Failed::Forgotten => {
                    self.complain("it does not take registrations".to_owned());
                    Err(Failed::Later(REFUSED))
                }
                failed => Err(failed),
            },
        }
    }

    /// Renews the lease until there is a reason not to. `told` is what the registry knows.
    async fn beat(
        &mut self,
        lease: LeaseGrant,
        mut told: Report,
        ended: &mut oneshot::Receiver<Instant>,
    ) -> Left {
        let mut wait = beats(lease.beat_after_ms);
        let mut backoff = RETRY.0;
        loop {
            tokio::select! {
                deadline = &mut *ended => return Left::Ending(or_now(deadline), Some(lease)),
                () = tokio::time::sleep(wait) => {}
                Ok(()) = self.report.changed() => {}
            }
            let wanted = self.report.borrow_and_update().clone();
            // A renewal may be broken off: it gives nothing that would be missed.
            let renewed = tokio::select! {
                deadline = &mut *ended => return Left::Ending(or_now(deadline), Some(lease)),
                renewed = self.renew(&lease, &told, &wanted) => renewed,
            };
            match renewed {
                Ok(next) => {
                    told = wanted;
                    wait = next;
                    backoff = RETRY.0;
                }
                Err(Failed::Later(at_least)) => {
                    wait = spread(backoff.max(at_least));
                    backoff = (backoff * 2).min(RETRY.1);
                }
                Err(Failed::Forgotten) => return Left::Forgotten,
                Err(Failed::Superseded(why)) => return Left::Superseded(why),
            }
        }
    }

    /// One beat; gives the time to the next.
    async fn renew(
        &mut self,
        lease: &LeaseGrant,
        told: &Report,
        wanted: &Report,
    ) -> Result<Duration, Failed> {
        let urgent = told.state != wanted.state;
        let knew = self.models.len();
        let look = self.look(wanted.state, if urgent { LOOK.1 } else { LOOK.0 }).await;
        let untold = wanted.notified.get(self.told..).unwrap_or_default();
        let notified: Vec<Notified> = untold.iter().take(MAX_NOTIFIED).cloned().collect();
        let known = self.told + notified.len();
        let update = ServerUpdate {
            state: urgent.then_some(wanted.state),
            slots: look.slots,
            tokens_per_second: look.tokens_per_second.filter(|_| !self.plain),
            notified: if self.plain { Vec::new() } else { notified },
            models: (self.models.len() != knew).then(|| self.models.clone()),
            labels: None,
            ends: wanted.ends.filter(|_| told.ends != wanted.ends),
        };
        match self.client.heartbeat(lease, &update).await {
            Ok(renewed) => {
                self.told = known;
                if self.trouble.take().is_some() {
                    tracing::info!("the registry answers again");
                }
                Ok(beats(renewed.beat_after_ms))
            }
            Err(ClientError::Refused { status: 400, .. })
                if update.tokens_per_second.is_some() || !update.notified.is_empty() =>
            {
                self.plain = true;
                self.models.truncate(knew);
                Err(Failed::Later(Duration::ZERO))
            }
            Err(error) => {
                // What it did not hear is told with the next beat.
                self.models.truncate(knew);
                Err(self.failed(error))
            }
        }
    }

    /// Asks llama-server how busy it is, and once for its models. While draining it is left in
    /// peace: a question that meets its SIGINT is never answered, and keeps it from ending.
    async fn look(&mut self, state: ServerState, limit: Duration) -> Look {
        match state {
            ServerState::Loading | ServerState::Lost => return Look::default(),
            ServerState::Draining => return Look { slots: self.busy(), ..Look::default() },
            ServerState::Ready => {}
        }
        let backend = &self.subject.backend;
        let models = async { if self.models.is_empty() { backend.models().await } else { None } };
        let (load, generated, models) = tokio::join!(
            tokio::time::timeout(limit, backend.load()),
            tokio::time::timeout(limit, backend.totals()),
            tokio::time::timeout(limit, models)
        );
        if let Ok(Some(models)) = models {
            self.models = models;
        }
        let Ok(Some(load)) = load else {
            return Look { slots: self.busy(), ..Look::default() };
        };
        self.total = Some(load.slots.total);
        let generated = generated.ok().flatten().map(|totals| totals.generated);
        let tokens_per_second =
            generated.and_then(|ended| self.measure(Instant::now(), ended + load.running));
        Look { slots: Some(load.slots), tokens_per_second }
    }

    /// Tokens a second since the last look, with one decimal.
    fn measure(&mut self, now: Instant, tokens: u64) -> Option<f64> {
        let Some((at, before)) = self.tokens else {
            self.tokens = Some((now, tokens));
            return None;
        };
        let time = now.saturating_duration_since(at);
        if time < MEASURE {
            return None;
        }
        self.tokens = Some((now, tokens));
        // A request that ended between the two questions may be counted twice, and then not.
        let rate = tokens.saturating_sub(before) as f64 / time.as_secs_f64();
        Some((rate * 10.0).round() / 10.0)
    }

    /// How busy the gate sees it.
    fn busy(&self) -> Option<Slots> {
        let in_flight = u32::try_from(self.subject.gate.in_flight()).unwrap_or(u32::MAX);
        self.total.map(|total| Slots { total, busy: in_flight.min(total) })
    }

    fn failed(&mut self, error: ClientError) -> Failed {
        match error {
            ClientError::Unknown(_) => Failed::Forgotten,
            ClientError::Superseded(why) => Failed::Superseded(why),
            ClientError::Unreachable { reason, .. } => {
                self.complain(reason);
                Failed::Later(Duration::ZERO)
            }
            ClientError::Refused { error, hint, .. } => {
                self.complain(hint.map_or(error.clone(), |hint| format!("{error} ({hint})")));
                Failed::Later(REFUSED)
            }
        }
    }

    /// Logs trouble once, not with each try.
    fn complain(&mut self, why: String) {
        if self.trouble.as_ref() != Some(&why) {
            let url = self.client.url();
            tracing::warn!("not in the registry at {url}: {why}; trying again in the background");
            self.trouble = Some(why);
        }
    }

    async fn say_goodbye(&self, lease: &LeaseGrant, deadline: Instant) {
        let mut wait = RETRY.0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let client = self.client.clone().timeout(left.min(GOODBYE));
            match client.unregister(lease).await {
                Ok(()) => return tracing::info!("unregistered"),
                Err(ClientError::Unreachable { .. }) => {}
                Err(error) => return tracing::warn!("not unregistered: {error}"),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }
}

/// What the registry alone can tell of: this process is gone then, or does not know.
const SEEN_FROM_OUTSIDE: &[Kind] = &[Kind::Lost, Kind::Unhealthy, Kind::Recovered];

/// Whom the registry is to tell of what this process can't. What can't be read here is told when
/// the server is ready, by the same targets.
pub fn owners_targets(how: &NotifySpec) -> Option<OwnerNotify> {
    let events: Vec<Kind> = SEEN_FROM_OUTSIDE.iter().copied().filter(|k| how.tells(*k)).collect();
    let targets = how.to.iter().filter_map(|target| notify::abroad(how, target).ok().flatten());
    let to: Vec<Secret> = targets.take(MAX_OWNERS_TARGETS).map(Secret::new).collect();
    let anybody = !events.is_empty() && !to.is_empty();
    anybody.then_some(OwnerNotify { to, events: Some(events) })
}

/// The deadline, or none left when whoever would have set it is gone.
fn or_now(deadline: Result<Instant, oneshot::error::RecvError>) -> Instant {
    deadline.unwrap_or_else(|_| Instant::now())
}

fn beats(after_ms: u64) -> Duration {
    Duration::from_millis(after_ms).clamp(BEATS.0, BEATS.1)
}

/// `wait`, more or less by up to a fifth: servers that lost the registry together must not
/// come back together.
fn spread(wait: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    wait.mul_f64(0.8 + 0.4 * f64::from(random) / f64::from(u32::MAX))
}
