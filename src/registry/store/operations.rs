//! What each operation does to the database: rules that must hold against every other writer
//! are conditions of the statement that writes.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::{Row, legacy_row, legacy_summary, server_row, summary, task, to_json};
use super::{Done, Due, EVENTS_KEPT, MAX_ENTRIES, Now, Op, Proof, Refused, Registration};
use crate::api::ServerUpdate;
use crate::domain::event::EventKind;
use crate::domain::lease;
use crate::domain::server::{Server, ServerState};
use crate::registry::legacy::{LegacyEntry, Record, iso};
use crate::registry::view::{Change, Entry};
use crate::secret::Secret;

/// How long the id of a replaced server is remembered.
const REPLACED_KEPT: Duration = Duration::from_secs(48 * 3600);

/// What came of one operation.
pub type Outcome = Result<Done, Refused>;

/// Carries out operations inside an open transaction, and collects what the view must follow.
pub struct Apply<'a> {
    /// The database, in a transaction.
    pub db: &'a Connection,
    /// How long leases live.
    pub ttl: Duration,
    /// When the operation was asked for.
    pub now: Now,
    /// What changed, in order.
    pub changes: &'a mut Vec<Change>,
}

impl Apply<'_> {
    /// Carries out one operation.
    ///
    /// # Errors
    /// When the database fails; the caller rolls back.
    pub fn run(&mut self, op: &Op) -> rusqlite::Result<Outcome> {
        match op {
            Op::Register(registration) => self.register(registration),
            Op::Renew { id, proof, update, .. } => self.renew(*id, proof, update),
            Op::Unregister { id, proof } => self.unregister(*id, proof),
            Op::PutLegacy { job, record } => self.put_legacy(job, record),
            Op::DeleteLegacy { job } => self.delete_legacy(job),
            Op::Expire(due) => self.expire(due),
            Op::Remove { lost, legacy } => self.remove(lost, legacy),
            Op::Prune => self.prune(),
        }
    }

    fn register(&mut self, new: &Registration) -> rusqlite::Result<Outcome> {
        let info = &new.request.info;
        if self.is_replaced(info.id)? {
            return Ok(Err(Refused::Replaced));
        }
        let same_id = self.row("id = ?1", [info.id.to_string()])?;
        let key = (&info.job.cluster, &info.job.job_id, task(&info.job));
        let same_job = self.row(
            "cluster = ?1 AND job_id = ?2 AND array_task = ?3",
            params![key.0, key.1, key.2],
        )?;
        if let Some(other) = same_job.as_ref().filter(|row| row.restart() > info.restart_count) {
            return Ok(Err(Refused::Older(other.restart())));
        }
        let Some(row) = same_id else {
            if same_job.is_none() && self.count("servers")? >= MAX_ENTRIES {
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
        if row.secret_hash == new.secret.hash() {
            return self.register_again(new, row);
        }
        self.insert(new, Some(&row))
    }

    /// The holder asks for the lease that it has. If it says what it said before, its answer was
    /// lost: nothing is taken back that it may have told since. Else it tells something new.
    fn register_again(&mut self, new: &Registration, row: Row) -> rusqlite::Result<Outcome> {
        let proof = Proof { generation: row.entry.generation, secret_hash: row.secret_hash };
        let id = new.request.info.id;
        if row.request_hash != new.request_hash {
            let mut entry = row.entry;
            entry.server.info = new.request.info.clone();
            entry.server.models = new.request.models.clone();
            entry.server.slots = new.request.slots;
            entry.reported = new.request.state;
            entry.api_key = new.request.api_key.clone();
            self.db
                .prepare_cached(
                    "UPDATE servers SET request_hash = ?4, api_key = ?5, restart_count = ?6
                     WHERE id = ?1 AND generation = ?2 AND secret_hash = ?3",
                )?
                .execute(params![
                    id.to_string(),
                    proof.generation,
                    proof.secret_hash,
                    new.request_hash,
                    entry.api_key.as_ref().map(Secret::expose),
                    entry.server.info.restart_count,
                ])?;
            let generation = entry.generation;
            return Ok(self
                .write_renewed(entry, &proof, true)?
                .map(|_| Done::Registered(generation)));
        }
        let renewed = self.renew(id, &proof, &ServerUpdate::default())?;
        Ok(renewed.map(|_| Done::Registered(proof.generation)))
    }

    fn replace(&mut self, older: &Row, by: Uuid) -> rusqlite::Result<()> {
        let id = older.entry.server.info.id;
        self.db
            .prepare_cached("DELETE FROM servers WHERE id = ?1 AND generation = ?2")?
            .execute(params![id.to_string(), older.entry.generation])?;
        self.db
            .prepare_cached("INSERT OR REPLACE INTO replaced (id, by, at) VALUES (?1, ?2, ?3)")?
            .execute(params![id.to_string(), by.to_string(), self.now.wall.as_millisecond()])?;
        let mut data = summary(&older.entry.server);
        data["by"] = json!(by);
        self.event(EventKind::Replaced, &id.to_string(), data)?;
        self.changes.push(Change::Drop(id));
        Ok(())
    }

    /// Writes a registration with a new generation, over the row of the same server if there
    /// is one: only where its lease has ended, or is the one that the client proved.
    fn insert(&mut self, new: &Registration, old: Option<&Row>) -> rusqlite::Result<Outcome> {
        let request = &new.request;
        let server = Server {
            info: request.info.clone(),
            state: request.state,
            models: request.models.clone(),
            slots: request.slots,
            first_seen: old.map_or(self.now.wall, |row| row.entry.server.first_seen),
            last_seen: self.now.wall,
        };
        // The number of the event is the generation: it grows over the whole life of the
        // registry, also when entries are forgotten in between.
        let id = request.info.id.to_string();
        let generation = self.event(EventKind::Registered, &id, summary(&server))?;
        let proof = new.proof.as_ref();
        let written = self
            .db
            .prepare_cached(
                "INSERT INTO servers (id, cluster, job_id, array_task, job, restart_count,
                     generation, secret_hash, request_hash, state, reported, beats, info, models,
                     slots, api_key, first_seen, last_seen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, 0, ?11, ?12, ?13, ?14,
                     ?15, ?16)
                 ON CONFLICT (id) DO UPDATE SET restart_count = ?6, generation = ?7,
                     secret_hash = ?8, request_hash = ?9, state = ?10, reported = ?10, beats = 0,
                     info = ?11, models = ?12, slots = ?13, api_key = ?14, last_seen = ?16
                 WHERE servers.state = 'lost'
                    OR (servers.generation = ?17 AND servers.secret_hash = ?18)",
            )?
            .execute(params![
                id,
                request.info.job.cluster,
                request.info.job.job_id,
                task(&request.info.job),
                request.info.job.job(),
                request.info.restart_count,
                generation,
                new.secret.hash(),
                new.request_hash,
                request.state.as_str(),
                to_json(&request.info),
                to_json(&request.models),
                request.slots.map(|slots| to_json(&slots)),
                request.api_key.as_ref().map(Secret::expose),
                server.first_seen.as_millisecond(),
                server.last_seen.as_millisecond(),
                proof.map(|proof| proof.generation),
                proof.map(|proof| proof.secret_hash.as_str()),
            ])?;
        if written == 0 {
            return Ok(Err(Refused::Held));
        }
        self.changes.push(Change::Put(Box::new(Entry {
            server,
            reported: request.state,
            generation,
            beats: 0,
            api_key: request.api_key.clone(),
            due: self.now.instant + self.ttl,
        })));
        Ok(Ok(Done::Registered(generation)))
    }

    fn renew(
        &mut self,
        id: Uuid,
        proof: &Proof,
        update: &ServerUpdate,
    ) -> rusqlite::Result<Outcome> {
        if update.models.is_none() && update.labels.is_none() && update.ends.is_none() {
            // The usual beat, which changes nothing that is an event.
            let slots = update.slots.map(|slots| to_json(&slots));
            let written = self
                .db
                .prepare_cached(
                    "UPDATE servers SET beats = beats + 1, last_seen = ?4,
                         slots = coalesce(?5, slots)
                     WHERE id = ?1 AND generation = ?2 AND secret_hash = ?3
                       AND state <> 'lost' AND reported = coalesce(?6, reported)",
                )?
                .execute(params![
                    id.to_string(),
                    proof.generation,
                    proof.secret_hash,
                    self.now.wall.as_millisecond(),
                    slots,
                    update.state.map(ServerState::as_str),
                ])?;
            if written == 1 {
                self.changes.push(Change::Beat {
                    id,
                    slots: update.slots,
                    seen: self.now.wall,
                    due: self.now.instant + self.ttl,
                });
                return Ok(Ok(Done::Changed(1)));
            }
        }
        let Some(row) =
            self.row("id = ?1", [id.to_string()])?.filter(|row| row.is_proven_by(proof))
        else {
            return Ok(Err(self.why_not(id)?));
        };
        let mut entry = row.entry;
        let before = (entry.server.clone(), entry.reported);
        entry.reported = update.state.unwrap_or(entry.reported);
        entry.server.state = entry.reported;
        entry.server.slots = update.slots.or(entry.server.slots);
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
        self.write_renewed(entry, proof, changed)
    }

    fn write_renewed(
        &mut self,
        mut entry: Entry,
        proof: &Proof,
        is_event: bool,
    ) -> rusqlite::Result<Outcome> {
        entry.server.state = entry.reported;
        entry.server.last_seen = self.now.wall;
        entry.beats += 1;
        entry.due = self.now.instant + self.ttl;
        let server = &entry.server;
        let id = server.info.id.to_string();
        let written = self
            .db
            .prepare_cached(
                "UPDATE servers SET beats = beats + 1, last_seen = ?4, state = ?5, reported = ?5,
                     info = ?6, models = ?7, slots = ?8
                 WHERE id = ?1 AND generation = ?2 AND secret_hash = ?3",
            )?
            .execute(params![
                id,
                proof.generation,
                proof.secret_hash,
                self.now.wall.as_millisecond(),
                entry.reported.as_str(),
                to_json(&server.info),
                to_json(&server.models),
                server.slots.map(|slots| to_json(&slots)),
            ])?;
        if written == 0 {
            return Ok(Err(self.why_not(server.info.id)?));
        }
        if is_event {
            let data = summary(server);
            self.event(EventKind::Updated, &id, data)?;
        }
        self.changes.push(Change::Put(Box::new(entry)));
        Ok(Ok(Done::Changed(1)))
    }

    fn unregister(&mut self, id: Uuid, proof: &Proof) -> rusqlite::Result<Outcome> {
        let Some(row) = self.row("id = ?1", [id.to_string()])? else {
            return Ok(Err(self.why_not(id)?));
        };
        let written = self
            .db
            .prepare_cached(
                "DELETE FROM servers WHERE id = ?1 AND generation = ?2 AND secret_hash = ?3",
            )?
            .execute(params![id.to_string(), proof.generation, proof.secret_hash])?;
        if written == 0 {
            return Ok(Err(self.why_not(id)?));
        }
        self.event(EventKind::Unregistered, &id.to_string(), summary(&row.entry.server))?;
        self.changes.push(Change::Drop(id));
        Ok(Ok(Done::Changed(1)))
    }

    fn put_legacy(&mut self, job: &str, record: &Record) -> rusqlite::Result<Outcome> {
        if self.is_leased(job)? {
            return Ok(Err(Refused::Leased));
        }
        let old = self
            .db
            .prepare_cached("SELECT * FROM legacy WHERE job = ?1")?
            .query_row([job], |row| legacy_row(row, self.now.instant))
            .optional()?;
        if old.is_none() && self.count("legacy")? >= MAX_ENTRIES {
            return Ok(Err(Refused::Full));
        }
        let mut record = record.clone();
        let sent = record.get("start_time").filter(|time| !time.is_null()).cloned();
        let first = old.as_ref().and_then(|old| old.record.get("start_time").cloned());
        let start = first.or(sent).unwrap_or_else(|| iso(self.now.wall).into());
        record.insert("start_time".to_owned(), start);
        let kind = match &old {
            None => Some(EventKind::Registered),
            Some(old) if old.record == record => None,
            Some(_) => Some(EventKind::Updated),
        };
        let entry = LegacyEntry {
            job: job.to_owned(),
            record,
            first_seen: old.as_ref().map_or(self.now.wall, |old| old.first_seen),
            updated: self.now.wall,
            updates: old.as_ref().map_or(1, |old| old.updates + 1),
            due: self.now.instant + lease::LEGACY_TTL,
        };
        self.db
            .prepare_cached(
                "INSERT OR REPLACE INTO legacy (job, record, first_seen, updated, updates)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                job,
                to_json(&entry.record),
                entry.first_seen.as_millisecond(),
                entry.updated.as_millisecond(),
                entry.updates,
            ])?;
        if let Some(kind) = kind {
            self.event(kind, job, legacy_summary(&entry))?;
        }
        self.changes.push(Change::PutLegacy(Box::new(entry)));
        Ok(Ok(Done::Changed(1)))
    }

    fn delete_legacy(&mut self, job: &str) -> rusqlite::Result<Outcome> {
        if self.is_leased(job)? {
            return Ok(Err(Refused::Leased));
        }
        let written =
            self.db.prepare_cached("DELETE FROM legacy WHERE job = ?1")?.execute([job])?;
        if written == 0 {
            return Ok(Err(Refused::Unknown));
        }
        self.event(EventKind::Unregistered, job, json!({}))?;
        self.changes.push(Change::DropLegacy(job.to_owned()));
        Ok(Ok(Done::Changed(1)))
    }

    fn expire(&mut self, due: &[Due]) -> rusqlite::Result<Outcome> {
        let mut count = 0;
        for due in due {
            let written = self
                .db
                .prepare_cached(
                    "UPDATE servers SET state = 'lost'
                     WHERE id = ?1 AND generation = ?2 AND beats = ?3 AND state <> 'lost'",
                )?
                .execute(params![due.id.to_string(), due.generation, due.beats])?;
            if written == 0 {
                continue;
            }
            let Some(row) = self.row("id = ?1", [due.id.to_string()])? else { continue };
            let mut entry = row.entry;
            entry.due = self.now.instant + lease::LOST_KEPT;
            self.event(EventKind::Lost, &due.id.to_string(), summary(&entry.server))?;
            self.changes.push(Change::Put(Box::new(entry)));
            count += 1;
        }
        Ok(Ok(Done::Changed(count)))
    }

    fn remove(&mut self, lost: &[Due], legacy: &[(String, u64)]) -> rusqlite::Result<Outcome> {
        let mut count = 0;
        for due in lost {
            let written = self
                .db
                .prepare_cached(
                    "DELETE FROM servers
                     WHERE id = ?1 AND generation = ?2 AND beats = ?3 AND state = 'lost'",
                )?
                .execute(params![due.id.to_string(), due.generation, due.beats])?;
            if written == 1 {
                self.event(EventKind::Removed, &due.id.to_string(), json!({}))?;
                self.changes.push(Change::Drop(due.id));
                count += 1;
            }
        }
        for (job, updates) in legacy {
            let written = self
                .db
                .prepare_cached("DELETE FROM legacy WHERE job = ?1 AND updates = ?2")?
                .execute(params![job, updates])?;
            if written == 1 {
                self.event(EventKind::Removed, job, json!({}))?;
                self.changes.push(Change::DropLegacy(job.clone()));
                count += 1;
            }
        }
        Ok(Ok(Done::Changed(count)))
    }

    /// The time of day may be used here: the worst that a wrong clock does is to forget ids of
    /// servers that ended long ago.
    fn prune(&mut self) -> rusqlite::Result<Outcome> {
        let before = self.now.wall.as_millisecond() - REPLACED_KEPT.as_millis() as i64;
        let replaced = self.db.execute("DELETE FROM replaced WHERE at < ?1", [before])?;
        let events = self.db.execute(
            "DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?1",
            [EVENTS_KEPT],
        )?;
        Ok(Ok(Done::Changed(replaced + events)))
    }

    fn event(&mut self, kind: EventKind, subject: &str, data: Value) -> rusqlite::Result<u64> {
        self.db
            .prepare_cached(
                "INSERT INTO events (time, kind, subject, data) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                self.now.wall.as_millisecond(),
                kind.as_str(),
                subject,
                data.to_string(),
            ])?;
        let seq = self.db.last_insert_rowid() as u64;
        self.changes.push(Change::Event(seq));
        Ok(seq)
    }

    fn why_not(&self, id: Uuid) -> rusqlite::Result<Refused> {
        if self.is_replaced(id)? {
            return Ok(Refused::Replaced);
        }
        let known = self.exists("SELECT 1 FROM servers WHERE id = ?1", &id.to_string())?;
        Ok(if known { Refused::Stale } else { Refused::Unknown })
    }

    fn is_replaced(&self, id: Uuid) -> rusqlite::Result<bool> {
        self.exists("SELECT 1 FROM replaced WHERE id = ?1", &id.to_string())
    }

    fn is_leased(&self, job: &str) -> rusqlite::Result<bool> {
        self.exists("SELECT 1 FROM servers WHERE job = ?1 AND state <> 'lost'", job)
    }

    fn exists(&self, sql: &str, value: &str) -> rusqlite::Result<bool> {
        self.db.prepare_cached(sql)?.exists([value])
    }

    fn count(&self, table: &str) -> rusqlite::Result<usize> {
        let sql = format!("SELECT count(*) FROM {table}");
        self.db.prepare_cached(&sql)?.query_row([], |row| row.get(0))
    }

    fn row(&self, condition: &str, values: impl rusqlite::Params) -> rusqlite::Result<Option<Row>> {
        let sql = format!("SELECT * FROM servers WHERE {condition}");
        let mut statement = self.db.prepare_cached(&sql)?;
        statement.query_row(values, |row| server_row(row, self.now.instant)).optional()
    }
}
