//! What Prometheus gets. What the view knows is read from it at each scrape, so that servers
//! which are gone vanish.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::store::Store;
use crate::domain::server::ServerState;

/// The content type of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const BUCKETS: [f64; 9] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
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
    /// Of the event bus.
    pub bus: BusCounters,
    /// Streams of events that are open.
    pub streams: Gauge<u64, AtomicU64>,
    /// Connections that are open.
    pub connections: Gauge<u64, AtomicU64>,
    requests: Family<RequestLabels, Counter>,
    duration: Family<RouteLabels, Histogram, fn() -> Histogram>,
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
            bus: BusCounters::default(),
            streams: Gauge::default(),
            connections: Gauge::default(),
            requests: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        }
    }
}

impl Counters {
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
        let mut all = Registry::with_prefix("llamactl_registry");
        let c = counters.clone();
        all.register("registrations", "Registrations that were accepted", c.registrations);
        all.register("heartbeats", "Leases that were renewed", c.heartbeats);
        let (registered, heard) = (c.node_registrations, c.node_heartbeats);
        all.register("node_registrations", "Registrations of nodes", registered);
        all.register("node_heartbeats", "Heartbeats of nodes", heard);
        all.register("expiries", "Leases that ended without a word", c.expiries);
        all.register("held_back_expiries", "Leases that are due but held back", c.held_back);
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
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        all.register("build", "The registry's version", build);
        let store = Arc::clone(store);
        all.register_collector(Box::new(ViewCollector { store, started: Instant::now() }));
        Metrics(all)
    }

    /// The text.
    ///
    /// # Errors
    /// None in practice: writing to a text does not fail.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0)?;
        Ok(text)
    }
}

#[derive(Debug)]
struct ViewCollector {
    store: Arc<Store>,
    started: Instant,
}

impl Collector for ViewCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (counts, legacy, broken) = {
            let view = self.store.view().read();
            let count = |state: ServerState| {
                view.entries.values().filter(|entry| entry.server.state == state).count()
            };
            use ServerState::{Draining, Loading, Lost, Ready};
            let counts = [Loading, Ready, Draining, Lost].map(|state| (state, count(state)));
            (counts, view.legacy.len(), view.broken.is_some())
        };
        let mut family = encoder.encode_descriptor(
            "servers",
            "Leased servers by state",
            None,
            prometheus_client::metrics::MetricType::Gauge,
        )?;
        for (state, count) in counts {
            let labels = [("state", state.as_str())];
            ConstGauge::new(count as u64).encode(family.encode_family(&labels)?)?;
        }
        let gauges = [
            ("legacy_servers", "Entries of old clients", legacy as f64),
            ("database_queue", "Operations that wait for the database", self.waiting()),
            ("database_failing", "1 while the database can't be written", f64::from(broken)),
            ("uptime_seconds", "Time since the start", self.started.elapsed().as_secs_f64()),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge_type())?)?;
        }
        Ok(())
    }
}

impl ViewCollector {
    fn waiting(&self) -> f64 {
        self.store.waiting() as f64
    }
}

fn gauge_type() -> prometheus_client::metrics::MetricType {
    prometheus_client::metrics::MetricType::Gauge
}
