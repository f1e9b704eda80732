//! Messages that wait to be sent, on disk: so that none is lost when a process is killed, none
//! holds anybody up, and many become one.
//!
//! Every process of a user shares one folder, on several nodes too. Each message is one file. For
//! each target there is a lock, which the kernel takes from whoever dies: one process at a time
//! speaks to a target, and sends what all of them wrote. The others wait, and read what became of
//! theirs. What a message consists of is written down before it is sent, and that it arrived
//! before its files are removed. So it arrives at least once; after a kill between the two it
//! arrives twice, with the same key.

mod deliver;
mod disk;
mod plan;
mod run;
mod session;
mod state;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Fault, Kind, Notice};
pub use deliver::carry_now;
use disk::{Disk, Sign};

/// How long a message may wait at most.
pub const MAX_AGE: Duration = Duration::from_secs(86_400);
/// Operations on the disk at a time.
const MAX_STUCK: usize = 32;

/// One message to one target.
#[derive(Clone, Serialize, Deserialize)]
pub struct Envelope {
    /// A UUID in order of time. What is put a second time under the same id is not sent again
    /// within an hour of its end.
    pub id: String,
    /// The target's URL as written; it may hold a secret.
    pub target: String,
    /// What happened.
    pub notice: Notice,
    /// Messages of one group to one target wait for each other and go as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What whoever put it wants to know again when it arrived.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// When it was made.
    pub created: Timestamp,
    /// It is not tried after this.
    pub until: Timestamp,
}

impl Envelope {
    /// An envelope made now, good for as long as any may be.
    pub fn new(target: impl Into<String>, notice: Notice, group: Option<String>) -> Envelope {
        let created = now();
        Envelope {
            id: Uuid::now_v7().to_string(),
            target: target.into(),
            notice,
            group,
            tag: String::new(),
            created,
            until: created.checked_add(MAX_AGE).unwrap_or(Timestamp::MAX),
        }
    }

    /// When its time is over.
    fn ends(&self) -> Timestamp {
        self.until.min(self.created.checked_add(MAX_AGE).unwrap_or(Timestamp::MAX))
    }
}

/// The target stays out of logs.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope").field("id", &self.id).finish_non_exhaustive()
    }
}

/// By what a receiver knows a message again that it gets twice: the id of its envelope, or of a
/// digest a UUID made of all ids in it.
pub fn key(letters: &[Envelope]) -> String {
    if let [letter] = letters {
        return letter.id.clone();
    }
    let mut ids: Vec<_> = letters.iter().map(|letter| letter.id.as_str()).collect();
    ids.sort_unstable();
    let digest = Sha256::digest(ids.join("\n").as_bytes());
    let bytes = std::array::from_fn(|index| digest[index]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Who brings messages to targets.
pub trait Courier: Sync {
    /// Brings one message to `target`: of one envelope, or a digest of many, oldest first. It is
    /// broken off when it takes too long.
    fn carry(
        &self,
        target: &str,
        letters: &[Envelope],
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Hears that an envelope arrived, or never will: it will not be brought again.
    fn ended(&self, _letter: &Envelope, _fate: &Fate) {}

    /// How many messages a minute `target` takes, where that is less than usual.
    fn a_minute(&self, _target: &str) -> Option<u32> {
        None
    }
}

/// What an outbox holds, and how fast it goes.
#[derive(Debug, Clone)]
pub struct OutboxLimits {
    /// Messages a minute to one target; what comes above becomes one.
    pub a_minute: u32,
    /// How long a group has to be quiet before it goes as one. After eight times that it goes in
    /// any case.
    pub digest: Duration,
    /// Messages that wait, in all.
    pub entries: usize,
    /// Messages that wait for one target.
    pub per_target: usize,
    /// A process that speaks to a target and gives no sign of life for so long is passed over: it
    /// was stopped, or its node died. It gives one every other second.
    pub silence: Duration,
}

impl Default for OutboxLimits {
    fn default() -> OutboxLimits {
        OutboxLimits {
            a_minute: 10,
            digest: Duration::from_secs(15),
            entries: 1_000,
            per_target: 1_000,
            silence: Duration::from_secs(20),
        }
    }
}

/// How it stands with an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Fate {
    /// It arrived.
    Delivered,
    /// It is on the disk, for whoever comes next.
    Waiting {
        /// Why it was not sent yet; nothing when it only waits for others, or for its turn.
        error: Option<String>,
    },
    /// It will not be tried again.
    Failed {
        /// Why.
        error: String,
    },
}

/// How one envelope fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The envelope's id.
    pub id: String,
    /// Its target as written.
    pub target: String,
    /// How often it was tried.
    pub attempts: u32,
    /// How it stands with it.
    #[serde(flatten)]
    pub fate: Fate,
    /// Of how many envelopes the message was with which it went.
    pub in_digest_of: usize,
}

impl Outcome {
    fn waiting(letter: &Envelope, attempts: u32, error: Option<String>) -> Outcome {
        Outcome::of(letter, attempts, Fate::Waiting { error }, 1)
    }

    fn of(letter: &Envelope, attempts: u32, fate: Fate, in_digest_of: usize) -> Outcome {
        let (id, target) = (letter.id.clone(), letter.target.clone());
        Outcome { id, target, attempts, fate, in_digest_of }
    }
}

/// One envelope that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// Its target as written: to be masked where it is shown.
    pub target: String,
    /// What it tells.
    pub kind: Kind,
    /// Of which server.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it is given up.
    pub until: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next; nothing where nothing but its turn is waited for.
    pub next: Option<Timestamp>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// One envelope that never arrived.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failed {
    /// The envelope.
    pub envelope: Envelope,
    /// Why.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub at: Timestamp,
}

/// The queue on disk. Clones share it.
#[derive(Debug, Clone)]
pub struct Outbox {
    disk: Arc<Disk>,
    limits: OutboxLimits,
    /// Something was put in this process.
    more: Arc<Notify>,
    /// Places for operations on the disk, each kept until it ends: a disk that hangs must not
    /// take all threads.
    places: Arc<Semaphore>,
    /// For targets that others speak to: their last sign of life, and how long it is ago.
    signs: Arc<Mutex<HashMap<String, Silence>>>,
}

/// How long whoever has a lock gave no sign of life.
#[derive(Debug, Clone, Copy)]
struct Silence {
    sign: Sign,
    seen: Instant,
    silent: Duration,
}

impl Outbox {
    /// An outbox in `folder`, which is made, for its owner alone, when the first message comes:
    /// this does not touch the disk.
    pub fn new(folder: &Path, limits: OutboxLimits) -> Outbox {
        Outbox {
            disk: Arc::new(Disk::new(folder)),
            limits,
            more: Arc::new(Notify::new()),
            places: Arc::new(Semaphore::new(MAX_STUCK)),
            signs: Arc::default(),
        }
    }

    /// All that waits, oldest first. It blocks.
    ///
    /// # Errors
    /// What can't be read.
    pub fn waiting(&self) -> Result<Vec<Waiting>, String> {
        let mut all = Vec::new();
        let mut state = (String::new(), state::State::default());
        for name in self.disk.list()? {
            if state.0 != name.hash {
                state = (name.hash.clone(), self.disk.state(&name.hash)?);
            }
            let Some(letter) = self.disk.read(&name)? else { continue };
            if state.1.fate(&letter.id).is_some() {
                continue;
            }
            let tried = state.1.message(&letter.id);
            let pause = state.1.pause.map(|pause| pause.until);
            let next = tried.map(|message| message.next).max(pause);
            all.push(Waiting {
                id: letter.id,
                target: letter.target,
                kind: letter.notice.kind,
                name: letter.notice.name,
                created: letter.created,
                until: letter.until,
                tries: tried.map_or(0, |message| message.tries),
                next: next.filter(|next| *next > now()),
                error: tried.and_then(|message| message.error.clone()),
            });
        }
        all.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(all)
    }

    /// What was given up in the last day, oldest first. It blocks.
    ///
    /// # Errors
    /// What can't be read.
    pub fn failed(&self) -> Result<Vec<Failed>, String> {
        self.disk.failed()
    }
}

/// The wall clock. In tests it goes as tokio's clock does, which does not take its time.
fn now() -> Timestamp {
    #[cfg(test)]
    return tests::wall();
    #[cfg(not(test))]
    Timestamp::now()
}
