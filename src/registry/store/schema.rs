//! The tables, and how a database of an older version becomes one of this version.

use super::sql::{Begin, Dialect, Schema, Sql, SqlError};
use crate::exit::Failure;

/// Each step leads from one version to the next. A step that was ever released is never
/// changed. They are written for SQLite; [`in_dialect`] says what PostgreSQL says differently.
const STEPS: &[&str] =
    &[VERSION_1, VERSION_2, HEALTH, NODES, TOKENS, DASHBOARD, NOTIFICATIONS, ONE_INDEX_OF_JOBS];

const VERSION_1: &str = "
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
";

/// The numbers of events and changes come from one row, which is also the lock of all who
/// write; events are not numbered by the table any more, and tell who did it.
const VERSION_2: &str = "
CREATE TABLE sequence (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    seq   INTEGER NOT NULL,                 -- number of the last event
    rev   INTEGER NOT NULL,                 -- number of the last change of a row
    epoch INTEGER NOT NULL                  -- how often everything was replaced
) STRICT;

ALTER TABLE servers ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
UPDATE servers SET rev = numbered.n FROM
    (SELECT id, row_number() OVER (ORDER BY id) AS n FROM servers) AS numbered
    WHERE numbered.id = servers.id;
CREATE INDEX servers_rev ON servers (rev);

ALTER TABLE legacy ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
UPDATE legacy SET rev = numbered.n FROM
    (SELECT job, row_number() OVER (ORDER BY job) AS n FROM legacy) AS numbered
    WHERE numbered.job = legacy.job;
CREATE INDEX legacy_rev ON legacy (rev);

ALTER TABLE events RENAME TO events_of_version_1;
CREATE TABLE events (
    seq     INTEGER PRIMARY KEY,
    time    INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    data    TEXT NOT NULL,                  -- JSON
    actor   TEXT,                           -- whose token it was
    origin  TEXT                            -- the client's address
) STRICT;
INSERT INTO events (seq, time, kind, subject, data)
    SELECT seq, time, kind, subject, data FROM events_of_version_1;
DROP TABLE events_of_version_1;

INSERT INTO sequence (one, seq, rev, epoch) VALUES (1,
    (SELECT coalesce(max(seq), 0) FROM events),
    (SELECT coalesce(max(rev), 0) FROM
        (SELECT rev FROM servers UNION ALL SELECT rev FROM legacy) AS changed),
    0);
";

/// What the registry saw itself at servers' `/health`.
const HEALTH: &str = "
ALTER TABLE servers ADD COLUMN health TEXT;                        -- JSON
ALTER TABLE servers ADD COLUMN healthy INTEGER NOT NULL DEFAULT 1; -- 0: found otherwise
ALTER TABLE legacy ADD COLUMN health TEXT;
ALTER TABLE legacy ADD COLUMN healthy INTEGER NOT NULL DEFAULT 1;
";

/// Nodes and profiles.
const NODES: &str = "
CREATE TABLE nodes (
    node_id        TEXT PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    hostname       TEXT NOT NULL,
    machine_id     TEXT,
    owner          TEXT,                    -- whose token registered it
    reported       TEXT NOT NULL,           -- what it said of itself
    life           TEXT NOT NULL,           -- how long it is silent
    maintenance    INTEGER NOT NULL,        -- 1: its operator took it out of use
    reason         TEXT,
    generation     INTEGER NOT NULL,
    secret_hash    TEXT,                    -- of its lease, if it has one
    beats          INTEGER NOT NULL,
    info           TEXT NOT NULL,           -- JSON
    pools          TEXT NOT NULL,           -- JSON
    metrics        TEXT NOT NULL,           -- JSON
    last_heartbeat INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    rev            INTEGER NOT NULL
) STRICT;
CREATE INDEX nodes_hostname ON nodes (hostname);
CREATE INDEX nodes_machine ON nodes (machine_id);
CREATE INDEX nodes_rev ON nodes (rev);

CREATE TABLE profiles (
    role       TEXT PRIMARY KEY,
    config     TEXT NOT NULL,               -- JSON
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    rev        INTEGER NOT NULL
) STRICT;
CREATE INDEX profiles_rev ON profiles (rev);
";

/// Tokens; and what is known of who registered an entry.
const TOKENS: &str = "
CREATE TABLE tokens (
    id      TEXT PRIMARY KEY,
    hash    TEXT NOT NULL UNIQUE,           -- of the token
    owner   TEXT NOT NULL,
    scopes  TEXT NOT NULL,                  -- JSON
    note    TEXT,
    created INTEGER NOT NULL,               -- milliseconds since 1970
    expires INTEGER,
    revoked INTEGER,
    rev     INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_rev ON tokens (rev);

ALTER TABLE events ADD COLUMN token TEXT;   -- id of the token with which it was done
ALTER TABLE servers ADD COLUMN proven INTEGER NOT NULL DEFAULT 0; -- 1: by the owner's token
ALTER TABLE legacy ADD COLUMN proven INTEGER NOT NULL DEFAULT 0;
";

/// What the dashboard shows: throughput, one subject's events, and who is to be told of a model.
const DASHBOARD: &str = "
ALTER TABLE servers ADD COLUMN tokens_per_second TEXT;             -- JSON
CREATE INDEX events_subject ON events (subject, seq);

CREATE TABLE watches (
    id       TEXT PRIMARY KEY,
    owner    TEXT,                          -- whose token made it
    model    TEXT NOT NULL,                 -- pattern
    targets  TEXT NOT NULL,                 -- JSON
    once     INTEGER NOT NULL,
    created  INTEGER NOT NULL,              -- milliseconds since 1970
    told     INTEGER NOT NULL,              -- number of the last event that it was claimed for
    failures INTEGER NOT NULL               -- in a row
) STRICT;
";

/// Whom owners want told of their servers, what watches tell of, and who tells of which event.
const NOTIFICATIONS: &str = "
ALTER TABLE servers ADD COLUMN notify TEXT;                        -- JSON

ALTER TABLE watches ADD COLUMN events TEXT NOT NULL DEFAULT '[\"available\"]'; -- JSON
ALTER TABLE watches ADD COLUMN filter TEXT NOT NULL DEFAULT '{}';  -- JSON
ALTER TABLE watches ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0; -- event that one took that tells once

CREATE TABLE claims (
    seq  INTEGER PRIMARY KEY,               -- of the event
    by   TEXT NOT NULL,                     -- process that tells of it
    done INTEGER NOT NULL                   -- 1: its messages are on the disk of whoever sends them
) STRICT;
CREATE INDEX claims_done ON claims (done);
";

/// What keeps a job unique also finds it, whatever its cluster: each registration writes to one
/// index less.
const ONE_INDEX_OF_JOBS: &str = "
CREATE TABLE servers_of_version_8 (
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
    rev          INTEGER NOT NULL,
    health       TEXT,                      -- JSON
    healthy      INTEGER NOT NULL DEFAULT 1, -- 0: found otherwise
    proven       INTEGER NOT NULL DEFAULT 0, -- 1: by the owner's token
    tokens_per_second TEXT,                 -- JSON
    notify       TEXT,                      -- JSON
    UNIQUE (job_id, array_task, cluster)
) STRICT;
INSERT INTO servers_of_version_8 (id, cluster, job_id, array_task, job, restart_count, generation,
        secret_hash, request_hash, state, reported, beats, info, models, slots, api_key,
        first_seen, last_seen, rev, health, healthy, proven, tokens_per_second, notify)
    SELECT id, cluster, job_id, array_task, job, restart_count, generation,
        secret_hash, request_hash, state, reported, beats, info, models, slots, api_key,
        first_seen, last_seen, rev, health, healthy, proven, tokens_per_second, notify
    FROM servers;
DROP TABLE servers;
ALTER TABLE servers_of_version_8 RENAME TO servers;
CREATE INDEX servers_rev ON servers (rev);
";

/// The version that this program writes.
pub const VERSION: i64 = STEPS.len() as i64;

/// Brings the database to this version. When several start at once, one does it and the others
/// wait.
///
/// # Errors
/// A database of a newer version or of another program, or one that can't be written.
pub fn migrate(db: &mut dyn Sql, name: &str) -> anyhow::Result<()> {
    let done = steps(db, name);
    if done.is_err() {
        db.rollback();
    }
    done
}

/// Makes sure that the tables are of this version.
///
/// # Errors
/// When they are not.
pub fn check(db: &mut dyn Sql) -> Result<(), SqlError> {
    match db.schema()? {
        Schema::Version(VERSION) => Ok(()),
        Schema::Version(version) if version > VERSION => Err(SqlError::Lost(format!(
            "it was changed by a newer llamactl (schema {version}; this one knows {VERSION})"
        ))),
        Schema::Version(version) => Err(SqlError::Lost(format!(
            "it is of an older llamactl (schema {version}): start the registry once"
        ))),
        Schema::Empty => Err(SqlError::Lost("it is empty".to_owned())),
        Schema::Foreign => Err(SqlError::Lost("it is of another program".to_owned())),
    }
}

fn steps(db: &mut dyn Sql, name: &str) -> anyhow::Result<()> {
    let failed = |error: SqlError| Failure::new(format!("can't use the database {name}: {error}"));
    db.begin(Begin::Schema).map_err(failed)?;
    let version = match db.schema().map_err(failed)? {
        Schema::Foreign => {
            return Err(Failure::new(format!("{name} is a database of another program"))
                .hint("give another one with --database")
                .into());
        }
        Schema::Version(version) if version > VERSION => {
            return Err(Failure::new(format!(
                "{name} was written by a newer llamactl (schema {version}; this one knows \
                 {VERSION})"
            ))
            .hint("update llamactl, or give another database with --database")
            .into());
        }
        Schema::Version(version) => version.max(0),
        Schema::Empty => 0,
    };
    for step in STEPS.iter().skip(version as usize) {
        let sql = in_dialect(step, db.dialect());
        db.batch(&sql).map_err(failed)?;
    }
    if version < VERSION {
        db.set_schema(VERSION).map_err(failed)?;
    }
    Ok(db.commit().map_err(failed)?)
}

fn in_dialect(step: &str, dialect: Dialect) -> String {
    match dialect {
        // One process alone has the file, and asks for no changes of others. Each heartbeat would
        // pay for the index: it doubles what is written.
        Dialect::Sqlite => {
            let is_for_others =
                |line: &&str| line.starts_with("CREATE INDEX") && line.ends_with("(rev);");
            step.lines().filter(|line| !is_for_others(line)).flat_map(|line| [line, "\n"]).collect()
        }
        Dialect::Postgres => step
            .replace(" AUTOINCREMENT", "")
            .replace(" INTEGER", " BIGINT")
            .replace(") STRICT;", ");"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::store::sql::values;
    use crate::registry::store::sqlite::Sqlite;

    #[test]
    fn a_database_is_made_once_and_kept() {
        let mut db = Sqlite::in_memory().unwrap();
        migrate(&mut db, "x").unwrap();
        db.execute("INSERT INTO replaced VALUES ('a', 'b', 1)", &[]).unwrap();
        migrate(&mut db, "x").unwrap();
        assert_eq!(db.query("SELECT * FROM replaced", &[]).unwrap().len(), 1);
    }

    #[test]
    fn only_postgres_has_indices_for_what_replicas_ask() {
        for step in STEPS {
            assert!(!in_dialect(step, Dialect::Sqlite).contains("(rev);"));
        }
        assert!(STEPS.iter().any(|step| in_dialect(step, Dialect::Postgres).contains("(rev);")));
    }

    #[test]
    fn a_database_of_version_1_keeps_its_rows_and_its_numbers() {
        let mut db = Sqlite::in_memory().unwrap();
        db.batch(VERSION_1).unwrap();
        db.set_schema(1).unwrap();
        for job in ["7", "8"] {
            let sql = "INSERT INTO legacy VALUES (?1, '{}', 5, 6, 1)";
            db.execute(sql, values![job]).unwrap();
            let sql = "INSERT INTO events (time, kind, subject, data)
                VALUES (5, 'registered', ?1, '{}')";
            db.execute(sql, values![job]).unwrap();
        }
        db.execute("DELETE FROM events WHERE seq = 1", &[]).unwrap();
        migrate(&mut db, "x").unwrap();
        let row = db.first("SELECT * FROM sequence", &[]).unwrap().unwrap();
        assert_eq!((row.int("seq"), row.int("rev"), row.int("epoch")), (Ok(2), Ok(2), Ok(0)));
        let revs = db.query("SELECT rev FROM legacy ORDER BY job", &[]).unwrap();
        let revs: Vec<_> = revs.iter().map(|row| row.int("rev").unwrap()).collect();
        assert_eq!(revs, [1, 2]);
        let events = db.query("SELECT seq, subject, actor FROM events", &[]).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].int("seq"), events[0].text("subject")), (Ok(2), Ok("8")));
        assert_eq!(events[0].text_or_none("actor"), Ok(None));
    }

    #[test]
    fn a_server_of_version_7_is_kept_and_stays_the_only_one_of_its_job() {
        let mut db = Sqlite::in_memory().unwrap();
        for step in &STEPS[..7] {
            db.batch(&in_dialect(step, Dialect::Sqlite)).unwrap();
        }
        db.set_schema(7).unwrap();
        let insert = "INSERT INTO servers (id, cluster, job_id, array_task, job, restart_count,
                generation, secret_hash, request_hash, state, reported, beats, info, models,
                first_seen, last_seen, rev, proven, notify)
            VALUES (?1, 'c', '7', 2, '7_2', 1, 3, 's', 'r', 'ready', 'loading', 4, '{}', '[]', 5, 6,
                8, 1, '{\"to\":[]}')";
        db.execute(insert, values!["a"]).unwrap();
        let query = "SELECT * FROM servers";
        let before = db.query(query, &[]).unwrap();
        migrate(&mut db, "x").unwrap();
        let after = db.query(query, &[]).unwrap();
        assert_eq!((before.len(), after.len()), (1, 1));
        for column in before[0].names.iter() {
            assert_eq!(before[0].get(column), after[0].get(column), "{column}");
        }
        assert!(db.execute(insert, values!["b"]).is_err(), "two of one job");
        let plan = "EXPLAIN QUERY PLAN SELECT id FROM servers
            WHERE job_id = ?1 AND array_task = ?2 AND state <> 'lost' LIMIT 1";
        let plan = db.query(plan, values!["7", 2i64]).unwrap();
        assert!(plan[0].text("detail").unwrap().contains("USING INDEX"), "{plan:?}");
    }

    #[test]
    fn a_watch_of_version_6_waits_for_a_server_that_is_ready() {
        let mut db = Sqlite::in_memory().unwrap();
        for step in &STEPS[..6] {
            db.batch(&in_dialect(step, Dialect::Sqlite)).unwrap();
        }
        db.set_schema(6).unwrap();
        let sql = "INSERT INTO watches (id, owner, model, targets, once, created, told, failures)
            VALUES ('w', 'ann', 'qwen*', '[\"ntfy://x\"]', 1, 5, 7, 0)";
        db.execute(sql, &[]).unwrap();
        migrate(&mut db, "x").unwrap();
        let watches = crate::registry::store::operations::watches::all(&mut db).unwrap();
        let [kept] = &watches[..] else { panic!("{watches:?}") };
        assert_eq!(kept.watch.events, [crate::domain::notice::Kind::Available]);
        assert!(kept.watch.filter.is_empty() && kept.watch.once);
        assert_eq!((kept.told, kept.claimed), (7, 0));
    }

    #[test]
    fn newer_and_foreign_databases_are_refused_and_left_alone() {
        let mut db = Sqlite::in_memory().unwrap();
        migrate(&mut db, "x").unwrap();
        db.set_schema(99).unwrap();
        let error = migrate(&mut db, "x").unwrap_err().to_string();
        assert!(error.contains("newer llamactl (schema 99"), "{error}");

        let mut db = Sqlite::in_memory().unwrap();
        db.batch("CREATE TABLE t (a)").unwrap();
        let error = migrate(&mut db, "x").unwrap_err().to_string();
        assert!(error.contains("another program"), "{error}");
        assert_eq!(db.query("SELECT * FROM sqlite_schema", &[]).unwrap().len(), 1);
    }
}
