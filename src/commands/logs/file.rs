//! Reads a file from near its end, and goes on as it grows, shrinks or is replaced.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Most bytes of one read, and of the first one's lines.
const CHUNK: u64 = 1024 * 1024;

/// A file that is read as it grows.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    /// How many lines from the end the first read gives.
    lines: usize,
    file: Option<(File, u64)>,
    position: u64,
    more: bool,
}

impl Follower {
    /// Begins so many lines from the end. The file need not be there yet.
    pub fn new(path: PathBuf, lines: usize) -> Follower {
        Follower { path, lines, file: None, position: 0, more: false }
    }

    /// Whether the last read left something for the next one.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// What came since the last read; nothing at all when the file is not there. One that was
    /// truncated, or replaced by another, is read from its beginning.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        self.more = false;
        let meta = match std::fs::metadata(&self.path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let first = self.file.is_none();
        let another = self.file.as_ref().is_none_or(|(_, inode)| *inode != meta.ino());
        if another {
            self.file = Some((File::open(&self.path)?, meta.ino()));
            self.position = 0;
        }
        let Some((file, _)) = &mut self.file else { return Ok(None) };
        if first {
            self.position = start_of_last_lines(file, meta.len(), self.lines)?;
        } else if meta.len() < self.position {
            self.position = 0;
        }
        file.seek(SeekFrom::Start(self.position))?;
        let mut bytes = Vec::new();
        let count = file.take(CHUNK).read_to_end(&mut bytes)?;
        self.position += count as u64;
        self.more = count as u64 == CHUNK;
        Ok(Some(bytes))
    }
}

/// Where the last `lines` lines of a file of `length` bytes begin; looks back [`CHUNK`] bytes
/// at most.
fn start_of_last_lines(file: &mut File, length: u64, lines: usize) -> std::io::Result<u64> {
    let from = length.saturating_sub(CHUNK);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(length - from).read_to_end(&mut bytes)?;
    let ends = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    // The end of the last line ends no line before it.
    let skip = lines + usize::from(bytes.last() == Some(&b'\n'));
    let before = match skip {
        0 => return Ok(length),
        skip => ends.map(|(at, _)| at).nth(skip - 1),
    };
    Ok(before.map_or(from, |at| from + at as u64 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(follower: &mut Follower) -> Option<String> {
        follower.read().unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_last_lines_come_first_then_what_is_added() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut follower = Follower::new(path.clone(), 2);
        assert_eq!(read(&mut follower), None);
        std::fs::write(&path, "a\nb\nc\n").unwrap();
        assert_eq!(read(&mut follower).as_deref(), Some("b\nc\n"));
        assert_eq!(read(&mut follower).as_deref(), Some(""));
        std::fs::write(&path, "a\nb\nc\nd").unwrap();
        assert_eq!(read(&mut follower).as_deref(), Some("d"));
    }

    #[test]
    fn a_truncated_or_replaced_file_is_read_from_its_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, "long enough\n").unwrap();
        let mut follower = Follower::new(path.clone(), 10);
        assert_eq!(read(&mut follower).as_deref(), Some("long enough\n"));
        std::fs::write(&path, "new\n").unwrap();
        assert_eq!(read(&mut follower).as_deref(), Some("new\n"));
        std::fs::write(dir.path().join("other"), "another\n").unwrap();
        std::fs::rename(dir.path().join("other"), &path).unwrap();
        assert_eq!(read(&mut follower).as_deref(), Some("another\n"));
    }

    #[test]
    fn the_number_of_lines_is_exact() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        for (text, lines, last) in [
            ("a\nb\n", 1, "b\n"),
            ("a\nb", 1, "b"),
            ("a\nb\n", 9, "a\nb\n"),
            ("a\nb\n", 0, ""),
            ("", 3, ""),
            ("\n\n\n", 2, "\n\n"),
        ] {
            std::fs::write(&path, text).unwrap();
            let mut follower = Follower::new(path.clone(), lines);
            assert_eq!(read(&mut follower).as_deref(), Some(last), "{text:?} {lines}");
        }
    }
}
