//! Where the database file is: made for its owner alone, used by one registry, on a disk that
//! SQLite can trust.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::sys::statfs::statfs;

use crate::exit::Failure;
use crate::paths;

/// The file of a database URL: `sqlite:PATH`, or `sqlite:///PATH`.
///
/// # Errors
/// Anything else, as a usage error.
pub fn parse_url(url: &str) -> Result<PathBuf, Failure> {
    let hint = "give a file as --database sqlite:PATH";
    let wrong = |why: &str| Failure::usage(format!("database {url:?}: {why}")).hint(hint);
    let path = url.strip_prefix("sqlite:").ok_or_else(|| wrong("it must begin with sqlite:"))?;
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.ends_with('/') {
        return Err(wrong("it names no file"));
    }
    if path.starts_with(':') || path.contains(['?', '\0']) {
        return Err(wrong("it must be a plain file"));
    }
    paths::expand(path).map_err(|why| wrong(&why))
}

/// Makes the folder (0700) and the file (0600) and takes the lock beside it. Whoever holds the
/// result is the only registry on this file.
///
/// # Errors
/// A folder that can't be made or written, a network filesystem, another registry.
pub fn claim(path: &Path) -> anyhow::Result<File> {
    make_folder(path)?;
    let lock = lock(path)?;
    make_file(path)?;
    Ok(lock)
}

/// As [`claim`], for a tool that works beside the registry: takes no lock.
///
/// # Errors
/// A folder or file that can't be made or written, a network filesystem.
pub fn prepare(path: &Path) -> anyhow::Result<()> {
    make_folder(path)?;
    make_file(path)
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Before anything is made: the nearest folder that exists tells on which disk it would be.
    refuse_network_filesystem(dir.ancestors().find(|dir| dir.is_dir()).unwrap_or(dir))?;
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| {
        Failure::new(format!("can't make the folder {}: {error}", dir.display()))
            .hint("give a file in a folder of yours with --database sqlite:PATH")
    })?;
    Ok(())
}

fn make_file(path: &Path) -> anyhow::Result<()> {
    let file = private().open(path).map_err(|error| not_writable(path, &error))?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600)).map_err(|error| {
            Failure::new(format!("can't make {} private: {error}", path.display()))
                .hint("it holds keys: it must belong to the user who runs the registry")
        })?;
    }
    Ok(())
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options
}

fn not_writable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("can't write {}: {error}", path.display()))
        .hint("give a file that you may write with --database sqlite:PATH")
}

fn lock(path: &Path) -> anyhow::Result<File> {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let lock_path = PathBuf::from(lock_path);
    let mut lock = private().open(&lock_path).map_err(|error| not_writable(&lock_path, &error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = (&mut lock).take(100).read_to_string(&mut holder);
            let holder = holder.trim();
            let who = if holder.is_empty() { String::new() } else { format!(" ({holder})") };
            return Err(Failure::new(format!(
                "another registry uses the database {}{who}",
                path.display()
            ))
            .hint("stop it, or give another file with --database sqlite:PATH")
            .into());
        }
        Err(TryLockError::Error(error)) => return Err(not_writable(&lock_path, &error).into()),
    }
    // For the message of the next one who comes; the lock itself is what counts.
    lock.set_len(0)?;
    lock.rewind()?;
    write!(lock, "process {}", std::process::id())?;
    Ok(lock)
}

fn refuse_network_filesystem(dir: &Path) -> anyhow::Result<()> {
    let Ok(stat) = statfs(dir) else { return Ok(()) };
    // 32 bits are enough for every magic number, and signs differ between architectures.
    let magic = stat.filesystem_type().0 as u32;
    if let Some(name) = network_filesystem(magic) {
        return Err(Failure::new(format!(
            "{} is on {name}, where an SQLite database becomes corrupt",
            dir.display()
        ))
        .hint("give a file on a local disk, such as --database sqlite:/var/tmp/NAME/registry.db")
        .into());
    }
    if magic == FUSE {
        tracing::warn!(
            folder = %dir.display(),
            "the database is on a FUSE filesystem: if that is a network one (sshfs, gluster), \
             give a file on a local disk with --database"
        );
    }
    Ok(())
}

const FUSE: u32 = 0x6573_5546;

/// The name of the network filesystem that has this magic number in statfs(2).
///
/// Source: statfs(2), linux/magic.h, and the headers of Lustre, GPFS, BeeGFS and OrangeFS.
fn network_filesystem(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => "CIFS",
        0x00c3_6400 => "Ceph",
        0x1983_0326 => "BeeGFS",
        0x2003_0528 => "OrangeFS",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x0102_1997 => "9P",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls_are_read_or_refused_with_the_reason() {
        let path = |url: &str| parse_url(url).unwrap();
        assert_eq!(path("sqlite:/var/x.db"), Path::new("/var/x.db"));
        assert_eq!(path("sqlite:///var/x.db"), Path::new("/var/x.db"));
        assert_eq!(path("sqlite:x.db"), Path::new("x.db"));
        for bad in ["", "x.db", "/x.db", "sqlite:", "sqlite::memory:", "sqlite:x.db?mode=ro"] {
            assert!(parse_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn network_filesystems_are_known_by_their_number_and_this_disk_is_none() {
        assert_eq!(network_filesystem(0x6969), Some("NFS"));
        assert_eq!(network_filesystem(0xef53), None);
        let dir = tempfile::tempdir().unwrap();
        refuse_network_filesystem(dir.path()).unwrap();
    }

    #[test]
    fn the_folder_and_the_files_are_for_their_owner_alone_and_for_one_registry() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/registry.db");
        let held = claim(&path).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&path.with_extension("db.lock")), 0o600);
        let error = claim(&path).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        drop(held);
        claim(&path).unwrap();
    }
}
