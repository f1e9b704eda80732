//! Leased servers.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::apply::{Apply, Outcome};
use crate::api::{Notified, RegisterRequest, ServerUpdate};
use crate::domain::event::EventKind;
use crate::domain::lease;
use crate::domain::server::{Server, ServerState};
use crate::registry::error::Refused;
use crate::registry::may::{Proof, Reach};
use crate::registry::seen::view::{Change, Entry};
use crate::registry::store::op::{Done, Due, MAX_ENTRIES, Registration};
use crate::registry::store::rows::{ServerRow, server_row, summary, task};
use crate::registry::store::sql::{Row, SqlError, Value, to_json, values};
use crate::registry::store::table::{Table, When};
use crate::secret::Secret;

/// How the view follows it.
pub const TABLE: Table = Table {
    changed: "SELECT * FROM servers WHERE rev > ?1 ORDER BY rev LIMIT ?2",
    exists: "SELECT id FROM servers WHERE id = ?1",
    key: "id",
    read,
    gone: |view, id| {
        let id = id.parse().ok()?;
        view.entries.contains_key(&id).then_some(Change::Drop(id))
    },
};

fn read(row: &Row, when: &When) -> Result<Change, SqlError> {
    let mut entry = server_row(row, when.lease_end())?.entry;
    if !entry.is_live() {
        entry.due = when.now.instant + lease::LOST_KEPT;
    }
    Ok(Change::Put(Box::new(entry)))
}

/// The server of a registration; `first_seen` is that of its earlier entry, if it had one.
fn registered(request: &RegisterRequest, first_seen: Option<Timestamp>, now: Timestamp) -> Server {
    Server {
        info: request.info.clone(),
        state: request.state,
        models: request.models.clone(),
        slots: request.slots,
        tokens_per_second: request.tokens_per_second,
        health: None,
        first_seen: first_seen.unwrap_or(now),
        last_seen: now,
    }
}

const BY_ID: &str = "SELECT * FROM servers WHERE id = ?1";

impl Apply<'_> {
    pub(super) fn register(&mut self, new: &Registration) -> Result<Outcome, SqlError> {
        let info = &new.request.info;
        if self.is_replaced(info.id)? {
            return Ok(Err(Refused::Replaced));
        }
        let same_id = self.server(BY_ID, values![info.id])?;
        let same_job = self.server(
            "SELECT * FROM servers WHERE cluster = ?1 AND job_id = ?2 AND array_task = ?3",
            values![&info.job.cluster, &info.job.job_id, task(&info.job)],
        )?;
        let foreign = |row: &ServerRow| {
            let owner = &row.entry.server.info.owner;
            !self.by.may_change(Some(owner), row.entry.proven)
        };
        if same_id.as_ref().is_some_and(foreign) || same_job.as_ref().is_some_and(foreign) {
            return Ok(Err(Refused::Foreign));
        }
        // Only after that: a server gives up for good where a later start of its own job has the
        // entry, and a stranger must not make it.
        if let Some(other) = same_job.as_ref().filter(|row| row.restart() > info.restart_count) {
            return Ok(Err(Refused::Older(other.restart())));
        }
        // It would hide what an old client registered for the job.
        if self.by.reach != Reach::All && self.is_foreign_legacy(&info.job.job())? {
            return Ok(Err(Refused::Foreign));
        }
        let Some(row) = same_id else {
            if same_job.is_none() && self.held.servers >= MAX_ENTRIES {
                return Ok(Err(Refused::Full));
            }
            if let Some(older) = same_job {
                self.replace(&older, info.id)?;
            }
            return self.insert(new, None);
        };
        if row.entry.server.info.job != info.job {
            return Ok(Err(Refused::OtherJob));
        }
        if row.secret_hash == new.secret_hash {
            return self.register_again(new, row);
        }
        self.insert(new, Some(&row))
    }

    /// The holder asks for the lease that it has. If it says what it said before, its answer was
    /// lost: nothing is taken back that it may have told since. Else it tells something new.
    fn register_again(&mut self, new: &Registration, row: ServerRow) -> Result<Outcome, SqlError> {
        let proof = Proof { generation: row.entry.generation, secret_hash: row.secret_hash };
        let id = new.request.info.id;
        if row.request_hash != new.request_hash {
            let mut entry = row.entry;
            let before = entry.server.state;
            entry.server.info = new.request.info.clone();
            entry.server.models = new.request.models.clone();
            entry.server.slots = new.request.slots;
            entry.server.tokens_per_second = new.request.tokens_per_second;
            entry.reported = new.request.state;
            entry.api_key = new.request.api_key.clone();
            entry.notify = new.request.notify.clone();
            entry.proven = self.by.actor.is_some();
            self.execute(
                "UPDATE servers SET request_hash = ?4, api_key = ?5, restart_count = ?6,
                     proven = ?7, notify = ?8
                 WHERE id = ?1 AND generation = ?2 AND secret_hash = ?3",
                values![
                    id,
                    proof.generation,
                    &proof.secret_hash,
                    &new.request_hash,
                    entry.api_key.as_ref().map(Secret::expose),
                    entry.server.info.restart_count,
                    i64::from(entry.proven),
                    new.texts.notify.as_deref(),
                ],
            )?;
            let generation = entry.generation;
            return Ok(self
                .write_renewed(entry, &proof, true, before)?
                .map(|_| Done::Registered(generation)));
        }
        let renewed = self.renew(id, &proof, &ServerUpdate::default())?;
        Ok(renewed.map(|_| Done::Registered(proof.generation)))
    }

    fn replace(&mut self, older: &ServerRow, by: Uuid) -> Result<(), SqlError> {
        let id = older.entry.server.info.id;
        self.execute(
            "DELETE FROM servers WHERE id = ?1 AND generation = ?2",
            values![id, older.entry.generation],
        )?;
        self.execute(
            "INSERT INTO replaced (id, by, at) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET by = excluded.by, at = excluded.at",
            values![id, by, self.now.wall],
        )?;
        let mut data = summary(&older.entry.server);
        data["by"] = json!(by);
        self.event(EventKind::Replaced, &id.to_string(), data)?;
        self.changes.push(Change::Drop(id));
        Ok(())
    }

    /// Writes a registration with a new generation, over the row of the same server if there
    /// is one: only where its lease has ended, or is the one that the client proved.
    fn insert(&mut self, new: &Registration, old: Option<&ServerRow>) -> Result<Outcome, SqlError> {
        let (request, texts) = (&new.request, &new.texts);
        let first_seen = old.map(|row| row.entry.server.first_seen);
        let server = registered(request, first_seen, self.now.wall);
        let id = request.info.id.to_string();
        let generation = self.next_seq();
        let rev = self.next_rev();
        let proof = new.proof.as_ref();
        let proven = self.by.actor.is_some();
        let written = self.execute(
            "INSERT INTO servers (id, cluster, job_id, array_task, job, restart_count,
                 generation, secret_hash, request_hash, state, reported, beats, info, models,
                 slots, api_key, first_seen, last_seen, rev, proven, tokens_per_second,
                 notify)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, 0, ?11, ?12, ?13, ?14,
                 ?15, ?16, ?17, ?18, ?19, ?20)
             ON CONFLICT (id) DO UPDATE SET restart_count = ?6, generation = ?7,
                 secret_hash = ?8, request_hash = ?9, state = ?10, reported = ?10, beats = 0,
                 info = ?11, models = ?12, slots = ?13, api_key = ?14, last_seen = ?16,
                 health = NULL, healthy = 1, rev = ?17, proven = ?18, tokens_per_second = ?19,
                 notify = ?20
             WHERE servers.state = 'lost'
                OR (servers.generation = ?21 AND servers.secret_hash = ?22)",
            values![
                &id,
                &request.info.job.cluster,
                &request.info.job.job_id,
                task(&request.info.job),
                request.info.job.job(),
                request.info.restart_count,
                generation,
                &new.secret_hash,
                &new.request_hash,
                request.state.as_str(),
                &texts.info,
                &texts.models,
                texts.slots.as_deref(),
                request.api_key.as_ref().map(Secret::expose),
                server.first_seen,
                server.last_seen,
                rev,
                i64::from(proven),
                texts.tokens_per_second.as_deref(),
                texts.notify.as_deref(),
                proof.map(|proof| proof.generation),
                proof.map(|proof| proof.secret_hash.as_str()),
            ],
        )?;
        if written == 0 {
            return Ok(Err(Refused::Held));
        }
        self.event(EventKind::Registered, &id, summary(&server))?;
        self.changes.push(Change::Put(Box::new(Entry {
            server,
            reported: request.state,
            generation,
            beats: 0,
            api_key: request.api_key.clone(),
            notify: request.notify.clone(),
            proven,
            due: self.now.instant + self.ttl,
        })));
        Ok(Ok(Done::Registered(generation)))
    }

    pub(super) fn renew(
        &mut self,
        id: Uuid,
        proof: &Proof,
        update: &ServerUpdate,
    ) -> Result<Outcome, SqlError> {
        let told = update.models.is_some() || update.labels.is_some() || update.ends.is_some();
        if !told && update.notified.is_empty() {
            // The usual beat, which changes nothing that is an event.
            let rev = self.next_rev();
            let written = self.execute(
                "UPDATE servers SET beats = beats + 1, last_seen = ?4,
                     slots = coalesce(?5, slots),
                     tokens_per_second = coalesce(?6, tokens_per_second), rev = ?7
                 WHERE id = ?1 AND generation = ?2 AND secret_hash = ?3
                   AND state <> 'lost' AND reported = coalesce(?8, reported)",
                values![
                    id,
                    proof.generation,
                    &proof.secret_hash,
                    self.now.wall,
                    update.slots.map(|slots| to_json(&slots)),
                    update.tokens_per_second.map(|rate| to_json(&rate)),
                    rev,
                    update.state.map(ServerState::as_str),
                ],
            )?;
            if written == 1 {
                self.changes.push(Change::Beat {
                    id,
                    slots: update.slots,
                    tokens_per_second: update.tokens_per_second,
                    seen: self.now.wall,
                    due: self.now.instant + self.ttl,
                });
                return Ok(Ok(Done::Changed(1)));
            }
        }
        let Some(row) = self.server(BY_ID, values![id])?.filter(|row| row.is_proven_by(proof))
        else {
            return Ok(Err(self.why_not(id)?));
        };
        let mut entry = row.entry;
        let before = (entry.server.clone(), entry.reported);
        entry.reported = update.state.unwrap_or(entry.reported);
        entry.server.state = entry.reported;
        entry.server.slots = update.slots.or(entry.server.slots);
        let rate = update.tokens_per_second.or(entry.server.tokens_per_second);
        // Nobody asks one that drains.
        entry.server.tokens_per_second = rate.filter(|_| entry.reported == ServerState::Ready);
        if let Some(models) = &update.models {
            entry.server.models.clone_from(models);
        }
        if let Some(labels) = &update.labels {
            entry.server.info.labels.clone_from(labels);
        }
        entry.server.info.ends = update.ends.or(entry.server.info.ends);
        let changed = before.0.state != entry.server.state
            || before.0.models != entry.server.models
            || before.0.info != entry.server.info;
        let name = (entry.server.info.name.clone(), entry.server.info.owner.clone());
        let done = self.write_renewed(entry, proof, changed, before.0.state)?;
        if done.is_ok() {
            for told in &update.notified {
                self.notified(&id.to_string(), &name, told)?;
            }
        }
        Ok(done)
    }

    /// Somebody was told of a server or node with this name and owner.
    pub(super) fn notified(
        &mut self,
        subject: &str,
        (name, owner): &(String, String),
        told: &Notified,
    ) -> Result<(), SqlError> {
        let mut data = json!({
            "event": told.event,
            "channel": told.channel,
            "ok": told.ok,
            "name": name,
            "owner": owner,
        });
        if let Some(error) = &told.error {
            data["error"] = json!(error);
        }
        self.event(EventKind::Notified, subject, data).map(drop)
    }

    fn write_renewed(
        &mut self,
        mut entry: Entry,
        proof: &Proof,
        is_event: bool,
        before: ServerState,
    ) -> Result<Outcome, SqlError> {
        entry.server.state = entry.reported;
        entry.server.last_seen = self.now.wall;
        entry.beats += 1;
        entry.due = self.now.instant + self.ttl;
        let server = &entry.server;
        let id = server.info.id.to_string();
        let rev = self.next_rev();
        let written = self.execute(
            "UPDATE servers SET beats = beats + 1, last_seen = ?4, state = ?5, reported = ?5,
                 info = ?6, models = ?7, slots = ?8, rev = ?9, tokens_per_second = ?10
             WHERE id = ?1 AND generation = ?2 AND secret_hash = ?3",
            values![
                &id,
                proof.generation,
                &proof.secret_hash,
                self.now.wall,
                entry.reported.as_str(),
                to_json(&server.info),
                to_json(&server.models),
                server.slots.map(|slots| to_json(&slots)),
                rev,
                server.tokens_per_second.map(|rate| to_json(&rate)),
            ],
        )?;
        if written == 0 {
            return Ok(Err(self.why_not(server.info.id)?));
        }
        if is_event {
            let mut data = summary(server);
            if before != server.state {
                data["from"] = json!(before);
            }
            self.event(EventKind::Updated, &id, data)?;
        }
        self.changes.push(Change::Put(Box::new(entry)));
        Ok(Ok(Done::Changed(1)))
    }

    /// Takes a server out: its holder by proof, an administrator without.
    pub(super) fn unregister(
        &mut self,
        id: Uuid,
        proof: Option<&Proof>,
    ) -> Result<Outcome, SqlError> {
        let Some(row) = self.server(BY_ID, values![id])? else {
            return Ok(Err(self.why_not(id)?));
        };
        let written = match proof {
            Some(proof) => self.execute(
                "DELETE FROM servers WHERE id = ?1 AND generation = ?2 AND secret_hash = ?3",
                values![id, proof.generation, &proof.secret_hash],
            )?,
            None => self.execute("DELETE FROM servers WHERE id = ?1", values![id])?,
        };
        if written == 0 {
            return Ok(Err(self.why_not(id)?));
        }
        let mut data = summary(&row.entry.server);
        if !row.entry.server.info.labels.is_empty() {
            // Nobody can look them up any more.
            data["labels"] = json!(row.entry.server.info.labels);
        }
        if proof.is_none() {
            data["forced"] = json!(true);
        }
        self.event(EventKind::Unregistered, &id.to_string(), data)?;
        self.changes.push(Change::Drop(id));
        Ok(Ok(Done::Changed(1)))
    }

    pub(super) fn expire(&mut self, due: &[Due]) -> Result<Outcome, SqlError> {
        let mut count = 0;
        for due in due {
            let rev = self.next_rev();
            let written = self.execute(
                "UPDATE servers SET state = 'lost', rev = ?4
                 WHERE id = ?1 AND generation = ?2 AND beats = ?3 AND state <> 'lost'",
                values![due.id, due.generation, due.beats, rev],
            )?;
            if written == 0 {
                continue;
            }
            let Some(row) = self.server(BY_ID, values![due.id])? else { continue };
            let mut entry = row.entry;
            entry.due = self.now.instant + lease::LOST_KEPT;
            self.event(EventKind::Lost, &due.id.to_string(), summary(&entry.server))?;
            self.changes.push(Change::Put(Box::new(entry)));
            count += 1;
        }
        Ok(Ok(Done::Changed(count)))
    }

    /// Removes lost entries that are as they were seen; tells how many.
    pub(super) fn remove_lost(&mut self, lost: &[Due]) -> Result<usize, SqlError> {
        let mut count = 0;
        for due in lost {
            let written = self.execute(
                "DELETE FROM servers
                 WHERE id = ?1 AND generation = ?2 AND beats = ?3 AND state = 'lost'",
                values![due.id, due.generation, due.beats],
            )?;
            if written == 1 {
                self.event(EventKind::Removed, &due.id.to_string(), json!({}))?;
                self.changes.push(Change::Drop(due.id));
                count += 1;
            }
        }
        Ok(count)
    }

    fn why_not(&mut self, id: Uuid) -> Result<Refused, SqlError> {
        if self.is_replaced(id)? {
            return Ok(Refused::Replaced);
        }
        let known = self.exists("SELECT id FROM servers WHERE id = ?1", values![id])?;
        Ok(if known { Refused::Stale } else { Refused::Unknown })
    }

    fn is_replaced(&mut self, id: Uuid) -> Result<bool, SqlError> {
        self.exists("SELECT id FROM replaced WHERE id = ?1", values![id])
    }

    fn server(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<ServerRow>, SqlError> {
        let row = self.first(sql, values)?;
        row.map(|row| server_row(&row, self.now.instant)).transpose()
    }
}
