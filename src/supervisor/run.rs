//! The story, from top to bottom.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use nix::sys::signal::Signal;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::child::{self, Child};
use super::gate::Gate;
use super::log::Log;
use super::machine::{Action, Deadlines, End, Event, Machine};
use super::news::News;
use super::registration::{Registration, Subject, owners_targets};
use super::relay::ByRegistry;
use super::report;
use super::setup::{JobFacts, Setup};
use crate::client::RegistryClient;
use crate::config::engine::reserved_variables;
use crate::config::spec::Spec;
use crate::config::units;
use crate::connection::Connection;
use crate::domain::server::{Access, ServerInfo, ServerState, authority};
use crate::engine::ask::Backend;
use crate::engine::llama;
use crate::exit::{Exit, Failure};
use crate::notify::post::Forward;
use crate::notify::{Kind, Notice};
use crate::secret::Secret;
use crate::shutdown::Signals;

/// A server with this label and the value `open` shows its `/metrics` without its key.
const METRICS_LABEL: &str = "metrics";
/// SLURM's own default of KillWait, which holds until the site's is known.
pub const DEFAULT_KILL_WAIT: Duration = Duration::from_secs(30);
/// How long unregistering may take at the end.
const GOODBYE: Duration = Duration::from_secs(3);
/// How long the notification of the end may take.
const LAST_NOTICE: Duration = Duration::from_secs(10);
/// How long llama-server may take to say what it did in all.
const TOTALS: Duration = Duration::from_millis(500);
/// What is kept of KillWait for the very end.
const LAST: Duration = Duration::from_millis(300);
/// How long the ready notification waits for what is still asked of SLURM.
const FACTS: Duration = Duration::from_secs(5);

/// Runs llama-server until it ends, and gives its exit code.
///
/// Call it on a current-thread runtime on the main thread ([`child::spawn`] says why).
///
/// # Errors
/// Why it could not start, never became ready, or crashed; with the exit code to use.
pub async fn run(
    setup: Setup,
    facts: impl Future<Output = JobFacts> + Send + 'static,
) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let mut signals = Signals::catch()?;
    let mut story = match Story::begin(&setup, started).await {
        Ok(story) => story,
        Err(failure) => {
            let why = |notice: &mut Notice| notice.reason.clone_from(&failure.message);
            let news = News::new(&setup, relay(&setup));
            news.tell(Kind::Failed, why, LAST_NOTICE, &mut signals).await;
            return Err(failure.into());
        }
    };
    let limits = Deadlines {
        start: start_timeout(&setup.spec)?,
        drain: Duration::from_secs(setup.spec.drain_seconds),
        kill_wait: DEFAULT_KILL_WAIT,
    };
    let mut machine = Machine::new(limits);
    story.watch_health();
    story.ask(facts);
    story.news.flush();
    let end = story.live(&mut machine, &mut signals).await?;
    let killed_at = machine.killed_at().map(|at| started + at);
    story.end(end, killed_at, &mut signals).await
}

/// Everything that runs.
struct Story<'a> {
    setup: &'a Setup,
    info: ServerInfo,
    started: Instant,
    gate: Gate,
    backend: Backend,
    key: Option<Secret>,
    child: Child,
    log: Log,
    registration: Option<Registration>,
    file: Option<report::OurFile>,
    news: News,
    /// When people are told that the walltime ends soon.
    expires: Option<Instant>,
    /// What the server did in all, as far as it could be asked.
    totals: Arc<OnceLock<llama::Totals>>,
    facts: watch::Sender<Option<JobFacts>>,
    events: (mpsc::Sender<Event>, mpsc::Receiver<Event>),
    /// The folder of the socket. Removed with this.
    _folder: tempfile::TempDir,
}

impl<'a> Story<'a> {
    /// Binds the public port, and starts llama-server behind it.
    async fn begin(setup: &'a Setup, started: Instant) -> Result<Story<'a>, Failure> {
        let spec = &setup.spec;
        llama::check(spec)?;
        start_timeout(spec)?;
        let program = llama::program(&spec.server)?;
        llama::check_files(spec)?;
        let listener = bind(&setup.bind, spec.server.port.unwrap_or(0)).await?;
        let folder = report::socket_folder()?;
        let socket = folder.path().join("llama.sock");
        let access = spec.server.access.unwrap_or_default();
        let key = (access != Access::Open).then(Secret::random);
        let broken = |what: &str| {
            let what = what.to_owned();
            move |error: std::io::Error| Failure::new(format!("{what}: {error}"))
        };
        let open_metrics = spec.labels.get(METRICS_LABEL).is_some_and(|value| value == "open");
        let gate = Gate::start(listener, socket.clone(), key.clone(), open_metrics)
            .map_err(broken("the port can't be used"))?;
        let mut info = setup.info.clone();
        info.port = gate.address().port();
        info.validate().map_err(Failure::usage)?;
        report::remove_stale(&setup.connection_dir, &info.job.job());
        let start = child::Start {
            program: &program,
            args: llama::arguments(spec, &socket, setup.cpus),
            key: key.as_ref().map(|key| (llama::KEY_ENV, key)),
            env_remove: reserved_variables().collect(),
        };
        let name = program.display();
        let (child, pipe) =
            child::spawn(start).map_err(broken(&format!("{name} could not be started")))?;
        let log = Log::start(pipe).map_err(broken("there can be no thread for the log"))?;
        tracing::info!(pid = child.pid(), "loading {} on port {}", spec.name, info.port);
        let backend = Backend::new(socket, key.clone());
        let registration = spec.registry.as_ref().map(|url| {
            // A private server's goes to its owner alone, whom the registry knows by a token.
            let token = setup.registry_token.clone();
            let to_owner = access == Access::Private && token.is_some();
            let api_key = key.clone().filter(|_| access == Access::Shared || to_owner);
            let (backend, gate) = (backend.clone(), gate.clone());
            let notify = owners_targets(&spec.notify);
            let subject = Subject { info: info.clone(), api_key, notify, backend, gate };
            Registration::start(RegistryClient::new(url).token(token), subject)
        });
        let mut news = News::new(setup, relay(setup));
        news.know(|notice| notice.port = info.port);
        news.report_to(registration.as_ref().map(Registration::reporter));
        Ok(Story {
            setup,
            info,
            started,
            news,
            expires: None,
            totals: Arc::default(),
            gate,
            backend,
            key,
            child,
            log,
            registration,
            file: None,
            facts: watch::Sender::new(None),
            events: mpsc::channel(8),
            _folder: folder,
        })
    }

    fn watch_health(&self) {
        let (backend, events) = (self.backend.clone(), self.events.0.clone());
        tokio::spawn(async move {
            backend.ready().await;
            let _ = events.send(Event::Healthy).await;
        });
    }

    fn ask(&self, facts: impl Future<Output = JobFacts> + Send + 'static) {
        let (known, events) = (self.facts.clone(), self.events.0.clone());
        tokio::spawn(async move {
            let facts = facts.await;
            known.send_replace(Some(facts));
            let kill_wait = facts.kill_wait.unwrap_or(DEFAULT_KILL_WAIT);
            let _ = events.send(Event::KillWait(kill_wait)).await;
        });
    }

    /// The loop: an event, what the machine says, and the deeds.
    async fn live(&mut self, machine: &mut Machine, signals: &mut Signals) -> anyhow::Result<End> {
        loop {
            let wake = machine.wake().map(|at| self.started + at);
            let expires = self.expires;
            let event = tokio::select! {
                biased;
                stop = signals.next() => Event::Stop(stop),
                ended = self.child.wait() => Event::Ended(ended?),
                Some(event) = self.events.1.recv() => event,
                () = sleep_until(wake) => Event::Tick,
                () = sleep_until(expires) => {
                    self.expires = None;
                    self.news.tell_later(Kind::Expiring);
                    continue;
                }
            };
            let now = self.started.elapsed();
            for action in machine.on(event, now) {
                match action {
                    Action::Announce => self.announce().await,
                    Action::Refuse => self.refuse(machine.drains_for(now)),
                    Action::CloseAll => self.gate.close_all().await,
                    Action::Interrupt => self.child.signal(Signal::SIGINT),
                    Action::Kill => self.child.signal(Signal::SIGKILL),
                    Action::Finish(end) => return Ok(end),
                }
            }
            if let Event::KillWait(_) = event {
                self.tell_ends();
            }
        }
    }

    fn tell_ends(&mut self) {
        let ends = self.facts.borrow().and_then(|facts| facts.ends);
        self.news.know(|notice| notice.ends = notice.ends.or(ends));
        self.wait_for_the_end();
        if let Some(registration) = &self.registration {
            registration.tell(|report| report.ends = ends.or(report.ends));
        }
    }

    /// It is ready: let people in, and tell them.
    async fn announce(&mut self) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.gate.open();
        if let Some(registration) = &self.registration {
            registration.tell(|report| report.state = ServerState::Ready);
        }
        tracing::info!("ready after {seconds:.1} s: {}", self.info.url());
        let connection = Connection {
            host: self.info.host.clone(),
            port: self.info.port,
            job: self.info.job.job(),
            model_file: self.info.model.file.clone().unwrap_or_default(),
            api_key: self.key.clone(),
            name: self.info.name.clone(),
        };
        self.file = report::OurFile::write(connection, &self.setup.connection_dir).await;
        tracing::info!("use it with: llamactl connect {}", self.info.job.job());
        let (needs_key, file) = (self.key.is_some(), self.file.as_ref());
        let file = file.map_or(String::new(), report::OurFile::name);
        let facts = self.facts_soon();
        self.news.know(|notice| {
            notice.needs_key = needs_key;
            notice.connection_file = file;
        });
        self.news.tell_once(Kind::Ready, facts);
        self.wait_for_the_end();
    }

    /// When the walltime ends, as soon as SLURM has told it.
    fn facts_soon(&self) -> impl Future<Output = Option<Timestamp>> + Send + 'static {
        let mut facts = self.facts.subscribe();
        async move {
            let known = tokio::time::timeout(FACTS, facts.wait_for(Option::is_some)).await;
            known.ok()?.ok()?.and_then(|facts| facts.ends)
        }
    }

    /// Sets the time at which people are told that the walltime ends soon.
    fn wait_for_the_end(&mut self) {
        let ends = self.info.ends.or_else(|| self.facts.borrow().and_then(|facts| facts.ends));
        if let (Some(ends), true) = (ends, self.file.is_some()) {
            let from_now = self.news.expires(ends, Timestamp::now());
            self.expires = from_now.map(|from_now| Instant::now() + from_now);
        }
    }

    /// Take nothing new, and watch for the end of what runs.
    fn refuse(&mut self, time: Option<Duration>) {
        self.gate.refuse();
        self.expires = None;
        self.news.tell_later(Kind::Draining);
        if let Some(registration) = &self.registration {
            registration.tell(|report| report.state = ServerState::Draining);
        }
        match (self.gate.in_flight(), time) {
            (0, _) => tracing::info!("stopping"),
            (requests, time) => tracing::info!(
                "draining: {requests} requests have {} s to finish; a second SIGTERM or Ctrl-C \
                 ends them at once",
                time.unwrap_or_default().as_secs()
            ),
        }
        let (gate, events) = (self.gate.clone(), self.events.0.clone());
        let asked =
            self.news.tells(Kind::Ended).then(|| (self.backend.clone(), self.totals.clone()));
        tokio::spawn(async move {
            gate.drained().await;
            if let Some((backend, totals)) = asked
                && let Ok(Some(known)) = tokio::time::timeout(TOTALS, backend.totals()).await
            {
                let _ = totals.set(known);
            }
            let _ = events.send(Event::Drained).await;
        });
    }

    /// The child is gone: remove the traces, tell who has to know, give the exit code.
    async fn end(
        mut self,
        end: End,
        killed_at: Option<Instant>,
        signals: &mut Signals,
    ) -> anyhow::Result<Exit> {
        let left = |limit: Duration| match killed_at {
            Some(at) => limit.min(at.saturating_duration_since(Instant::now() + LAST)),
            None => limit,
        };
        self.gate.close_all().await;
        if let Some(file) = self.file.take() {
            file.remove();
        }
        self.log.finish(LAST).await;
        let goodbye = left(GOODBYE);
        let unregister = async {
            if let Some(registration) = self.registration.take() {
                registration.finish(goodbye).await;
            }
        };
        tokio::join!(unregister, self.news.finish(goodbye));
        let lines = self.log.lines();
        match report::failure(end, &lines, self.setup) {
            None => {
                tracing::info!("stopped");
                let ended = |notice: &mut Notice| self.sum_up(notice);
                self.news.tell(Kind::Ended, ended, left(LAST_NOTICE), signals).await;
                Ok(Exit::OK)
            }
            Some(failure) => {
                if !matches!(end, End::StoppedBadly(_)) {
                    let log_tail = report::tail(lines, self.key.as_ref());
                    let why = |notice: &mut Notice| {
                        self.sum_up(notice);
                        notice.reason.clone_from(&failure.message);
                        notice.log_tail = log_tail;
                    };
                    self.news.tell(Kind::Failed, why, left(LAST_NOTICE), signals).await;
                }
                Err(failure.into())
            }
        }
    }

    /// What it did while it ran.
    fn sum_up(&self, notice: &mut Notice) {
        let totals = self.totals.get();
        notice.ran_for = Some(self.started.elapsed().as_secs());
        notice.requests = Some(self.gate.served());
        notice.tokens_in = totals.map(|totals| totals.read);
        notice.tokens_out = totals.map(|totals| totals.generated);
    }
}

/// The way out through the registry, where there is one.
fn relay(setup: &Setup) -> Option<Box<dyn Forward>> {
    let url = setup.spec.registry.as_ref()?;
    Some(Box::new(ByRegistry(RegistryClient::new(url).token(setup.registry_token.clone()))))
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn bind(host: &str, port: u16) -> Result<TcpListener, Failure> {
    let failed = |error: std::io::Error| {
        let failure = Failure::new(format!("can't listen on {}: {error}", authority(host, port)));
        match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                failure.hint("leave server.port out, or set it to 0, to take a free port")
            }
            std::io::ErrorKind::AddrNotAvailable => {
                failure.hint("server.host must be an address of this node")
            }
            _ => failure,
        }
    };
    let addresses: Vec<SocketAddr> =
        tokio::net::lookup_host((host, port)).await.map_err(failed)?.collect();
    TcpListener::bind(&addresses[..]).await.map_err(failed)
}

fn start_timeout(spec: &Spec) -> Result<Duration, Failure> {
    let text = spec.server.start_timeout.as_deref().unwrap_or("30m");
    units::duration(text).map_err(|why| Failure::usage(format!("server.start_timeout: {why}")))
}
