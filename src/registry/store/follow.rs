//! How the view follows the database: loads it, and finds what other replicas and tools have
//! changed since.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::op::Now;
use super::operations;
use super::rows::event_row;
use super::sequence::Sequence;
use super::sql::{Row, Sql, SqlError, values};
use super::table::{Table, When};
use crate::domain::event::Event;
use crate::registry::seen::view::{Change, View};

/// All tables that the view holds.
pub const TABLES: &[Table] = &[
    operations::SERVERS,
    operations::LEGACY,
    operations::NODES,
    operations::PROFILES,
    operations::TOKENS,
];

/// Rows that are read at a time.
const PAGE: u64 = 2_000;
/// A replica that missed more events than this loads the whole view.
const MISSED: u64 = 10_000;

/// The view as the database has it.
///
/// # Errors
/// When it can't be read, or holds what this version can't have written.
pub fn load(db: &mut dyn Sql, ttl: Duration, now: Now) -> Result<View, SqlError> {
    let to = Sequence::read(db)?;
    let when = When { now, ttl, is_load: true };
    let mut view = View::default();
    for table in TABLES {
        changed(db, table, None, |row| {
            view.apply((table.read)(row, &when)?);
            Ok(())
        })?;
    }
    (view.seq, view.rev, view.epoch) = (to.seq, to.rev, to.epoch);
    Ok(view)
}

/// What others have changed between `from` and `to`; nothing where the view must be loaded
/// anew. To be called in a transaction, so that all is of one moment.
///
/// # Errors
/// As [`load`].
pub fn changes(
    db: &mut dyn Sql,
    view: impl Fn(&dyn Fn(&View) -> Vec<Change>) -> Vec<Change>,
    from: Sequence,
    to: Sequence,
    when: &When,
) -> Result<Option<Vec<Change>>, SqlError> {
    let backwards = to.seq < from.seq || to.rev < from.rev;
    if to.epoch != from.epoch || backwards || to.seq - from.seq > MISSED {
        return Ok(None);
    }
    let missed = events(db, from.seq, MISSED as usize)?;
    if missed.len() as u64 != to.seq - from.seq {
        return Ok(None); // Some were dropped already.
    }
    let mut found = Vec::new();
    for table in TABLES {
        // Whatever events tell of and is not among the changed rows may be gone.
        let mut subjects: BTreeSet<&str> = missed.iter().map(|e| e.subject.as_str()).collect();
        changed(db, table, Some(from.rev), |row| {
            subjects.remove(row.text(table.key)?);
            found.push((table.read)(row, when)?);
            Ok(())
        })?;
        let mut gone = Vec::new();
        for subject in subjects {
            if db.first(table.exists, values![subject])?.is_none() {
                gone.push(subject);
            }
        }
        found.extend(view(&|view| gone.iter().filter_map(|key| (table.gone)(view, key)).collect()));
    }
    found.extend(missed.into_iter().map(|event| Change::Event(Arc::new(event))));
    Ok(Some(found))
}

/// Reads the rows that changed after `rev`, or all, page by page.
fn changed(
    db: &mut dyn Sql,
    table: &Table,
    rev: Option<u64>,
    mut take: impl FnMut(&Row) -> Result<(), SqlError>,
) -> Result<(), SqlError> {
    let mut after = rev.map_or(-1, |rev| i64::try_from(rev).unwrap_or(i64::MAX));
    loop {
        let rows = db.query(table.changed, values![after, PAGE])?;
        for row in &rows {
            after = row.int("rev")?;
            take(row)?;
        }
        if (rows.len() as u64) < PAGE {
            return Ok(());
        }
    }
}

/// Up to `limit` events after number `after`, oldest first.
///
/// # Errors
/// As [`load`].
pub fn events(db: &mut dyn Sql, after: u64, limit: usize) -> Result<Vec<Event>, SqlError> {
    let sql = "SELECT * FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    db.query(sql, values![after, limit as u64])?.iter().map(event_row).collect()
}

/// Up to `limit` events of one subject after number `after`, oldest first.
///
/// # Errors
/// As [`load`].
pub fn events_of(
    db: &mut dyn Sql,
    subject: &str,
    after: u64,
    limit: usize,
) -> Result<Vec<Event>, SqlError> {
    let sql = "SELECT * FROM events WHERE subject = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    db.query(sql, values![subject, after, limit as u64])?.iter().map(event_row).collect()
}
