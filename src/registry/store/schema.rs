//! The tables, and how a database of an older version becomes one of this version.

use rusqlite::Connection;

use crate::exit::Failure;

/// `PRAGMA application_id` of a registry: "llct" in ASCII.
const APPLICATION_ID: i64 = 0x6c6c_6374;

/// Each step leads from one version to the next; `PRAGMA user_version` says how many are done.
/// A step that was ever released is never changed.
const STEPS: &[&str] = &["
CREATE TABLE servers (
    id           TEXT PRIMARY KEY,
    cluster      TEXT NOT NULL,
    job_id       TEXT NOT NULL,
    array_task   INTEGER NOT NULL,          -- -1: no task of an array
    job          TEXT NOT NULL,             -- as SLURM's commands name it
    restart_count INTEGER NOT NULL,
    generation   INTEGER NOT NULL,
    secret_hash  TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    state        TEXT NOT NULL,
    reported     TEXT NOT NULL,
    beats        INTEGER NOT NULL,
    info         TEXT NOT NULL,             -- JSON
    models       TEXT NOT NULL,             -- JSON
    slots        TEXT,                      -- JSON
    api_key      TEXT,
    first_seen   INTEGER NOT NULL,          -- milliseconds since 1970
    last_seen    INTEGER NOT NULL,
    UNIQUE (cluster, job_id, array_task)
) STRICT;
CREATE INDEX servers_job ON servers (job);

CREATE TABLE legacy (
    job        TEXT PRIMARY KEY,
    record     TEXT NOT NULL,               -- JSON
    first_seen INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    updates    INTEGER NOT NULL
) STRICT;

CREATE TABLE replaced (
    id TEXT PRIMARY KEY,
    by TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    time    INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    data    TEXT NOT NULL
) STRICT;
"];

/// Brings the database to this version.
///
/// # Errors
/// A database of a newer version or of another program, or one that can't be written.
pub fn migrate(connection: &mut Connection, name: &str) -> anyhow::Result<()> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let pragma = |sql: &str| tx.query_row(sql, [], |row| row.get::<_, i64>(0));
    let version = pragma("PRAGMA user_version")?;
    let tables = pragma("SELECT count(*) FROM sqlite_schema")?;
    let application = pragma("PRAGMA application_id")?;
    if application != APPLICATION_ID && (tables > 0 || version > 0) {
        return Err(Failure::new(format!("{name} is a database of another program"))
            .hint("give another file with --database sqlite:PATH")
            .into());
    }
    let newest = STEPS.len() as i64;
    if version > newest {
        return Err(Failure::new(format!(
            "{name} was written by a newer llamactl (schema {version}; this one knows {newest})"
        ))
        .hint("update llamactl, or give another file with --database sqlite:PATH")
        .into());
    }
    for step in STEPS.iter().skip(version.max(0) as usize) {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", newest)?;
    tx.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_made_once_and_kept() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, "x").unwrap();
        let insert = "INSERT INTO replaced VALUES ('a', 'b', 1)";
        connection.execute(insert, []).unwrap();
        migrate(&mut connection, "x").unwrap();
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM replaced", [], |r| r.get(0)).unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn newer_and_foreign_databases_are_refused_and_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, "x").unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&mut connection, "x").unwrap_err().to_string();
        assert!(error.contains("newer llamactl (schema 99"), "{error}");

        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute("CREATE TABLE t (a)", []).unwrap();
        let error = migrate(&mut connection, "x").unwrap_err().to_string();
        assert!(error.contains("another program"), "{error}");
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).unwrap();
        assert_eq!(tables, 1);
    }
}
