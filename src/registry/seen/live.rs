//! For those who want to know as soon as something happens: places for streams and for reads that
//! wait, and what they share.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError, watch};
use tokio::time::Instant;

use crate::domain::event::{Event, EventKind};
use crate::registry::error::ApiError;
use crate::registry::seen::log::EventLog;

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
/// Streams that read the database at a time.
const CATCHING_UP: usize = 2;
/// Most subjects that one reader names.
const MAX_SUBJECTS: usize = 20;
/// Events of which the encoded form is kept, so that many streams share it.
const ENCODED: usize = 256;

/// What streams and waiting reads share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live(Arc<LiveState>);

#[derive(Debug)]
struct LiveState {
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
    /// Encodes an event.
    pub fn new(event: Arc<Event>) -> Encoded {
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
                ApiError::bad_request(format!("there is no kind of event {word:?}"))
                    .hint(all.join(", "))
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
        Live(Arc::new(LiveState {
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

    /// The log that is followed.
    pub fn log(&self) -> &EventLog {
        &self.0.log
    }

    /// A turn to read the database, of which there are few: whoever is far behind must not hold
    /// up those who write.
    ///
    /// # Errors
    /// The registry stops.
    pub async fn turn(&self) -> Result<SemaphorePermit<'_>, End> {
        self.0.catching_up.acquire().await.map_err(|_| End::Stopping)
    }

    /// The encoded form of an event of the log: made once, while many streams send it.
    pub fn encoded(&self, event: Arc<Event>) -> Encoded {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
