//! What to do next for one target: what is due, what goes together, how long to wait. Pure.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::Envelope;
use super::state::{MINUTE, State};

/// A group is sent after so many times the quiet it waits for, though it is not quiet.
const PATIENCE: u32 = 8;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// These have outlived their time.
    Expire(Vec<String>),
    /// These go now, as one message.
    Send(Vec<String>),
    /// There is nothing to do before this time.
    Wait(Timestamp),
    /// Nothing waits.
    Idle,
}

/// How fast messages may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Messages in a minute.
    pub a_minute: u32,
    /// How long a group has to be quiet before it goes.
    pub digest: Duration,
    /// Whether groups go though they are not quiet: whoever sends has no more time.
    pub hurry: bool,
}

/// One message that could be sent.
struct Candidate {
    ids: Vec<String>,
    oldest: Timestamp,
    /// Whether it was tried before, so that nothing can be added to it.
    tried: bool,
}

/// Decides what to do for a target at which `letters` wait.
pub(super) fn next(
    letters: &BTreeMap<String, Envelope>,
    state: &State,
    pace: &Pace,
    now: Timestamp,
) -> Step {
    let expired: Vec<_> =
        letters.values().filter(|letter| letter.ends() <= now).map(|l| l.id.clone()).collect();
    if !expired.is_empty() {
        return Step::Expire(expired);
    }
    let Some(first_end) = letters.values().map(Envelope::ends).min() else { return Step::Idle };
    let (mut ready, wake) = candidates(letters, state, pace, now);
    if ready.is_empty() {
        return Step::Wait(wake.unwrap_or(first_end).min(first_end));
    }
    if let Some(gate) = gate(state, pace, now) {
        return Step::Wait(gate.min(first_end));
    }
    ready.sort_by(|a, b| (a.oldest, &a.ids).cmp(&(b.oldest, &b.ids)));
    // The last place of a minute takes all that waits, and so does the first one after a minute
    // that was full: what would come after it would be late.
    let places = pace.a_minute.max(1) as usize;
    let last_place = sent_before(state, now) + 1 >= places;
    let late = sent_before(state, ready[0].oldest) >= places;
    if (last_place || late) && !ready[0].tried {
        let fresh = ready.into_iter().filter(|candidate| !candidate.tried);
        return Step::Send(fresh.flat_map(|candidate| candidate.ids).collect());
    }
    Step::Send(ready.swap_remove(0).ids)
}

/// Whether anything but the message with these envelopes could go now.
pub(super) fn others(
    letters: &BTreeMap<String, Envelope>,
    state: &State,
    pace: &Pace,
    ids: &[String],
    now: Timestamp,
) -> bool {
    let (ready, _) = candidates(letters, state, pace, now);
    ready.iter().any(|candidate| candidate.ids != ids)
}

/// How many messages went out in the minute before `time`.
fn sent_before(state: &State, time: Timestamp) -> usize {
    state.recent.iter().filter(|at| **at <= time && **at + MINUTE > time).count()
}

/// When the next message may go, where it can't go now.
fn gate(state: &State, pace: &Pace, now: Timestamp) -> Option<Timestamp> {
    let pause = state.pause.map(|pause| pause.until);
    let places = pace.a_minute.max(1) as usize;
    let mut recent = state.recent.clone();
    recent.sort();
    let full = recent.len().checked_sub(places).map(|index| recent[index] + MINUTE);
    pause.max(full).filter(|gate| *gate > now)
}

/// The messages that are ready, and when the first of the others will be.
fn candidates(
    letters: &BTreeMap<String, Envelope>,
    state: &State,
    pace: &Pace,
    now: Timestamp,
) -> (Vec<Candidate>, Option<Timestamp>) {
    let (mut ready, mut wake) = (Vec::new(), None::<Timestamp>);
    let mut place = |candidate: Candidate, from: Timestamp| {
        if from <= now {
            ready.push(candidate);
        } else {
            wake = Some(wake.map_or(from, |wake| wake.min(from)));
        }
    };
    let mut tried = HashSet::new();
    for message in &state.messages {
        let ids: Vec<_> =
            message.ids.iter().filter(|id| letters.contains_key(*id)).cloned().collect();
        tried.extend(message.ids.iter());
        if let Some(oldest) = ids.iter().map(|id| letters[id].created).min() {
            place(Candidate { ids, oldest, tried: true }, message.next);
        }
    }
    let mut groups: BTreeMap<&str, Vec<&Envelope>> = BTreeMap::new();
    for letter in letters.values().filter(|letter| !tried.contains(&letter.id)) {
        match &letter.group {
            Some(group) => groups.entry(group).or_default().push(letter),
            None => {
                let (ids, oldest) = (vec![letter.id.clone()], letter.created);
                place(Candidate { ids, oldest, tried: false }, now);
            }
        }
    }
    for mut group in groups.into_values() {
        group.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        let arrivals = || group.iter().map(|letter| state.arrived(letter).min(now));
        let (Some(first), Some(last)) = (arrivals().min(), arrivals().max()) else { continue };
        let quiet = (last + pace.digest).min(first + pace.digest * PATIENCE);
        let oldest = group[0].created;
        let ids = group.iter().map(|letter| letter.id.clone()).collect();
        let from = if pace.hurry { now } else { quiet };
        place(Candidate { ids, oldest, tried: false }, from);
    }
    (ready, wake)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, letter};
    use super::*;

    const PACE: Pace = Pace { a_minute: 10, digest: Duration::from_secs(15), hurry: false };

    fn letters(all: impl IntoIterator<Item = Envelope>) -> BTreeMap<String, Envelope> {
        all.into_iter().map(|letter| (letter.id.clone(), letter)).collect()
    }

    fn send(ids: &[&str]) -> Step {
        Step::Send(ids.iter().map(|id| (*id).to_owned()).collect())
    }

    #[test]
    fn the_oldest_goes_first_and_alone() {
        let waiting = letters([letter("a", 5, None), letter("b", 3, None), letter("c", 4, None)]);
        assert_eq!(next(&waiting, &State::default(), &PACE, at(10)), send(&["b"]));
        assert_eq!(next(&letters([]), &State::default(), &PACE, at(10)), Step::Idle);
    }

    #[test]
    fn a_group_waits_for_quiet_but_not_for_ever() {
        let group = Some("4711 ready");
        let mut waiting = letters([letter("a", 0, group), letter("b", 10, group)]);
        let state = State::default();
        assert_eq!(next(&waiting, &state, &PACE, at(24)), Step::Wait(at(25)));
        assert_eq!(next(&waiting, &state, &PACE, at(25)), send(&["a", "b"]));
        // What belongs to no group, or to another, does not wait for it.
        waiting.extend(letters([letter("c", 20, None)]));
        assert_eq!(next(&waiting, &state, &PACE, at(20)), send(&["c"]));
        waiting.remove("c");
        for n in 0..30 {
            waiting.extend(letters([letter(&format!("d{n:02}"), 10 + n * 5, group)]));
        }
        assert_eq!(next(&waiting, &state, &PACE, at(119)), Step::Wait(at(120)));
        let Step::Send(ids) = next(&waiting, &state, &PACE, at(120)) else { panic!("not sent") };
        assert_eq!(ids.len(), 32);
        // Whoever has no more time does not wait.
        let hurry = Pace { hurry: true, ..PACE };
        assert!(matches!(next(&waiting, &state, &hurry, at(11)), Step::Send(_)));
    }

    #[test]
    fn the_last_place_of_a_minute_takes_all_that_waits() {
        let waiting = letters((0..20).map(|n| letter(&format!("a{n:02}"), n, None)));
        let mut state = State { recent: (0..8).map(|n| at(100 + n)).collect(), ..State::default() };
        assert_eq!(next(&waiting, &state, &PACE, at(110)), send(&["a00"]));
        state.recent.push(at(110));
        let Step::Send(ids) = next(&waiting, &state, &PACE, at(111)) else { panic!("not sent") };
        assert_eq!(ids.len(), 20);
        state.recent.push(at(111));
        // Ten went from second 100 on: the next place is a minute later.
        assert_eq!(next(&waiting, &state, &PACE, at(112)), Step::Wait(at(160)));
        let all = |step: Step| matches!(step, Step::Send(ids) if ids.len() == 20);
        assert!(all(next(&waiting, &state, &PACE, at(160))));
        let one = Pace { a_minute: 0, ..PACE };
        let fresh = State::default();
        assert!(all(next(&waiting, &fresh, &one, at(160))));
        // Ten went at once. What came right after goes as one, though then all places are free.
        state.recent = vec![at(100); 10];
        let waiting = letters((0..20).map(|n| letter(&format!("a{n:02}"), 101 + n, None)));
        assert_eq!(next(&waiting, &state, &PACE, at(159)), Step::Wait(at(160)));
        assert!(all(next(&waiting, &state, &PACE, at(165))));
    }

    #[test]
    fn what_was_tried_stays_the_message_that_it_was() {
        let group = Some("4711 ready");
        let mut waiting = letters([letter("a", 0, group), letter("b", 0, group)]);
        let mut state = State::default();
        let ids = ["a".to_owned(), "b".to_owned()];
        state.begin(&ids, at(15));
        waiting.extend(letters([letter("c", 1, group), letter("d", 2, None)]));
        // After a kill it is sent again at once, and nothing was added.
        assert_eq!(next(&waiting, &state, &PACE, at(16)), send(&["a", "b"]));
        state.postponed(&ids, "down".into(), Duration::from_secs(8), false, true, at(16));
        assert_eq!(next(&waiting, &state, &PACE, at(17)), Step::Wait(at(24)));
        state.recent = (0..9).map(|n| at(10 + n)).collect();
        assert_eq!(next(&waiting, &state, &PACE, at(24)), send(&["a", "b"]));
    }

    #[test]
    fn nothing_outlives_its_time() {
        let mut short = letter("a", 0, None);
        short.until = at(50);
        let waiting = letters([short, letter("b", 0, Some("g"))]);
        let mut state = State::default();
        state.begin(&["a".to_owned()], at(1));
        state.postponed(&["a".to_owned()], "x".into(), Duration::from_secs(60), true, true, at(1));
        assert_eq!(next(&waiting, &state, &PACE, at(2)), Step::Wait(at(15)));
        assert_eq!(next(&waiting, &state, &PACE, at(16)), Step::Wait(at(50)));
        assert_eq!(next(&waiting, &state, &PACE, at(50)), Step::Expire(vec!["a".to_owned()]));
        let day = super::super::MAX_AGE.as_secs() as i64;
        let both = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(next(&waiting, &state, &PACE, at(day)), Step::Expire(both));
    }
}
