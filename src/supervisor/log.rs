//! The child's output: copied line by line to our stdout, which is the job's log, with the
//! last lines kept for failure messages.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How much of the log is kept, in bytes.
const KEPT: usize = 64 * 1024;
/// Longest line that is handled as one; the rest counts as the next line.
const MAX_LINE: u64 = 8 * 1024;

/// The child's log. It runs on a thread of its own: a slow disk under the job's log must not
/// hold up the gate.
#[derive(Debug)]
pub struct Log {
    ring: Arc<Mutex<Ring>>,
    end: Option<oneshot::Receiver<()>>,
}

impl Log {
    /// Starts to copy from `pipe`.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub fn start(pipe: PipeReader) -> std::io::Result<Log> {
        let ring = Arc::new(Mutex::new(Ring::default()));
        let (ended, end) = oneshot::channel();
        let copy = Arc::clone(&ring);
        std::thread::Builder::new().name("log".to_owned()).stack_size(256 * 1024).spawn(
            move || {
                pump(pipe, std::io::stdout(), &copy);
                let _ = ended.send(());
            },
        )?;
        Ok(Log { ring, end: Some(end) })
    }

    /// Waits until everything that the child wrote is here, but not longer than `limit`:
    /// children of the child may hold the pipe open.
    pub async fn finish(&mut self, limit: Duration) {
        if let Some(end) = self.end.take() {
            let _ = tokio::time::timeout(limit, end).await;
        }
    }

    /// The last lines, oldest first, as printable text.
    pub fn lines(&self) -> Vec<String> {
        lock(&self.ring).lines.iter().map(|line| printable(line)).collect()
    }
}

/// The last lines within [`KEPT`] bytes.
#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Ring {
    fn push(&mut self, line: &[u8]) {
        self.bytes += line.len() + 1;
        self.lines.push_back(line.to_vec());
        while self.bytes > KEPT {
            let Some(first) = self.lines.pop_front() else { break };
            self.bytes -= first.len() + 1;
        }
    }
}

fn lock(ring: &Mutex<Ring>) -> MutexGuard<'_, Ring> {
    ring.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Copies until the last writer has closed the pipe. When `out` is gone, what comes is still
/// read: a child that can't write its log would stop working.
fn pump(pipe: impl Read, mut out: impl Write, ring: &Mutex<Ring>) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    let mut gone = false;
    loop {
        line.clear();
        match reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        }
        if !gone {
            gone = out.write_all(&line).and_then(|()| out.flush()).is_err();
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if !text.is_empty() {
            lock(ring).push(text);
        }
    }
}

/// Without control characters and colours: these lines go into mails and messages.
fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => {
                // A colour: ESC [ … m. Any other sequence ends at its first letter too.
                let _ = chars.by_ref().find(char::is_ascii_alphabetic);
            }
            '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn texts(ring: &Mutex<Ring>) -> Vec<String> {
        lock(ring).lines.iter().map(|line| printable(line)).collect()
    }

    #[test]
    fn lines_are_copied_as_they_are_and_kept_without_colours() {
        let ring = Mutex::default();
        let mut out = Vec::new();
        let input = b"\x1b[31mone\x1b[0m\n\ntw\xffo\r\nthree";
        pump(&input[..], &mut out, &ring);
        assert_eq!(out, input);
        assert_eq!(texts(&ring), ["one", "tw\u{fffd}o", "three"]);
    }

    #[test]
    fn a_log_that_is_gone_does_not_stop_the_reading() {
        let ring = Mutex::default();
        pump(&b"one\ntwo\n"[..], Gone, &ring);
        assert_eq!(texts(&ring), ["one", "two"]);
    }

    #[test]
    fn memory_is_bounded_in_lines_and_in_length() {
        let ring = Mutex::default();
        let mut input = vec![b'x'; 3 * MAX_LINE as usize];
        input.push(b'\n');
        for n in 0..20_000 {
            input.extend_from_slice(format!("line {n}\n").as_bytes());
        }
        pump(&input[..], std::io::sink(), &ring);
        let lines = texts(&ring);
        assert_eq!(lines.last().map(String::as_str), Some("line 19999"));
        assert!(lines.iter().map(|line| line.len() + 1).sum::<usize>() <= KEPT);
    }
}
