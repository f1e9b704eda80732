//! Entries of old clients (contract 1): a free-form record per job id, without a lease.
//!
//! Pure: how such a record is read, and how far it can be expressed as a [`Server`].

use std::time::Instant;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::api::old::MAX_OLD_TEXT;
use crate::domain::server::{
    self, Access, JobKey, ModelInfo, Server, ServerHealth, ServerInfo, ServerState,
};

/// What an old client sent, as a JSON object.
pub type Record = Map<String, Value>;

/// The cluster of entries whose client named none.
pub const NO_CLUSTER: &str = "unknown";

/// One entry of an old client.
#[derive(Debug, Clone, PartialEq)]
pub struct LegacyEntry {
    /// The job id in the path that it was sent to.
    pub job: String,
    /// The record as sent, with the first `start_time`.
    pub record: Record,
    /// When the registry first heard of it.
    pub first_seen: Timestamp,
    /// When it was last sent.
    pub updated: Timestamp,
    /// What the registry saw itself at its `/health`.
    pub health: Option<ServerHealth>,
    /// How often it was sent: whoever drops it names this, so that an update in between wins.
    pub updates: u64,
    /// Whether its owner's token, or an administrator's, was shown with it.
    pub proven: bool,
    /// When it is dropped.
    pub due: Instant,
}

impl LegacyEntry {
    /// When the server started: the record's `start_time`, or when the registry heard of it.
    pub fn started(&self) -> Timestamp {
        self.text("start_time").and_then(parse_time).unwrap_or(self.first_seen)
    }

    /// A field that is a text.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.record.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The id under which the canonical list shows it: always the same for the same job.
    pub fn id(&self) -> Uuid {
        let digest = Sha256::digest(format!("llamactl legacy entry {}", self.job));
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// The entry as a server; nothing when its host or port is none that a client could use.
    pub fn server(&self) -> Option<Server> {
        let host = self.text("host").filter(|host| server::host(host).is_ok())?;
        let file = self.text("model_file").map(|path| base_name(path).to_owned());
        let name = self.text("model_name").map(str::to_owned);
        let name = name.or_else(|| file.clone()).unwrap_or_else(|| "unknown".to_owned());
        let text = |field: &str| self.text(field).map(str::to_owned);
        let (job_id, array_task) = split_job(&self.job);
        Some(Server {
            info: ServerInfo {
                id: self.id(),
                job: JobKey {
                    cluster: text("cluster").unwrap_or_else(|| NO_CLUSTER.to_owned()),
                    job_id,
                    array_task,
                },
                restart_count: 0,
                name: name.clone(),
                model: ModelInfo { name, file, context: None, alias: None },
                owner: text("owner").unwrap_or_else(|| "unknown".to_owned()),
                host: host.to_owned(),
                port: port(self.record.get("port")?)?,
                scheme: "http".to_owned(),
                slurm_node: text("slurm_node"),
                partition: text("partition"),
                gpus: text("gpus"),
                // The servers of old clients have no API key.
                access: Access::Open,
                started: self.started(),
                ends: None,
                labels: Default::default(),
            },
            state: ServerState::Ready,
            models: Vec::new(),
            slots: None,
            tokens_per_second: None,
            health: self.health.clone(),
            first_seen: self.first_seen,
            last_seen: self.updated,
        })
    }
}

/// Checks what an old client sent.
///
/// # Errors
/// The first field that is missing or wrong, as one sentence.
pub fn validate(job: &str, record: &Record) -> Result<(), String> {
    server::text("job_id", job)?;
    for field in ["host", "port"] {
        match record.get(field) {
            None | Some(Value::Null) => return Err(format!("{field} is missing")),
            Some(Value::String(text)) if text.trim().is_empty() => {
                return Err(format!("{field} is missing"));
            }
            _ => {}
        }
    }
    if !record["host"].is_string() {
        return Err("host must be a text".to_owned());
    }
    if port(&record["port"]).is_none() {
        return Err("port must be between 1 and 65535".to_owned());
    }
    for (field, value) in record {
        let known = KNOWN.contains(&field.as_str());
        if let Some(text) = value.as_str().filter(|_| known) {
            if text.chars().count() > MAX_OLD_TEXT {
                return Err(format!("{field} must not be longer than {MAX_OLD_TEXT} characters"));
            }
            if text.chars().any(char::is_control) {
                return Err(format!("{field} must not have control characters"));
            }
        }
    }
    Ok(())
}

const KNOWN: &[&str] = &[
    "host",
    "port",
    "owner",
    "model_file",
    "model_name",
    "start_time",
    "slurm_node",
    "notify_email",
    "cluster",
    "partition",
    "gpus",
];

/// A time with a zone, or without one: then it is the local time of the registry, which shares
/// its zone with the nodes of the cluster.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let local = text.parse::<DateTime>().ok()?;
    local.to_zoned(jiff::tz::TimeZone::system()).ok().map(|zoned| zoned.timestamp())
}

/// A time in the form that the old clients' programs can read: Python before 3.11 knows no `Z`.
pub fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// `108_2` as the array 108 and its task 2; anything else is a job id as it stands.
pub fn split_job(job: &str) -> (String, Option<u32>) {
    if let Some((array, task)) = job.split_once('_')
        && !array.is_empty()
        && array.bytes().all(|b| b.is_ascii_digit())
        && let Ok(number) = task.parse::<u32>()
        && number.to_string() == task
    {
        return (array.to_owned(), Some(number));
    }
    (job.to_owned(), None)
}

fn port(value: &Value) -> Option<u16> {
    let port = match value {
        Value::String(text) => text.trim().parse().ok(),
        // JSON does not tell 8080 from 8080.0.
        Value::Number(number) => number.as_f64().filter(|n| n.fract() == 0.0).and_then(|n| {
            let whole = (0.0..=65_535.0).contains(&n);
            whole.then_some(n as u16)
        }),
        _ => None,
    };
    port.filter(|port| *port != 0)
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(job: &str, record: Value) -> LegacyEntry {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let record = record.as_object().unwrap().clone();
        let due = Instant::now();
        let (first_seen, updated) = (now, now);
        let (job, health) = (job.into(), None);
        LegacyEntry { job, record, first_seen, updated, health, updates: 1, proven: false, due }
    }

    #[test]
    fn times_are_read_with_and_without_a_zone() {
        let zoned = parse_time("2026-11-03T10:00:00+01:00").unwrap();
        assert_eq!(zoned, "2026-11-03T09:00:00Z".parse().unwrap());
        assert_eq!(parse_time("2026-11-03T10:00:00+0100"), Some(zoned));
        let local = "2026-11-03T10:00:00".parse::<DateTime>().unwrap();
        let local = local.to_zoned(jiff::tz::TimeZone::system()).unwrap().timestamp();
        assert_eq!(parse_time("2026-11-03T10:00:00"), Some(local));
        assert!(parse_time("2026-11-03T10:00:00.123456").is_some());
        assert_eq!(parse_time("yesterday"), None);
    }

    #[test]
    fn job_ids_of_array_tasks_are_split_and_others_are_not() {
        assert_eq!(split_job("108_2"), ("108".into(), Some(2)));
        for job in ["108", "a_2", "108_02", "108_", "_2", "1_2_3", "108_+2"] {
            assert_eq!(split_job(job), (job.into(), None), "{job}");
        }
    }

    #[test]
    fn an_entry_is_expressed_as_a_server_as_far_as_it_can_be() {
        let sent = json!({"host": "n1", "port": "8080", "model_file": "/m/a.gguf"});
        let server = entry("7", sent).server().unwrap();
        assert_eq!((server.info.port, server.info.model.name.as_str()), (8080, "a.gguf"));
        assert_eq!(server.info.access, Access::Open);
        assert_eq!(entry("7", json!({"host": "a b", "port": 1})).server(), None);
        let one = entry("7", json!({})).id();
        assert_eq!(one, entry("7", json!({"host": "x"})).id());
        assert_ne!(one, entry("8", json!({})).id());
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let check = |record: Value| validate("7", record.as_object().unwrap());
        assert_eq!(check(json!({"port": 1})), Err("host is missing".into()));
        assert_eq!(check(json!({"host": "n", "port": null})), Err("port is missing".into()));
        assert!(check(json!({"host": "n", "port": 0})).unwrap_err().contains("port"));
        assert!(check(json!({"host": "n", "port": "70000"})).unwrap_err().contains("port"));
        let hostile = json!({"host": "n", "port": 1, "owner": "a\u{1b}[2J"});
        assert!(check(hostile).unwrap_err().contains("owner"));
        let other = json!({"host": "n", "port": 1, "note": "two\nlines"});
        assert_eq!(check(other), Ok(()));
    }
}
