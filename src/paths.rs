//! Where files are, by the XDG base directory specification.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

fn base() -> Option<etcetera::base_strategy::Xdg> {
    etcetera::base_strategy::Xdg::new().ok()
}

/// `~/.config/llamactl`
pub fn config_dir() -> Option<PathBuf> {
    base().map(|b| b.config_dir().join("llamactl"))
}

/// `~/.local/share/llamactl`
pub fn data_dir() -> Option<PathBuf> {
    base().map(|b| b.data_dir().join("llamactl"))
}

/// `~/.local/state/llamactl`
pub fn state_dir() -> Option<PathBuf> {
    base().and_then(|b| b.state_dir()).map(|d| d.join("llamactl"))
}

/// `/etc/llamactl`
pub fn site_dir() -> &'static Path {
    Path::new("/etc/llamactl")
}

/// Replaces a leading `~/` by the home folder, and `$NAME` and `${NAME}` by the environment.
///
/// # Errors
/// Names a variable that is not set, or says that there is no home folder.
pub fn expand(text: &str) -> Result<PathBuf, String> {
    let text = match text.strip_prefix("~/") {
        Some(rest) => {
            let home = etcetera::home_dir().map_err(|_| "there is no home folder for `~`")?;
            home.join(rest).to_string_lossy().into_owned()
        }
        None => text.to_owned(),
    };
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (name, after) = match rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
            Some((name, after)) => (name, after),
            None => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                rest.split_at(end.unwrap_or(rest.len()))
            }
        };
        if name.is_empty() {
            out.push('$');
        } else {
            out.push_str(&std::env::var(name).map_err(|_| format!("${name} is not set"))?);
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(PathBuf::from(out))
}

/// Writes `bytes` to `path`, readable by the owner alone, whole or not at all.
///
/// # Errors
/// When the folder can't be written to.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // What takes its place is a file: /dev/null would be no device any more, for everybody.
    if std::fs::metadata(path).is_ok_and(|known| !known.is_file()) {
        return Err(std::io::Error::other("there is something that is no file"));
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".llamactl-")
        .make_in(dir.unwrap_or(Path::new(".")), |path| {
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
        })?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_takes_the_place_of_files_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (file, socket) = (dir.path().join("file"), dir.path().join("socket"));
        write_private(&file, b"one").unwrap();
        write_private(&file, b"two").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(write_private(&socket, b"three").is_err());
        assert!(write_private(dir.path(), b"four").is_err());
    }

    #[test]
    fn home_and_variables_are_expanded() {
        let home = std::env::var("HOME").unwrap();
        assert_eq!(expand("~/x.gguf").unwrap(), PathBuf::from(format!("{home}/x.gguf")));
        assert_eq!(expand("${HOME}/a").unwrap(), PathBuf::from(format!("{home}/a")));
        assert_eq!(expand("/a$").unwrap(), PathBuf::from("/a$"));
        assert_eq!(expand("$NOT_SET_ANYWHERE/a").unwrap_err(), "$NOT_SET_ANYWHERE is not set");
    }

    #[test]
    fn the_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        write_private(&path, b"1").unwrap();
        write_private(&path, b"2").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"2");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
