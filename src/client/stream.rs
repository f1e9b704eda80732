//! A stream of events from a registry, block by block (HTML standard, 9.2: server-sent events).

use std::time::{Duration, Instant};

use reqwest::{Method, Response};

use super::call::{ClientError, RegistryClient};
use crate::http::cause;

/// How long a stream may say nothing: the registry shows every 15 s that it is there.
const SILENCE: Duration = Duration::from_secs(45);
/// How long one stream lives at most; the next goes on where it ended.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

impl RegistryClient {
    /// Opens the stream at `path`, of which no block may have more than `most` bytes.
    pub(super) async fn stream(&self, path: &str, most: usize) -> Result<Stream, ClientError> {
        let accept = [("accept", "text/event-stream".to_owned())];
        let until = Instant::now() + LIFETIME;
        let sent = self.send::<()>(Method::GET, path, None, &accept, until);
        let late = |_| self.unreachable("no answer in time".to_owned());
        let response = tokio::time::timeout(self.timeout, sent).await.map_err(late)??;
        match response.status().is_success() {
            true => Ok(Stream { response, blocks: Blocks::new(most) }),
            false => Err(self.error_in(response).await),
        }
    }
}

/// An open stream.
#[derive(Debug)]
pub(super) struct Stream {
    response: Response,
    blocks: Blocks,
}

impl Stream {
    /// The next block; one without event and data is a sign of life. Cancel safe.
    ///
    /// # Errors
    /// Why nothing more comes.
    pub async fn next(&mut self) -> Result<Block, String> {
        loop {
            if let Some(block) = self.blocks.next() {
                return Ok(block);
            }
            let chunk = tokio::time::timeout(SILENCE, self.response.chunk()).await;
            match chunk.map_err(|_| format!("it was silent for {} s", SILENCE.as_secs()))? {
                Ok(Some(bytes)) => self.blocks.push(&bytes)?,
                Ok(None) => return Err("it ended the stream".to_owned()),
                Err(error) => return Err(cause(&error)),
            }
        }
    }
}

/// One block of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Its number.
    pub id: Option<u64>,
    /// What it is.
    pub event: String,
    /// What it tells.
    pub data: String,
}

impl Block {
    fn parse(text: &str) -> Block {
        let mut block = Block::default();
        for line in text.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => block.id = value.parse().ok(),
                "event" => value.clone_into(&mut block.event),
                "data" => block.data.push_str(value),
                _ => {}
            }
        }
        block
    }
}

/// Cuts what comes into blocks.
#[derive(Debug)]
pub(super) struct Blocks {
    buffer: Vec<u8>,
    /// So many bytes of the buffer hold no end of a block.
    searched: usize,
    most: usize,
}

impl Blocks {
    /// Blocks of at most `most` bytes.
    pub fn new(most: usize) -> Blocks {
        Blocks { buffer: Vec::new(), searched: 0, most }
    }

    /// Takes what came.
    ///
    /// # Errors
    /// When no block may be so long.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        if self.buffer.len() + bytes.len() > self.most {
            return Err(format!("it sent more than {} bytes at once", self.most));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next whole block.
    pub fn next(&mut self) -> Option<Block> {
        let end = self.buffer[self.searched..].windows(2).position(|two| two == b"\n\n");
        let Some(end) = end else {
            // The end may come in two pieces.
            self.searched = self.buffer.len().saturating_sub(1);
            return None;
        };
        let block: Vec<u8> = self.buffer.drain(..self.searched + end + 2).collect();
        self.searched = 0;
        Some(Block::parse(&String::from_utf8_lossy(&block)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_however_they_are_cut() {
        let text = "retry: 2000\nid: 3\n\n:\n\nid: 4\nevent: a\ndata: {\"x\":\ndata:1}\n\nid: 5";
        let block = |id, event: &str, data: &str| Block {
            id,
            event: event.to_owned(),
            data: data.to_owned(),
        };
        let all = [block(Some(3), "", ""), Block::default(), block(Some(4), "a", "{\"x\":1}")];
        for size in [1, 2, 3, 7, text.len()] {
            let (mut blocks, mut found) = (Blocks::new(1 << 10), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                blocks.push(piece).unwrap();
                found.extend(std::iter::from_fn(|| blocks.next()));
            }
            assert_eq!(found, all, "in pieces of {size}");
        }
    }

    #[test]
    fn a_block_without_an_end_is_not_kept() {
        let mut blocks = Blocks::new(10);
        blocks.push(b"data: 1\n\n").unwrap();
        assert!(blocks.next().is_some());
        blocks.push(b"data: 123").unwrap();
        assert!(blocks.next().is_none());
        assert!(blocks.push(b"45").unwrap_err().contains("more than 10 bytes"));
    }
}
