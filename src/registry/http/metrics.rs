//! What Prometheus gets. What the view knows is read from it at each scrape, so that servers
//! which are gone vanish.

mod process;
mod state;

use std::collections::HashMap;
use std::sync::Arc;

use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::registry::seen::counters::Counters;
use crate::registry::store::Store;
use process::ProcessCollector;
use state::ViewCollector;

/// The content type of OpenMetrics.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The content type of Prometheus' older text format.
pub const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

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
