//! PostgreSQL: one connection with a small runtime of its own, so that the same blocking code
//! writes to both databases. It is used on the writer's thread and on blocking threads only.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::runtime::Runtime;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Statement};

use super::address::{Address, CONNECT, SILENCE, describe};
use super::listen::{CHANNEL, Replica};
use super::sql::{Begin, Dialect, Row, Schema, Sql, SqlError, Value};

/// What every connection is set up with. A replica that stands still within a transaction loses
/// it before the others have waited too long for it.
const SESSION: &str = "SET statement_timeout = 7000; SET lock_timeout = 6000;
    SET idle_in_transaction_session_timeout = 4000; SET client_min_messages = warning";
/// Key of the lock that whoever makes or changes the tables holds: "llamactl" in ASCII.
const SCHEMA_LOCK: i64 = 0x6c6c_616d_6163_746c;

/// A connection to a PostgreSQL server.
pub struct Postgres {
    address: Address,
    /// Taken when this is dropped.
    runtime: Option<Runtime>,
    client: Option<Client>,
    statements: HashMap<&'static str, (Statement, Arc<[String]>)>,
    in_transaction: bool,
    /// Others are told of the commit.
    tells: bool,
    /// Who tells them.
    replica: Replica,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let connected = self.client.is_some();
        f.debug_struct("Postgres")
            .field("target", &self.address)
            .field("connected", &connected)
            .finish_non_exhaustive()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Waits for nothing: it may be dropped where waiting is not allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Postgres {
    /// A connection that is made at its first use, or by [`Sql::reconnect`].
    ///
    /// # Errors
    /// When the system has no room for a runtime.
    pub fn new(address: Address, replica: Replica) -> std::io::Result<Postgres> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Postgres {
            address,
            runtime: Some(runtime),
            client: None,
            statements: HashMap::new(),
            in_transaction: false,
            tells: false,
            replica,
        })
    }

    /// Waits for an answer, for `limit` at most. A connection that gives none is given up.
    fn wait<T>(
        &mut self,
        limit: Duration,
        answer: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, SqlError> {
        let lost = || SqlError::Lost("there is no connection to PostgreSQL".to_owned());
        let client = self.client.as_ref().ok_or_else(lost)?;
        let runtime = self.runtime.as_ref().ok_or_else(lost)?;
        // A timeout wants a runtime that is entered.
        let answer = runtime.block_on(async { tokio::time::timeout(limit, answer(client)).await });
        let error = match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => failure(&error),
            Err(_) => SqlError::Lost(format!("PostgreSQL gave no answer within {limit:?}")),
        };
        if matches!(error, SqlError::Lost(_)) {
            self.disconnect();
        }
        Err(error)
    }

    fn disconnect(&mut self) {
        self.client = None;
        self.statements.clear();
        self.in_transaction = false;
    }

    fn prepared(&mut self, sql: &'static str) -> Result<(Statement, Arc<[String]>), SqlError> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let text = sql.replace('?', "$");
        let statement = self.wait(SILENCE, async |client| client.prepare(&text).await)?;
        let names = statement.columns().iter().map(|column| column.name().to_owned()).collect();
        self.statements.insert(sql, (statement.clone(), Arc::clone(&names)));
        Ok((statement, names))
    }
}

impl Sql for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn begin(&mut self, what: Begin) -> Result<(), SqlError> {
        // The row is the lock of all who write: events are numbered in the order of commits.
        let sql = match what {
            Begin::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned(),
            Begin::Write { durable: true } => "BEGIN; SELECT 1 FROM sequence FOR UPDATE".to_owned(),
            Begin::Write { durable: false } => "BEGIN; SET LOCAL synchronous_commit = off;
                SELECT 1 FROM sequence FOR UPDATE"
                .to_owned(),
            Begin::Schema => format!("BEGIN; SELECT pg_advisory_xact_lock({SCHEMA_LOCK})"),
        };
        // Nothing is lost when a connection turns out to be dead here.
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.reconnect()?;
        }
        self.in_transaction = true;
        match self.batch(&sql) {
            Err(SqlError::Lost(_)) => {
                self.reconnect()?;
                self.in_transaction = true;
                self.batch(&sql)
            }
            other => other,
        }
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        let committed = if std::mem::take(&mut self.tells) {
            let sql = format!("NOTIFY {CHANNEL}, '{}'; COMMIT", self.replica);
            self.batch(&sql)
        } else {
            self.batch("COMMIT")
        };
        if committed.is_ok() {
            self.in_transaction = false;
        }
        committed.map_err(|error| match error {
            SqlError::Lost(reason) => SqlError::Unknown(reason),
            other => other,
        })
    }

    fn rollback(&mut self) {
        self.tells = false;
        if !std::mem::take(&mut self.in_transaction) {
            return;
        }
        if let Err(error) = self.batch("ROLLBACK") {
            tracing::warn!(%error, "a transaction can't be rolled back: connecting anew");
            self.disconnect();
        }
    }

    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<usize, SqlError> {
        let (statement, _) = self.prepared(sql)?;
        let values = parameters(values);
        let rows = self.wait(SILENCE, async |client| client.execute(&statement, &values).await)?;
        Ok(rows as usize)
    }

    fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, SqlError> {
        let (statement, names) = self.prepared(sql)?;
        let values = parameters(values);
        let rows = self.wait(SILENCE, async |client| client.query(&statement, &values).await)?;
        rows.iter()
            .map(|row| {
                let cells = (0..names.len()).map(|at| cell(row, at)).collect::<Result<_, _>>()?;
                Ok(Row { names: Arc::clone(&names), cells })
            })
            .collect()
    }

    fn batch(&mut self, sql: &str) -> Result<(), SqlError> {
        self.wait(SILENCE, async |client| client.batch_execute(sql).await)
    }

    fn schema(&mut self) -> Result<Schema, SqlError> {
        let tables = "SELECT count(*) AS tables,
                count(*) FILTER (WHERE tablename = 'llamactl_schema') AS ours
            FROM pg_catalog.pg_tables WHERE schemaname = current_schema()";
        let Some(row) = self.first(tables, &[])? else { return Ok(Schema::Empty) };
        if row.int("ours")? == 0 {
            return Ok(if row.int("tables")? == 0 { Schema::Empty } else { Schema::Foreign });
        }
        let row = self.first("SELECT max(version) AS version FROM llamactl_schema", &[])?;
        let version = row.map_or(Ok(0), |row| row.int("version"))?;
        Ok(Schema::Version(version))
    }

    fn set_schema(&mut self, version: i64) -> Result<(), SqlError> {
        self.batch(
            "CREATE TABLE IF NOT EXISTS llamactl_schema (version BIGINT NOT NULL);
             DELETE FROM llamactl_schema",
        )?;
        self.execute("INSERT INTO llamactl_schema (version) VALUES (?1)", &[version.into()])
            .map(drop)
    }

    fn tell_others(&mut self) -> Result<(), SqlError> {
        self.tells = true;
        Ok(())
    }

    fn reconnect(&mut self) -> Result<(), SqlError> {
        self.disconnect();
        let lost = |reason: String| SqlError::Lost(format!("{}: {reason}", self.address.name()));
        let Some(runtime) = &self.runtime else { return Err(lost("closed".to_owned())) };
        let client = runtime.block_on(async {
            let connect = async {
                let tls = self.address.tls.clone();
                let (client, connection) = self.address.config.connect(tls).await?;
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "a connection to PostgreSQL ended");
                    }
                });
                client.batch_execute(SESSION).await?;
                Ok::<_, tokio_postgres::Error>(client)
            };
            tokio::time::timeout(CONNECT, connect).await
        });
        match client {
            Ok(Ok(client)) => {
                self.client = Some(client);
                Ok(())
            }
            Ok(Err(error)) => Err(lost(describe(&error))),
            Err(_) => Err(lost(format!("no connection within {CONNECT:?}"))),
        }
    }
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            Value::Int(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Value::Int(number) => number.to_string().to_sql(kind, out),
            Value::Text(text) => text.as_ref().to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::TEXT, Type::VARCHAR].contains(kind)
    }

    to_sql_checked!();
}

fn cell(row: &tokio_postgres::Row, at: usize) -> Result<Value<'static>, SqlError> {
    let kind = row.columns()[at].type_();
    let number = |number: Option<i64>| number.map_or(Value::Null, Value::Int);
    let text = |text: Option<String>| text.map_or(Value::Null, |text| Value::Text(text.into()));
    let cell = if *kind == Type::INT8 {
        row.try_get(at).map(number)
    } else if *kind == Type::INT4 {
        row.try_get::<_, Option<i32>>(at).map(|n| number(n.map(i64::from)))
    } else {
        row.try_get(at).map(text)
    };
    cell.map_err(|error| SqlError::Corrupt(error.to_string()))
}

/// A statement that was refused, or a connection that is gone.
fn failure(error: &tokio_postgres::Error) -> SqlError {
    let Some(db) = error.as_db_error() else { return SqlError::Lost(describe(error)) };
    kind(db.code().code())(describe(error))
}

/// What a SQLSTATE means (https://www.postgresql.org/docs/current/errcodes-appendix.html). The
/// server closes the connection after an error of class 57P (shutdown, crash) and after an idle
/// transaction (25P03). Data that it does not take (22) and constraints (23, 44) are the values'
/// fault: all statements are ours.
fn kind(code: &str) -> fn(String) -> SqlError {
    match code {
        "25P03" => SqlError::Lost,
        code if code.starts_with("57P") => SqlError::Lost,
        code if ["22", "23", "44"].iter().any(|class| code.starts_with(class)) => SqlError::Refused,
        _ => SqlError::Statement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_errors_are_the_statements_own() {
        let of = |code: &str| kind(code)("why".to_owned());
        // invalid_text_representation, unique_violation, character_not_in_repertoire.
        for own in ["22P02", "23505", "22021"] {
            assert!(matches!(of(own), SqlError::Refused(_)), "{own}");
        }
        // disk_full, read_only_sql_transaction, lock_not_available, undefined_table.
        for database in ["53100", "25006", "55P03", "42P01"] {
            assert!(matches!(of(database), SqlError::Statement(_)), "{database}");
        }
        for lost in ["57P01", "57P03", "25P03"] {
            assert!(matches!(of(lost), SqlError::Lost(_)), "{lost}");
        }
    }
}
