//! What happened over a time: how many servers and nodes there were, in which state, and how
//! long GPUs were in use; made from the events and from what there is now.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::api::nodes::{History, HistoryPoint};
use crate::domain::event::{Event, EventKind};
use crate::domain::gpu;

/// Most points of one answer.
pub const MAX_POINTS: i64 = 1_000;

/// Which time to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its beginning.
    pub since: Timestamp,
    /// Its end: now.
    pub until: Timestamp,
    /// Time between two points.
    pub step: SignedDuration,
    /// From here on all events are known.
    pub complete_from: Timestamp,
}

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    /// Servers.
    pub servers: bool,
    /// Nodes.
    pub nodes: bool,
}

/// A server or node as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Present {
    /// What events have as their subject.
    pub subject: String,
    /// Its state.
    pub state: String,
    /// Whose it is.
    pub owner: String,
    /// What it serves.
    pub model: String,
    /// How many GPUs it has.
    pub gpus: f64,
}

/// The history of `window`, from the `events` in order and from what there is after them.
/// `events` may begin before the window, which tells how things were at its beginning.
pub fn history(
    window: Window,
    kinds: Kinds,
    events: &[Event],
    servers: Vec<Present>,
    nodes: Vec<Present>,
) -> History {
    let mut history = History {
        since: window.since,
        until: window.until,
        step_seconds: u64::try_from(window.step.as_secs()).unwrap_or(0),
        complete_from: window.complete_from,
        points: Vec::new(),
        heartbeat_delay: Vec::new(),
        servers_registered: 0,
        servers_lost: 0,
        nodes_registered: 0,
        nodes_lost: 0,
        gpu_hours_by_owner: BTreeMap::new(),
        gpu_hours_by_model: BTreeMap::new(),
    };
    let mut servers = Track::new(servers, events, server_change);
    let mut nodes = Track::new(nodes, events, node_change);
    let mut points = times(window).into_iter().peekable();
    let point = |time, servers: &Track, nodes: &Track| HistoryPoint {
        time,
        servers: kinds.servers.then(|| servers.counts.clone()),
        nodes: kinds.nodes.then(|| nodes.counts.clone()),
    };
    for event in events {
        while let Some(time) = points.next_if(|time| *time < event.time) {
            history.points.push(point(time, &servers, &nodes));
        }
        if let Some(change) = server_change(event).filter(|_| kinds.servers) {
            servers.go(event, change.after, window, &mut history);
            let counts = event.time >= window.since;
            history.servers_registered += u64::from(counts && event.kind == EventKind::Registered);
            history.servers_lost += u64::from(counts && event.kind == EventKind::Lost);
        }
        if let Some(change) = node_change(event).filter(|_| kinds.nodes) {
            let gone = change.after.as_deref() == Some("offline");
            nodes.go(event, change.after, window, &mut history);
            let counts = event.time >= window.since;
            let lost = event.kind == EventKind::NodeState && gone;
            history.nodes_registered +=
                u64::from(counts && event.kind == EventKind::NodeRegistered);
            history.nodes_lost += u64::from(counts && lost);
        }
    }
    history.points.extend(points.map(|time| point(time, &servers, &nodes)));
    if kinds.servers {
        servers.finish(window, &mut history);
    }
    let round = |hours: &mut f64| *hours = (*hours * 1000.0).round() / 1000.0;
    history.gpu_hours_by_owner.values_mut().for_each(round);
    history.gpu_hours_by_model.values_mut().for_each(round);
    history
}

fn times(window: Window) -> Vec<Timestamp> {
    let mut times = Vec::new();
    let mut time = window.since;
    while time <= window.until && (times.len() as i64) < MAX_POINTS {
        if time >= window.complete_from {
            times.push(time);
        }
        match time.checked_add(window.step) {
            Ok(next) if next > time => time = next,
            _ => break,
        }
    }
    times
}

/// What an event says of the state of its subject; nothing: it is not there.
struct Change {
    before: Option<String>,
    after: Option<String>,
}

fn state(event: &Event, field: &str) -> Option<String> {
    event.data.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn server_change(event: &Event) -> Option<Change> {
    use EventKind as K;
    // Entries of old clients have no state: they are what clients may use.
    let told = || Some(state(event, "state").unwrap_or_else(|| "ready".to_owned()));
    let word = |word: &str| Some(word.to_owned());
    let (before, after) = match event.kind {
        K::Registered => (None, told()),
        K::Updated => (told(), told()),
        K::Lost => (word("ready"), word("lost")),
        K::Unregistered | K::Replaced => (told(), None),
        K::Removed => (word("lost"), None),
        _ => return None,
    };
    Some(Change { before, after })
}

fn node_change(event: &Event) -> Option<Change> {
    use EventKind as K;
    let told = || state(event, "state");
    let (before, after) = match event.kind {
        K::NodeRegistered => (None, told()),
        K::NodeUpdated => (told(), told()),
        K::NodeState => (state(event, "from"), told()),
        K::NodeRemoved => (told(), None),
        _ => return None,
    };
    Some(Change { before, after })
}

/// One server or node on its way through time.
#[derive(Debug, Default, Clone)]
struct Thing {
    state: Option<String>,
    /// Since when it counts.
    since: Option<Timestamp>,
    owner: String,
    model: String,
    gpus: f64,
}

/// All servers, or all nodes.
struct Track {
    things: HashMap<String, Thing>,
    counts: BTreeMap<String, u64>,
}

impl Track {
    /// As everything was before the first event: what no event tells of was always as it is.
    fn new(present: Vec<Present>, events: &[Event], change: fn(&Event) -> Option<Change>) -> Track {
        let mut things: HashMap<String, Thing> = HashMap::new();
        for Present { subject, state, owner, model, gpus } in present {
            let thing = Thing { state: Some(state), since: None, owner, model, gpus };
            things.insert(subject, thing);
        }
        let mut first = std::collections::HashSet::new();
        for event in events {
            let Some(change) = change(event) else { continue };
            let thing = things.entry(event.subject.clone()).or_default();
            if first.insert(event.subject.as_str()) {
                thing.state = change.before;
            }
            learn(thing, event);
        }
        let mut counts = BTreeMap::new();
        for state in things.values().filter_map(|thing| thing.state.as_ref()) {
            *counts.entry(state.clone()).or_insert(0) += 1;
        }
        Track { things, counts }
    }

    fn go(&mut self, event: &Event, after: Option<String>, window: Window, history: &mut History) {
        let Some(thing) = self.things.get_mut(&event.subject) else { return };
        if thing.state == after {
            return;
        }
        spend(thing, event.time, window, history);
        thing.since = Some(event.time);
        if let Some(count) = thing.state.as_ref().and_then(|state| self.counts.get_mut(state)) {
            *count = count.saturating_sub(1);
        }
        if let Some(state) = &after {
            *self.counts.entry(state.clone()).or_insert(0) += 1;
        }
        self.counts.retain(|_, count| *count > 0);
        thing.state = after;
    }

    fn finish(&mut self, window: Window, history: &mut History) {
        for thing in self.things.values_mut() {
            spend(thing, window.until, window, history);
        }
    }
}

/// Takes over what an event says of its subject.
fn learn(thing: &mut Thing, event: &Event) {
    let text = |field: &str| event.data.get(field).and_then(Value::as_str);
    if let Some(owner) = text("owner") {
        owner.clone_into(&mut thing.owner);
    }
    if let Some(model) = text("model") {
        model.clone_into(&mut thing.model);
    }
    if let Some(gpus) = text("gpus") {
        thing.gpus = f64::from(gpu::count(gpus));
    }
}

/// Counts the hours of GPUs from the last change of a server until `end`, within the window.
fn spend(thing: &Thing, end: Timestamp, window: Window, history: &mut History) {
    let is_live = thing.state.as_deref().is_some_and(|state| state != "lost");
    let begin = window.since.max(window.complete_from);
    let from = thing.since.map_or(begin, |since| since.max(begin));
    let hours = end.duration_since(from).as_secs_f64() / 3600.0 * thing.gpus;
    if is_live && hours > 0.0 {
        *history.gpu_hours_by_owner.entry(thing.owner.clone()).or_insert(0.0) += hours;
        *history.gpu_hours_by_model.entry(thing.model.clone()).or_insert(0.0) += hours;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + hour * 3600).unwrap()
    }

    fn event(seq: u64, hour: i64, kind: EventKind, subject: &str, data: Value) -> Event {
        Event::new(seq, at(hour), kind, subject.to_owned(), data)
    }

    fn window(since: i64, until: i64) -> Window {
        let step = SignedDuration::from_hours(1);
        Window { since: at(since), until: at(until), step, complete_from: at(since) }
    }

    const BOTH: Kinds = Kinds { servers: true, nodes: true };

    fn server(subject: &str, gpus: f64) -> Present {
        let [state, owner, model] = ["ready", "ann", "m"].map(str::to_owned);
        Present { subject: subject.to_owned(), state, owner, model, gpus }
    }

    #[test]
    fn servers_are_followed_from_event_to_event() {
        let data = |state| json!({"state": state, "owner": "bob", "model": "q", "gpus": "a100:2"});
        let events = [
            event(1, 1, EventKind::Registered, "b", data("loading")),
            event(2, 2, EventKind::Updated, "b", data("ready")),
            event(3, 4, EventKind::Lost, "b", data("lost")),
            event(4, 5, EventKind::Removed, "b", json!({})),
        ];
        let history = history(window(0, 6), BOTH, &events, vec![server("a", 1.0)], Vec::new());
        let count = |hour: usize, state: &str| {
            let servers = history.points[hour].servers.as_ref().unwrap();
            servers.get(state).copied().unwrap_or(0)
        };
        assert_eq!(history.points.len(), 7);
        let ready: Vec<u64> = (0..7).map(|hour| count(hour, "ready")).collect();
        assert_eq!(ready, [1, 1, 2, 2, 1, 1, 1]);
        assert_eq!([count(1, "loading"), count(4, "lost"), count(5, "lost")], [1, 1, 0]);
        assert_eq!((history.servers_registered, history.servers_lost), (1, 1));
        assert_eq!(history.gpu_hours_by_owner["bob"], 6.0, "3 hours of 2 GPUs");
        assert_eq!(history.gpu_hours_by_owner["ann"], 6.0);
        assert_eq!(history.gpu_hours_by_model["q"], 6.0);
    }

    #[test]
    fn what_was_before_the_window_is_known_from_earlier_events_and_not_counted_in_it() {
        let data = |state| json!({"state": state, "owner": "bob", "model": "q", "gpus": "1"});
        let events = [
            event(1, 1, EventKind::Registered, "b", data("ready")),
            event(2, 5, EventKind::Unregistered, "b", data("ready")),
        ];
        let history = history(window(3, 6), BOTH, &events, Vec::new(), Vec::new());
        let ready = |at: usize| history.points[at].servers.as_ref().unwrap().get("ready").copied();
        assert_eq!([ready(0), ready(1), ready(2), ready(3)], [Some(1), Some(1), None, None]);
        assert_eq!((history.servers_registered, history.gpu_hours_by_owner["bob"]), (0, 2.0));
    }

    #[test]
    fn nodes_are_followed_and_points_before_the_log_are_left_out() {
        let data = |from, state| json!({"from": from, "state": state});
        let events = [
            event(7, 2, EventKind::NodeState, "n", data("warning", "offline")),
            event(8, 4, EventKind::NodeState, "n", data("offline", "online")),
        ];
        let mut node = server("n", 0.0);
        node.state = "online".to_owned();
        let window = Window { complete_from: at(1), ..window(0, 4) };
        let kinds = Kinds { servers: false, nodes: true };
        let history = history(window, kinds, &events, Vec::new(), vec![node]);
        let states: Vec<String> = history
            .points
            .iter()
            .map(|point| point.nodes.as_ref().unwrap().keys().cloned().collect())
            .collect();
        assert_eq!(states, ["warning", "offline", "offline", "online"]);
        assert_eq!((history.nodes_lost, history.nodes_registered), (1, 0));
        assert_eq!(history.points[0].servers, None);
    }

    #[test]
    fn gpus_are_counted_whoever_wrote_of_them() {
        for (text, hours) in [
            ("2 x h100", 4.0),
            ("4 GPUs", 8.0),
            ("1 GPU", 2.0),
            ("gpu:a100:2(S:0-1),gpu:v100:1", 6.0),
            ("gres/gpu:h100:4", 8.0),
            ("a100:2", 4.0),
            ("7 x a100_1g.5gb", 14.0),
        ] {
            let data = json!({"state": "ready", "owner": "bob", "model": "q", "gpus": text});
            let events = [event(1, 1, EventKind::Registered, "b", data)];
            let history = history(window(0, 3), BOTH, &events, Vec::new(), Vec::new());
            assert_eq!(history.gpu_hours_by_owner["bob"], hours, "{text}");
        }
    }

    #[test]
    fn points_are_bounded() {
        let mut window = window(0, 1_000_000);
        assert_eq!(times(window).len() as i64, MAX_POINTS);
        window.step = SignedDuration::ZERO;
        assert_eq!(times(window).len(), 1);
    }
}
