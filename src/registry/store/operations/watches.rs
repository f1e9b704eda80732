//! Who wants to be told of servers and nodes, and which process tells of which event. Readers
//! ask the database: there are few, and they are looked at when something happens.

use serde_json::json;

use super::apply::{Apply, Outcome};
use crate::domain::event::EventKind;
use crate::domain::watch::{MAX_FAILURES, MAX_OF_OWNER, MAX_WATCHES, Watch};
use crate::registry::error::Refused;
use crate::registry::store::op::Done;
use crate::registry::store::sql::{Row, Sql, SqlError, to_json, values};
use crate::registry::store::watch_op::{Claim, KeptWatch, OpenClaim, Told, WatchOp};

/// Claims of so many events are remembered: a replica that lags behind finds them taken.
const CLAIMS_KEPT: u64 = 100_000;

/// All watches, oldest first.
///
/// # Errors
/// When the database can't be read.
pub fn all(db: &mut dyn Sql) -> Result<Vec<KeptWatch>, SqlError> {
    let rows = db.query("SELECT * FROM watches ORDER BY created, id", &[])?;
    rows.iter().map(kept).collect()
}

/// The events that somebody tells of, whose messages may not be on a disk yet.
///
/// # Errors
/// When the database can't be read.
pub fn open_claims(db: &mut dyn Sql) -> Result<Vec<OpenClaim>, SqlError> {
    let rows = db.query("SELECT * FROM claims WHERE done = 0 ORDER BY seq LIMIT 1000", &[])?;
    let read = |row: &Row| Ok(OpenClaim { seq: row.count("seq")?, by: row.text("by")?.to_owned() });
    rows.iter().map(read).collect()
}

/// The last event that anybody told of; nothing where nobody ever did.
///
/// # Errors
/// When the database can't be read.
pub fn last_claim(db: &mut dyn Sql) -> Result<Option<u64>, SqlError> {
    let row = db.first("SELECT seq FROM claims ORDER BY seq DESC LIMIT 1", &[])?;
    row.map(|row| row.count("seq")).transpose()
}

fn kept(row: &Row) -> Result<KeptWatch, SqlError> {
    let watch = Watch {
        id: row.text("id")?.to_owned(),
        owner: row.text_or_none("owner")?.map(str::to_owned),
        model: row.text("model")?.to_owned(),
        events: row.json("events")?,
        filter: row.json("filter")?,
        notify: row.json("targets")?,
        once: row.int("once")? != 0,
        created: row.time("created")?,
    };
    let failures = u32::try_from(row.count("failures")?).unwrap_or(u32::MAX);
    let (told, claimed) = (row.count("told")?, row.count("claimed")?);
    Ok(KeptWatch { watch, told, failures, claimed })
}

impl Apply<'_> {
    pub(super) fn watch_op(&mut self, op: &WatchOp) -> Result<Outcome, SqlError> {
        match op {
            WatchOp::Add(watch) => self.add_watch(watch),
            WatchOp::Remove(id) => self.remove_watch(id),
            WatchOp::Claim(claim) => self.claim(claim),
            WatchOp::Sent(events) => self.sent(events),
            WatchOp::Told(told) => self.told(told),
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
        self.execute(
            "INSERT INTO watches (id, owner, model, targets, once, created, told, failures,
                 events, filter)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9)",
            values![
                &watch.id,
                watch.owner.as_deref(),
                &watch.model,
                to_json(&watch.notify),
                i64::from(watch.once),
                watch.created,
                self.sequence.seq,
                to_json(&watch.events),
                to_json(&watch.filter),
            ],
        )?;
        let data = json!({"model": watch.model, "events": watch.events});
        self.event(EventKind::WatchCreated, &watch.id, data)?;
        Ok(Ok(Done::Changed(1)))
    }

    fn remove_watch(&mut self, id: &str) -> Result<Outcome, SqlError> {
        let Some(row) = self.first("SELECT * FROM watches WHERE id = ?1", values![id])? else {
            return Ok(Err(Refused::Unknown));
        };
        let watch = kept(&row)?.watch;
        if !self.by.may_change(watch.owner.as_deref(), watch.owner.is_some()) {
            return Ok(Err(Refused::Foreign));
        }
        self.drop_watch(&watch)?;
        Ok(Ok(Done::Changed(1)))
    }

    fn drop_watch(&mut self, watch: &Watch) -> Result<(), SqlError> {
        self.execute("DELETE FROM watches WHERE id = ?1", values![&watch.id])?;
        let data = json!({"model": watch.model});
        self.event(EventKind::WatchRemoved, &watch.id, data).map(drop)
    }

    /// Gives a process the events that nobody has. A watch that tells once is marked, so that no
    /// second event and no other replica takes it; [`Apply::told`] removes it, or frees it where
    /// nobody could be told.
    fn claim(&mut self, claim: &Claim) -> Result<Outcome, SqlError> {
        let mut got = Vec::new();
        for (seq, once) in &claim.wanted {
            let taken = match &claim.from {
                None => self.execute(
                    "INSERT INTO claims (seq, by, done) VALUES (?1, ?2, 0)
                     ON CONFLICT (seq) DO UPDATE SET by = excluded.by
                     WHERE claims.by = excluded.by AND claims.done = 0",
                    values![*seq, &claim.by],
                )?,
                Some(from) => self.execute(
                    "UPDATE claims SET by = ?2 WHERE seq = ?1 AND by = ?3 AND done = 0",
                    values![*seq, &claim.by, from],
                )?,
            };
            if taken == 0 {
                continue;
            }
            let mut watches = Vec::new();
            for id in once {
                let marked = self.execute(
                    "UPDATE watches SET claimed = ?2
                     WHERE id = ?1 AND (claimed = 0 OR claimed = ?2)",
                    values![id, *seq],
                )?;
                watches.extend((marked == 1).then(|| id.clone()));
            }
            got.push((*seq, watches));
        }
        Ok(Ok(Done::Claimed(got)))
    }

    fn sent(&mut self, events: &[u64]) -> Result<Outcome, SqlError> {
        for seq in events {
            self.execute("UPDATE claims SET done = 1 WHERE seq = ?1", values![*seq])?;
        }
        Ok(Ok(Done::Changed(events.len())))
    }

    fn told(&mut self, told: &Told) -> Result<Outcome, SqlError> {
        self.notified(&told.subject, &told.of, &told.delivery)?;
        let Some((id, seq)) = &told.watch else { return Ok(Ok(Done::Changed(1))) };
        let row = self.first("SELECT * FROM watches WHERE id = ?1", values![id])?;
        // Its owner may have removed it, or another of its targets was told before.
        let Some(kept) = row.map(|row| kept(&row)).transpose()? else {
            return Ok(Ok(Done::Changed(1)));
        };
        let failures = if told.delivery.ok { 0 } else { kept.failures.saturating_add(1) };
        // Each of its targets is a failure of its own.
        let targets = u32::try_from(kept.watch.notify.len()).unwrap_or(u32::MAX).max(1);
        let is_its = kept.watch.once && kept.claimed == *seq;
        if told.delivery.ok && is_its || failures >= MAX_FAILURES.saturating_mul(targets) {
            self.drop_watch(&kept.watch)?;
            return Ok(Ok(Done::Changed(1)));
        }
        // One that tells once waits for the next server where nobody could be told of this one.
        let waits = is_its && failures.is_multiple_of(targets);
        self.execute(
            "UPDATE watches SET failures = ?2, claimed = ?3 WHERE id = ?1",
            values![id, failures, if waits { 0 } else { kept.claimed }],
        )?;
        Ok(Ok(Done::Changed(1)))
    }

    /// Forgets claims of long ago; the last one stays, from which a process goes on that starts.
    /// A watch whose message was lost with the disk of its sender waits again.
    pub(super) fn prune_claims(&mut self, lost_before: i64) -> Result<usize, SqlError> {
        let before = self.sequence.seq.saturating_sub(CLAIMS_KEPT);
        let forgotten = self.execute(
            "DELETE FROM claims WHERE seq < ?1 AND seq < (SELECT max(seq) FROM claims)",
            values![before],
        )?;
        let freed = self.execute(
            "UPDATE watches SET claimed = 0 WHERE claimed > 0
               AND coalesce((SELECT time FROM events WHERE seq = watches.claimed), 0) < ?1",
            values![lost_before],
        )?;
        Ok(forgotten + freed)
    }
}
