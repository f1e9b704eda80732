//! Entries of old clients, which have no lease.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::apply::{Apply, Outcome};
use crate::domain::event::EventKind;
use crate::domain::lease;
use crate::registry::error::Refused;
use crate::registry::seen::legacy::{LegacyEntry, Record, iso};
use crate::registry::seen::view::Change;
use crate::registry::store::op::{Done, MAX_ENTRIES};
use crate::registry::store::rows::{keys, legacy_row, legacy_summary};
use crate::registry::store::sql::{Row, SqlError, to_json, values};
use crate::registry::store::table::{Table, When};

/// How the view follows it.
pub const TABLE: Table = Table {
    changed: "SELECT * FROM legacy WHERE rev > ?1 ORDER BY rev LIMIT ?2",
    exists: "SELECT job FROM legacy WHERE job = ?1",
    key: "job",
    read,
    gone: |view, job| view.legacy.contains_key(job).then(|| Change::DropLegacy(job.to_owned())),
};

fn read(row: &Row, when: &When) -> Result<Change, SqlError> {
    let mut entry = legacy_row(row, when.now.instant)?;
    // Across a restart, and between replicas, only the time of day can tell how old an entry
    // is. Neither a clock that was set back nor one that was set forward drops it at once.
    let left = lease::LEGACY_TTL.saturating_sub(age(entry.updated, when.now.wall));
    entry.due = when.now.instant + left.max(lease::after_start(when.ttl));
    Ok(Change::PutLegacy(Box::new(entry)))
}

fn age(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

impl Apply<'_> {
    pub(super) fn put_legacy(&mut self, job: &str, record: &Record) -> Result<Outcome, SqlError> {
        self.put_legacy_of(job, record, self.now.wall)
    }

    /// Takes over an entry from the file of another registry, unless it is there already and
    /// was updated since.
    pub(super) fn import_legacy(
        &mut self,
        job: &str,
        record: &Record,
        updated: Timestamp,
    ) -> Result<Outcome, SqlError> {
        let sql = "SELECT job FROM legacy WHERE job = ?1 AND updated >= ?2";
        if self.exists(sql, values![job, updated])? {
            return Ok(Ok(Done::Changed(0)));
        }
        self.put_legacy_of(job, record, updated)
    }

    fn put_legacy_of(
        &mut self,
        job: &str,
        record: &Record,
        updated: Timestamp,
    ) -> Result<Outcome, SqlError> {
        if self.is_leased(job)? {
            return Ok(Err(Refused::Leased));
        }
        let old = self.first("SELECT * FROM legacy WHERE job = ?1", values![job])?;
        let old = old.map(|row| legacy_row(&row, self.now.instant)).transpose()?;
        if old.as_ref().is_some_and(|old| !self.by.may_change(old.text("owner"), old.proven)) {
            return Ok(Err(Refused::Foreign));
        }
        if old.is_none() && self.held.legacy >= MAX_ENTRIES {
            return Ok(Err(Refused::Full));
        }
        let mut record = record.clone();
        let sent = record.get("start_time").filter(|time| !time.is_null()).cloned();
        let first = old.as_ref().and_then(|old| old.record.get("start_time").cloned());
        let start = first.or(sent).unwrap_or_else(|| iso(updated).into());
        record.insert("start_time".to_owned(), start);
        let kind = match &old {
            None => Some(EventKind::Registered),
            Some(old) if old.record == record => None,
            Some(_) => Some(EventKind::Updated),
        };
        let entry = LegacyEntry {
            job: job.to_owned(),
            record,
            first_seen: old.as_ref().map_or(updated, |old| old.first_seen),
            updated,
            health: old.as_ref().and_then(|old| old.health.clone()),
            updates: old.as_ref().map_or(1, |old| old.updates + 1),
            proven: self.by.actor.is_some(),
            due: self.now.instant + lease::LEGACY_TTL.saturating_sub(age(updated, self.now.wall)),
        };
        let rev = self.next_rev();
        self.execute(
            "INSERT INTO legacy (job, record, first_seen, updated, updates, rev, proven)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (job) DO UPDATE SET record = excluded.record,
                 first_seen = excluded.first_seen, updated = excluded.updated,
                 updates = excluded.updates, rev = excluded.rev,
                 proven = excluded.proven",
            values![
                job,
                to_json(&entry.record),
                entry.first_seen,
                entry.updated,
                entry.updates,
                rev,
                i64::from(entry.proven),
            ],
        )?;
        if let Some(kind) = kind {
            self.event(kind, job, legacy_summary(&entry))?;
        }
        self.changes.push(Change::PutLegacy(Box::new(entry)));
        Ok(Ok(Done::Changed(1)))
    }

    pub(super) fn delete_legacy(&mut self, job: &str) -> Result<Outcome, SqlError> {
        if self.is_leased(job)? {
            return Ok(Err(Refused::Leased));
        }
        if self.is_foreign_legacy(job)? {
            return Ok(Err(Refused::Foreign));
        }
        let written = self.execute("DELETE FROM legacy WHERE job = ?1", values![job])?;
        if written == 0 {
            return Ok(Err(Refused::Unknown));
        }
        self.event(EventKind::Unregistered, job, json!({}))?;
        self.changes.push(Change::DropLegacy(job.to_owned()));
        Ok(Ok(Done::Changed(1)))
    }

    /// Whether the entry of this job is there, and belongs to somebody else.
    pub(super) fn is_foreign_legacy(&mut self, job: &str) -> Result<bool, SqlError> {
        let old = self.first("SELECT * FROM legacy WHERE job = ?1", values![job])?;
        let old = old.map(|row| legacy_row(&row, self.now.instant)).transpose()?;
        Ok(old.is_some_and(|old| !self.by.may_change(old.text("owner"), old.proven)))
    }

    /// Removes entries that are as they were seen; tells how many.
    pub(super) fn remove_legacy(&mut self, old: &[(String, u64)]) -> Result<usize, SqlError> {
        let mut count = 0;
        for (job, updates) in old {
            let sql = "DELETE FROM legacy WHERE job = ?1 AND updates = ?2";
            if self.execute(sql, values![job, *updates])? == 1 {
                self.event(EventKind::Removed, job, json!({}))?;
                self.changes.push(Change::DropLegacy(job.clone()));
                count += 1;
            }
        }
        Ok(count)
    }

    fn is_leased(&mut self, job: &str) -> Result<bool, SqlError> {
        let sql = "SELECT id FROM servers
            WHERE job_id = ?1 AND array_task = ?2 AND state <> 'lost' LIMIT 1";
        for (job_id, task) in keys(job) {
            if self.exists(sql, values![job_id, task])? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
