//! For those who want to know as soon as something happens: streams of events, and reads that
//! wait.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, watch};
use tokio::time::Instant;

use super::error::ApiError;
use super::log::EventLog;
use super::store::Store;
use crate::domain::event::{Event, EventKind};

/// Longest time that a read waits.
pub const MAX_WAIT: Duration = Duration::from_secs(60);
/// How often a stream shows that it is there, when nothing happens.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lives: whoever follows shows anew who he is then.
const LIFETIME: Duration = Duration::from_secs(3600);
/// Most streams at a time.
pub const MAX_STREAMS: usize = 4096;
/// Most reads that wait at a time.
const MAX_WAITING: usize = 8192;
/// Events that a stream takes from memory at a time, and from the database.
const BATCH: usize = 64;
const DATABASE_BATCH: usize = 500;
/// Streams that read the database at a time.
const CATCHING_UP: usize = 2;
/// Most subjects that one reader names.
const MAX_SUBJECTS: usize = 20;
/// Events of which the encoded form is kept, so that many streams share it.
const ENCODED: usize = 256;

/// What streams and waiting reads share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    log: EventLog,
    streams: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    catching_up: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
    open: Gauge<u64, AtomicU64>,
    encoded: Vec<Mutex<Option<Encoded>>>,
}

/// An event as streams send it.
#[derive(Debug, Clone)]
pub struct Encoded {
    event: Arc<Event>,
    frame: Bytes,
    /// Where in the frame the JSON begins.
    json: usize,
}

impl Encoded {
    fn new(event: Arc<Event>) -> Encoded {
        let head = format!("id: {}\nevent: {}\ndata: ", event.seq, event.kind.as_str());
        let json = head.len();
        let mut frame = head.into_bytes();
        // Every event was JSON before it came here.
        let _ = serde_json::to_writer(&mut frame, &*event);
        frame.extend_from_slice(b"\n\n");
        Encoded { event, frame: frame.into(), json }
    }

    /// Its number.
    pub fn seq(&self) -> u64 {
        self.event.seq
    }

    /// As an event of an event stream (SSE): number, kind, and all of it as JSON.
    pub fn frame(&self) -> Bytes {
        self.frame.clone()
    }

    /// As JSON.
    pub fn json(&self) -> Bytes {
        self.frame.slice(self.json..self.frame.len() - 2)
    }
}

/// Which events somebody wants; without kinds or subjects, all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    kinds: Vec<EventKind>,
    subjects: Vec<String>,
}

impl Wanted {
    /// The kinds and subjects in two lists with commas.
    ///
    /// # Errors
    /// 400 for a kind that does not exist, or too many subjects.
    pub fn parse(kinds: Option<&str>, subjects: Option<&str>) -> Result<Wanted, ApiError> {
        let kinds = words(kinds).map(|word| {
            let kind = EventKind::ALL.iter().find(|kind| kind.as_str() == word);
            kind.copied().ok_or_else(|| {
                let all: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
                ApiError::bad_request(format!("kind: {word:?} is none")).hint(all.join(", "))
            })
        });
        let kinds = kinds.collect::<Result<_, _>>()?;
        let subjects: Vec<String> = words(subjects).map(str::to_owned).collect();
        if subjects.len() > MAX_SUBJECTS {
            let error = format!("subject: at most {MAX_SUBJECTS} are allowed");
            return Err(ApiError::bad_request(error));
        }
        Ok(Wanted { kinds, subjects })
    }

    /// Whether it is one of those.
    pub fn takes(&self, event: &Event) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && (self.subjects.is_empty() || self.subjects.contains(&event.subject))
    }

    /// The subjects; none for all.
    pub fn subjects(&self) -> &[String] {
        &self.subjects
    }

    /// Whether it is every event.
    pub fn is_all(&self) -> bool {
        self.kinds.is_empty() && self.subjects.is_empty()
    }
}

fn words(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or_default().split(',').filter(|word| !word.is_empty())
}

/// What comes next on a stream.
#[derive(Debug)]
pub enum Next {
    /// An event.
    Event(Encoded),
    /// The events between the wanted number and this one are not to be had: whoever follows
    /// must look at everything anew, and go on from here.
    Reset(u64),
    /// Nothing for a while; everything up to this number was looked at.
    Quiet(u64),
    /// The stream ends.
    End(End),
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The registry stops.
    Stopping,
    /// It has lived long enough, or its token was revoked; the client may come back.
    Over,
    /// The client is too far behind; it may come back with the last number it has.
    Behind,
    /// The database can't be read.
    Broken,
}

impl Live {
    /// Over this log of events; `open` counts the streams.
    pub fn new(log: EventLog, open: Gauge<u64, AtomicU64>) -> Live {
        let semaphore = |count| Arc::new(Semaphore::new(count));
        Live(Arc::new(Shared {
            log,
            streams: semaphore(MAX_STREAMS),
            waiting: semaphore(MAX_WAITING),
            catching_up: semaphore(CATCHING_UP),
            stopping: watch::Sender::new(false),
            open,
            encoded: std::iter::repeat_with(Mutex::default).take(ENCODED).collect(),
        }))
    }

    /// Tells streams and waiting reads to end.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// The number of the last event.
    pub fn last(&self) -> u64 {
        self.0.log.last()
    }

    /// Waits until an event after number `after` is there, at most for `wait`, which is a time
    /// such as `30s`. Where the registry's number is lower than `after`, it is another
    /// registry's, and there is no wait.
    ///
    /// # Errors
    /// 400 for a wait that means nothing, 503 where too many wait.
    pub async fn wait(&self, after: Option<u64>, wait: Option<&str>) -> Result<(), ApiError> {
        let Some(wait) = wait.map(parse_wait).transpose()? else { return Ok(()) };
        let Some(after) = after else {
            return Err(ApiError::bad_request("wait means nothing without after")
                .hint("after is the number in the header llamactl-seq of the last answer"));
        };
        let _place = place(&self.0.waiting, "too many requests wait")?;
        let (mut last, mut stopping) = (self.0.log.subscribe(), self.0.stopping.subscribe());
        let moved = last.wait_for(|last| *last != after);
        let stopped = stopping.wait_for(|stopping| *stopping);
        tokio::select! {
            _ = tokio::time::timeout(wait, moved) => {}
            _ = stopped => {}
        }
        Ok(())
    }

    /// Follows the events after number `after`; those from now on without it. `token`: id of
    /// the token by which the client came; the stream ends when it is revoked.
    ///
    /// # Errors
    /// 503 where there are too many streams.
    pub fn follow(
        &self,
        store: &Arc<Store>,
        after: Option<u64>,
        wanted: Wanted,
        token: Option<String>,
    ) -> Result<Follower, ApiError> {
        Ok(Follower {
            stay: self.stay()?,
            store: Arc::clone(store),
            last: self.0.log.subscribe(),
            after: after.unwrap_or_else(|| self.last()),
            live: self.clone(),
            wanted,
            token,
            read: VecDeque::new(),
            was_current: false,
            heartbeat: Instant::now() + HEARTBEAT,
        })
    }

    /// A place for one more stream.
    ///
    /// # Errors
    /// 503 where there are too many.
    pub fn stay(&self) -> Result<Stay, ApiError> {
        let place = place(&self.0.streams, "too many streams are open")?;
        self.0.open.inc();
        Ok(Stay {
            live: self.clone(),
            stopping: self.0.stopping.subscribe(),
            until: Instant::now() + LIFETIME,
            _place: place,
        })
    }

    /// The encoded form of an event of the log: made once, while many streams send it.
    fn encoded(&self, event: Arc<Event>) -> Encoded {
        let slot = &self.0.encoded[event.seq as usize % ENCODED];
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some(known) if Arc::ptr_eq(&known.event, &event) => known.clone(),
            _ => slot.insert(Encoded::new(event)).clone(),
        }
    }
}

fn place(places: &Arc<Semaphore>, full: &str) -> Result<OwnedSemaphorePermit, ApiError> {
    Arc::clone(places).try_acquire_owned().map_err(|error| match error {
        TryAcquireError::NoPermits => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, full),
        TryAcquireError::Closed => ApiError::internal(),
    })
}

fn parse_wait(text: &str) -> Result<Duration, ApiError> {
    let wait = match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    };
    let wait = wait.ok_or_else(|| {
        ApiError::bad_request(format!("wait: {text:?} is no time")).hint("give a time such as 30s")
    })?;
    Ok(wait.min(MAX_WAIT))
}

/// A place among the streams, for as long as one of them may live.
#[derive(Debug)]
pub struct Stay {
    live: Live,
    stopping: watch::Receiver<bool>,
    until: Instant,
    _place: OwnedSemaphorePermit,
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.live.0.open.dec();
    }
}

impl Stay {
    /// Why the stream must end now, if it must.
    pub fn over(&self) -> Option<End> {
        if *self.stopping.borrow() {
            return Some(End::Stopping);
        }
        (Instant::now() >= self.until).then_some(End::Over)
    }

    /// Comes back when it must end. Cancel safe.
    pub async fn ends(&mut self) {
        tokio::select! {
            _ = self.stopping.wait_for(|stopping| *stopping) => {}
            () = tokio::time::sleep_until(self.until) => {}
        }
    }
}

/// Somebody who follows the events.
#[derive(Debug)]
pub struct Follower {
    stay: Stay,
    live: Live,
    store: Arc<Store>,
    last: watch::Receiver<u64>,
    /// Everything up to here is in `read`, or was given.
    after: u64,
    wanted: Wanted,
    token: Option<String>,
    read: VecDeque<Next>,
    /// It had everything before: if it is behind what memory holds now, it is too slow.
    was_current: bool,
    heartbeat: Instant,
}

impl Follower {
    /// Everything up to this number was looked at.
    pub fn position(&self) -> u64 {
        self.after
    }

    /// What comes next. Cancel safe; not to be called after the end.
    pub async fn next(&mut self) -> Next {
        loop {
            if let Some(end) = self.stay.over() {
                return Next::End(end);
            }
            if let Some(next) = self.read.pop_front() {
                return next;
            }
            let last = *self.last.borrow_and_update();
            if self.after == last {
                self.was_current = true;
                tokio::select! {
                    _ = self.last.changed() => {}
                    () = self.stay.ends() => {}
                    () = tokio::time::sleep_until(self.heartbeat) => {}
                }
            } else if let Err(end) = self.read(last).await {
                return Next::End(end);
            }
            if self.read.is_empty() && Instant::now() >= self.heartbeat {
                self.heartbeat = Instant::now() + HEARTBEAT;
                return Next::Quiet(self.after);
            }
        }
    }

    /// Reads on after `self.after`, which is not `last`.
    async fn read(&mut self, last: u64) -> Result<(), End> {
        if self.after > last {
            // A number of another database, or of this one before it was restored.
            self.reset(last);
            return Ok(());
        }
        if let Some(events) = self.live.0.log.since(self.after, BATCH) {
            // What is newer than `last` is in the log a moment before the number says so.
            for event in events.into_iter().take_while(|event| event.seq <= last) {
                self.after = event.seq;
                if self.is_revoked(&event) {
                    self.read.push_back(Next::End(End::Over));
                }
                if self.wanted.takes(&event) {
                    self.read.push_back(Next::Event(self.live.encoded(event)));
                }
            }
            return Ok(());
        }
        if self.was_current {
            return Err(End::Behind);
        }
        let turn = self.live.0.catching_up.acquire().await.map_err(|_| End::Stopping)?;
        let events = self.store.events(self.after, DATABASE_BATCH).await.map_err(|error| {
            tracing::error!(%error, "events can't be read");
            End::Broken
        })?;
        drop(turn);
        if events.first().is_none_or(|first| first.seq != self.after + 1) {
            // The next one has been dropped since it was old.
            self.reset(last);
            return Ok(());
        }
        for event in events {
            self.after = event.seq;
            if self.wanted.takes(&event) {
                self.read.push_back(Next::Event(Encoded::new(Arc::new(event))));
            }
        }
        Ok(())
    }

    fn is_revoked(&self, event: &Event) -> bool {
        event.kind == EventKind::TokenRevoked && self.token.as_ref() == Some(&event.subject)
    }

    fn reset(&mut self, last: u64) {
        self.after = last;
        self.read.push_back(Next::Reset(last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::store::{Database, Lifetimes, Now};

    fn event(kind: EventKind, subject: &str) -> Event {
        let json = serde_json::json!({
            "seq": 7, "time": "2026-01-01T00:00:00Z", "kind": kind, "subject": subject,
            "data": {"name": "two\nlines"},
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn an_event_is_one_frame_and_one_json() {
        let event = event(EventKind::Updated, "s");
        let encoded = Encoded::new(Arc::new(event.clone()));
        let frame = String::from_utf8(encoded.frame().to_vec()).unwrap();
        assert!(frame.starts_with("id: 7\nevent: updated\ndata: {"), "{frame}");
        assert_eq!(frame.lines().count(), 4, "what a client sent breaks no line: {frame}");
        assert_eq!(serde_json::from_slice::<Event>(&encoded.json()).unwrap(), event);
    }

    #[test]
    fn kinds_and_subjects_are_chosen() {
        let wanted = |kinds, subjects| Wanted::parse(Some(kinds), Some(subjects)).unwrap();
        let is = |wanted: Wanted| wanted.takes(&event(EventKind::Lost, "a"));
        assert!(is(wanted("", "")) && wanted("", "").is_all());
        assert!(is(wanted("updated,lost", "")));
        assert!(!is(wanted("updated", "")));
        assert!(is(wanted("lost", "b,a")));
        assert!(!is(wanted("lost", "b")));
        let error = Wanted::parse(Some("lots"), None).unwrap_err();
        assert!(error.reply.hint.unwrap().contains("lost, unregistered"));
    }

    #[test]
    fn waits_are_read_and_bounded() {
        assert_eq!(parse_wait("30s").unwrap(), Duration::from_secs(30));
        assert_eq!(parse_wait("5").unwrap(), Duration::from_secs(5));
        assert_eq!(parse_wait("2h").unwrap(), MAX_WAIT);
        for bad in ["", "soon", "-5s"] {
            assert_eq!(parse_wait(bad).unwrap_err().status, StatusCode::BAD_REQUEST, "{bad}");
        }
    }

    fn store() -> (tempfile::TempDir, Arc<Store>) {
        let dir = tempfile::tempdir().unwrap();
        let path = format!("sqlite:{}", dir.path().join("r.db").display());
        let lifetimes = Lifetimes { ttl: MAX_WAIT, retain: LIFETIME };
        let database = Database::parse(&path).unwrap();
        (dir, Arc::new(Store::open(&database, lifetimes, Now::get()).unwrap()))
    }

    fn numbered(seq: u64, kind: EventKind, subject: &str) -> Arc<Event> {
        Arc::new(Event { seq, ..event(kind, subject) })
    }

    #[tokio::test]
    async fn a_follower_that_falls_behind_memory_is_told_to_come_back() {
        let (_dir, store) = store();
        let (log, open) = (EventLog::new(0), Gauge::default());
        let live = Live::new(log.clone(), open.clone());
        let mut follower = live.follow(&store, None, Wanted::default(), None).unwrap();
        assert_eq!(open.get(), 1);
        log.publish(vec![numbered(1, EventKind::Updated, "s")]);
        assert!(matches!(follower.next().await, Next::Event(event) if event.seq() == 1));
        let quiet = tokio::time::timeout(Duration::from_millis(10), follower.next()).await;
        assert!(quiet.is_err(), "there is nothing more");
        let many = super::super::log::KEPT as u64 + 10;
        log.publish((2..2 + many).map(|seq| numbered(seq, EventKind::Updated, "s")).collect());
        assert!(matches!(follower.next().await, Next::End(End::Behind)));
        drop(follower);
        assert_eq!(open.get(), 0);
    }

    #[tokio::test]
    async fn a_stream_ends_with_the_token_that_opened_it() {
        let (_dir, store) = store();
        let log = EventLog::new(0);
        let live = Live::new(log.clone(), Gauge::default());
        let token = |id: &str| Some(id.to_owned());
        let mut theirs = live.follow(&store, None, Wanted::default(), token("a")).unwrap();
        let mut another = live.follow(&store, None, Wanted::default(), token("b")).unwrap();
        log.publish(vec![numbered(1, EventKind::TokenRevoked, "a")]);
        assert!(matches!(theirs.next().await, Next::End(End::Over)));
        assert!(matches!(another.next().await, Next::Event(_)));
    }

    #[tokio::test]
    async fn a_follower_ends_when_the_registry_stops() {
        let (_dir, store) = store();
        let live = Live::new(EventLog::new(0), Gauge::default());
        let mut follower = live.follow(&store, None, Wanted::default(), None).unwrap();
        let (next, ()) = tokio::join!(follower.next(), async { live.stop() });
        assert!(matches!(next, Next::End(End::Stopping)));
    }
}
