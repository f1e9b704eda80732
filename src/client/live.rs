//! What happened in the registry: the events, as a list and as a stream.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde::Serialize;
use serde::de::IgnoredAny;

use super::call::{ClientError, RegistryClient, with_query};
use super::pace::Pace;
use super::stream::{Block, Stream};
use crate::api::{SEQ_HEADER, ServerFilter};
use crate::chance;
use crate::domain::event::Event;
use crate::http::cause;

/// Most bytes of one event.
const MAX_EVENT: usize = 1 << 20;

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
    /// The number of the last event; 0 from a registry that does not say it.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn last_event(&self) -> Result<u64, ClientError> {
        let filter = ServerFilter { limit: Some(0), ..ServerFilter::default() };
        let path = with_query("/api/v1/servers", &filter);
        let until = Instant::now() + self.timeout;
        let response = self.send::<()>(Method::GET, &path, None, &[], until).await?;
        let seq = seq(&response);
        self.read::<Vec<IgnoredAny>>(response).await?;
        Ok(seq.unwrap_or_default())
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
            ready: VecDeque::new(),
            pace: Pace::watched(),
            wait: Duration::ZERO,
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
    stream: Option<Stream>,
    ready: VecDeque<Happening>,
    pace: Pace,
    /// How long to wait before the next stream is opened.
    wait: Duration,
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
            match &mut self.stream {
                None => self.connect().await?,
                Some(stream) => match stream.next().await {
                    Ok(block) => self.take(block),
                    // It ended, or broke: another one goes on.
                    Err(_) => self.stream = None,
                },
            }
        }
    }

    async fn connect(&mut self) -> Result<(), ClientError> {
        tokio::time::sleep(self.wait).await;
        // Counted before it is tried: a stream that ends at once is one that fails.
        self.wait = self.pace.failed(chance::fraction());
        let path = with_query("/api/v1/events", &self.filter);
        match self.client.stream(&path, MAX_EVENT).await {
            Ok(stream) => self.stream = Some(stream),
            Err(ClientError::Unreachable { reason, .. }) => {
                // The first failure may be the end of a stream that was well.
                if self.pace.failures() == 2 {
                    self.ready.push_back(Happening::Away(reason));
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn take(&mut self, block: Block) {
        if let Some(id) = block.id {
            self.filter.after = Some(id);
            if self.pace.failures() > 2 {
                self.ready.push_back(Happening::Back);
            }
            self.pace.reset();
            self.wait = Duration::ZERO;
        }
        self.ready.extend(happening(block));
    }
}

/// What a block of the stream tells.
fn happening(block: Block) -> Option<Happening> {
    if block.event == "reset" {
        return block.id.map(Happening::Reset);
    }
    if block.data.is_empty() {
        return None;
    }
    match serde_json::from_str(&block.data) {
        Ok(event) => Some(Happening::Event(event)),
        Err(error) => {
            let error = cause(&error);
            tracing::warn!(event = block.event, error, "an event that is not understood");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::stream::Blocks;

    #[test]
    fn events_are_numbered_and_what_is_not_known_is_left_out() {
        let text = "retry: 2000\nid: 3\n\n:\nid: 4\n\nid: 5\nevent: updated\ndata: {\"seq\":5,\
            \"time\":\"2026-01-01T00:00:00Z\",\"kind\":\"updated\",\"subject\":\"s\",\"data\":{}}\
            \n\nid: 9\nevent: reset\ndata: {}\n\nid: 10\nevent: from-the-future\ndata: {}\n\n";
        let mut events = RegistryClient::new("http://x").events(EventFilter::default());
        let mut blocks = Blocks::new(MAX_EVENT);
        for byte in text.bytes() {
            blocks.push(&[byte]).unwrap();
            while let Some(block) = blocks.next() {
                events.take(block);
            }
        }
        assert_eq!(events.filter.after, Some(10));
        let [Happening::Event(event), Happening::Reset(9)] = events.ready.make_contiguous() else {
            panic!("{:?}", events.ready)
        };
        assert_eq!(event.subject, "s");
    }
}
