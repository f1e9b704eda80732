//! What each operation does to the database. The rules that must hold against every other
//! writer are conditions of the statement that writes.
//!
//! An operation that is new is a variant of [`Op`] and a method in an `impl Apply` block; a
//! table that is new is also an entry of [`super::follow::TABLES`].

mod health;
mod legacy;
mod nodes;
mod profiles;
mod servers;
pub mod tokens;
pub mod watches;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use super::sql::{Row, Sql, SqlError, Value, values};
use super::{By, Done, Now, Op, Refused};
use crate::domain::event::{Event, EventKind};
use crate::registry::view::{Change, SharedView, View};

pub use legacy::TABLE as LEGACY;
pub use nodes::TABLE as NODES;
pub use profiles::TABLE as PROFILES;
pub use servers::TABLE as SERVERS;
pub use tokens::TABLE as TOKENS;

/// How long the id of a replaced server is remembered.
const REPLACED_KEPT: Duration = Duration::from_secs(48 * 3600);
/// A message that did not go out for so long never does.
const MESSAGES_LIVE: Duration = Duration::from_secs(3 * 24 * 3600);
/// Most events that one [`Op::Prune`] drops, so that no other operation waits long.
pub const PRUNED_AT_ONCE: usize = 5_000;

/// What came of one operation.
pub type Outcome = Result<Done, Refused>;

/// The numbers of the last event and the last change, and how often everything was replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sequence {
    /// Of the last event.
    pub seq: u64,
    /// Of the last change of a row.
    pub rev: u64,
    /// How often everything was replaced.
    pub epoch: u64,
}

impl Sequence {
    /// Reads it; within a transaction that writes, nobody else changes it.
    ///
    /// # Errors
    /// [`SqlError`]
    pub fn read(db: &mut dyn Sql) -> Result<Sequence, SqlError> {
        let row = db.first("SELECT seq, rev, epoch FROM sequence", &[])?;
        let row = row.ok_or_else(|| SqlError::Corrupt("the sequence is empty".to_owned()))?;
        let [seq, rev, epoch] = ["seq", "rev", "epoch"].map(|column| row.count(column));
        Ok(Sequence { seq: seq?, rev: rev?, epoch: epoch? })
    }

    /// Writes it.
    ///
    /// # Errors
    /// [`SqlError`]
    pub fn write(self, db: &mut dyn Sql) -> Result<(), SqlError> {
        let values = values![self.seq, self.rev, self.epoch];
        db.execute("UPDATE sequence SET seq = ?1, rev = ?2, epoch = ?3", values).map(drop)
    }
}

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
    pub held: Held,
    /// As of the last commit, and what of it the database does not know yet.
    pub view: &'a SharedView,
    /// Rows that were written.
    pub wrote: usize,
}

/// How many entries there are: of each kind at most [`super::MAX_ENTRIES`], and a batch more.
#[derive(Debug, Clone, Copy, Default)]
pub struct Held {
    /// Leased servers.
    pub servers: usize,
    /// Entries of old clients.
    pub legacy: usize,
    /// Nodes.
    pub nodes: usize,
}

impl Held {
    /// Of this view.
    pub fn of(view: &View) -> Held {
        Held { servers: view.entries.len(), legacy: view.legacy.len(), nodes: view.nodes.len() }
    }
}

impl Apply<'_> {
    /// Carries out one operation. When it is refused after it wrote something, or fails, the
    /// caller rolls back.
    ///
    /// # Errors
    /// When the database fails.
    pub fn run(&mut self, op: &Op) -> Result<Outcome, SqlError> {
        match op {
            Op::Register(registration) => self.register(registration),
            Op::Renew { id, proof, update, .. } => self.renew(*id, proof, update),
            Op::Unregister { id, proof } => self.unregister(*id, proof.as_ref()),
            Op::CreateToken(new) => self.create_token(new),
            Op::RevokeToken { id, force } => self.revoke_token(id, *force),
            Op::PutLegacy { job, record } => self.put_legacy(job, record),
            Op::ImportLegacy { job, record, updated } => self.import_legacy(job, record, *updated),
            Op::DeleteLegacy { job } => self.delete_legacy(job),
            Op::Expire(due) => self.expire(due),
            Op::Remove { lost, legacy } => {
                let lost = self.remove_lost(lost)?;
                let legacy = self.remove_legacy(legacy)?;
                Ok(Ok(Done::Changed(lost + legacy)))
            }
            Op::Health(seen) => self.health(seen),
            Op::Nodes(op) => self.node_op(op),
            Op::Watches(op) => self.watch_op(op),
            Op::Prune => self.prune(),
        }
    }

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

    /// The time of day may be used here: the worst that a wrong clock does is to forget ids of
    /// servers that ended long ago, and history a little early.
    fn prune(&mut self) -> Result<Outcome, SqlError> {
        let now = self.now.wall.as_millisecond();
        let ago =
            |age: Duration| now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        let (replaced, events) = (ago(REPLACED_KEPT), ago(self.retain));
        let mut dropped = self.execute("DELETE FROM replaced WHERE at < ?1", values![replaced])?;
        // Events are in the order of time, so only those that go are looked at.
        let kept = self.number(
            "SELECT coalesce((SELECT seq FROM events WHERE time >= ?1 ORDER BY seq LIMIT 1),
                (SELECT max(seq) + 1 FROM events), 0) AS n",
            values![events],
        )?;
        let most = (self.sequence.seq + 1).saturating_sub(super::EVENTS_KEPT);
        let oldest = self.number("SELECT coalesce(min(seq), 0) AS n FROM events", &[])?;
        let before = kept.max(most).min(oldest + PRUNED_AT_ONCE as u64);
        dropped += self.execute("DELETE FROM events WHERE seq < ?1", values![before])?;
        dropped += self.prune_claims(ago(MESSAGES_LIVE))?;
        Ok(Ok(Done::Changed(dropped)))
    }
}
