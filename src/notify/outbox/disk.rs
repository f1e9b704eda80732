//! The outbox's folder: envelopes, a lock and a state for each target, what never arrived. All of
//! it blocks; nothing here decides.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use nix::fcntl::OFlag;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::state::State;
use super::{Envelope, Failed, OutboxLimits};
use crate::paths;
use crate::secret::hex;

/// The longest envelope, in bytes.
const MAX_ENVELOPE: u64 = 256 * 1024;
/// The longest state of a target, in bytes.
const MAX_STATE: u64 = 4 * 1024 * 1024;
/// Envelopes that are kept after they failed for good.
const MAX_FAILED: usize = 200;
/// Files that are kept that nobody understood.
const MAX_STRANGE: usize = 50;
/// How long both of these are kept.
const KEPT: Duration = Duration::from_secs(86_400);
/// How long a target is remembered at which nothing waits, and half-written files are left alone.
const IDLE: Duration = Duration::from_secs(3_600);
/// What temporary files begin with; see [`paths::write_private`].
const TEMPORARY: &str = ".llamactl-";
/// Hexadecimal digits by which a target is known in names of files.
const DIGITS: usize = 32;

/// The folder.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    /// Files of which was told already that they are not understood.
    told: Mutex<HashSet<PathBuf>>,
}

/// The lock of one target.
#[derive(Debug)]
pub(super) enum Lock {
    /// It is ours as long as the file is open.
    Ours(File),
    /// Somebody else has it.
    Taken(Sign),
    /// This file system has no locks.
    Unknown,
}

/// A sign of life of whoever has a lock: which file it is, and when it was last touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign {
    file: (u64, u64),
    touched: (i64, i64),
}

impl Sign {
    fn of(file: &fs::Metadata) -> Sign {
        Sign { file: (file.dev(), file.ino()), touched: (file.mtime(), file.mtime_nsec()) }
    }
}

/// One name in the queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// Of its target.
    pub hash: String,
    /// Of the envelope.
    pub id: String,
}

/// What every version of an envelope has.
#[derive(Deserialize)]
struct Head {
    id: String,
    target: String,
    until: Timestamp,
}

/// How a target is known in names of files, which must not show it.
pub(super) fn hash(target: &str) -> String {
    let mut digits = hex(&Sha256::digest(target.as_bytes()));
    digits.truncate(DIGITS);
    digits
}

impl Disk {
    pub fn new(root: &Path) -> Disk {
        Disk { root: root.to_owned(), told: Mutex::default() }
    }

    /// The folder itself.
    #[cfg(test)]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes an envelope; it is on the disk when this returns.
    pub fn put(&self, envelope: &Envelope, limits: &OutboxLimits) -> Result<(), String> {
        if Uuid::parse_str(&envelope.id).is_err() {
            return Err(format!("`{}` is no UUID", envelope.id));
        }
        let name = Name { hash: hash(&envelope.target), id: envelope.id.clone() };
        let bytes = serde_json::to_vec(envelope).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > MAX_ENVELOPE {
            return Err(format!("a message of {} bytes is too long", bytes.len()));
        }
        self.make("queue")?;
        self.make("targets")?;
        let names = self.list()?;
        let same = names.iter().filter(|waiting| waiting.hash == name.hash).count();
        if names.len() >= limits.entries || same >= limits.per_target {
            let folder = self.root.display();
            return Err(format!("{folder} is full: {} messages wait there", names.len()));
        }
        let path = self.letter(&name);
        let wrong = |error| format!("can't write {}: {error}", path.display());
        paths::write_private(&path, &bytes).map_err(wrong)?;
        // The name is in the folder, which is written by itself. Not every file system can.
        let _ = File::open(self.root.join("queue")).and_then(|folder| folder.sync_all());
        Ok(())
    }

    /// All that waits. What is no envelope by its name is moved aside.
    pub fn list(&self) -> Result<Vec<Name>, String> {
        let folder = self.root.join("queue");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(format!("can't read {}: {error}", folder.display())),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| format!("can't read {}: {e}", folder.display()))?;
            let file = entry.file_name();
            match file.to_str().map(|file| (file, Name::parse(file))) {
                Some((_, Some(name))) => names.push(name),
                Some((file, None)) if file.starts_with(TEMPORARY) => {}
                _ => self.aside(&entry.path(), "this is no message of the outbox"),
            }
        }
        names.sort();
        Ok(names)
    }

    /// Makes a network file system ask its server what is in the queue, where it would believe
    /// for half a minute what it knows: it does after a change of ours.
    pub fn refresh(&self, hash: &str) {
        let path = self.root.join("queue").join(format!("{TEMPORARY}{hash}"));
        if private().open(&path).is_ok() {
            let _ = fs::remove_file(&path);
        }
    }

    /// One envelope; nothing when it is gone or can't be understood.
    pub fn read(&self, name: &Name) -> Result<Option<Envelope>, String> {
        let path = self.letter(name);
        let Some(bytes) = read(&path, MAX_ENVELOPE)? else { return Ok(None) };
        let fits = |id: &str, target: &str| id == name.id && hash(target) == name.hash;
        let why = match serde_json::from_slice::<Envelope>(&bytes) {
            Ok(letter) if fits(&letter.id, &letter.target) => return Ok(Some(letter)),
            Ok(_) => "its name does not fit its content".to_owned(),
            Err(error) => match serde_json::from_slice::<Head>(&bytes) {
                Ok(head) if fits(&head.id, &head.target) && head.until > super::now() => {
                    // Whoever wrote it knows more than we do, and may still carry it.
                    self.tell(&path, &format!("written by another version? {error}"));
                    return Ok(None);
                }
                _ => error.to_string(),
            },
        };
        self.aside(&path, &why);
        Ok(None)
    }

    /// Takes the lock of a target, if nobody has it.
    pub fn lock(&self, hash: &str) -> Result<Lock, String> {
        self.make("targets")?;
        let path = self.lock_file(hash);
        let wrong = |error| format!("can't open {}: {error}", path.display());
        loop {
            let file = private().open(&path).map_err(wrong)?;
            match file.try_lock() {
                Ok(()) if self.has(hash, &file) => return Ok(Lock::Ours(file)),
                // It was removed after it was opened, and is nobody's lock.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Ok(Lock::Taken(Sign::of(&file.metadata().map_err(wrong)?)));
                }
                Err(TryLockError::Error(_)) => return Ok(Lock::Unknown),
            }
        }
    }

    /// Whether a locked file still is the lock of the target.
    pub fn has(&self, hash: &str, file: &File) -> bool {
        let (ours, now) = (file.metadata(), fs::metadata(self.lock_file(hash)));
        matches!((ours, now), (Ok(ours), Ok(now)) if Sign::of(&ours).file == Sign::of(&now).file)
    }

    /// Shows those who wait for the lock that its holder lives.
    pub fn sign(&self, hash: &str) {
        let file = OpenOptions::new().write(true).open(self.lock_file(hash));
        let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// Takes the lock away from whoever gave this sign and no other. There is none then, and the
    /// other one will notice.
    pub fn take_away(&self, hash: &str, sign: Sign) {
        let path = self.lock_file(hash);
        let aside = path.with_file_name(format!("{TEMPORARY}{}", Uuid::now_v7()));
        if fs::rename(&path, &aside).is_err() {
            return;
        }
        // Somebody else may have been faster, and then this is a lock that is in use.
        if fs::metadata(&aside).is_ok_and(|moved| Sign::of(&moved).file != sign.file) {
            let _ = fs::hard_link(&aside, &path);
        }
        let _ = fs::remove_file(&aside);
    }

    /// What is known of a target.
    pub fn state(&self, hash: &str) -> Result<State, String> {
        let path = self.state_file(hash);
        let Some(bytes) = read(&path, MAX_STATE)? else { return Ok(State::default()) };
        Ok(serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            self.aside(&path, &error.to_string());
            State::default()
        }))
    }

    /// Keeps what is known of a target.
    pub fn save(&self, hash: &str, state: &State) -> Result<(), String> {
        let path = self.state_file(hash);
        let bytes = serde_json::to_vec(state).map_err(|error| error.to_string())?;
        let wrong = |error| format!("can't write {}: {error}", path.display());
        paths::write_private(&path, &bytes).map_err(wrong)
    }

    /// Removes an envelope; whether it is gone.
    pub fn remove(&self, hash: &str, id: &str) -> bool {
        let path = self.letter(&Name { hash: hash.to_owned(), id: id.to_owned() });
        let gone = fs::remove_file(&path);
        gone.is_ok() || gone.is_err_and(|error| error.kind() == ErrorKind::NotFound)
    }

    /// Keeps what will never arrive for people to see.
    pub fn keep(&self, failed: &[Failed]) -> Result<(), String> {
        self.make("failed")?;
        let folder = self.root.join("failed");
        for failed in &failed[failed.len().saturating_sub(MAX_FAILED)..] {
            let path = folder.join(format!("{}.json", failed.envelope.id));
            let bytes = serde_json::to_vec(failed).map_err(|error| error.to_string())?;
            paths::write_private(&path, &bytes)
                .map_err(|error| format!("can't write {}: {error}", path.display()))?;
        }
        prune(&folder, MAX_FAILED, KEPT);
        Ok(())
    }

    /// What never arrived, oldest first.
    pub fn failed(&self) -> Result<Vec<Failed>, String> {
        let mut all = Vec::new();
        for path in files(&self.root.join("failed")) {
            let bytes = read(&path, 2 * MAX_ENVELOPE)?.unwrap_or_default();
            all.extend(serde_json::from_slice::<Failed>(&bytes).ok());
        }
        all.sort_by_key(|failed| failed.at);
        Ok(all)
    }

    /// Removes what nobody needs any more.
    pub fn sweep(&self) {
        prune(&self.root.join("failed"), MAX_FAILED, KEPT);
        prune(&self.root.join("strange"), MAX_STRANGE, KEPT);
        for folder in ["queue", "targets", "failed"] {
            for path in files(&self.root.join(folder)) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if name.starts_with(TEMPORARY) && age(&path).is_some_and(|age| age > IDLE) {
                    let _ = fs::remove_file(&path);
                }
            }
        }
        let Ok(waiting) = self.list() else { return };
        for path in files(&self.root.join("targets")) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let Some(hash) = name.strip_suffix(".lock") else { continue };
            let last = age(&self.state_file(hash)).or_else(|| age(&path));
            if last.is_none_or(|last| last < IDLE) || waiting.iter().any(|n| n.hash == hash) {
                continue;
            }
            if let Ok(Lock::Ours(_lock)) = self.lock(hash) {
                let _ = fs::remove_file(self.state_file(hash));
                let _ = fs::remove_file(&path);
            }
        }
    }

    fn letter(&self, name: &Name) -> PathBuf {
        self.root.join("queue").join(format!("{}-{}.json", name.hash, name.id))
    }

    fn lock_file(&self, hash: &str) -> PathBuf {
        self.root.join("targets").join(format!("{hash}.lock"))
    }

    fn state_file(&self, hash: &str) -> PathBuf {
        self.root.join("targets").join(format!("{hash}.json"))
    }

    fn make(&self, folder: &str) -> Result<(), String> {
        let path = self.root.join(folder);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|error| format!("can't make {}: {error}", path.display()))
    }

    /// Moves a file away that can't be used, and says so.
    fn aside(&self, path: &Path, why: &str) {
        self.tell(path, why);
        if self.make("strange").is_err() {
            return;
        }
        let folder = self.root.join("strange");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let _ = fs::rename(path, folder.join(format!("{}-{name}", Uuid::now_v7())));
        prune(&folder, MAX_STRANGE, KEPT);
    }

    fn tell(&self, path: &Path, why: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MAX_STRANGE && told.insert(path.to_owned()) {
            tracing::warn!("{}: not used: {why}", path.display());
        }
    }
}

impl Name {
    fn parse(file: &str) -> Option<Name> {
        let (hash, id) = file.strip_suffix(".json")?.split_at_checked(DIGITS)?;
        let id = id.strip_prefix('-')?;
        let digits = hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let known = digits && Uuid::parse_str(id).is_ok();
        known.then(|| Name { hash: hash.to_owned(), id: id.to_owned() })
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
}

/// The content of a file, up to one byte more than it may have; nothing when there is no file.
fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, String> {
    let wrong = |error| format!("can't read {}: {error}", path.display());
    // Should it be a pipe, nobody waits for somebody who writes to it.
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error)),
    };
    let mut bytes = Vec::new();
    match file.take(limit + 1).read_to_end(&mut bytes) {
        Ok(_) => Ok(Some(bytes)),
        // Whatever it is, it is no message: it is moved aside as one that is not understood.
        Err(error) if error.kind() == ErrorKind::IsADirectory => Ok(Some(Vec::new())),
        Err(error) => Err(wrong(error)),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn age(path: &Path) -> Option<Duration> {
    let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified()).ok()?;
    Some(SystemTime::now().duration_since(modified).unwrap_or_default())
}

/// Removes the files of a folder that are older than `kept`, and all but the last `count`, by
/// name: names begin with the time.
fn prune(folder: &Path, count: usize, kept: Duration) {
    let files = files(folder);
    let surplus = files.len().saturating_sub(count);
    for (index, path) in files.iter().enumerate() {
        if index < surplus || age(path).is_some_and(|age| age > kept) {
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}
