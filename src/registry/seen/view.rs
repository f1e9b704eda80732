//! The view in memory: what the database holds as of its last commit. It serves every read.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use crate::api::OwnerNotify;
use crate::api::nodes::Profile;
use crate::domain::event::Event;
use crate::domain::node::NodeState;
use crate::domain::server::{Server, ServerHealth, ServerState, Slots};
use crate::domain::token::Token;
use crate::registry::may::{By, Proof};
use crate::registry::seen::legacy::LegacyEntry;
use crate::registry::seen::nodes::{Beaten, NodeEntry, Nodes};
use crate::registry::seen::usage::Usage;
use crate::secret::Secret;

/// A leased server.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What readers see.
    pub server: Server,
    /// The state that its holder told last: what it is again when it beats after it was lost.
    pub reported: ServerState,
    /// Generation of its lease.
    pub generation: u64,
    /// How often its lease was renewed: whoever ends the lease names this, so that a beat in
    /// between wins.
    pub beats: u64,
    /// The key for its clients.
    pub api_key: Option<Secret>,
    /// Whom its owner wants told of it.
    pub notify: Option<OwnerNotify>,
    /// Whether the owner's token, or an administrator's, was shown when it registered.
    pub proven: bool,
    /// When the lease ends; of a lost entry, when it is removed.
    pub due: Instant,
}

impl Entry {
    /// Whether it is still leased.
    pub fn is_live(&self) -> bool {
        self.server.state != ServerState::Lost
    }
}

/// What one operation changed, for the view.
#[derive(Debug)]
pub enum Change {
    /// A new or changed entry.
    Put(Box<Entry>),
    /// A lease was renewed, and nothing but this changed.
    Beat {
        /// Which.
        id: Uuid,
        /// How busy it is now, where the beat said so.
        slots: Option<Slots>,
        /// Tokens that it generates in a second, where the beat said so.
        tokens_per_second: Option<f64>,
        /// When.
        seen: Timestamp,
        /// When the lease ends now.
        due: Instant,
    },
    /// An entry is gone.
    Drop(Uuid),
    /// A new or changed entry of an old client.
    PutLegacy(Box<LegacyEntry>),
    /// An entry of an old client is gone.
    DropLegacy(String),
    /// A new or revoked token.
    PutToken {
        /// Hash of the token itself.
        hash: String,
        /// What may be seen of it.
        token: Box<Token>,
    },
    /// Tokens that ended before this time are gone.
    ForgetTokens(Timestamp),
    /// A server was found otherwise than it was. Its lease goes on as it did.
    Health(Sighting),
    /// A new or changed node.
    PutNode {
        /// The node.
        entry: Box<NodeEntry>,
        /// When it was last heard of; without it its silence goes on.
        heard: Option<Instant>,
    },
    /// A node was heard of, and nothing but its measurements and pools changed.
    BeatNode(Box<Beaten>),
    /// The database knows now of beats that were taken in memory: ids, and how many of each.
    WroteBeats {
        /// Node → beats.
        nodes: Vec<(String, u64)>,
        /// When.
        now: Instant,
    },
    /// A node is gone.
    DropNode(String),
    /// A new or changed profile.
    PutProfile(Box<Profile>),
    /// A profile is gone.
    DropProfile(String),
    /// An event was written: the sequence is here now.
    Event(Arc<Event>),
}

/// All entries.
#[derive(Debug, Default)]
pub struct View {
    /// Leased servers, live and lost.
    pub entries: HashMap<Uuid, Arc<Entry>>,
    /// Entries of old clients by job id.
    pub legacy: HashMap<String, Arc<LegacyEntry>>,
    /// Nodes.
    pub nodes: Nodes,
    /// Profiles by role.
    pub profiles: BTreeMap<String, Arc<Profile>>,
    /// Tokens by their hash: whoever asks is found by one look-up.
    pub tokens: HashMap<String, Arc<Token>>,
    /// Number of the last event.
    pub seq: u64,
    /// Number of the last change of a row: everything up to it is here.
    pub rev: u64,
    /// How often everything was replaced by a restore.
    pub epoch: u64,
    /// Changes that are no event but that a reader may want to see: how busy servers are.
    pub revision: u64,
    /// How busy servers were lately.
    pub usage: Usage,
    /// The last write failed, for this reason. Reads go on.
    pub broken: Option<String>,
}

impl View {
    /// Follows one change.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Put(entry) => self.put(*entry),
            Change::Beat { id, slots, tokens_per_second, seen, due } => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    let entry = Arc::make_mut(entry);
                    entry.beats += 1;
                    entry.server.last_seen = seen;
                    entry.due = due;
                    let server = &mut entry.server;
                    let before = (server.slots, server.tokens_per_second);
                    server.slots = slots.or(server.slots);
                    server.tokens_per_second = tokens_per_second.or(server.tokens_per_second);
                    self.revision += u64::from(before != (server.slots, server.tokens_per_second));
                    if let Some(slots) = slots {
                        self.usage.note(id, seen, slots, tokens_per_second);
                    }
                }
            }
            Change::Drop(id) => {
                self.entries.remove(&id);
                self.usage.forget(id);
            }
            Change::PutLegacy(mut entry) => {
                let old = self.legacy.get(&entry.job).and_then(|old| old.health.as_ref());
                keep_health(&mut entry.health, old);
                self.legacy.insert(entry.job.clone(), Arc::new(*entry));
            }
            Change::DropLegacy(job) => {
                self.legacy.remove(&job);
            }
            Change::PutToken { hash, token } => {
                self.tokens.insert(hash, Arc::new(*token));
            }
            Change::ForgetTokens(before) => {
                self.tokens.retain(|_, token| token.ended().is_none_or(|ended| ended >= before));
            }
            Change::Health(seen) => {
                if let Some(health) = self.health_of(&seen.of) {
                    *health = Some(seen.health);
                }
            }
            Change::PutNode { entry, heard } => {
                self.revision += u64::from(self.nodes.put(*entry, heard));
            }
            Change::BeatNode(beat) => self.revision += u64::from(self.nodes.beat(*beat)),
            Change::WroteBeats { nodes, now } => {
                nodes.iter().for_each(|(id, beats)| self.nodes.written(id, *beats, now));
            }
            Change::DropNode(id) => self.nodes.remove(&id),
            Change::PutProfile(profile) => {
                self.profiles.insert(profile.role.clone(), Arc::new(*profile));
            }
            Change::DropProfile(role) => {
                self.profiles.remove(&role);
            }
            Change::Event(event) => self.seq = event.seq,
        }
    }

    /// Follows a server's entry, which is new or another one than before.
    fn put(&mut self, mut entry: Entry) {
        let busy = (entry.server.slots, entry.server.tokens_per_second);
        let id = entry.server.info.id;
        if let Some(slots) = busy.0.filter(|_| entry.is_live()) {
            self.usage.note(id, entry.server.last_seen, slots, busy.1);
        }
        let old = self.entries.get(&id);
        keep_health(&mut entry.server.health, old.and_then(|old| old.server.health.as_ref()));
        let old = self.entries.insert(id, Arc::new(entry));
        // Another replica took a beat, which is no event.
        if old.is_some_and(|old| (old.server.slots, old.server.tokens_per_second) != busy) {
            self.revision += 1;
        }
    }

    /// A look at a server's `/health` found it as it should be, and as it was: this process
    /// alone remembers that.
    pub fn saw(&mut self, seen: &Sighting) {
        // Only a commit turns a server that does not answer into one that does.
        if let Some(known) = self.health_of(&seen.of)
            && known.as_ref().is_none_or(|known| known.ok)
        {
            *known = Some(seen.health.clone());
        }
    }

    /// Takes a node's beat in memory, where it changes nothing but measurements and pools.
    ///
    /// # Errors
    /// The beat, where it is the writer's business.
    pub fn take_beat(
        &mut self,
        beat: Box<Beaten>,
        reported: Option<NodeState>,
        by: &By,
        proof: Option<&Proof>,
    ) -> Result<(), Box<Beaten>> {
        // What can't be written in the end must not be taken now.
        if self.broken.is_some() {
            return Err(beat);
        }
        let may = |entry: &NodeEntry| by.may_beat(entry.held(), proof).is_ok();
        self.revision += u64::from(self.nodes.take(beat, reported, may)?);
        Ok(())
    }

    fn health_of(&mut self, of: &Probed) -> Option<&mut Option<ServerHealth>> {
        match of {
            Probed::Leased(id, generation) => {
                let entry = self.entries.get_mut(id)?;
                let same = entry.generation == *generation;
                same.then(|| &mut Arc::make_mut(entry).server.health)
            }
            Probed::Legacy(job) => {
                self.legacy.get_mut(job).map(|entry| &mut Arc::make_mut(entry).health)
            }
        }
    }

    /// Lets every lease live at least until `until`, and counts silence from now on: nobody's
    /// beat was taken before.
    pub fn extend_leases(&mut self, until: Instant) {
        self.nodes.pardon(Instant::now());
        for entry in self.entries.values_mut().filter(|entry| entry.due < until) {
            Arc::make_mut(entry).due = until;
        }
    }

    /// Lets every lease live for `by` longer; the time is no silence, either.
    pub fn postpone_leases(&mut self, by: Duration) {
        self.nodes.postpone(by);
        for entry in self.entries.values_mut() {
            Arc::make_mut(entry).due += by;
        }
    }

    /// The live leased servers.
    pub fn live(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.values().filter(|entry| entry.is_live())
    }

    /// The live leased server of the job that SLURM's commands call `job`; the newest, where
    /// several clusters have one.
    pub fn live_of_job(&self, job: &str) -> Option<&Arc<Entry>> {
        self.live()
            .filter(|entry| entry.server.info.job.job() == job)
            .max_by_key(|entry| (entry.server.info.started, entry.generation))
    }

    /// The entries of old clients, without those whose job has a leased server.
    pub fn legacy_visible(&self) -> impl Iterator<Item = &Arc<LegacyEntry>> {
        // Where there are no old clients, nobody's job need be looked at.
        let live = self.live().filter(|_| !self.legacy.is_empty());
        let leased: std::collections::HashSet<String> =
            live.map(|entry| entry.server.info.job.job()).collect();
        self.legacy.values().filter(move |entry| !leased.contains(&entry.job))
    }
}

/// The database knows of servers that did not answer; that one did is remembered here.
fn keep_health(new: &mut Option<ServerHealth>, old: Option<&ServerHealth>) {
    if new.is_none() {
        *new = old.filter(|health| health.ok).cloned();
    }
}

/// What was seen of one server's `/health`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Which server.
    pub of: Probed,
    /// How it is.
    pub health: ServerHealth,
}

/// A server whose `/health` can be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Probed {
    /// A leased one, by its id and the generation of its lease.
    Leased(Uuid, u64),
    /// An old client's, by its job.
    Legacy(String),
}

/// The view, as the writer and the readers share it.
#[derive(Debug, Clone, Default)]
pub struct SharedView(Arc<RwLock<View>>);

impl SharedView {
    /// A view to share.
    pub fn new(view: View) -> SharedView {
        SharedView(Arc::new(RwLock::new(view)))
    }

    /// To read. Hold it briefly, and never over an `await`.
    pub fn read(&self) -> RwLockReadGuard<'_, View> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// To write.
    pub fn write(&self) -> RwLockWriteGuard<'_, View> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
