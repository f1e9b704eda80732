//! How the view follows one table.

use std::time::{Duration, Instant};

use super::op::Now;
use super::sql::{Row, SqlError};
use crate::domain::lease;
use crate::registry::seen::view::{Change, View};

/// A table that the view holds.
#[derive(Debug)]
pub struct Table {
    /// Its rows with a `rev` over `?1`, at most `?2`, in the order of `rev`.
    pub changed: &'static str,
    /// The row with the key `?1`, if there is one.
    pub exists: &'static str,
    /// The column of the key: what events about a row have as their subject.
    pub key: &'static str,
    /// Reads a row.
    pub read: fn(&Row, &When) -> Result<Change, SqlError>,
    /// How the view forgets a key; nothing where it does not know it.
    pub gone: fn(&View, &str) -> Option<Change>,
}

/// When rows are read, and what for.
#[derive(Debug)]
pub struct When {
    /// The clocks.
    pub now: Now,
    /// How long leases live.
    pub ttl: Duration,
    /// Whether nobody could beat until now: after a start, or a restore.
    pub is_load: bool,
}

impl When {
    /// When a lease ends of which only the row is known: never earlier than the real end.
    pub fn lease_end(&self) -> Instant {
        self.now.instant + if self.is_load { lease::after_start(self.ttl) } else { self.ttl }
    }
}
