//! The last events in memory, for everybody who follows them as they come.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use crate::domain::event::Event;

/// Events that are kept in memory. Whoever is further behind reads the database.
pub const KEPT: usize = 4096;

/// The last events, and a signal at each new one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EventLog {
    events: Arc<RwLock<Kept>>,
    last: Arc<watch::Sender<u64>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// All events after this number are in `events`, without a gap.
    base: u64,
    events: VecDeque<Arc<Event>>,
}

impl EventLog {
    /// A log that begins after event number `seq`.
    pub fn new(seq: u64) -> EventLog {
        let kept = Kept { base: seq, events: VecDeque::new() };
        EventLog { events: Arc::new(RwLock::new(kept)), last: Arc::new(watch::Sender::new(seq)) }
    }

    /// The number of the last event; changes after the view has followed.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }

    /// The number of the last event.
    pub fn last(&self) -> u64 {
        *self.last.borrow()
    }

    /// Up to `limit` events after number `after`, oldest first; nothing when that reaches
    /// further back than memory does.
    pub fn since(&self, after: u64, limit: usize) -> Option<Vec<Arc<Event>>> {
        let kept = self.events.read().unwrap_or_else(PoisonError::into_inner);
        let skip = usize::try_from(after.checked_sub(kept.base)?).unwrap_or(usize::MAX);
        Some(kept.events.iter().skip(skip).take(limit).cloned().collect())
    }

    /// Adds events, which follow each other and what is there, and wakes who waits for them.
    pub fn publish(&self, new: Vec<Arc<Event>>) {
        let Some(last) = new.last().map(|event| event.seq) else { return };
        let mut kept = self.events.write().unwrap_or_else(PoisonError::into_inner);
        for event in new {
            kept.events.push_back(event);
            if kept.events.len() > KEPT
                && let Some(oldest) = kept.events.pop_front()
            {
                kept.base = oldest.seq;
            }
        }
        drop(kept);
        self.last.send_replace(last);
    }

    /// Forgets what it has: the next event comes after number `seq`.
    pub fn restart(&self, seq: u64) {
        let mut kept = self.events.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Kept { base: seq, events: VecDeque::new() };
        drop(kept);
        self.last.send_replace(seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventKind;

    fn event(seq: u64) -> Arc<Event> {
        let time = jiff::Timestamp::UNIX_EPOCH;
        Arc::new(Event::new(seq, time, EventKind::Updated, "s".into(), serde_json::json!({})))
    }

    #[test]
    fn what_memory_holds_is_given_and_what_it_does_not_hold_is_said() {
        let log = EventLog::new(10);
        let mut last = log.subscribe();
        assert_eq!(log.since(10, 9), Some(Vec::new()));
        assert_eq!(log.since(9, 9), None);
        log.publish(vec![event(11), event(12)]);
        assert!(last.has_changed().unwrap());
        assert_eq!(*last.borrow_and_update(), 12);
        assert_eq!(log.since(10, 1), Some(vec![event(11)]));
        assert_eq!(log.since(11, 9), Some(vec![event(12)]));
        assert_eq!(log.since(99, 9), Some(Vec::new()));
        let many = (13..13 + KEPT as u64).map(event).collect();
        log.publish(many);
        assert_eq!(log.since(11, 9), None, "the oldest have gone");
        assert_eq!(log.since(12, 1), Some(vec![event(13)]));
        log.restart(99_999);
        assert_eq!((log.last(), log.since(99_998, 1)), (99_999, None));
    }
}
