//! The one row that is lock and counter: every transaction that writes begins by taking it.

use super::sql::{Sql, SqlError, values};

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
