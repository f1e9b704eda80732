//! What is known of one target beside what waits for it: tries, pauses, what became of messages.
//! Pure; whoever holds the target's lock keeps it on the disk.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Envelope, Fate};
use crate::notify::retry::LONGEST_WAIT;

/// The time in which messages are counted for the limit of a target.
pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// How long it is known what became of an envelope, for processes that wait for it.
const KNOWN: Duration = Duration::from_secs(3_600);
/// Of so many envelopes of one target it is known what became of them.
const MAX_KNOWN: usize = 2_000;
/// Longest reason that is kept, in characters.
const MAX_ERROR: usize = 500;
/// After so many tries in vain, a message is no longer taken for a sign that the target is down.
const SUSPECT: u32 = 3;
/// Clocks of nodes differ by less; more is a clock that jumped.
const SKEW: Duration = Duration::from_secs(1);
/// The longest pause that the other side can ask for.
const MAX_PAUSE: Duration = Duration::from_secs(86_400);

/// What is known of one target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// Messages that were tried. What they consist of is fixed: the other side may have got one
    /// of which we never heard, and must know it again by its key.
    pub messages: Vec<Message>,
    /// Nothing goes to the target before this is over.
    pub pause: Option<Pause>,
    /// Tries in vain since the last message that arrived.
    pub failures: u32,
    /// Whether the next try is to show if the target is down or the last message is at fault.
    pub probing: bool,
    /// When messages went out in the last two minutes.
    pub recent: Vec<Timestamp>,
    /// When envelopes were first seen whose own time lies in the future.
    pub seen: BTreeMap<String, Timestamp>,
    /// What became of envelopes.
    pub done: Vec<Done>,
}

/// One message, of one envelope or of many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Message {
    /// Its envelopes.
    pub ids: Vec<String>,
    /// How often it was tried, the try counted that may be under way.
    pub tries: u32,
    /// When to try again.
    pub next: Timestamp,
    /// Why the last try failed; nothing while the first one is under way, or was broken off.
    pub error: Option<String>,
}

/// A pause of a target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Pause {
    /// Its end.
    pub until: Timestamp,
    /// How long it was meant to be, in milliseconds: a clock that is set back makes it no longer.
    pub wait_ms: u64,
}

/// What became of the envelopes of one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Done {
    /// Its envelopes.
    pub ids: Vec<String>,
    /// When it ended.
    pub at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// Why it never arrived; nothing when it did.
    pub error: Option<String>,
}

impl State {
    /// Mends what a clock that was set back would make longer, and forgets what is over.
    /// Whether anything changed that is worth keeping.
    pub fn tidy(&mut self, letters: &BTreeMap<String, Envelope>, now: Timestamp) -> bool {
        let before = (self.messages.clone(), self.pause, self.seen.clone());
        for message in &mut self.messages {
            message.ids.retain(|id| letters.contains_key(id));
            message.next = message.next.min(now + LONGEST_WAIT);
        }
        self.messages.retain(|message| !message.ids.is_empty());
        if let Some(pause) = &mut self.pause {
            pause.until =
                pause.until.min(now + Duration::from_millis(pause.wait_ms).min(MAX_PAUSE));
        }
        self.pause = self.pause.filter(|pause| pause.until > now);
        self.recent.retain(|at| *at <= now && *at + 2 * MINUTE > now);
        self.seen.retain(|id, _| letters.contains_key(id));
        for (id, letter) in letters {
            if letter.created > now + SKEW {
                let seen = self.seen.entry(id.clone()).or_insert(now);
                *seen = (*seen).min(now);
            }
        }
        self.done.retain(|done| done.at <= now + KNOWN && done.at + KNOWN > now);
        let mut known = 0;
        let fit = self.done.iter().rev().take_while(|done| {
            known += done.ids.len();
            known <= MAX_KNOWN
        });
        let surplus = self.done.len() - fit.count().max(1).min(self.done.len());
        self.done.drain(..surplus);
        before != (self.messages.clone(), self.pause, self.seen.clone())
    }

    /// When an envelope came, as far as clocks can be trusted.
    pub fn arrived(&self, letter: &Envelope) -> Timestamp {
        self.seen.get(&letter.id).map_or(letter.created, |seen| letter.created.min(*seen))
    }

    /// The message that has exactly these envelopes and is about to be tried.
    pub fn begin(&mut self, ids: &[String], now: Timestamp) {
        match self.messages.iter_mut().find(|message| message.ids == ids) {
            Some(message) => message.tries = message.tries.saturating_add(1),
            None => {
                let message = Message { ids: ids.to_vec(), tries: 1, next: now, error: None };
                self.messages.push(message);
            }
        }
    }

    /// How often the message with these envelopes was tried.
    pub fn tries(&self, ids: &[String]) -> u32 {
        self.messages.iter().find(|message| message.ids == ids).map_or(0, |message| message.tries)
    }

    /// The message arrived.
    pub fn delivered(&mut self, ids: &[String], now: Timestamp) {
        self.end(ids, None, now);
        self.recent.push(now);
        self.failures = 0;
        self.probing = false;
    }

    /// The message never arrives.
    pub fn refused(&mut self, ids: &[String], error: String, now: Timestamp) {
        self.end(ids, Some(error), now);
        // The target answered: whatever is wrong, it is not down.
        self.failures = 0;
        self.probing = false;
    }

    /// These envelopes were not sent in their time.
    pub fn expired(&mut self, ids: &[String], now: Timestamp) {
        for id in ids {
            let tried = self.messages.iter().find(|message| message.ids.contains(id));
            let tries = tried.map_or(0, |message| message.tries);
            let last = tried.and_then(|message| message.error.clone());
            let error = match last {
                Some(last) => format!("given up, last because of: {last}"),
                None => "it could not be sent in its time".to_owned(),
            };
            self.done.push(Done { ids: vec![id.clone()], at: now, tries, error: Some(error) });
        }
        self.forget(ids);
    }

    /// The try failed, and the next one is after `wait`; `asked` where the other side wants to be
    /// left alone so long. `others` says whether another message could go now.
    ///
    /// A failed try pauses the target, since mostly it is the target that is down. A message that
    /// fails again and again may itself be at fault, so once in a while another one is tried
    /// right after it: if that one arrives, the first waits by itself and holds up nobody.
    pub fn postponed(
        &mut self,
        ids: &[String],
        error: String,
        wait: Duration,
        asked: bool,
        others: bool,
        now: Timestamp,
    ) {
        let wait = wait.min(MAX_PAUSE);
        self.failures = self.failures.saturating_add(1);
        let mut tries = 1;
        if let Some(message) = self.messages.iter_mut().find(|message| message.ids == ids) {
            tries = message.tries;
            message.next = now + wait.min(LONGEST_WAIT);
            message.error = Some(short(&error));
        }
        self.probing = tries >= SUSPECT && others && !asked && !self.probing;
        if !self.probing {
            self.pause = Some(Pause { until: now + wait, wait_ms: wait.as_millis() as u64 });
        }
    }

    /// What became of an envelope: its fate, the number of tries, and of how many envelopes its
    /// message was.
    pub fn fate(&self, id: &str) -> Option<(Fate, u32, usize)> {
        let done = self.done.iter().rev().find(|done| done.ids.iter().any(|known| known == id))?;
        let fate = match &done.error {
            None => Fate::Delivered,
            Some(error) => Fate::Failed { error: error.clone() },
        };
        Some((fate, done.tries, done.ids.len()))
    }

    /// The message of which an envelope that was tried is a part.
    pub fn message(&self, id: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.ids.iter().any(|known| known == id))
    }

    fn end(&mut self, ids: &[String], error: Option<String>, now: Timestamp) {
        let (tries, error) = (self.tries(ids), error.as_deref().map(short));
        self.done.push(Done { ids: ids.to_vec(), at: now, tries, error });
        self.forget(ids);
        self.pause = None;
    }

    fn forget(&mut self, ids: &[String]) {
        for message in &mut self.messages {
            message.ids.retain(|id| !ids.contains(id));
        }
        self.messages.retain(|message| !message.ids.is_empty());
    }
}

fn short(error: &str) -> String {
    error.chars().take(MAX_ERROR).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, letter};
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ids(id: &str) -> Vec<String> {
        vec![id.to_owned()]
    }

    fn waiting(all: &[&str]) -> BTreeMap<String, Envelope> {
        all.iter().map(|id| ((*id).to_owned(), letter(id, 0, None))).collect()
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_wait_longer() {
        let (letters, wait) = (waiting(&["a"]), Duration::from_secs(7));
        let mut state = State::default();
        state.begin(&ids("a"), at(100_000));
        state.postponed(&ids("a"), "down".into(), wait, true, false, at(100_000));
        state.recent = vec![at(100_000)];
        assert!(!state.tidy(&letters, at(100_001)), "nothing to mend");
        assert!(state.tidy(&letters, at(10)));
        assert_eq!(state.pause.map(|pause| pause.until), Some(at(17)));
        assert!(state.messages[0].next <= at(10) + LONGEST_WAIT);
        assert!(state.recent.is_empty());
    }

    #[test]
    fn an_envelope_of_the_future_came_when_it_was_first_seen() {
        let mut letters = waiting(&["a"]);
        letters.insert("b".into(), letter("b", 9_000, Some("g")));
        let mut state = State::default();
        assert!(state.tidy(&letters, at(10)));
        assert!(!state.tidy(&letters, at(20)));
        assert_eq!(state.arrived(&letters["b"]), at(10));
        assert_eq!(state.arrived(&letters["a"]), at(0));
        assert!(state.tidy(&letters, at(5)), "set back again");
        assert_eq!(state.arrived(&letters["b"]), at(5));
        letters.remove("b");
        state.tidy(&letters, at(5));
        assert!(state.seen.is_empty());
    }

    #[test]
    fn a_message_at_fault_does_not_hold_up_the_others() {
        let mut state = State::default();
        for n in 0..2 {
            state.begin(&ids("a"), at(n));
            state.postponed(&ids("a"), "500".into(), SECOND, false, true, at(n));
            assert!(state.pause.is_some(), "the target may be down");
            state.pause = None;
        }
        state.begin(&ids("a"), at(3));
        state.postponed(&ids("a"), "500".into(), SECOND * 4, false, true, at(3));
        assert_eq!((state.pause, state.messages[0].next), (None, at(7)), "another one is tried");
        // It fails too: the target is down, and only two are tried in a round.
        let mut down = state.clone();
        for _ in 0..3 {
            down.begin(&ids("b"), at(3));
        }
        down.postponed(&ids("b"), "500".into(), SECOND * 8, false, true, at(3));
        assert_eq!(down.pause.map(|pause| pause.until), Some(at(11)));
        // It arrives: nobody waits but the first.
        state.begin(&ids("b"), at(3));
        state.delivered(&ids("b"), at(3));
        assert_eq!((state.pause, state.failures, state.messages.len()), (None, 0, 1));
        // A wish of the other side is for all.
        state.begin(&ids("a"), at(7));
        state.postponed(&ids("a"), "429".into(), SECOND * 90, true, true, at(7));
        assert_eq!(state.pause.map(|pause| pause.until), Some(at(97)));
    }

    #[test]
    fn it_is_known_what_became_of_envelopes_for_an_hour_and_in_a_bounded_number() {
        let mut state = State::default();
        let both = ["a".to_owned(), "b".to_owned()];
        state.begin(&both, at(0));
        state.begin(&both, at(1));
        state.delivered(&both, at(1));
        state.begin(&ids("c"), at(2));
        state.refused(&ids("c"), "x".repeat(9_000), at(2));
        state.begin(&ids("d"), at(3));
        state.postponed(&ids("d"), "down".into(), SECOND, false, false, at(3));
        state.expired(&["d".to_owned(), "e".to_owned()], at(4));
        assert_eq!(state.fate("b"), Some((Fate::Delivered, 2, 2)));
        let failed = |id| match state.fate(id) {
            Some((Fate::Failed { error }, tries, 1)) => (error, tries),
            other => panic!("{other:?}"),
        };
        assert_eq!((failed("c").0.len(), failed("c").1), (MAX_ERROR, 1));
        assert_eq!(failed("d"), ("given up, last because of: down".into(), 1));
        assert_eq!(failed("e"), ("it could not be sent in its time".into(), 0));
        assert!(state.messages.is_empty());
        let mut later = state.clone();
        later.tidy(&BTreeMap::new(), at(3_602));
        assert_eq!((later.fate("c"), later.fate("e").is_some()), (None, true));
        let many: Vec<_> = (0..3 * MAX_KNOWN).map(|n| n.to_string()).collect();
        state.expired(&many, at(5));
        state.tidy(&BTreeMap::new(), at(5));
        assert_eq!(state.done.len(), MAX_KNOWN);
        assert!(state.fate(many.last().expect("one")).is_some() && state.fate("a").is_none());
    }
}
