//! Tells those who watch for a model that a server of it is ready. It follows the events; the
//! database says which process of the registry tells.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::service::Service;
use super::store::operations::watches::{KeptWatch, Told};
use super::store::{By, Done, Now, Op, WatchOp};
use crate::api::Notified;
use crate::domain::event::{Event, EventKind};
use crate::domain::server::{Access, Server, ServerState};
use crate::domain::watch::Target;
use crate::notify::{self, Kind, Notice};

/// Events that are looked at in one go.
const BATCH: usize = 500;
/// Events that are looked at after a start, or when more came at once than could be followed.
const MISSED: u64 = 1_000;
/// Watches that are told at a time.
const AT_ONCE: usize = 16;
/// How long all tries to tell one may take.
const DEADLINE: Duration = Duration::from_secs(120);
/// How often a claim is tried while the database can't be written.
const CLAIMS: u32 = 60;
/// How long to wait where the database can't be read.
const PAUSE: Duration = Duration::from_secs(5);

/// Tells until `stopping` becomes true; what is not told by then is given back.
pub async fn run(service: Service, mut stopping: watch::Receiver<bool>) {
    let mut last = service.store.log().subscribe();
    let mut teller = Teller {
        after: 0,
        places: Arc::new(Semaphore::new(AT_ONCE)),
        running: JoinSet::new(),
        stopping: stopping.clone(),
        service,
    };
    let newest = *last.borrow();
    teller.after = teller.begin(newest).await;
    loop {
        let newest = *last.borrow_and_update();
        let all = tokio::select! {
            all = teller.look(newest) => all,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        while teller.running.try_join_next().is_some() {}
        tokio::select! {
            changed = last.changed(), if all => if changed.is_err() { break },
            () = tokio::time::sleep(PAUSE), if !all => {}
            _ = stopping.wait_for(|stopping| *stopping) => break,
        }
    }
    while teller.running.join_next().await.is_some() {}
}

struct Teller {
    service: Service,
    /// The number of the last event that was looked at.
    after: u64,
    places: Arc<Semaphore>,
    running: JoinSet<()>,
    stopping: watch::Receiver<bool>,
}

impl Teller {
    /// Where to begin after a start: some may have become ready when nobody could be told.
    async fn begin(&self, newest: u64) -> u64 {
        let watches = self.service.store.watches().await.unwrap_or_default();
        let told = watches.iter().map(|kept| kept.told).min();
        told.unwrap_or(newest).max(newest.saturating_sub(MISSED))
    }

    /// Looks at the events up to number `newest`; whether all of them could be read.
    async fn look(&mut self, newest: u64) -> bool {
        // A restore may have set the numbers back.
        self.after = self.after.clamp(newest.saturating_sub(MISSED), newest);
        while self.after < newest {
            let Some(events) = self.events().await else { return false };
            let Some(end) = events.last().map(|event| event.seq) else { return true };
            for event in events.iter().filter(|event| becomes_ready(event)) {
                if !self.tell_of(event).await {
                    return false;
                }
                self.after = event.seq;
            }
            self.after = end;
        }
        true
    }

    async fn events(&self) -> Option<Vec<Arc<Event>>> {
        if let Some(events) = self.service.store.log().since(self.after, BATCH) {
            return Some(events);
        }
        let events = self.service.store.events(self.after, BATCH).await.ok()?;
        Some(events.into_iter().map(Arc::new).collect())
    }

    /// Claims every watch that waits for the server of this event, and tells in the background;
    /// whether the database could be read.
    async fn tell_of(&mut self, event: &Event) -> bool {
        let Some(server) = self.server(&event.subject) else { return true };
        let Ok(watches) = self.service.store.watches().await else { return false };
        for kept in watches {
            if kept.told >= event.seq || !kept.watch.takes(&server.info) {
                continue;
            }
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return true };
            let (service, seq) = (self.service.clone(), event.seq);
            let (server, stopping) = (server.clone(), self.stopping.clone());
            // A task of its own, so that no claim is forgotten when this one is broken off.
            self.running.spawn(async move {
                if claim(&service, &kept.watch.id, seq, stopping.clone()).await {
                    tell(&service, kept, &server, stopping).await;
                }
                drop(place);
            });
        }
        true
    }

    /// The server of an event, if it is still ready.
    fn server(&self, subject: &str) -> Option<Server> {
        let view = self.service.view().read();
        let leased = subject.parse::<Uuid>().ok().and_then(|id| view.entries.get(&id));
        let server = match leased {
            Some(entry) => Some(entry.server.clone()),
            None => view.legacy.get(subject).and_then(|entry| entry.server()),
        };
        server.filter(|server| server.state == ServerState::Ready)
    }
}

/// Whether a server became ready with this event. Those of old clients have no state: they are
/// ready when they are registered.
fn becomes_ready(event: &Event) -> bool {
    let state = |field: &str| event.data.get(field).and_then(|state| state.as_str());
    match event.kind {
        EventKind::Registered => state("state").is_none_or(|state| state == "ready"),
        EventKind::Updated => state("state") == Some("ready") && state("from").is_some(),
        _ => false,
    }
}

/// Whether this process is the one that tells; else another one does, or nobody wants it any
/// more.
async fn claim(service: &Service, id: &str, seq: u64, mut stopping: watch::Receiver<bool>) -> bool {
    for _ in 0..CLAIMS {
        let claim = Op::Watches(WatchOp::Claim(id.to_owned(), seq));
        match service.store.run(claim, Now::get(), By::default()).await {
            Ok(done) => return done == Ok(Done::Changed(1)),
            Err(error) => tracing::debug!(%error, "a watch could not be claimed yet"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return false,
        }
    }
    false
}

/// Tells one watch, and writes down what came of it.
async fn tell(
    service: &Service,
    kept: KeptWatch,
    server: &Server,
    mut stopping: watch::Receiver<bool>,
) {
    let deliveries = tokio::select! {
        deliveries = deliver(service, &kept, server) => deliveries,
        _ = stopping.wait_for(|stopping| *stopping) => Vec::new(),
    };
    deliveries.iter().for_each(|told| service.counters.notified(told));
    let info = &server.info;
    let of = (info.name.clone(), info.owner.clone());
    let told = Told { watch: kept, server: info.id, of, deliveries };
    let op = Op::Watches(WatchOp::Told(Box::new(told)));
    if let Err(error) = service.store.run(op, Now::get(), By::default()).await {
        tracing::warn!(%error, "what came of a watch could not be written down");
    }
}

async fn deliver(service: &Service, kept: &KeptWatch, server: &Server) -> Vec<Notified> {
    let notice = &notice(service, server);
    let one = |target: &String| {
        let target = Target::parse(target);
        async move {
            let how = service.channels.to(&target.ok()?);
            let delivery = notify::deliver(&how, notice, DEADLINE).await.into_iter().next()?;
            if let Some(error) = &delivery.error {
                let channel = &delivery.channel;
                let error = notify::without_names(error, &how);
                tracing::warn!(channel = channel.as_str(), "a watch could not be told: {error}");
            }
            Some(Notified {
                event: "ready".to_owned(),
                channel: delivery.channel.clone(),
                ok: delivery.error.is_none(),
                error: delivery.error.map(|error| notify::without_names(&error, &how)),
            })
        }
    };
    join_all(kept.watch.notify.iter().map(one)).await.into_iter().flatten().collect()
}

/// What is told: never the key, and not where the server is, if the whole world may read it.
fn notice(service: &Service, server: &Server) -> Notice {
    Notice {
        registry: service.channels.registry.clone(),
        ssh_via: service.login_host.clone().unwrap_or_default(),
        needs_key: server.info.access != Access::Open,
        ..Notice::of(Kind::Ready, server.info.clone())
    }
}
