//! The file in which a node keeps its id and the secret of its lease.
//!
//! `/etc/llamactl/node_id` where it can be written, else `node_id-HOST` in the user's
//! configuration folder: homes are shared between the nodes of a cluster, so the host's name is
//! part of the name.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::node::identifier;
use crate::paths::{self, write_private};
use crate::secret::Secret;

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The node's id, once a registry gave it one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// The secret of its lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// The lease's generation, as of the last registration.
    #[serde(default)]
    pub generation: u64,
    /// The machine that this is about: a disk image that was copied to another machine must not
    /// make two machines one node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
}

/// The file, and what is in it.
#[derive(Debug)]
pub struct Keep {
    path: PathBuf,
    /// What is kept.
    pub kept: Kept,
    /// Held as long as this lives: one agent for each file.
    _lock: Option<std::fs::File>,
}

/// Why a file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Another agent has it.
    #[error("another node agent already runs with {0}")]
    Taken(PathBuf),
    /// It can't be written to.
    #[error("{path} can't be written: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("{path} does not hold a node's id: {reason}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Keep {
    /// Opens the file at `path`, or, without one, that of the system or the user. There is a
    /// secret in it afterwards. `machine_id` is that of this machine.
    ///
    /// # Errors
    /// [`KeepError`]
    pub fn open(
        path: Option<&Path>,
        hostname: &str,
        machine_id: Option<&str>,
    ) -> Result<Keep, KeepError> {
        let places = match path {
            Some(path) => vec![path.to_owned()],
            None => places(paths::site_dir(), paths::config_dir().as_deref(), hostname),
        };
        let mut last = None;
        for path in places {
            match Keep::open_at(path, machine_id) {
                Err(error @ KeepError::Io { .. }) => last = Some(error),
                result => return result,
            }
        }
        Err(last.unwrap_or_else(|| KeepError::Io {
            path: paths::site_dir().join("node_id"),
            source: std::io::ErrorKind::NotFound.into(),
        }))
    }

    fn open_at(path: PathBuf, machine_id: Option<&str>) -> Result<Keep, KeepError> {
        let io = |source| KeepError::Io { path: path.clone(), source };
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).map_err(io)?;
        }
        let lock = lock(&path)?;
        let mut kept = read(&path)?.unwrap_or_default();
        if kept.machine_id.as_deref().zip(machine_id).is_some_and(|(then, now)| then != now) {
            tracing::warn!(file = %path.display(), "it is of another machine: starting anew");
            kept = Kept::default();
        }
        kept.machine_id = machine_id.map(str::to_owned);
        kept.secret.get_or_insert_with(Secret::random);
        let keep = Keep { path: path.clone(), kept, _lock: lock };
        keep.write().map_err(io)?;
        Ok(keep)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is kept, readable by the owner alone.
    ///
    /// # Errors
    /// When the folder can't be written to.
    pub fn write(&self) -> std::io::Result<()> {
        write_private(&self.path, &serde_json::to_vec_pretty(&self.kept)?)
    }
}

/// What is kept on this host, without touching it; nothing where nothing is, or where it can't
/// be read.
pub fn peek(path: Option<&Path>, hostname: &str) -> Option<Kept> {
    let places = match path {
        Some(path) => vec![path.to_owned()],
        None => places(paths::site_dir(), paths::config_dir().as_deref(), hostname),
    };
    places.iter().find_map(|path| read(path).ok().flatten())
}

fn places(site: &Path, user: Option<&Path>, hostname: &str) -> Vec<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let host: String = hostname.chars().filter(|c| plain(*c)).take(100).collect();
    let own = user.map(|user| user.join(format!("node_id-{host}")));
    [Some(site.join("node_id")), own].into_iter().flatten().collect()
}

/// The file's content: what we wrote, or an id alone, as an operator may put it there.
fn read(path: &Path) -> Result<Option<Kept>, KeepError> {
    let wrong = |reason: String| KeepError::Wrong { path: path.to_owned(), reason };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            return Err(wrong("it is no text".to_owned()));
        }
        Err(source) => return Err(KeepError::Io { path: path.to_owned(), source }),
    };
    let text = text.trim();
    let kept = match text {
        "" => Kept::default(),
        _ if text.starts_with('{') => {
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?
        }
        _ => Kept { node_id: Some(text.to_owned()), ..Kept::default() },
    };
    if let Some(id) = &kept.node_id {
        identifier("node_id", id).map_err(wrong)?;
    }
    Ok(Some(kept))
}

/// Takes the lock beside the file. The file itself is replaced when it is written, so it can't
/// carry one. A file system without locks has none.
fn lock(path: &Path) -> Result<Option<std::fs::File>, KeepError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(Path::new(&name))
        .map_err(|source| KeepError::Io { path: path.to_owned(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(KeepError::Taken(path.to_owned())),
        Err(std::fs::TryLockError::Error(_)) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path, machine: &str) -> Result<Keep, KeepError> {
        Keep::open(Some(path), "n1", Some(machine))
    }

    #[test]
    fn the_id_and_the_secret_stay_and_are_for_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/node_id");
        let mut keep = open(&path, "m").unwrap();
        keep.kept.node_id = Some("abc".to_owned());
        keep.write().unwrap();
        let kept = keep.kept.clone();
        drop(keep);
        assert_eq!(open(&path, "m").unwrap().kept, kept);
        assert_eq!(peek(Some(&path), "n1"), Some(kept));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_second_agent_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node_id");
        let _first = open(&path, "m").unwrap();
        assert!(matches!(open(&path, "m"), Err(KeepError::Taken(_))));
    }

    #[test]
    fn the_image_of_another_machine_starts_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node_id");
        let mut keep = open(&path, "one").unwrap();
        keep.kept.node_id = Some("abc".to_owned());
        keep.write().unwrap();
        let secret = keep.kept.secret.clone();
        drop(keep);
        let other = open(&path, "two").unwrap();
        assert_eq!(other.kept.node_id, None);
        assert_ne!(other.kept.secret, secret);
    }

    #[test]
    fn an_id_that_somebody_put_there_is_taken_and_nonsense_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node_id");
        std::fs::write(&path, "gpu-7\n").unwrap();
        assert_eq!(open(&path, "m").unwrap().kept.node_id.as_deref(), Some("gpu-7"));
        for bad in ["two words", "{\"node_id\": 3}", "a/b"] {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(open(&path, "m"), Err(KeepError::Wrong { .. })), "{bad}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bad, "it is left as it was");
        }
    }

    #[test]
    fn where_the_system_folder_cannot_be_written_it_is_the_users() {
        let places = places(Path::new("/etc/llamactl"), Some(Path::new("/home/a")), "n1/../x");
        assert_eq!(places[1], Path::new("/home/a/node_id-n1..x"));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        // A folder below a file can't be made, not even by root.
        assert!(matches!(open(&file.join("node_id"), "m"), Err(KeepError::Io { .. })));
    }
}
