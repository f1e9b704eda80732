//! What the view knows, counted at each scrape in one pass: what is gone vanishes, and nothing
//! has to be kept in step.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::domain::node::NodeState;
use crate::domain::server::{Server, ServerState};
use crate::registry::seen::view::View;
use crate::registry::store::Store;

/// Most models that have series of their own; further ones are counted together as `other`.
/// Whoever registers chooses the name, and each name is four series.
const MAX_MODELS: usize = 100;
/// Most roles of nodes, likewise.
const MAX_ROLES: usize = 50;
/// The name for the rest.
const OTHER: &str = "other";

const STATES: [ServerState; 4] =
    [ServerState::Loading, ServerState::Ready, ServerState::Draining, ServerState::Lost];

/// Encodes what the view holds.
#[derive(Debug)]
pub(super) struct ViewCollector {
    store: Arc<Store>,
    started: Instant,
}

impl ViewCollector {
    /// Of this database, in a process that starts now.
    pub(super) fn new(store: Arc<Store>) -> ViewCollector {
        ViewCollector { store, started: Instant::now() }
    }
}

/// What is counted of the servers.
#[derive(Debug, Default)]
struct Count {
    by_state: [u64; 4],
    by_model: BTreeMap<String, Model>,
    unhealthy: u64,
    legacy: u64,
    failing: bool,
    seq: u64,
    nodes: BTreeMap<String, Role>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Role {
    by_state: [u64; NodeState::ALL.len()],
    gpus: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Model {
    by_state: [u64; 4],
    slots: u64,
    busy: u64,
}

impl Count {
    fn of(view: &View) -> Count {
        let mut count = Count {
            legacy: view.legacy.len() as u64,
            failing: view.broken.is_some(),
            seq: view.seq,
            ..Count::default()
        };
        for entry in view.entries.values() {
            count.add(&entry.server);
        }
        for node in view.nodes.values() {
            let name = bounded(&mut count.nodes, &node.info.role, MAX_ROLES);
            let Some(role) = count.nodes.get_mut(name) else { continue };
            let at = NodeState::ALL.iter().position(|state| *state == node.state());
            role.by_state[at.unwrap_or_default()] += 1;
            role.gpus += u64::from(node.info.capabilities.gpus());
        }
        let old = view.legacy.values().filter_map(|entry| entry.health.as_ref());
        count.unhealthy += old.filter(|health| !health.ok).count() as u64;
        count
    }

    fn add(&mut self, server: &Server) {
        let at = STATES.iter().position(|state| *state == server.state).unwrap_or_default();
        self.by_state[at] += 1;
        self.unhealthy += u64::from(server.state == ServerState::Ready && server.is_unhealthy());
        let name = bounded(&mut self.by_model, &server.info.model.name, MAX_MODELS);
        let Some(model) = self.by_model.get_mut(name) else { return };
        model.by_state[at] += 1;
        if let Some(slots) = server.slots.filter(|_| server.state != ServerState::Lost) {
            model.slots += u64::from(slots.total);
            model.busy += u64::from(slots.busy);
        }
    }
}

/// The name under which `name` is counted: its own, while there are few. The usual case makes
/// no new text.
fn bounded<'a, T: Default>(known: &mut BTreeMap<String, T>, name: &'a str, most: usize) -> &'a str {
    if known.contains_key(name) {
        return name;
    }
    let name = if known.len() < most { name } else { OTHER };
    known.entry(name.to_owned()).or_default();
    name
}

impl Collector for ViewCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let count = Count::of(&self.store.view().read());
        by_state(&mut encoder, &count)?;
        by_model(&mut encoder, &count)?;
        by_role(&mut encoder, &count)?;
        let gauges = [
            ("unhealthy_servers", "Ready servers whose /health does not answer", count.unhealthy),
            ("legacy_servers", "Entries of old clients", count.legacy),
            (
                "database_queue",
                "Operations that wait for the database",
                self.store.waiting() as u64,
            ),
            ("database_failing", "1 while the database can't be written", u64::from(count.failing)),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        let uptime = ConstGauge::new(self.started.elapsed().as_secs_f64());
        let help = "Time since the start";
        let kind = MetricType::Gauge;
        uptime.encode(encoder.encode_descriptor("uptime_seconds", help, None, kind)?)?;
        let events = ConstCounter::new(count.seq);
        let help = "Events that were ever written to the database";
        events.encode(encoder.encode_descriptor("events", help, None, MetricType::Counter)?)
    }
}

fn by_state(encoder: &mut DescriptorEncoder<'_>, count: &Count) -> Result<(), fmt::Error> {
    let help = "Leased servers by state";
    let mut family = encoder.encode_descriptor("servers", help, None, MetricType::Gauge)?;
    for (state, value) in STATES.iter().zip(count.by_state) {
        let labels = [("state", state.as_str())];
        ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn by_model(encoder: &mut DescriptorEncoder<'_>, count: &Count) -> Result<(), fmt::Error> {
    let help = "Leased servers by model and state";
    let mut family = encoder.encode_descriptor("model_servers", help, None, MetricType::Gauge)?;
    for (name, model) in &count.by_model {
        for (state, value) in STATES.iter().zip(model.by_state) {
            let labels = [("model", name.as_str()), ("state", state.as_str())];
            ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
        }
    }
    type Value = fn(&Model) -> u64;
    let of_slots: [(&str, &str, Value); 2] = [
        ("slots", "Slots of live servers by model", |model| model.slots),
        ("busy_slots", "Slots that work on a request", |model| model.busy),
    ];
    for (name, help, value) in of_slots {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (model_name, model) in &count.by_model {
            let labels = [("model", model_name.as_str())];
            ConstGauge::new(value(model)).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn by_role(encoder: &mut DescriptorEncoder<'_>, count: &Count) -> Result<(), fmt::Error> {
    let help = "Nodes by role and state";
    let mut family = encoder.encode_descriptor("nodes", help, None, MetricType::Gauge)?;
    for (name, role) in &count.nodes {
        for (state, value) in NodeState::ALL.iter().zip(role.by_state) {
            let labels = [("role", name.as_str()), ("state", state.as_str())];
            ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
        }
    }
    let help = "GPUs of nodes by role";
    let mut family = encoder.encode_descriptor("node_gpus", help, None, MetricType::Gauge)?;
    for (name, role) in &count.nodes {
        let labels = [("role", name.as_str())];
        ConstGauge::new(role.gpus).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_beyond_the_limit_are_counted_together() {
        let mut count = Count::default();
        for n in 0..MAX_MODELS + 5 {
            let server: Server = serde_json::from_value(serde_json::json!({
                "id": uuid::Uuid::now_v7(), "cluster": "c", "job_id": "1", "name": "n",
                "model": {"name": format!("m{n:04}")}, "owner": "o", "host": "h", "port": 1,
                "started": "2026-01-01T00:00:00Z", "state": "ready",
                "slots": {"total": 4, "busy": 1},
                "health": {"ok": n != 3, "checked": "2026-01-01T00:00:00Z"},
                "first_seen": "2026-01-01T00:00:00Z", "last_seen": "2026-01-01T00:00:00Z",
            }))
            .unwrap();
            count.add(&server);
        }
        assert_eq!(count.by_model.len(), MAX_MODELS + 1);
        let other = Model { by_state: [0, 5, 0, 0], slots: 20, busy: 5 };
        assert_eq!(count.by_model[OTHER], other);
        assert_eq!(count.by_state[1], MAX_MODELS as u64 + 5);
        assert_eq!(count.unhealthy, 1);
    }
}
