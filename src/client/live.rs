//! Reads that wait for a change, and the stream of events.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde::Serialize;

use super::{ClientError, RegistryClient, with_query};
use crate::api::{SEQ_HEADER, ServerFilter};
use crate::domain::event::Event;
use crate::domain::server::Server;
use crate::http::cause;

/// How long a stream may say nothing: the registry shows every 15 s that it is there.
const SILENCE: Duration = Duration::from_secs(45);
/// How long one stream lives at most; the next goes on where it ended.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// Most bytes of one event.
const MAX_EVENT: usize = 1 << 20;
/// Times between two tries to connect again: the first, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(8));

/// A list of servers, and the number to go on with.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The servers.
    pub servers: Vec<Server>,
    /// The last event that the list knows; nothing from a registry that can't wait.
    pub seq: Option<u64>,
}

/// Which events to follow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EventFilter {
    /// Only events after this number; without it from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only these kinds; several with commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only of these subjects; several with commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// At most so many; not for a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

impl RegistryClient {
    /// The servers that pass the filter, once something happened after event number `after`, or
    /// `wait` is over; at once without a number.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn servers_after(
        &self,
        filter: &ServerFilter,
        after: Option<u64>,
        wait: Duration,
    ) -> Result<Listed, ClientError> {
        let wait = if after.is_some() { wait } else { Duration::ZERO };
        let text = after.map(|_| format!("{}ms", wait.as_millis()));
        let filter = ServerFilter { after, wait: text, ..filter.clone() };
        let path = with_query("/api/v1/servers", &filter);
        let until = Instant::now() + self.timeout + wait;
        let response = self.send::<()>(Method::GET, &path, None, &[], until).await?;
        let seq = seq(&response);
        Ok(Listed { servers: self.read(response).await?, seq })
    }

    /// Events that happened, oldest first, and the number to go on with: the same as
    /// `filter.after` when there are no more.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn list_events(
        &self,
        filter: &EventFilter,
    ) -> Result<(Vec<Event>, u64), ClientError> {
        let path = with_query("/api/v1/events", filter);
        let until = Instant::now() + self.timeout;
        let response = self.send::<()>(Method::GET, &path, None, &[], until).await?;
        let seq = seq(&response);
        let events: Vec<Event> = self.read(response).await?;
        let last = events.last().map(|event| event.seq).or(filter.after);
        Ok((events, seq.or(last).unwrap_or_default()))
    }

    /// Follows the events.
    pub fn events(&self, filter: EventFilter) -> Events {
        Events {
            client: self.clone(),
            filter: EventFilter { limit: None, ..filter },
            stream: None,
            buffer: Vec::new(),
            ready: VecDeque::new(),
            failures: 0,
        }
    }
}

fn seq(response: &Response) -> Option<u64> {
    response.headers().get(SEQ_HEADER)?.to_str().ok()?.parse().ok()
}

/// What comes next when one follows the events.
#[derive(Debug)]
pub enum Happening {
    /// An event.
    Event(Event),
    /// Some events are not to be had: look at everything anew. The next events come after this
    /// number.
    Reset(u64),
    /// The registry can't be reached, for this reason. Told once; it is tried again and again.
    Away(String),
    /// It can be reached again, and nothing was missed.
    Back,
}

/// The events as they come, over breaks of the connection.
#[derive(Debug)]
pub struct Events {
    client: RegistryClient,
    filter: EventFilter,
    stream: Option<Response>,
    buffer: Vec<u8>,
    ready: VecDeque<Happening>,
    failures: u32,
}

impl Events {
    /// What comes next. Cancel safe.
    ///
    /// # Errors
    /// What trying again does not mend, as a token that is not taken.
    pub async fn next(&mut self) -> Result<Happening, ClientError> {
        loop {
            if let Some(happening) = self.ready.pop_front() {
                return Ok(happening);
            }
            let Some(stream) = &mut self.stream else {
                self.connect().await?;
                continue;
            };
            match tokio::time::timeout(SILENCE, stream.chunk()).await {
                Ok(Ok(Some(bytes))) if self.buffer.len() + bytes.len() <= MAX_EVENT => {
                    self.buffer.extend_from_slice(&bytes);
                    self.take_blocks();
                }
                // It ended, or broke: another one goes on.
                _ => self.stream = None,
            }
        }
    }

    async fn connect(&mut self) -> Result<(), ClientError> {
        if self.failures > 0 {
            let wait = BACKOFF.0.saturating_mul(1 << self.failures.min(6));
            tokio::time::sleep(wait.min(BACKOFF.1)).await;
        }
        // Counted before it is tried: a stream that ends at once is one that fails.
        self.failures += 1;
        let path = with_query("/api/v1/events", &self.filter);
        let accept = [("accept", "text/event-stream".to_owned())];
        let until = Instant::now() + LIFETIME;
        let sent = self.client.send::<()>(Method::GET, &path, None, &accept, until);
        let sent = match tokio::time::timeout(self.client.timeout, sent).await {
            Ok(sent) => sent,
            Err(_) => Err(self.client.unreachable("no answer in time".to_owned())),
        };
        let opened = match sent {
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => Err(self.client.read::<serde_json::Value>(response).await.err()),
            Err(error) => Err(Some(error)),
        };
        match opened {
            Ok(response) => {
                self.buffer.clear();
                self.stream = Some(response);
                Ok(())
            }
            Err(Some(ClientError::Unreachable { reason, .. })) => {
                // The first failure may be the end of a stream that was well.
                if self.failures == 2 {
                    self.ready.push_back(Happening::Away(reason));
                }
                Ok(())
            }
            Err(Some(error)) => Err(error),
            Err(None) => Ok(()),
        }
    }

    /// Takes whole blocks out of the buffer.
    fn take_blocks(&mut self) {
        while let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
            let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let block = Block::parse(&String::from_utf8_lossy(&block));
            if let Some(id) = block.id {
                self.filter.after = Some(id);
                if self.failures > 2 {
                    self.ready.push_back(Happening::Back);
                }
                self.failures = 0;
            }
            self.ready.extend(block.happening());
        }
    }
}

/// One block of an event stream, as the HTML standard says.
#[derive(Debug, Default)]
struct Block {
    id: Option<u64>,
    event: String,
    data: String,
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

    fn happening(self) -> Option<Happening> {
        if self.event == "reset" {
            return self.id.map(Happening::Reset);
        }
        if self.data.is_empty() {
            return None;
        }
        match serde_json::from_str(&self.data) {
            Ok(event) => Some(Happening::Event(event)),
            Err(error) => {
                let error = cause(&error);
                tracing::warn!(event = self.event, error, "an event that is not understood");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_however_they_are_cut() {
        let text = "retry: 2000\nid: 3\n\n:\nid: 4\n\nid: 5\nevent: updated\ndata: {\"seq\":5,\
            \"time\":\"2026-01-01T00:00:00Z\",\"kind\":\"updated\",\"subject\":\"s\",\"data\":{}}\
            \n\nid: 9\nevent: reset\ndata: {}\n\nid: 10\nevent: from-the-future\ndata: {}\n\n";
        let mut events = RegistryClient::new("http://x").events(EventFilter::default());
        for byte in text.bytes() {
            events.buffer.push(byte);
            events.take_blocks();
        }
        assert_eq!(events.filter.after, Some(10));
        let [Happening::Event(event), Happening::Reset(9)] = events.ready.make_contiguous() else {
            panic!("{:?}", events.ready)
        };
        assert_eq!(event.subject, "s");
    }
}
