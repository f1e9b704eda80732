//! Rows of servers and old clients' entries, and what they mean.

use std::time::Instant;

use serde_json::{Value, json};

use super::sql::{Row, SqlError};
use crate::domain::event::Event;
use crate::domain::server::{JobKey, Server};
use crate::registry::may::Proof;
use crate::registry::seen::legacy::LegacyEntry;
use crate::registry::seen::view::Entry;
use crate::secret::Secret;

/// A row of `servers`.
#[derive(Debug)]
pub struct ServerRow {
    /// The entry; when it is due is up to the caller.
    pub entry: Entry,
    /// Hash of the lease's secret.
    pub secret_hash: String,
    /// Hash of what its client sent, by which a retry is known.
    pub request_hash: String,
}

impl ServerRow {
    /// `SLURM_RESTART_COUNT` of the server.
    pub fn restart(&self) -> u32 {
        self.entry.server.info.restart_count
    }

    /// Whether a client showed the lease that this row has.
    pub fn is_proven_by(&self, proof: &Proof) -> bool {
        self.entry.generation == proof.generation && self.secret_hash == proof.secret_hash
    }
}

/// Reads a row of `servers`, to be due at `due`.
///
/// # Errors
/// A row that this version can't have written; so for all that follow.
pub fn server_row(row: &Row, due: Instant) -> Result<ServerRow, SqlError> {
    Ok(ServerRow {
        entry: Entry {
            server: Server {
                info: row.json("info")?,
                state: row.word("state")?,
                models: row.json("models")?,
                slots: row.json_or_none("slots")?,
                tokens_per_second: row.json_or_none("tokens_per_second")?,
                health: row.json_or_none("health")?,
                first_seen: row.time("first_seen")?,
                last_seen: row.time("last_seen")?,
            },
            reported: row.word("reported")?,
            generation: row.count("generation")?,
            beats: row.count("beats")?,
            api_key: row.text_or_none("api_key")?.map(Secret::new),
            notify: row.json_or_none("notify")?,
            proven: row.int("proven")? != 0,
            due,
        },
        secret_hash: row.text("secret_hash")?.to_owned(),
        request_hash: row.text("request_hash")?.to_owned(),
    })
}

/// Reads a row of `legacy`, to be due at `due`.
///
/// # Errors
/// As [`server_row`].
pub fn legacy_row(row: &Row, due: Instant) -> Result<LegacyEntry, SqlError> {
    Ok(LegacyEntry {
        job: row.text("job")?.to_owned(),
        record: row.json("record")?,
        first_seen: row.time("first_seen")?,
        updated: row.time("updated")?,
        health: row.json_or_none("health")?,
        updates: row.count("updates")?,
        proven: row.int("proven")? != 0,
        due,
    })
}

/// Reads a row of `events`.
///
/// # Errors
/// As [`server_row`].
pub fn event_row(row: &Row) -> Result<Event, SqlError> {
    let origin = row.text_or_none("origin")?;
    Ok(Event {
        seq: row.count("seq")?,
        time: row.time("time")?,
        kind: row.word("kind")?,
        subject: row.text("subject")?.to_owned(),
        data: row.json("data")?,
        actor: row.text_or_none("actor")?.map(str::to_owned),
        origin: origin.and_then(|origin| origin.parse().ok()),
        token: row.text_or_none("token")?.map(str::to_owned),
    })
}

/// The task of an array job as the database has it: -1 for none.
pub fn task(job: &JobKey) -> i64 {
    job.array_task.map_or(-1, i64::from)
}

/// What a job may be in the database, by its name in SLURM's commands ([`JobKey::job`]).
pub fn keys(job: &str) -> impl Iterator<Item = (&str, i64)> {
    let of_array = job.rsplit_once('_').and_then(|(job, text)| {
        let task: u32 = text.parse().ok()?;
        (task.to_string() == text).then_some((job, i64::from(task)))
    });
    std::iter::once((job, -1)).chain(of_array)
}

/// What events tell of a server. Never a secret.
pub fn summary(server: &Server) -> Value {
    let info = &server.info;
    json!({
        "cluster": info.job.cluster,
        "job": info.job.job(),
        "name": info.name,
        "model": info.model.name,
        "alias": info.model.alias,
        "file": info.model.file,
        "owner": info.owner,
        "url": info.url(),
        "gpus": info.gpus,
        "state": server.state,
    })
}

/// What events tell of an old client's entry: not its mail address.
pub fn legacy_summary(entry: &LegacyEntry) -> Value {
    json!({
        "job": entry.job,
        "model": entry.text("model_name").or(entry.text("model_file")),
        "owner": entry.text("owner"),
        "host": entry.text("host"),
        "port": entry.record.get("port"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_found_by_its_name() {
        fn found(name: &str) -> Vec<(&str, i64)> {
            keys(name).collect()
        }
        assert_eq!(found("108"), [("108", -1)]);
        assert_eq!(found("108_2"), [("108_2", -1), ("108", 2)]);
        for other in ["108_", "_x", "108_02", "108_-1", "a_b"] {
            assert_eq!(found(other), [(other, -1)]);
        }
        for array_task in [None, Some(0), Some(7)] {
            let key = JobKey { cluster: "c".into(), job_id: "a_1".into(), array_task };
            let name = key.job();
            assert!(found(&name).contains(&("a_1", task(&key))), "{key}");
        }
    }
}
