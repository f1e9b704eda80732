//! What every operation stands on: the open transaction, the numbers, the events.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::domain::event::{Event, EventKind};
use crate::registry::error::Refused;
use crate::registry::may::By;
use crate::registry::seen::view::{Change, SharedView, View};
use crate::registry::store::op::{Done, Now};
use crate::registry::store::sequence::Sequence;
use crate::registry::store::sql::{Row, Sql, SqlError, Value, values};

/// What came of one operation.
pub type Outcome = Result<Done, Refused>;

/// Carries out operations inside an open transaction, and collects what the view must follow.
pub struct Apply<'a> {
    /// The database, in a transaction.
    pub db: &'a mut dyn Sql,
    /// How long leases live.
    pub ttl: Duration,
    /// How long events are kept.
    pub retain: Duration,
    /// When the operation was asked for.
    pub now: Now,
    /// Who asked for it.
    pub by: &'a By,
    /// The last numbers that were given.
    pub sequence: &'a mut Sequence,
    /// What changed, in order.
    pub changes: &'a mut Vec<Change>,
    /// How many entries there were before this transaction.
    pub held: Entries,
    /// As of the last commit, and what of it the database does not know yet.
    pub view: &'a SharedView,
    /// Rows that were written.
    pub wrote: usize,
}

/// How many entries there are: of each kind at most [`MAX_ENTRIES`](crate::registry::store::op::MAX_ENTRIES), and a batch more.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entries {
    /// Leased servers.
    pub servers: usize,
    /// Entries of old clients.
    pub legacy: usize,
    /// Nodes.
    pub nodes: usize,
}

impl Entries {
    /// Of this view.
    pub fn of(view: &View) -> Entries {
        Entries { servers: view.entries.len(), legacy: view.legacy.len(), nodes: view.nodes.len() }
    }
}

impl Apply<'_> {
    /// Carries out a statement that writes.
    pub(super) fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<usize, SqlError> {
        let written = self.db.execute(sql, values)?;
        self.wrote += written;
        Ok(written)
    }

    /// The number of a change: every row that is written gets a new one as its `rev`, so that
    /// other replicas find it.
    pub(super) fn next_rev(&mut self) -> u64 {
        self.sequence.rev += 1;
        self.sequence.rev
    }

    /// The number that the next event will have. As a generation it grows over the whole life
    /// of the registry, also when entries are forgotten in between.
    pub(super) fn next_seq(&self) -> u64 {
        self.sequence.seq + 1
    }

    /// Writes an event; `subject` is the key of the row that it is about, so that other
    /// replicas know what to look at.
    pub(super) fn event(
        &mut self,
        kind: EventKind,
        subject: &str,
        data: Json,
    ) -> Result<u64, SqlError> {
        let seq = self.next_seq();
        let text = data.to_string();
        self.execute(
            "INSERT INTO events (seq, time, kind, subject, data, actor, origin, token)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            values![
                seq,
                self.now.wall,
                kind.as_str(),
                subject,
                text,
                self.by.actor.as_deref(),
                self.by.origin.map(|origin| origin.to_string()),
                self.by.token.as_deref(),
            ],
        )?;
        self.sequence.seq = seq;
        self.changes.push(Change::Event(Arc::new(Event {
            seq,
            time: self.now.wall,
            kind,
            subject: subject.to_owned(),
            data,
            actor: self.by.actor.clone(),
            origin: self.by.origin,
            token: self.by.token.clone(),
        })));
        Ok(seq)
    }

    /// The first row that a query finds.
    pub(super) fn first(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, SqlError> {
        self.db.first(sql, values)
    }

    /// Whether a query finds anything.
    pub(super) fn exists(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<bool, SqlError> {
        Ok(self.db.first(sql, values)?.is_some())
    }

    /// The number that a query gives as `n`.
    pub(super) fn number(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, SqlError> {
        self.db.first(sql, values)?.map_or(Ok(0), |row| row.count("n"))
    }
}
