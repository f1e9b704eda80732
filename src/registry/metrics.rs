//! What Prometheus gets. What the view knows is read from it at each scrape, so that servers
//! which are gone vanish.

mod process;
mod state;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::store::Store;
use crate::api::Notified;
use process::ProcessCollector;
use state::ViewCollector;

/// The content type of OpenMetrics.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The content type of Prometheus' older text format.
pub const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

const BUCKETS: [f64; 9] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0];
const LATE: [f64; 7] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const BATCH: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 32.0, 128.0, 256.0, 512.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusedLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProbeLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NotificationLabels {
    channel: &'static str,
    result: &'static str,
}

/// Channels that are counted by their name. Clients name them, so others are not.
const CHANNELS: &[&str] = &[
    "email",
    "ntfy",
    "plugin",
    "discord",
    "googlechat",
    "gotify",
    "matrix",
    "mattermost",
    "pagerduty",
    "pushover",
    "rocketchat",
    "slack",
    "teams",
    "telegram",
    "twilio",
    "webhook",
];

/// What is counted of the database's writer.
#[derive(Debug, Clone)]
pub struct StoreCounters {
    /// How long transactions took, in seconds.
    pub commit: Histogram,
    /// How many operations each had.
    pub batch: Histogram,
}

impl Default for StoreCounters {
    fn default() -> StoreCounters {
        StoreCounters { commit: Histogram::new(BUCKETS), batch: Histogram::new(BATCH) }
    }
}

/// What is counted of the event bus.
#[derive(Debug, Clone, Default)]
pub struct BusCounters {
    /// 1 while it is connected.
    pub connected: Gauge<u64, AtomicU64>,
    /// Messages that came in.
    pub received: Counter,
    /// Messages that came in faster than they could be read.
    pub dropped: Counter,
    /// Messages that were published.
    pub published: Counter,
}

/// What is counted as it happens.
#[derive(Debug, Clone)]
pub struct Counters {
    /// Registrations that were accepted.
    pub registrations: Counter,
    /// Leases that were renewed.
    pub heartbeats: Counter,
    /// Leases that ended without a word.
    pub expiries: Counter,
    /// Leases that are due and held back, since too many are.
    pub held_back: Gauge<u64, AtomicU64>,
    /// Registrations of nodes that were accepted.
    pub node_registrations: Counter,
    /// Heartbeats of nodes that were accepted.
    pub node_heartbeats: Counter,
    refused: Family<RefusedLabels, Counter>,
    /// Of the event bus.
    pub bus: BusCounters,
    /// Streams of events that are open.
    pub streams: Gauge<u64, AtomicU64>,
    /// Connections that are open.
    pub connections: Gauge<u64, AtomicU64>,
    requests: Family<RequestLabels, Counter>,
    duration: Family<RouteLabels, Histogram, fn() -> Histogram>,
    probes: Family<ProbeLabels, Counter>,
    notifications: Family<NotificationLabels, Counter>,
    late: Histogram,
}

impl Default for Counters {
    fn default() -> Counters {
        Counters {
            registrations: Counter::default(),
            heartbeats: Counter::default(),
            expiries: Counter::default(),
            held_back: Gauge::default(),
            node_registrations: Counter::default(),
            node_heartbeats: Counter::default(),
            refused: Family::default(),
            bus: BusCounters::default(),
            streams: Gauge::default(),
            connections: Gauge::default(),
            requests: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            probes: Family::default(),
            notifications: Family::default(),
            late: Histogram::new(LATE),
        }
    }
}

impl Counters {
    /// Counts a request that was not let in: for `unauthorised`, `forbidden`, or `rate`.
    pub fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&RefusedLabels { reason }).inc();
    }

    /// Counts one look at a server's `/health`: `ok`, `failed` or `skipped`.
    pub fn probe(&self, result: &'static str) {
        self.probes.get_or_create(&ProbeLabels { result }).inc();
    }

    /// Counts a message that a server or the registry sent, or could not send. Clients name the
    /// channel, so only known names are labels.
    pub fn notified(&self, told: &Notified) {
        let known = CHANNELS.iter().copied().find(|known| *known == told.channel);
        let channel = known.unwrap_or("other");
        let result = if told.ok { "ok" } else { "failed" };
        self.notifications.get_or_create(&NotificationLabels { channel, result }).inc();
    }

    /// Counts how much later than it was asked for a heartbeat came.
    pub fn late(&self, late: Duration) {
        self.late.observe(late.as_secs_f64());
    }

    /// Counts one answered request. `route` is the pattern of the path, so that there are few.
    pub fn request(&self, method: &http::Method, route: &str, status: u16, took: Duration) {
        let method = match method.as_str() {
            "GET" => "GET",
            "HEAD" => "HEAD",
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            "DELETE" => "DELETE",
            _ => "other",
        };
        let labels = RequestLabels { method, route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        let labels = RouteLabels { route: route.to_owned() };
        self.duration.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

/// All metrics of one registry.
#[derive(Debug)]
pub struct Metrics(Registry);

impl Metrics {
    /// Metrics over these counters and this database's view.
    pub fn new(counters: &Counters, store: &Arc<Store>) -> Metrics {
        let mut whole = Registry::default();
        whole.register_collector(Box::new(ProcessCollector::new()));
        let all = whole.sub_registry_with_prefix("llamactl_registry");
        let c = counters.clone();
        all.register("registrations", "Registrations that were accepted", c.registrations);
        all.register("heartbeats", "Leases that were renewed", c.heartbeats);
        let (registered, heard) = (c.node_registrations, c.node_heartbeats);
        all.register("node_registrations", "Registrations of nodes", registered);
        all.register("node_heartbeats", "Heartbeats of nodes", heard);
        all.register("expiries", "Leases that ended without a word", c.expiries);
        all.register("held_back_expiries", "Leases that are due but held back", c.held_back);
        all.register("refused", "Requests that were not let in", c.refused);
        all.register("event_bus_connected", "1 while Redis answers", c.bus.connected);
        all.register("event_bus_received", "Messages that came in", c.bus.received);
        all.register("event_bus_dropped", "Messages that came in too fast", c.bus.dropped);
        all.register("event_bus_published", "Messages that were published", c.bus.published);
        all.register("streams", "Streams of events that are open", c.streams);
        all.register("connections", "Connections that are open", c.connections);
        all.register("requests", "Requests that were answered", c.requests);
        all.register_with_unit(
            "request_duration",
            "Time from a request's header to its answer",
            Unit::Seconds,
            c.duration,
        );
        all.register_with_unit(
            "heartbeat_delay",
            "How much later than it was asked for a server's heartbeat came",
            Unit::Seconds,
            c.late,
        );
        all.register("probes", "Looks at servers' /health", c.probes);
        let help = "Messages that servers and watches sent, or could not send";
        all.register("notifications", help, c.notifications);
        let s = store.counters().clone();
        let help = "Time of one transaction";
        all.register_with_unit("database_commit", help, Unit::Seconds, s.commit);
        all.register("database_batch_size", "Operations in one transaction", s.batch);
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        all.register("build", "The registry's version", build);
        let store = Arc::clone(store);
        all.register_collector(Box::new(ViewCollector::new(store)));
        Metrics(whole)
    }

    /// The text in OpenMetrics.
    ///
    /// # Errors
    /// None in practice: writing to a text does not fail.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0)?;
        Ok(text)
    }
}

/// The same in Prometheus' older text format, which other programs than Prometheus still want:
/// counters have their whole name in the head, and kinds that it does not know are gauges.
pub fn older(openmetrics: &str) -> String {
    let mut text = String::with_capacity(openmetrics.len());
    let mut suffix = HashMap::new();
    let heads = openmetrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for (name, kind) in heads.filter_map(|head| head.split_once(' ')) {
        match kind {
            "counter" => suffix.insert(name, "_total"),
            "info" => suffix.insert(name, "_info"),
            _ => None,
        };
    }
    for line in openmetrics.lines() {
        let head = ["# HELP ", "# TYPE "].iter().find_map(|mark| {
            let (name, rest) = line.strip_prefix(mark)?.split_once(' ')?;
            Some((mark, name, rest))
        });
        match head {
            Some((mark, name, rest)) => {
                let kind = if rest == "info" || rest == "unknown" { "gauge" } else { rest };
                let suffix = suffix.get(name).copied().unwrap_or_default();
                text.push_str(&format!("{mark}{name}{suffix} {kind}\n"));
            }
            None if line.starts_with('#') => {}
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_infos_have_their_whole_name_in_the_older_format() {
        let new = "# HELP a Things.\n# TYPE a counter\n# UNIT a seconds\na_total 1\n\
            # HELP b B.\n# TYPE b info\nb_info{v=\"# TYPE a counter\"} 1\n# EOF\n";
        let old = "# HELP a_total Things.\n# TYPE a_total counter\na_total 1\n\
            # HELP b_info B.\n# TYPE b_info gauge\nb_info{v=\"# TYPE a counter\"} 1\n";
        assert_eq!(older(new), old);
    }
}
