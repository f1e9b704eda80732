//! One connection to a database, whichever it is. SQL is written once, in words that both
//! databases take: `?1` placeholders, `ON CONFLICT … DO UPDATE`, 64-bit integers and texts.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

/// A value that goes into a statement or comes out of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A number.
    Int(i64),
    /// A text.
    Text(Cow<'a, str>),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Value::Int(number.into())
    }
}

impl From<u64> for Value<'_> {
    /// The databases count to `i64::MAX`, which no counter of ours reaches.
    fn from(number: u64) -> Self {
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(time: Timestamp) -> Self {
        Value::Int(time.as_millisecond())
    }
}

impl From<uuid::Uuid> for Value<'_> {
    fn from(id: uuid::Uuid) -> Self {
        Value::Text(Cow::Owned(id.to_string()))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// The values of a statement, in the order of its placeholders.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::registry::store::sql::Value::from($value)),*] };
}
pub(crate) use values;

/// Why the database did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// It refused a statement for the values in it, and is well otherwise. The transaction must
    /// be rolled back.
    #[error("{0}")]
    Refused(String),
    /// It could not carry out a statement, and could not another one either: the disk is full,
    /// say. The transaction must be rolled back.
    #[error("{0}")]
    Statement(String),
    /// It can't be reached any more: nothing of an open transaction is in it.
    #[error("{0}")]
    Lost(String),
    /// It can't be reached any more, and whether the transaction was committed is not known.
    #[error("{0}")]
    Unknown(String),
    /// A row that this version can't have written.
    #[error("a row can't be read: {0}")]
    Corrupt(String),
}

impl SqlError {
    fn corrupt(column: &str, error: impl std::fmt::Display) -> SqlError {
        SqlError::Corrupt(format!("{column}: {error}"))
    }
}

/// A row of an answer.
#[derive(Debug, Clone)]
pub struct Row {
    /// Names of the columns, shared by all rows of an answer.
    pub names: Arc<[String]>,
    /// Their values.
    pub cells: Vec<Value<'static>>,
}

impl Row {
    /// The value of a column.
    ///
    /// # Errors
    /// [`SqlError::Corrupt`] where there is no such column; so for all that follow.
    pub fn get(&self, column: &str) -> Result<&Value<'static>, SqlError> {
        let at = self.names.iter().position(|name| name == column);
        let cell = at.and_then(|at| self.cells.get(at));
        cell.ok_or_else(|| SqlError::corrupt(column, "there is no such column"))
    }

    /// A number.
    ///
    /// # Errors
    /// Anything else.
    pub fn int(&self, column: &str) -> Result<i64, SqlError> {
        match self.get(column)? {
            Value::Int(number) => Ok(*number),
            other => Err(SqlError::corrupt(column, format!("{other:?} is no number"))),
        }
    }

    /// A number that is not negative.
    ///
    /// # Errors
    /// Anything else.
    pub fn count(&self, column: &str) -> Result<u64, SqlError> {
        let number = self.int(column)?;
        u64::try_from(number).map_err(|error| SqlError::corrupt(column, error))
    }

    /// A text, or nothing.
    ///
    /// # Errors
    /// A number.
    pub fn text_or_none(&self, column: &str) -> Result<Option<&str>, SqlError> {
        match self.get(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            Value::Int(_) => Err(SqlError::corrupt(column, "this is no text")),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// Anything else.
    pub fn text(&self, column: &str) -> Result<&str, SqlError> {
        self.text_or_none(column)?.ok_or_else(|| SqlError::corrupt(column, "it is empty"))
    }

    /// A time, kept in milliseconds since 1970.
    ///
    /// # Errors
    /// What is no time.
    pub fn time(&self, column: &str) -> Result<Timestamp, SqlError> {
        let milliseconds = self.int(column)?;
        Timestamp::from_millisecond(milliseconds).map_err(|e| SqlError::corrupt(column, e))
    }

    /// What a text holds as JSON.
    ///
    /// # Errors
    /// What is not of this type.
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, SqlError> {
        serde_json::from_str(self.text(column)?).map_err(|e| SqlError::corrupt(column, e))
    }

    /// As [`Row::json`], of a column that may be empty.
    ///
    /// # Errors
    /// What is not of this type.
    pub fn json_or_none<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, SqlError> {
        let text = self.text_or_none(column)?;
        text.map(serde_json::from_str).transpose().map_err(|e| SqlError::corrupt(column, e))
    }

    /// A value of an enum that serde writes as one word.
    ///
    /// # Errors
    /// A word that it does not know.
    pub fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T, SqlError> {
        let word = serde_json::Value::from(self.text(column)?);
        serde_json::from_value(word).map_err(|e| SqlError::corrupt(column, e))
    }
}

/// JSON for the database.
///
/// # Panics
/// Never: our own types are JSON.
pub fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types are JSON")
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// To read everything as of one moment.
    Read,
    /// To write: nobody else writes until it ends. When it is not `durable`, a power failure
    /// may undo it although it was committed.
    Write {
        /// Whether the commit waits for the disk.
        durable: bool,
    },
    /// To make the tables or change them: nobody else does until it ends.
    Schema,
}

/// Which tables are in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// None.
    Empty,
    /// Those of a registry, of this version.
    Version(i64),
    /// Those of another program.
    Foreign,
}

/// How a database says what the two say differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// One connection.
pub trait Sql: Send + Debug {
    /// Which database it is.
    fn dialect(&self) -> Dialect;

    /// Begins a transaction.
    ///
    /// # Errors
    /// [`SqlError`]; so for all that follow.
    fn begin(&mut self, what: Begin) -> Result<(), SqlError>;

    /// Commits it.
    ///
    /// # Errors
    /// [`SqlError::Unknown`] where the answer was lost. In any other case it was rolled back, or
    /// [`Sql::rollback`] does it.
    fn commit(&mut self) -> Result<(), SqlError>;

    /// Rolls the transaction back, where one is open. A connection on which this fails is
    /// given up.
    fn rollback(&mut self);

    /// Carries out a statement; tells how many rows it changed.
    ///
    /// # Errors
    /// [`SqlError`]
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<usize, SqlError>;

    /// The rows that a query finds.
    ///
    /// # Errors
    /// [`SqlError`]
    fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, SqlError>;

    /// Carries out several statements without values.
    ///
    /// # Errors
    /// [`SqlError`]
    fn batch(&mut self, sql: &str) -> Result<(), SqlError>;

    /// Which tables are there.
    ///
    /// # Errors
    /// [`SqlError`]
    fn schema(&mut self) -> Result<Schema, SqlError>;

    /// Says which version the tables have now.
    ///
    /// # Errors
    /// [`SqlError`]
    fn set_schema(&mut self, version: i64) -> Result<(), SqlError>;

    /// Lets other replicas know, when the transaction is committed, that there are new events.
    ///
    /// # Errors
    /// [`SqlError`]
    fn tell_others(&mut self) -> Result<(), SqlError>;

    /// Connects anew where the connection was lost.
    ///
    /// # Errors
    /// [`SqlError::Lost`]
    fn reconnect(&mut self) -> Result<(), SqlError>;

    /// The first row that a query finds.
    ///
    /// # Errors
    /// [`SqlError`]
    fn first(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Option<Row>, SqlError> {
        Ok(self.query(sql, values)?.into_iter().next())
    }
}
