//! What the registry saw at servers' `/health`: written where it changes, whoever looked.

use serde_json::{Value as Json, json};

use super::apply::{Apply, Outcome};
use crate::domain::event::EventKind;
use crate::registry::seen::view::{Change, Probed, Sighting};
use crate::registry::store::op::Done;
use crate::registry::store::rows::{legacy_row, legacy_summary, server_row, summary};
use crate::registry::store::sql::{SqlError, to_json, values};

impl Apply<'_> {
    /// Marks servers that were found otherwise than they were. Of several replicas that find
    /// the same, one writes it and its event.
    pub(super) fn health(&mut self, seen: &[Sighting]) -> Result<Outcome, SqlError> {
        let mut count = 0;
        for seen in seen {
            let changed = match &seen.of {
                Probed::Leased(id, generation) => {
                    self.leased_health(&id.to_string(), *generation, seen)?
                }
                Probed::Legacy(job) => self.legacy_health(job, seen)?,
            };
            count += usize::from(changed);
        }
        Ok(Ok(Done::Changed(count)))
    }

    fn leased_health(
        &mut self,
        id: &str,
        generation: u64,
        seen: &Sighting,
    ) -> Result<bool, SqlError> {
        let rev = self.next_rev();
        let written = self.execute(
            "UPDATE servers SET health = ?3, healthy = ?4, rev = ?5
             WHERE id = ?1 AND generation = ?2 AND healthy <> ?4 AND state = 'ready'",
            values![id, generation, to_json(&seen.health), u64::from(seen.health.ok), rev],
        )?;
        if written == 0 {
            return Ok(false);
        }
        let row = self.first("SELECT * FROM servers WHERE id = ?1", values![id])?;
        let Some(row) = row else { return Ok(false) };
        let entry = server_row(&row, self.now.instant)?.entry;
        self.event(kind(seen), id, told(summary(&entry.server), seen))?;
        self.changes.push(Change::Health(seen.clone()));
        Ok(true)
    }

    fn legacy_health(&mut self, job: &str, seen: &Sighting) -> Result<bool, SqlError> {
        let rev = self.next_rev();
        let written = self.execute(
            "UPDATE legacy SET health = ?2, healthy = ?3, rev = ?4
             WHERE job = ?1 AND healthy <> ?3",
            values![job, to_json(&seen.health), u64::from(seen.health.ok), rev],
        )?;
        if written == 0 {
            return Ok(false);
        }
        let row = self.first("SELECT * FROM legacy WHERE job = ?1", values![job])?;
        let Some(row) = row else { return Ok(false) };
        let entry = legacy_row(&row, self.now.instant)?;
        self.event(kind(seen), job, told(legacy_summary(&entry), seen))?;
        self.changes.push(Change::Health(seen.clone()));
        Ok(true)
    }
}

fn kind(seen: &Sighting) -> EventKind {
    if seen.health.ok { EventKind::Recovered } else { EventKind::Unhealthy }
}

fn told(mut data: Json, seen: &Sighting) -> Json {
    if let Some(reason) = &seen.health.reason {
        data["reason"] = json!(reason);
    }
    data
}
