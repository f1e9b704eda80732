//! The connection that writes, and the view that follows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::follow;
use super::op::{Now, Op};
use super::operations::{Apply, Entries, Outcome};
use super::schema;
use super::sequence::Sequence;
use super::sql::{Begin, Dialect, Sql, SqlError};
use super::table::When;
use crate::domain::event::Event;
use crate::domain::lease;
use crate::exit::Failure;
use crate::registry::error::StoreError;
use crate::registry::may::By;
use crate::registry::seen::log::EventLog;
use crate::registry::seen::view::{Change, SharedView, View};

/// What is answered to whoever asked for an operation.
pub type Reply = Result<Outcome, StoreError>;

/// An operation, when it was asked for, and by whom.
pub type Asked = (Op, Now, By);

/// How long things live.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Leases, without a beat.
    pub ttl: Duration,
    /// Events.
    pub retain: Duration,
}

/// The connection that writes, and the view that follows it.
#[derive(Debug)]
pub struct Core {
    db: Box<dyn Sql>,
    view: SharedView,
    log: EventLog,
    lifetimes: Lifetimes,
    /// As of the last commit that the view has followed.
    sequence: Sequence,
    /// The database can't be reached: what is asked for is refused at once, until a
    /// [`Core::look`] reaches it again.
    offline: Arc<AtomicBool>,
}

/// Why a transaction was rolled back.
enum Failed {
    /// One of its operations failed, or was refused after it wrote something: the others may
    /// be carried out without it.
    Operation(Result<Outcome, SqlError>),
    /// All of them failed.
    All(SqlError),
}

impl Core {
    /// A core over an open connection: brings the database to this version and loads the view.
    /// Leases that are there live at least one TTL and a grace from `now`.
    ///
    /// # Errors
    /// A newer or foreign database, or one that can't be read.
    pub fn over(
        mut db: Box<dyn Sql>,
        name: &str,
        lifetimes: Lifetimes,
        now: Now,
    ) -> anyhow::Result<Core> {
        schema::migrate(db.as_mut(), name)?;
        let failed =
            |error: SqlError| Failure::new(format!("can't read the database {name}: {error}"));
        db.begin(Begin::Read).map_err(failed)?;
        let view = follow::load(db.as_mut(), lifetimes.ttl, now).map_err(failed)?;
        db.rollback();
        let sequence = Sequence { seq: view.seq, rev: view.rev, epoch: view.epoch };
        let log = EventLog::new(view.seq);
        let offline = Arc::default();
        Ok(Core { db, view: SharedView::new(view), log, lifetimes, sequence, offline })
    }

    /// The view that follows this connection.
    pub fn view(&self) -> &SharedView {
        &self.view
    }

    /// The last events.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Whether the database can't be reached.
    pub fn offline(&self) -> &Arc<AtomicBool> {
        &self.offline
    }

    /// Gives the connection back.
    pub fn into_db(self) -> Box<dyn Sql> {
        self.db
    }

    /// The view as it would be loaded from the database now.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn reload(&mut self, now: Now) -> Result<View, SqlError> {
        follow::load(self.db.as_mut(), self.lifetimes.ttl, now)
    }

    /// Carries out the operations in one transaction, each of them wholly or not at all, and
    /// lets the view follow after the commit. One reply for each, in order.
    pub fn commit(&mut self, ops: &[Asked]) -> Vec<Reply> {
        if self.offline.load(Ordering::Relaxed) {
            let gone = || Err(StoreError::Unavailable("it can't be reached".to_owned()));
            return ops.iter().map(|_| gone()).collect();
        }
        let mut replies = Vec::with_capacity(ops.len());
        self.attempt(ops, &mut replies);
        replies
    }

    /// Follows what others have committed. Where PostgreSQL was gone, finds out whether it can
    /// be written again, so that it needs no client to try. A disk that is full says nothing by
    /// taking one small write: there the clients' writes are tried, as ever.
    pub fn look(&mut self, now: Now) {
        let gone = self.db.dialect() == Dialect::Postgres;
        let broken = gone && self.view.read().broken.is_some();
        if let Err(error) = self.try_look(now, broken) {
            self.db.rollback();
            self.report(&error);
        }
    }

    fn try_look(&mut self, now: Now, broken: bool) -> Result<(), SqlError> {
        if self.offline.load(Ordering::Relaxed) {
            self.db.reconnect()?;
            // Another replica may have been updated in the meantime.
            schema::check(self.db.as_mut())?;
        }
        if broken {
            self.db.begin(Begin::Write { durable: true })?;
            self.follow_others(now)?;
            self.sequence.write(self.db.as_mut())?;
            self.db.commit()?;
            self.publish(Vec::new(), now);
        } else {
            self.db.begin(Begin::Read)?;
            self.follow_others(now)?;
            self.db.rollback();
        }
        // Only now: leases were made longer, and nobody may have seen them end before.
        self.offline.store(false, Ordering::Release);
        Ok(())
    }

    /// An operation that fails takes its whole transaction with it, so the halves of it are
    /// tried again, until it stands alone. That is rare; savepoints would cost each time.
    fn attempt(&mut self, ops: &[Asked], replies: &mut Vec<Reply>) {
        let Some((_, now, _)) = ops.last() else { return };
        match self.transaction(ops, *now) {
            Ok(outcomes) => replies.extend(outcomes.into_iter().map(Ok)),
            Err(Failed::Operation(_)) if ops.len() > 1 => {
                let (first, second) = ops.split_at(ops.len() / 2);
                self.attempt(first, replies);
                self.attempt(second, replies);
            }
            Err(Failed::Operation(Ok(refused))) => replies.push(Ok(refused)),
            // That operation's fault alone: it says nothing of the database, and nobody else's
            // lease hangs on it.
            Err(Failed::Operation(Err(SqlError::Refused(reason)))) => {
                tracing::error!(reason, "the registry's database refuses a statement");
                replies.push(Err(StoreError::Refused(reason)));
            }
            Err(Failed::Operation(Err(error)) | Failed::All(error)) => {
                self.report(&error);
                let error = match error {
                    SqlError::Unknown(reason) => StoreError::Unknown(reason),
                    other => StoreError::Unavailable(other.to_string()),
                };
                replies.extend(ops.iter().map(|_| Err(error.clone())));
            }
        }
    }

    fn report(&self, error: &SqlError) {
        if matches!(error, SqlError::Lost(_) | SqlError::Unknown(_)) {
            self.offline.store(true, Ordering::Relaxed);
        }
        if self.view.write().broken.replace(error.to_string()).is_none() {
            tracing::error!(%error, "the registry's database can't be written");
        }
    }

    fn transaction(&mut self, ops: &[Asked], now: Now) -> Result<Vec<Outcome>, Failed> {
        let done = self.try_transaction(ops, now);
        if done.is_err() {
            self.db.rollback();
        }
        done
    }

    fn try_transaction(&mut self, ops: &[Asked], now: Now) -> Result<Vec<Outcome>, Failed> {
        let durable = ops.iter().any(|(op, _, _)| op.is_durable());
        self.db.begin(Begin::Write { durable }).map_err(Failed::All)?;
        self.follow_others(now).map_err(Failed::All)?;
        let held = Entries::of(&self.view.read());
        let mut sequence = self.sequence;
        let mut changes = Vec::with_capacity(ops.len());
        let mut outcomes = Vec::with_capacity(ops.len());
        let mut wrote = false;
        for (op, now, by) in ops {
            let mut apply = Apply {
                db: self.db.as_mut(),
                ttl: self.lifetimes.ttl,
                retain: self.lifetimes.retain,
                now: *now,
                by,
                sequence: &mut sequence,
                changes: &mut changes,
                held,
                view: &self.view,
                wrote: 0,
            };
            let outcome = apply.run(op);
            let wrote_now = apply.wrote > 0;
            match outcome {
                Ok(outcome) if outcome.is_ok() || !wrote_now => outcomes.push(outcome),
                undone => return Err(Failed::Operation(undone)),
            }
            wrote |= wrote_now;
        }
        if !wrote {
            // It says nothing about the disk, either.
            self.db.rollback();
            return Ok(outcomes);
        }
        self.finish(sequence).map_err(Failed::All)?;
        self.sequence = sequence;
        self.publish(changes, now);
        Ok(outcomes)
    }

    fn finish(&mut self, sequence: Sequence) -> Result<(), SqlError> {
        if sequence != self.sequence {
            sequence.write(self.db.as_mut())?;
        }
        if sequence.seq != self.sequence.seq {
            self.db.tell_others()?;
        }
        self.db.commit()
    }

    /// Lets the view follow what is committed, and then tells who waits for events.
    fn publish(&mut self, changes: Vec<Change>, now: Now) {
        let mut view = self.view.write();
        let mut events: Vec<Arc<Event>> = Vec::new();
        for change in changes {
            if let Change::Event(event) = &change {
                events.push(Arc::clone(event));
            }
            view.apply(change);
        }
        view.rev = self.sequence.rev;
        if view.broken.take().is_some() {
            tracing::info!("the registry's database can be written again");
            // Nobody's beat was taken in the meantime.
            view.extend_leases(now.instant + lease::after_start(self.lifetimes.ttl));
        }
        drop(view);
        self.log.publish(events);
    }

    /// Within a transaction: follows what others have committed since the last look.
    fn follow_others(&mut self, now: Now) -> Result<(), SqlError> {
        let to = Sequence::read(self.db.as_mut())?;
        if to == self.sequence {
            return Ok(());
        }
        let when = When { now, ttl: self.lifetimes.ttl, is_load: false };
        let view = self.view.clone();
        let look = |look: &dyn Fn(&View) -> Vec<Change>| look(&view.read());
        match follow::changes(self.db.as_mut(), look, self.sequence, to, &when)? {
            Some(changes) => {
                self.sequence = to;
                let broken = self.view.write().broken.take();
                self.publish(changes, now);
                self.view.write().broken = broken;
            }
            None => {
                let mut loaded = follow::load(self.db.as_mut(), self.lifetimes.ttl, now)?;
                self.sequence = to;
                let mut view = self.view.write();
                loaded.broken = view.broken.take();
                // What readers were shown may be what they see now, but need not.
                loaded.revision = view.revision + 1;
                let known = std::mem::take(&mut view.usage);
                let there = &loaded.entries;
                loaded.usage.take_over(known, |id| there.contains_key(&id));
                *view = loaded;
                drop(view);
                self.log.restart(to.seq);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::store::sql::values;
    use crate::registry::store::sqlite::Sqlite;

    const TTL: Duration = Duration::from_secs(30);

    #[test]
    fn entries_of_old_clients_live_48_hours_from_their_last_update_across_restarts() {
        let hour = |n: i64| jiff::SignedDuration::from_hours(n);
        let mut db = Sqlite::in_memory().unwrap();
        schema::migrate(&mut db, "x").unwrap();
        let now = Now::get();
        let entries = [("young", -hour(47)), ("old", -hour(49)), ("clock", hour(1000))];
        for (rev, (job, age)) in (1u64..).zip(entries) {
            let sql = "INSERT INTO legacy (job, record, first_seen, updated, updates, rev)
                VALUES (?1, '{}', ?2, ?2, 1, ?3)";
            db.execute(sql, values![job, now.wall + age, rev]).unwrap();
        }
        let view = follow::load(&mut db, TTL, now).unwrap();
        let left = |job: &str| view.legacy[job].due - now.instant;
        assert_eq!(left("young"), Duration::from_secs(3600));
        assert_eq!(left("old"), lease::after_start(TTL), "not at once");
        assert_eq!(left("clock"), lease::LEGACY_TTL, "the clock was set back: no longer than that");
    }
}
