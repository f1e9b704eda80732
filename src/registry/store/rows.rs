//! Rows and what they mean: the database's texts and numbers to our types, and back.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Proof;
use crate::domain::server::{JobKey, Server, ServerInfo, ServerState};
use crate::registry::legacy::LegacyEntry;
use crate::registry::view::Entry;
use crate::secret::Secret;

/// A row of `servers`.
#[derive(Debug)]
pub struct Row {
    /// The entry; when it is due is up to the caller.
    pub entry: Entry,
    /// Hash of the lease's secret.
    pub secret_hash: String,
    /// Hash of what its client sent, by which a retry is known.
    pub request_hash: String,
}

impl Row {
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
/// A row that this version can't have written.
pub fn server_row(row: &rusqlite::Row<'_>, due: std::time::Instant) -> rusqlite::Result<Row> {
    let info: ServerInfo = from_json(&row.get::<_, String>("info")?)?;
    let slots: Option<String> = row.get("slots")?;
    Ok(Row {
        entry: Entry {
            server: Server {
                info,
                state: state(&row.get::<_, String>("state")?)?,
                models: from_json(&row.get::<_, String>("models")?)?,
                slots: slots.as_deref().map(from_json).transpose()?,
                first_seen: time(row.get("first_seen")?)?,
                last_seen: time(row.get("last_seen")?)?,
            },
            reported: state(&row.get::<_, String>("reported")?)?,
            generation: row.get("generation")?,
            beats: row.get("beats")?,
            api_key: row.get::<_, Option<String>>("api_key")?.map(Secret::new),
            due,
        },
        secret_hash: row.get("secret_hash")?,
        request_hash: row.get("request_hash")?,
    })
}

/// Reads a row of `legacy`, to be due at `due`.
///
/// # Errors
/// A row that this version can't have written.
pub fn legacy_row(
    row: &rusqlite::Row<'_>,
    due: std::time::Instant,
) -> rusqlite::Result<LegacyEntry> {
    Ok(LegacyEntry {
        job: row.get("job")?,
        record: from_json(&row.get::<_, String>("record")?)?,
        first_seen: time(row.get("first_seen")?)?,
        updated: time(row.get("updated")?)?,
        updates: row.get("updates")?,
        due,
    })
}

/// A time from the milliseconds in the database.
///
/// # Errors
/// A number that is no time.
pub fn time(milliseconds: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(milliseconds).map_err(corrupt)
}

/// Reads JSON from the database.
///
/// # Errors
/// A text that this version can't have written.
pub fn from_json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(corrupt)
}

/// JSON for the database.
pub fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types are JSON")
}

/// The task of an array job as the database has it: -1 for none.
pub fn task(job: &JobKey) -> i64 {
    job.array_task.map_or(-1, i64::from)
}

/// What events tell of a server. Never a secret.
pub fn summary(server: &Server) -> Value {
    let info = &server.info;
    json!({
        "cluster": info.job.cluster,
        "job": info.job.job(),
        "name": info.name,
        "model": info.model.name,
        "owner": info.owner,
        "url": info.url(),
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

fn state(word: &str) -> rusqlite::Result<ServerState> {
    from_json(&format!("{word:?}"))
}

fn corrupt(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}
