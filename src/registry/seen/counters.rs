//! What is counted as it happens.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::api::Notified;

const BUCKETS: [f64; 9] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0];
const LATE: [f64; 7] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const BATCH: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 32.0, 128.0, 256.0, 512.0];

/// What requests are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

/// What refusals are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusedLabels {
    reason: &'static str,
}

/// What durations are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabels {
    route: String,
}

/// What looks at servers are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ProbeLabels {
    result: &'static str,
}

/// What messages are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct NotificationLabels {
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
    /// Requests that were not let in, by reason.
    pub refused: Family<RefusedLabels, Counter>,
    /// Of the event bus.
    pub bus: BusCounters,
    /// Streams of events that are open.
    pub streams: Gauge<u64, AtomicU64>,
    /// Connections that are open.
    pub connections: Gauge<u64, AtomicU64>,
    /// Requests that were answered.
    pub requests: Family<RequestLabels, Counter>,
    /// Time from a request's header to its answer, in seconds.
    pub duration: Family<RouteLabels, Histogram, fn() -> Histogram>,
    /// Looks at servers' `/health`.
    pub probes: Family<ProbeLabels, Counter>,
    /// Messages that were sent, or could not be.
    pub notifications: Family<NotificationLabels, Counter>,
    /// How much later than asked heartbeats came, in seconds.
    pub late: Histogram,
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
