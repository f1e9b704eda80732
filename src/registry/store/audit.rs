//! Who did what: the events, as the audit asks for them.

use super::rows::event_row;
use super::sql::{Sql, SqlError, values};
use crate::api::tokens::AuditFilter;
use crate::domain::event::Event;

// Nothing is an empty text here, so that both databases know the type of every parameter.
const NEXT: &str = "SELECT * FROM events WHERE seq > ?1 AND time >= ?2
    AND (?3 = '' OR actor = ?3 OR token = ?3) AND (?4 = '' OR kind = ?4)
    AND (?5 = '' OR subject = ?5) ORDER BY seq LIMIT ?6";
const LAST: &str = "SELECT * FROM events WHERE seq > ?1 AND time >= ?2
    AND (?3 = '' OR actor = ?3 OR token = ?3) AND (?4 = '' OR kind = ?4)
    AND (?5 = '' OR subject = ?5) ORDER BY seq DESC LIMIT ?6";

/// Up to `limit` events that pass the filter, oldest first: the next ones after `filter.after`,
/// or the last ones.
///
/// # Errors
/// When the database can't be read.
pub fn events(
    db: &mut dyn Sql,
    filter: &AuditFilter,
    limit: usize,
) -> Result<Vec<Event>, SqlError> {
    let values = values![
        filter.after.unwrap_or(0),
        filter.since.map_or(0, |since| since.as_millisecond()),
        filter.actor.as_deref().unwrap_or_default(),
        filter.kind.map_or("", |kind| kind.as_str()),
        filter.subject.as_deref().unwrap_or_default(),
        limit as u64,
    ];
    let sql = if filter.after.is_some() { NEXT } else { LAST };
    let rows = db.query(sql, values)?;
    let mut events: Vec<Event> = rows.iter().map(event_row).collect::<Result<_, _>>()?;
    events.sort_by_key(|event| event.seq);
    Ok(events)
}
