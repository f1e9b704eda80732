//! What every exporter says of its process, by the names that Prometheus has for it.

use std::fmt;

use jiff::Timestamp;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeValLike;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Reads /proc/self at each scrape.
#[derive(Debug)]
pub(super) struct ProcessCollector {
    started: f64,
}

impl ProcessCollector {
    /// For a process that starts now.
    pub(super) fn new() -> ProcessCollector {
        ProcessCollector { started: Timestamp::now().as_millisecond() as f64 / 1000.0 }
    }
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        if let Some(seconds) = cpu_seconds() {
            let help = "Processor time that was used";
            let counter = ConstCounter::new(seconds);
            let name = "process_cpu_seconds";
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let soft = getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft as f64);
        let gauges = [
            ("process_resident_memory_bytes", "Memory in use", bytes(&status, "VmRSS:")),
            ("process_virtual_memory_bytes", "Address space in use", bytes(&status, "VmSize:")),
            ("process_open_fds", "Open file descriptors", open_fds()),
            ("process_max_fds", "Most file descriptors", soft),
            ("process_start_time_seconds", "When it started", Some(self.started)),
        ];
        for (name, help, value) in gauges {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Some(micros as f64 / 1e6)
}

fn open_fds() -> Option<f64> {
    // One of them is the folder's own.
    let entries = std::fs::read_dir("/proc/self/fd").ok()?;
    Some(entries.count().saturating_sub(1) as f64)
}

/// A value of /proc/self/status, which is in kB (proc(5)).
fn bytes(status: &str, field: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        assert!(bytes(&status, "VmRSS:").unwrap() > 100_000.0);
        assert!(open_fds().unwrap() >= 3.0);
        assert!(cpu_seconds().is_some());
        assert_eq!(bytes("VmRSS:\t   12 kB\n", "VmRSS:"), Some(12_288.0));
    }
}
