//! What each operation does to the database. The rules that must hold against every other
//! writer are conditions of the statement that writes.
//!
//! An operation that is new is a variant of [`Op`] and a method in an `impl Apply` block; a
//! table that is new is also an entry of [`super::follow::TABLES`].

pub mod apply;
mod health;
mod legacy;
mod nodes;
mod profiles;
mod servers;
pub mod tokens;
pub mod watches;

use std::time::Duration;

use super::op::{Done, EVENTS_KEPT, Op};
use super::sql::{SqlError, values};

pub use apply::{Apply, Entries, Outcome};
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
        let most = (self.sequence.seq + 1).saturating_sub(EVENTS_KEPT);
        let oldest = self.number("SELECT coalesce(min(seq), 0) AS n FROM events", &[])?;
        let before = kept.max(most).min(oldest + PRUNED_AT_ONCE as u64);
        dropped += self.execute("DELETE FROM events WHERE seq < ?1", values![before])?;
        dropped += self.prune_claims(ago(MESSAGES_LIVE))?;
        Ok(Ok(Done::Changed(dropped)))
    }
}
