//! Those who follow the events: from memory, and from the database where they are behind.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::domain::event::{Event, EventKind};
use crate::registry::error::ApiError;
use crate::registry::seen::live::{Encoded, End, HEARTBEAT, Live, Stay, Wanted};
use crate::registry::store::Store;

/// Events that a stream takes from memory at a time, and from the database.
const BATCH: usize = 64;
const DATABASE_BATCH: usize = 500;

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
    /// Follows the events after number `after`; those from now on without it. `token`: id of
    /// the token by which the client came; the stream ends when it is revoked.
    ///
    /// # Errors
    /// 503 where there are too many streams.
    pub fn new(
        live: &Live,
        store: &Arc<Store>,
        after: Option<u64>,
        wanted: Wanted,
        token: Option<String>,
    ) -> Result<Follower, ApiError> {
        Ok(Follower {
            stay: live.stay()?,
            store: Arc::clone(store),
            last: live.log().subscribe(),
            after: after.unwrap_or_else(|| live.last()),
            live: live.clone(),
            wanted,
            token,
            read: VecDeque::new(),
            was_current: false,
            heartbeat: Instant::now() + HEARTBEAT,
        })
    }

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
        if let Some(events) = self.live.log().since(self.after, BATCH) {
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
        let turn = self.live.turn().await?;
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
    use crate::registry::seen::log::EventLog;
    use crate::registry::store::{Database, Lifetimes, Now};
    use prometheus_client::metrics::gauge::Gauge;
    use std::time::Duration;

    fn store() -> (tempfile::TempDir, Arc<Store>) {
        let dir = tempfile::tempdir().unwrap();
        let path = format!("sqlite:{}", dir.path().join("r.db").display());
        let lifetimes =
            Lifetimes { ttl: Duration::from_secs(60), retain: Duration::from_secs(3600) };
        let database = Database::parse(&path).unwrap();
        (dir, Arc::new(Store::open(&database, lifetimes, Now::get()).unwrap()))
    }

    fn numbered(seq: u64, kind: EventKind, subject: &str) -> Arc<Event> {
        let json = serde_json::json!({
            "seq": seq, "time": "2026-01-01T00:00:00Z", "kind": kind, "subject": subject,
            "data": {},
        });
        Arc::new(serde_json::from_value(json).unwrap())
    }

    #[tokio::test]
    async fn a_follower_that_falls_behind_memory_is_told_to_come_back() {
        let (_dir, store) = store();
        let (log, open) = (EventLog::new(0), Gauge::default());
        let live = Live::new(log.clone(), open.clone());
        let mut follower = Follower::new(&live, &store, None, Wanted::default(), None).unwrap();
        assert_eq!(open.get(), 1);
        log.publish(vec![numbered(1, EventKind::Updated, "s")]);
        assert!(matches!(follower.next().await, Next::Event(event) if event.seq() == 1));
        let quiet = tokio::time::timeout(Duration::from_millis(10), follower.next()).await;
        assert!(quiet.is_err(), "there is nothing more");
        let many = crate::registry::seen::log::KEPT as u64 + 10;
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
        let mut theirs = Follower::new(&live, &store, None, Wanted::default(), token("a")).unwrap();
        let mut another =
            Follower::new(&live, &store, None, Wanted::default(), token("b")).unwrap();
        log.publish(vec![numbered(1, EventKind::TokenRevoked, "a")]);
        assert!(matches!(theirs.next().await, Next::End(End::Over)));
        assert!(matches!(another.next().await, Next::Event(_)));
    }

    #[tokio::test]
    async fn a_follower_ends_when_the_registry_stops() {
        let (_dir, store) = store();
        let live = Live::new(EventLog::new(0), Gauge::default());
        let mut follower = Follower::new(&live, &store, None, Wanted::default(), None).unwrap();
        let (next, ()) = tokio::join!(follower.next(), async { live.stop() });
        assert!(matches!(next, Next::End(End::Stopping)));
    }
}
