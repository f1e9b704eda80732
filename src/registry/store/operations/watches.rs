//! Who wants to be told when a server of a model is ready. Readers ask the database: there are
//! few, and they are looked at when a server becomes ready.

use serde_json::json;
use uuid::Uuid;

use super::{Apply, Outcome};
use crate::api::Notified;
use crate::domain::event::EventKind;
use crate::domain::watch::{MAX_FAILURES, MAX_OF_OWNER, MAX_WATCHES, Watch};
use crate::registry::store::sql::{Row, Sql, SqlError, to_json, values};
use crate::registry::store::{Done, Refused};

/// A watch as it is kept.
#[derive(Debug, Clone)]
pub struct KeptWatch {
    /// What may be seen of it.
    pub watch: Watch,
    /// Number of the last event that it was claimed for; of the last one when it was made.
    pub told: u64,
    /// Failures in a row.
    pub failures: u32,
}

/// An operation on watches.
#[derive(Debug)]
pub enum WatchOp {
    /// A new one.
    Add(Watch),
    /// Its owner does not want it any more.
    Remove(String),
    /// This process tells of the server of this event, and no other one does.
    Claim(String, u64),
    /// What came of a claim.
    Told(Box<Told>),
}

/// What came of a claim.
#[derive(Debug)]
pub struct Told {
    /// The watch as it was before.
    pub watch: KeptWatch,
    /// The server.
    pub server: Uuid,
    /// Its name and its owner.
    pub of: (String, String),
    /// How it went; nothing where it was broken off, and is to be tried again.
    pub deliveries: Vec<Notified>,
}

/// All watches, oldest first.
///
/// # Errors
/// When the database can't be read.
pub fn all(db: &mut dyn Sql) -> Result<Vec<KeptWatch>, SqlError> {
    let rows = db.query("SELECT * FROM watches ORDER BY created, id", &[])?;
    rows.iter().map(kept).collect()
}

fn kept(row: &Row) -> Result<KeptWatch, SqlError> {
    let watch = Watch {
        id: row.text("id")?.to_owned(),
        owner: row.text_or_none("owner")?.map(str::to_owned),
        model: row.text("model")?.to_owned(),
        notify: row.json("targets")?,
        once: row.int("once")? != 0,
        created: row.time("created")?,
    };
    let failures = u32::try_from(row.count("failures")?).unwrap_or(u32::MAX);
    Ok(KeptWatch { watch, told: row.count("told")?, failures })
}

impl Apply<'_> {
    pub(super) fn watch_op(&mut self, op: &WatchOp) -> Result<Outcome, SqlError> {
        match op {
            WatchOp::Add(watch) => self.add_watch(watch),
            WatchOp::Remove(id) => self.remove_watch(id),
            WatchOp::Claim(id, seq) => self.claim_watch(id, *seq),
            WatchOp::Told(told) => self.watch_told(told),
        }
    }

    fn add_watch(&mut self, watch: &Watch) -> Result<Outcome, SqlError> {
        let sql = "SELECT count(*) AS n FROM watches WHERE coalesce(owner, '') = ?1";
        if self.number(sql, values![watch.owner.as_deref().unwrap_or_default()])? >= MAX_OF_OWNER {
            return Ok(Err(Refused::TooMany("watches of one owner", MAX_OF_OWNER)));
        }
        if self.number("SELECT count(*) AS n FROM watches", &[])? >= MAX_WATCHES {
            return Ok(Err(Refused::TooMany("watches", MAX_WATCHES)));
        }
        let told = self.sequence.seq;
        self.write_watch(&KeptWatch { watch: watch.clone(), told, failures: 0 })?;
        self.event(EventKind::WatchCreated, &watch.id, json!({"model": watch.model}))?;
        Ok(Ok(Done::Changed(1)))
    }

    fn write_watch(&mut self, kept: &KeptWatch) -> Result<usize, SqlError> {
        let watch = &kept.watch;
        self.execute(
            "INSERT INTO watches (id, owner, model, targets, once, created, told, failures)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET told = ?7, failures = ?8",
            values![
                &watch.id,
                watch.owner.as_deref(),
                &watch.model,
                to_json(&watch.notify),
                i64::from(watch.once),
                watch.created,
                kept.told,
                kept.failures,
            ],
        )
    }

    fn remove_watch(&mut self, id: &str) -> Result<Outcome, SqlError> {
        let Some(row) = self.first("SELECT * FROM watches WHERE id = ?1", values![id])? else {
            return Ok(Err(Refused::Unknown));
        };
        let watch = kept(&row)?.watch;
        if !self.by.may_change(watch.owner.as_deref(), watch.owner.is_some()) {
            return Ok(Err(Refused::Foreign));
        }
        self.execute("DELETE FROM watches WHERE id = ?1", values![id])?;
        self.event(EventKind::WatchRemoved, id, json!({"model": watch.model}))?;
        Ok(Ok(Done::Changed(1)))
    }

    /// One that tells once is taken out, so that no second server and no other replica finds it;
    /// [`Apply::watch_told`] puts it back where nobody was told.
    fn claim_watch(&mut self, id: &str, seq: u64) -> Result<Outcome, SqlError> {
        let sql = "DELETE FROM watches WHERE id = ?1 AND told < ?2 AND once = 1";
        let taken = self.execute(sql, values![id, seq])?;
        let sql = "UPDATE watches SET told = ?2 WHERE id = ?1 AND told < ?2";
        let marked = self.execute(sql, values![id, seq])?;
        Ok(Ok(Done::Changed(taken + marked)))
    }

    fn watch_told(&mut self, told: &Told) -> Result<Outcome, SqlError> {
        for delivery in &told.deliveries {
            self.notified(told.server, &told.of, delivery)?;
        }
        let watch = &told.watch.watch;
        let mut kept = told.watch.clone();
        if told.deliveries.is_empty() {
            // It is tried again for the same event, after the next start.
            self.put_back(&kept)?;
            return Ok(Ok(Done::Changed(1)));
        }
        let ok = told.deliveries.iter().any(|delivery| delivery.ok);
        kept.failures = if ok { 0 } else { kept.failures + 1 };
        kept.told = kept.told.max(self.sequence.seq);
        let ends = if ok { watch.once } else { kept.failures >= MAX_FAILURES };
        if ends {
            self.execute("DELETE FROM watches WHERE id = ?1", values![&watch.id])?;
            self.event(EventKind::WatchRemoved, &watch.id, json!({"model": watch.model}))?;
        } else if watch.once {
            self.put_back(&kept)?;
        } else {
            let sql = "UPDATE watches SET failures = ?2 WHERE id = ?1";
            self.execute(sql, values![&watch.id, kept.failures])?;
        }
        Ok(Ok(Done::Changed(1)))
    }

    /// A claim is given back; not of one that its owner has removed meanwhile.
    fn put_back(&mut self, kept: &KeptWatch) -> Result<(), SqlError> {
        let id = &kept.watch.id;
        let there = self.exists("SELECT id FROM watches WHERE id = ?1", values![id])?;
        if there || kept.watch.once {
            self.write_watch(kept)?;
        }
        Ok(())
    }
}
