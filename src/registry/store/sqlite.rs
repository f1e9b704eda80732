//! SQLite: the connection that writes, and one that reads.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};

use super::sql::{Begin, Dialect, Row, Schema, Sql, SqlError, Value};
use crate::exit::Failure;

/// `PRAGMA application_id` of a registry: "llct" in ASCII.
const APPLICATION_ID: i64 = 0x6c6c_6374;
/// How long to wait for a tool of ours that writes to the same file.
const BUSY: Duration = Duration::from_secs(5);

/// A connection to an SQLite file.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    /// What `PRAGMA synchronous` is set to, where it is known.
    full_sync: Option<bool>,
    names: HashMap<&'static str, Arc<[String]>>,
}

impl Sqlite {
    /// The connection that writes; makes the file where there is none.
    ///
    /// # Errors
    /// What is no database, or a disk that can't hold one.
    pub fn open(path: &Path) -> anyhow::Result<Sqlite> {
        let name = path.display();
        let failed = |error: rusqlite::Error| {
            Failure::new(format!("can't open the database {name}: {error}"))
                .hint("is it a database of the registry, and is the disk not full?")
        };
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        // Bytes; of a new database only. A change writes the whole page of its row and of each
        // index: small rows in small pages are less to write before it is acknowledged.
        connection.pragma_update(None, "page_size", 2048).map_err(failed)?;
        let mode: String = connection
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(failed)?;
        if mode != "wal" {
            return Err(Failure::new(format!("{name}: this disk can't hold a write-ahead log"))
                .hint("give a file on a local disk with --database sqlite:PATH")
                .into());
        }
        Ok(Sqlite::over(connection).map_err(failed)?)
    }

    /// A connection that only reads.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn reader(path: &Path) -> Result<Sqlite, SqlError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(error)?;
        connection.busy_timeout(BUSY).map_err(error)?;
        Ok(Sqlite { connection, full_sync: None, names: HashMap::new() })
    }

    /// A database in memory, which is gone with the connection.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn in_memory() -> rusqlite::Result<Sqlite> {
        Sqlite::over(Connection::open_in_memory()?)
    }

    fn over(connection: Connection) -> rusqlite::Result<Sqlite> {
        connection.set_prepared_statement_cache_capacity(128);
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        // Pages. Heartbeats change one page each, in no order: the rarer the log is carried over
        // into the database, the fewer of them are written twice, and the fewer waits there are.
        connection.pragma_update(None, "wal_autocheckpoint", 8000)?;
        // KiB, negative: enough that the rows of a fleet need not be read again for each beat.
        connection.pragma_update(None, "cache_size", -32 * 1024)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(Sqlite { connection, full_sync: Some(true), names: HashMap::new() })
    }

    /// Beats alone need not wait for the disk: losing one in a power failure costs nothing,
    /// since no lease ends soon after a start.
    fn set_sync(&mut self, full: bool) -> Result<(), SqlError> {
        if self.full_sync != Some(full) {
            self.full_sync = None;
            let word = if full { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", word).map_err(error)?;
            self.full_sync = Some(full);
        }
        Ok(())
    }

    fn pragma(&self, sql: &str) -> Result<i64, SqlError> {
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(error)
    }
}

impl Sql for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn begin(&mut self, what: Begin) -> Result<(), SqlError> {
        let sql = match what {
            Begin::Read => "BEGIN",
            Begin::Write { durable } => {
                self.set_sync(durable)?;
                "BEGIN IMMEDIATE"
            }
            Begin::Schema => "BEGIN IMMEDIATE",
        };
        self.execute(sql, &[]).map(drop)
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        self.execute("COMMIT", &[]).map(drop)
    }

    fn rollback(&mut self) {
        // SQLite gives up some transactions by itself.
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a failed transaction can't be rolled back");
        }
    }

    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<usize, SqlError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(error)?;
        statement.execute(params_from_iter(values)).map_err(error)
    }

    fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, SqlError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(error)?;
        let columns = statement.column_count();
        let names = match self.names.get(sql) {
            // A column may have been added since.
            Some(names) if names.len() == columns => Arc::clone(names),
            _ => {
                let names = statement.column_names().map(str::to_owned);
                let names: Arc<[String]> = names.collect();
                self.names.insert(sql, Arc::clone(&names));
                names
            }
        };
        let rows = statement.query_map(params_from_iter(values), |row| {
            let cells = (0..columns).map(|at| row.get::<_, Owned>(at).map(cell));
            Ok(Row { names: Arc::clone(&names), cells: cells.collect::<Result<_, _>>()? })
        });
        rows.map_err(error)?.collect::<Result<_, _>>().map_err(error)
    }

    fn batch(&mut self, sql: &str) -> Result<(), SqlError> {
        self.connection.execute_batch(sql).map_err(error)
    }

    fn schema(&mut self) -> Result<Schema, SqlError> {
        let version = self.pragma("PRAGMA user_version")?;
        let tables = self.pragma("SELECT count(*) FROM sqlite_schema")?;
        let application = self.pragma("PRAGMA application_id")?;
        Ok(match (application, tables, version) {
            (APPLICATION_ID, _, 0) | (_, 0, 0) => Schema::Empty,
            (APPLICATION_ID, _, version) => Schema::Version(version),
            _ => Schema::Foreign,
        })
    }

    fn set_schema(&mut self, version: i64) -> Result<(), SqlError> {
        self.connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(error)?;
        self.connection.pragma_update(None, "user_version", version).map_err(error)
    }

    /// Nobody listens: whoever else has the file open looks by itself.
    fn tell_others(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    /// A file is never lost; what failed may go again.
    fn reconnect(&mut self) -> Result<(), SqlError> {
        self.rollback();
        Ok(())
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn cell(value: Owned) -> Value<'static> {
    match value {
        Owned::Null => Value::Null,
        Owned::Integer(number) => Value::Int(number),
        Owned::Text(text) => Value::Text(text.into()),
        // No table of ours has such columns.
        Owned::Real(number) => Value::Text(number.to_string().into()),
        Owned::Blob(bytes) => Value::Text(String::from_utf8_lossy(&bytes).into_owned().into()),
    }
}

/// What the values of a statement are to blame for (https://www.sqlite.org/rescode.html): all
/// statements are ours. Everything else, as a full disk, is the database's.
fn error(error: rusqlite::Error) -> SqlError {
    use rusqlite::ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
    let own = [ConstraintViolation, TooBig, TypeMismatch];
    match error.sqlite_error_code() {
        Some(code) if own.contains(&code) => SqlError::Refused(error.to_string()),
        _ => SqlError::Statement(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constraint_is_the_statements_own_fault_and_a_full_disk_is_not() {
        let mut db = Sqlite::in_memory().unwrap();
        db.batch("CREATE TABLE t (n INTEGER UNIQUE); INSERT INTO t VALUES (1)").unwrap();
        let again = db.execute("INSERT INTO t VALUES (?1)", &[Value::Int(1)]);
        assert!(matches!(again, Err(SqlError::Refused(_))), "{again:?}");
        let gone = db.execute("INSERT INTO u VALUES (?1)", &[Value::Int(1)]);
        assert!(matches!(gone, Err(SqlError::Statement(_))), "{gone:?}");
        let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
        let full = error(rusqlite::Error::SqliteFailure(full, None));
        assert!(matches!(full, SqlError::Statement(_)), "{full:?}");
    }
}
