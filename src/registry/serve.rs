//! Runs a registry until it is told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::domain::node::NodeLimits;
use crate::proxy::connections::{ConnectionLimits, Connections};
use crate::proxy::tls::{Files, Tls};
use crate::registry::edge::auth::Hosts;
use crate::registry::edge::identity::Policy;
use crate::registry::http::dashboard::Site;
use crate::registry::http::router::router;
use crate::registry::service::post::Mailbag;
use crate::registry::service::{Channels, Service, Shared};
use crate::registry::store::{Database, Lifetimes, Now, Store};
use crate::registry::work::bus::Bus;
use crate::registry::work::{probe, teller, ticker};

/// How long requests may take to finish after the registry was told to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// How to run a registry.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database.
    pub database: Database,
    /// How long leases live.
    pub ttl: Duration,
    /// How long events are kept.
    pub retain: Duration,
    /// How often each server's `/health` is looked at; nothing for never.
    pub probe: Option<Duration>,
    /// After how much silence nodes are in trouble.
    pub node_limits: NodeLimits,
    /// The login host that is suggested to people outside the cluster.
    pub login_host: Option<String>,
    /// How people are told, and who may be.
    pub channels: Channels,
    /// Where messages wait to be sent.
    pub outbox: PathBuf,
    /// Further host names under which it may be reached.
    pub allowed_hosts: Vec<String>,
    /// What it asks of those who use it.
    pub policy: Policy,
    /// Certificate and key; nothing for plain HTTP.
    pub tls: Option<Files>,
    /// Most connections; nothing for as many as the process can hold, within reason.
    pub max_connections: Option<usize>,
    /// The event bus to follow, if any.
    pub event_bus: Option<Bus>,
}

/// A registry whose database is open.
#[derive(Debug)]
pub struct Registry {
    service: Shared,
    allowed_hosts: Vec<String>,
    probe: Option<Duration>,
    tls: Option<Arc<Tls>>,
    max_connections: Option<usize>,
    event_bus: Option<Bus>,
}

impl Registry {
    /// Opens the database.
    ///
    /// # Errors
    /// As [`Tls::open`] and [`Store::open`].
    pub fn open(config: &Config) -> anyhow::Result<Registry> {
        let tls = config.tls.clone().map(Tls::open).transpose()?.map(Arc::new);
        let lifetimes = Lifetimes { ttl: config.ttl, retain: config.retain };
        let store = Store::open(&config.database, lifetimes, Now::get())?;
        let mut service = Service::new(Arc::new(store), config.ttl, config.policy.clone());
        service.limits = config.node_limits;
        service.channels = Arc::new(config.channels.clone());
        service.post = Some(Arc::new(Mailbag::new(&config.outbox, &config.channels.how)));
        service.login_host = config.login_host.clone();
        let allowed_hosts = config.allowed_hosts.clone();
        Ok(Registry {
            service: Arc::new(service),
            allowed_hosts,
            probe: config.probe,
            tls,
            max_connections: config.max_connections,
            event_bus: config.event_bus.clone(),
        })
    }

    /// What it does, also before it serves.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Serves until `shutdown` comes, then finishes what runs, for 5 s at most.
    ///
    /// # Errors
    /// When the listener or the database's writer fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let loopback = listener.local_addr()?.ip().is_loopback();
        let exposed = !loopback && !self.service.door.wants_tokens();
        let hosts = Hosts::new(&self.allowed_hosts);
        let site = Site { exposed, tls: self.tls.is_some() };
        let app = router(Arc::clone(&self.service), hosts, site);
        let bus = self.event_bus.map(|bus| tokio::spawn(bus.run(self.service.clone())));
        let prober = self.probe.map(|interval| {
            let service = self.service.clone();
            tokio::spawn(async move {
                if let Err(error) = probe::run(service, interval, !exposed).await {
                    tracing::error!(%error, "servers' /health can't be looked at");
                }
            })
        });
        let mut ticker = tokio::spawn(ticker::run(self.service.clone()));
        let connections = Connections::new(ConnectionLimits::of_process(self.max_connections));
        let (stop, stopping) = watch::channel(false);
        // Before anybody can connect: what happens from here on is told of.
        let newest = *self.service.store.log().subscribe().borrow();
        let mut telling = self.service.post.clone().map(|post| {
            let (service, stopping) = (self.service.clone(), stopping.clone());
            tokio::spawn(async move {
                let diary = service.diary();
                let sends = Arc::clone(&post).run(diary, stopping.clone());
                tokio::join!(sends, teller::run(service, post, newest, stopping));
            })
        });
        let open = self.service.counters.connections.clone();
        let judge = tokio::spawn(Arc::clone(&connections).judge(stopping.clone(), open));
        let follower = self.tls.clone().map(|tls| tokio::spawn(tls.follow()));
        let ended = tokio::select! {
            () = shutdown => Ok(()),
            () = Arc::clone(&connections).accept(&listener, &app, self.tls, &stopping) => Ok(()),
            _ = &mut ticker => Err(anyhow::anyhow!("the registry's writer ended")),
        };
        drop(listener);
        let _ = stop.send(true);
        self.service.live.stop();
        if tokio::time::timeout(DRAIN, connections.none()).await.is_err() {
            tracing::warn!("some requests did not finish in time");
        }
        if let Some(telling) = &mut telling
            && tokio::time::timeout(DRAIN, &mut *telling).await.is_err()
        {
            telling.abort();
        }
        judge.abort();
        ticker.abort();
        prober.iter().for_each(|task| task.abort());
        follower.iter().for_each(|task| task.abort());
        bus.iter().for_each(|task| task.abort());
        let now = Now::get();
        if let Err(error) = self.service.write_beats(now.instant, now).await {
            tracing::warn!(%error, "the nodes' last heartbeats were not written");
        }
        let store = Arc::clone(&self.service.store);
        tokio::task::spawn_blocking(move || store.close()).await?;
        ended
    }
}
