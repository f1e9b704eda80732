//! Accepts connections until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower_service::Service as _;

use super::auth::Hosts;
use super::handlers::page::Page;
use super::identity::Peer;
use super::router::router;
use super::service::Service;
use super::store::{Database, Lifetimes, Now, Store};
use super::ticker;

/// Most connections at a time; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 1024;
/// How long a client may take for a request's header, and be idle between two.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
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
    /// Further host names under which it may be reached.
    pub allowed_hosts: Vec<String>,
}

/// A registry whose database is open.
#[derive(Debug)]
pub struct Registry {
    service: Service,
    allowed_hosts: Vec<String>,
}

impl Registry {
    /// Opens the database.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(config: &Config) -> anyhow::Result<Registry> {
        let lifetimes = Lifetimes { ttl: config.ttl, retain: config.retain };
        let store = Store::open(&config.database, lifetimes, Now::get())?;
        let service = Service::new(Arc::new(store), config.ttl);
        Ok(Registry { service, allowed_hosts: config.allowed_hosts.clone() })
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
        let exposed = !listener.local_addr()?.ip().is_loopback();
        let hosts = Hosts::new(&self.allowed_hosts);
        let app = router(self.service.clone(), hosts, Page::new(exposed)?);
        let mut ticker = tokio::spawn(ticker::run(self.service.clone()));
        let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let (stop, stopping) = watch::channel(false);
        let ended = tokio::select! {
            () = shutdown => Ok(()),
            () = accept(&listener, &app, &connections, &stopping) => Ok(()),
            _ = &mut ticker => Err(anyhow::anyhow!("the registry's writer ended")),
        };
        drop(listener);
        let _ = stop.send(true);
        let all = connections.acquire_many(MAX_CONNECTIONS as u32);
        if tokio::time::timeout(DRAIN, all).await.is_err() {
            tracing::warn!("some requests did not finish in time");
        }
        ticker.abort();
        let store = Arc::clone(&self.service.store);
        tokio::task::spawn_blocking(move || store.close()).await?;
        ended
    }
}

async fn accept(
    listener: &TcpListener,
    app: &Router,
    connections: &Arc<Semaphore>,
    stopping: &watch::Receiver<bool>,
) {
    loop {
        // The semaphore is never closed.
        let Ok(permit) = Arc::clone(connections).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, app.clone(), stopping.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file descriptors, or the peer has gone: neither ends the registry.
                tracing::warn!(%error, "a connection can't be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    // axum::serve installs no timer, without which the header timeout does nothing.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(Peer(peer.ip()));
                app.clone().call(request)
            }),
        );
    tokio::pin!(connection);
    let stopped = async { stopping.wait_for(|stop| *stop).await.map(drop) };
    let result = tokio::select! {
        result = connection.as_mut() => result,
        _ = stopped => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "a connection ended");
    }
}
