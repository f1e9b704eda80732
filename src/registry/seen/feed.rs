//! Everything that the dashboard shows, as a stream: first all servers and nodes, then whatever
//! changes.
//!
//! One differ looks at the view four times a second while somebody follows, finds what clients
//! would see differently, and encodes it once for all of them. Nobody need tell it of a change,
//! so that heartbeats cost nothing more than without it.

mod last_told;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::domain::event::EventKind;
use crate::registry::error::ApiError;
use crate::registry::seen::live::{HEARTBEAT, Live, Stay};
use crate::registry::seen::log::EventLog;
use crate::registry::seen::view::SharedView;
use last_told::{Found, LastTold};

/// How often the differ looks.
const LOOK: Duration = Duration::from_millis(250);
/// Looks whose changes are kept for those who are slow: who is further behind is cut off, and
/// gets everything anew when he comes back.
const KEPT: usize = 32;
/// Records in one message.
const CHUNK: usize = 200;
/// Events that one look takes from memory; there are no more in it.
const EVENTS: usize = crate::registry::seen::log::KEPT;

/// Which parts somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct What {
    servers: bool,
    nodes: bool,
    events: bool,
}

impl What {
    /// The parts in a list with commas; all without one.
    ///
    /// # Errors
    /// 400 for a part that does not exist.
    pub fn parse(list: Option<&str>) -> Result<What, ApiError> {
        let words = list.unwrap_or("servers,nodes,events").split(',');
        let mut what = What { servers: false, nodes: false, events: false };
        for word in words.filter(|word| !word.is_empty()) {
            match word {
                "servers" => what.servers = true,
                "nodes" => what.nodes = true,
                "events" => what.events = true,
                _ => {
                    return Err(ApiError::bad_request(format!("there is no {word:?} to follow"))
                        .hint("servers, nodes, events"));
                }
            }
        }
        Ok(what)
    }
}

/// What one look found, encoded.
#[derive(Debug)]
struct Changes {
    /// Servers, nodes, events.
    all: Bytes,
    /// Where in it the servers end.
    nodes: usize,
    /// Where in it the nodes end.
    events: usize,
    /// Ids of tokens that were revoked.
    revoked: Vec<String>,
}

impl Changes {
    fn new(servers: &[u8], nodes: &[u8], events: &[u8], revoked: Vec<String>) -> Changes {
        let all = Bytes::from([servers, nodes, events].concat());
        Changes { all, nodes: servers.len(), events: servers.len() + nodes.len(), revoked }
    }

    /// The parts that somebody wants.
    fn only(&self, what: What) -> Bytes {
        match (what.servers, what.nodes, what.events) {
            (true, true, true) => self.all.clone(),
            (true, true, false) => self.all.slice(..self.events),
            (true, false, false) => self.all.slice(..self.nodes),
            (false, true, true) => self.all.slice(self.nodes..),
            (false, true, false) => self.all.slice(self.nodes..self.events),
            (false, false, true) => self.all.slice(self.events..),
            (true, false, true) => {
                [&self.all[..self.nodes], &self.all[self.events..]].concat().into()
            }
            (false, false, false) => Bytes::new(),
        }
    }
}

/// The records of one moment, encoded. Those who come at the same time share it.
#[derive(Debug)]
struct Snapshot {
    servers: Vec<Bytes>,
    nodes: Vec<Bytes>,
    /// Number of the last event of that moment.
    seq: u64,
}

/// The differ and those who follow it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed(Arc<FeedState>);

#[derive(Debug)]
struct FeedState {
    view: SharedView,
    log: EventLog,
    live: Live,
    /// There while somebody follows.
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    known: LastTold,
    /// Number of the last event that was sent.
    seq: u64,
    snapshot: Option<Arc<Snapshot>>,
    sender: broadcast::Sender<Arc<Changes>>,
}

impl Feed {
    /// Over this view and this log; its streams count among those of `live`.
    pub fn new(view: SharedView, log: EventLog, live: Live) -> Feed {
        Feed(Arc::new(FeedState { view, log, live, running: Mutex::default() }))
    }

    /// Follows the view. `token`: id of the token by which the client came; the stream ends
    /// when it is revoked. `run` is the registry's own.
    ///
    /// # Errors
    /// 503 where there are too many streams.
    pub async fn follow(
        &self,
        what: What,
        token: Option<String>,
        run: u32,
    ) -> Result<Subscriber, ApiError> {
        let stay = self.0.live.stay()?;
        let feed = self.clone();
        // The first one has everything encoded, which may take a moment.
        let joined = tokio::task::spawn_blocking(move || feed.join()).await;
        let (changes, snapshot) = joined.map_err(|_| ApiError::internal())?;
        let hello = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "run": format!("{run:08x}"),
            "seq": snapshot.seq,
            "now": Timestamp::now(),
        });
        Ok(Subscriber {
            what,
            token,
            changes,
            hello: Some(format!("event: hello\ndata: {hello}\n\n").into()),
            snapshot: Some((snapshot, 0)),
            heartbeat: Instant::now() + HEARTBEAT,
            stay,
        })
    }

    /// The changes from now on, and everything as of now. Starts the differ where there is
    /// none.
    fn join(&self) -> (broadcast::Receiver<Arc<Changes>>, Arc<Snapshot>) {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_none() {
            tokio::spawn(self.clone().run());
        }
        let running = running.get_or_insert_with(|| {
            let mut known = LastTold::default();
            let seq = self.0.log.last();
            known.look(&self.0.view);
            Running { known, seq, snapshot: None, sender: broadcast::Sender::new(KEPT) }
        });
        let changes = running.sender.subscribe();
        let snapshot = running.snapshot.get_or_insert_with(|| {
            let (servers, nodes) = running.known.all();
            Arc::new(Snapshot { servers, nodes, seq: running.seq })
        });
        (changes, Arc::clone(snapshot))
    }

    /// The differ: looks until nobody follows.
    async fn run(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let feed = self.clone();
            match tokio::task::spawn_blocking(move || feed.look()).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::error!(%error, "what changed can't be found");
                    // Its streams end with it.
                    *self.0.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    return;
                }
            }
        }
    }

    /// Looks once, and tells those who follow; whether there are any.
    fn look(&self) -> bool {
        let mut place = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = place.as_mut().filter(|one| one.sender.receiver_count() > 0) else {
            *place = None;
            return false;
        };
        // The events first: what they speak of is in the view then.
        let Some((events, revoked)) = running.events(&self.0.log) else {
            *place = None;
            return false;
        };
        let Found { servers, nodes } = running.known.look(&self.0.view);
        let servers = messages("servers", &servers.changed, &servers.gone);
        let nodes = messages("nodes", &nodes.changed, &nodes.gone);
        let changes = Changes::new(&servers, &nodes, &events, revoked);
        if !changes.all.is_empty() {
            running.snapshot = None;
            // Somebody may have left just now.
            let _ = running.sender.send(Arc::new(changes));
        }
        true
    }
}

impl Running {
    /// The events since the last look, and the tokens that were revoked by them; nothing where
    /// they are not to be had any more.
    fn events(&mut self, log: &EventLog) -> Option<(Bytes, Vec<String>)> {
        if self.seq > log.last() {
            // It was restored.
            return None;
        }
        let (mut frames, mut revoked) = (BytesMut::new(), Vec::new());
        for event in log.since(self.seq, EVENTS)? {
            self.seq = event.seq;
            if event.kind == EventKind::TokenRevoked {
                revoked.push(event.subject.clone());
            }
            // Every event was JSON before it came here.
            let json = serde_json::to_vec(&*event).unwrap_or_default();
            frames.put_slice(b"event: event\ndata: ");
            frames.put_slice(&json);
            frames.put_slice(b"\n\n");
        }
        Some((frames.freeze(), revoked))
    }
}

/// Somebody who follows.
#[derive(Debug)]
pub struct Subscriber {
    what: What,
    token: Option<String>,
    changes: broadcast::Receiver<Arc<Changes>>,
    hello: Option<Bytes>,
    /// What is still to be sent of the beginning, and from where.
    snapshot: Option<(Arc<Snapshot>, usize)>,
    heartbeat: Instant,
    stay: Stay,
}

impl Subscriber {
    /// What comes next; nothing at the end. Cancel safe.
    pub async fn next(&mut self) -> Option<Bytes> {
        if self.stay.over().is_some() {
            return None;
        }
        let next = match self.hello.take().or_else(|| self.beginning()) {
            Some(bytes) => Some(bytes),
            None => self.change().await,
        };
        self.heartbeat = Instant::now() + HEARTBEAT;
        next
    }

    /// The next piece of what was there in the beginning.
    fn beginning(&mut self) -> Option<Bytes> {
        let (snapshot, from) = self.snapshot.as_mut()?;
        let parts = [
            (self.what.servers, "servers", &snapshot.servers),
            (self.what.nodes, "nodes", &snapshot.nodes),
        ];
        let mut skip = *from;
        for (_, name, records) in parts.into_iter().filter(|(wanted, ..)| *wanted) {
            if skip < records.len() {
                let chunk = &records[skip..records.len().min(skip + CHUNK)];
                *from += chunk.len();
                return Some(message(name, chunk, &[]));
            }
            skip -= records.len();
        }
        self.snapshot = None;
        Some(Bytes::from_static(b"event: synced\ndata: {}\n\n"))
    }

    async fn change(&mut self) -> Option<Bytes> {
        loop {
            tokio::select! {
                changes = self.changes.recv() => match changes {
                    Ok(changes) => {
                        if self.token.as_ref().is_some_and(|id| changes.revoked.contains(id)) {
                            return None;
                        }
                        let wanted = changes.only(self.what);
                        if !wanted.is_empty() {
                            return Some(wanted);
                        }
                    }
                    // Too slow, or the differ has ended: who comes back gets everything.
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
                },
                () = self.stay.ends() => return None,
                () = tokio::time::sleep_until(self.heartbeat) => {
                    return Some(Bytes::from_static(b":\n\n"));
                }
            }
        }
    }
}

/// As many messages as these records need; none for none.
fn messages(name: &str, changed: &[Bytes], gone: &[String]) -> Bytes {
    if changed.is_empty() && gone.is_empty() {
        return Bytes::new();
    }
    let (first, rest) = changed.split_at(changed.len().min(CHUNK));
    let mut all = BytesMut::from(&message(name, first, gone)[..]);
    for chunk in rest.chunks(CHUNK) {
        all.extend_from_slice(&message(name, chunk, &[]));
    }
    all.freeze()
}

/// One message: records as JSON, and the ids of those that are gone.
fn message(name: &str, changed: &[Bytes], gone: &[String]) -> Bytes {
    let size = changed.iter().map(|json| json.len() + 1).sum::<usize>();
    let mut text = BytesMut::with_capacity(size + 64 + gone.len() * 40);
    text.put_slice(format!("event: {name}\ndata: {{\"changed\":[").as_bytes());
    for (i, json) in changed.iter().enumerate() {
        if i > 0 {
            text.put_u8(b',');
        }
        text.put_slice(json);
    }
    text.put_slice(format!("],\"gone\":{}}}\n\n", json!(gone)).as_bytes());
    text.freeze()
}

#[cfg(test)]
mod tests;
