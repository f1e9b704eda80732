//! Takes over the file of the older registry (contract 1): a JSON map of job ids to records.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::core::{Core, Lifetimes};
use super::database::Database;
use super::op::{Done, Now, Op};
use crate::domain::lease;
use crate::exit::Failure;
use crate::registry::may::By;
use crate::registry::seen::legacy::{self, Record};

/// What the older registry adds to a record when it shows or stores it.
const ADDED: [&str; 3] = ["last_updated", "job_id", "uptime_hours"];

/// What came of an import.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Entries that were taken over.
    pub imported: usize,
    /// Entries that were not updated for 48 hours.
    pub expired: usize,
    /// Entries that the registry has already, as young or younger, or with a lease.
    pub known: usize,
    /// Entries that no client could have sent: their job ids, and what is wrong.
    pub wrong: Vec<(String, String)>,
}

/// Takes over what is in `text`, in one transaction; the registry may run meanwhile.
///
/// # Errors
/// A file that is no such map, or a database that can't be written.
pub fn import(
    database: &Database,
    lifetimes: Lifetimes,
    text: &str,
    now: Now,
) -> anyhow::Result<Imported> {
    let entries: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        Failure::new(format!("this is no file of the older registry: {error}"))
            .hint("it is a JSON map of job ids to records")
    })?;
    let mut done = Imported::default();
    let mut ops = Vec::new();
    for (job, value) in entries {
        match op(&job, value, now.wall) {
            Ok(Some(op)) => ops.push((op, now, By::default())),
            Ok(None) => done.expired += 1,
            Err(why) => done.wrong.push((job, why)),
        }
    }
    let mut core = Core::over(database.for_tool(true)?, &database.to_string(), lifetimes, now)?;
    for reply in core.commit(&ops) {
        match reply? {
            Ok(Done::Changed(1)) => done.imported += 1,
            _ => done.known += 1,
        }
    }
    Ok(done)
}

/// The operation for one entry; nothing for one that is too old.
fn op(job: &str, value: Value, now: Timestamp) -> Result<Option<Op>, String> {
    let Value::Object(mut record) = value else { return Err("it is no record".to_owned()) };
    let updated = ["last_updated", "start_time"]
        .iter()
        .find_map(|field| record.get(*field).and_then(Value::as_str).and_then(legacy::parse_time));
    ADDED.iter().for_each(|field| drop(record.remove(*field)));
    legacy::validate(job, &record)?;
    // In whole milliseconds, as the database keeps it; a clock that ran ahead ends here.
    let updated = updated.unwrap_or(now).min(now).as_millisecond();
    let updated = Timestamp::from_millisecond(updated).map_err(|error| error.to_string())?;
    let age = now.duration_since(updated).unsigned_abs();
    if age > lease::LEGACY_TTL {
        return Ok(None);
    }
    let record: Box<Record> = Box::new(record);
    Ok(Some(Op::ImportLegacy { job: job.to_owned(), record, updated }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn entries_are_young_old_or_wrong() {
        let now: Timestamp = "2026-03-03T12:00:00Z".parse().unwrap();
        let of = |updated: &str| {
            op("7", json!({"host": "n", "port": 1, "last_updated": updated, "x": 1}), now)
        };
        let Ok(Some(Op::ImportLegacy { record, updated, .. })) = of("2026-03-02T12:00:00+00:00")
        else {
            panic!("it is young")
        };
        assert_eq!(updated, "2026-03-02T12:00:00Z".parse().unwrap());
        assert_eq!(json!(*record), json!({"host": "n", "port": 1, "x": 1}));
        assert!(matches!(of("2026-03-01T11:59:00Z"), Ok(None)));
        assert!(op("7", json!({"port": 1}), now).unwrap_err().contains("host"));
        assert!(op("7", json!([]), now).is_err());
        let Ok(Some(Op::ImportLegacy { updated, .. })) = of("2026-04-01T00:00:00Z") else {
            panic!("its clock ran ahead")
        };
        assert_eq!(updated, now);
    }
}
