//! One process's time with one target, whose lock it holds: what waits there and what is known of
//! it, in memory and on the disk. All of it blocks.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::sync::Arc;

use jiff::Timestamp;

use super::disk::{Disk, Lock, Sign};
use super::state::State;
use super::{Envelope, Failed, Fate};

/// Tells after each try what came of it.
#[derive(Debug, Clone)]
pub(super) enum Result {
    /// The message arrived.
    Delivered,
    /// It never will.
    Refused(String),
    /// It is to be tried again.
    Postponed {
        /// Why it failed.
        error: String,
        /// After what time.
        wait: std::time::Duration,
        /// Whether the other side asked for it.
        asked: bool,
        /// Whether another message could go now.
        others: bool,
    },
}

/// See the module.
#[derive(Debug)]
pub(super) struct Session {
    disk: Arc<Disk>,
    hash: String,
    /// Without one, on a file system that has none, a process carries what is its own, and does
    /// not touch the state.
    lock: Option<File>,
    own: HashSet<String>,
    /// What waits.
    pub letters: BTreeMap<String, Envelope>,
    /// What is known of the target.
    pub state: State,
    /// What ended here, and is not to be read again should it be impossible to remove.
    ended: HashSet<String>,
    /// Whether was told that the state can't be written.
    told: bool,
}

impl Session {
    /// Takes the lock of a target, or gives a sign of life of whoever has it.
    pub fn open(
        disk: Arc<Disk>,
        hash: String,
        own: HashSet<String>,
    ) -> std::result::Result<std::result::Result<Session, Sign>, String> {
        let lock = match disk.lock(&hash)? {
            Lock::Ours(file) => Some(file),
            Lock::Unknown => None,
            Lock::Taken(sign) => return Ok(Err(sign)),
        };
        let state = if lock.is_some() { disk.state(&hash)? } else { State::default() };
        let (letters, ended, told) = (BTreeMap::new(), HashSet::new(), false);
        Ok(Ok(Session { disk, hash, lock, own, letters, state, ended, told }))
    }

    /// Looks what waits now. False when the lock was taken away: this process gave no sign of
    /// life for too long.
    pub fn look(&mut self, now: Timestamp) -> std::result::Result<bool, String> {
        if self.lost() {
            return Ok(false);
        }
        self.disk.sign(&self.hash);
        self.disk.refresh(&self.hash);
        let names = self.disk.list()?.into_iter().filter(|name| name.hash == self.hash);
        let mut known = std::mem::take(&mut self.letters);
        for name in names {
            if self.lock.is_none() && !self.own.contains(&name.id) {
                continue;
            }
            // Whoever ended it may have been killed before it was removed.
            if self.ended.contains(&name.id) || self.state.fate(&name.id).is_some() {
                self.disk.remove(&self.hash, &name.id);
                continue;
            }
            let letter = match known.remove(&name.id) {
                Some(letter) => Some(letter),
                None => self.disk.read(&name)?,
            };
            self.letters.extend(letter.map(|letter| (name.id, letter)));
        }
        if self.state.tidy(&self.letters, now) {
            self.save();
        }
        Ok(true)
    }

    /// Notes that a message is about to be tried: whoever comes after a kill sends the same one.
    pub fn begin(&mut self, ids: &[String], now: Timestamp) {
        self.state.begin(ids, now);
        self.save();
    }

    /// Notes what came of a try.
    pub fn record(&mut self, ids: &[String], result: Result, now: Timestamp) {
        match result {
            Result::Delivered => self.state.delivered(ids, now),
            Result::Refused(error) => self.state.refused(ids, error, now),
            Result::Postponed { error, wait, asked, others } => {
                self.state.postponed(ids, error, wait, asked, others, now);
                self.save();
                return;
            }
        }
        self.end(ids, now);
    }

    /// Gives up what was not sent in its time.
    pub fn expire(&mut self, ids: &[String], now: Timestamp) {
        self.state.expired(ids, now);
        self.end(ids, now);
    }

    /// The one write of the state is what counts: files that a kill leaves are removed later.
    fn end(&mut self, ids: &[String], now: Timestamp) {
        self.save();
        let mut failed = Vec::new();
        for id in ids {
            let letter = self.letters.remove(id);
            if let (Some(envelope), Some((Fate::Failed { error }, attempts, _))) =
                (letter, self.state.fate(id))
            {
                failed.push(Failed { envelope, error, attempts, at: now });
            }
        }
        if !failed.is_empty()
            && let Err(error) = self.disk.keep(&failed)
        {
            tracing::warn!("messages that failed are not kept: {error}");
        }
        for id in ids {
            self.ended.insert(id.clone());
            self.disk.remove(&self.hash, id);
        }
    }

    /// A state that can't be written is no reason not to send: at worst something goes twice.
    fn save(&mut self) {
        if self.lock.is_none() || self.lost() {
            return;
        }
        if let Err(error) = self.disk.save(&self.hash, &self.state)
            && !std::mem::replace(&mut self.told, true)
        {
            tracing::warn!("messages may arrive twice: {error}");
        }
    }

    fn lost(&self) -> bool {
        self.lock.as_ref().is_some_and(|lock| !self.disk.has(&self.hash, lock))
    }
}
