//! A reader of event streams.

use std::time::Duration;

use llamactl::domain::event::Event;

use crate::common::http;

/// How long to wait for what must come.
pub const SOON: Duration = Duration::from_secs(20);

/// One event of an event stream, as its bytes say it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    pub id: Option<u64>,
    pub event: String,
    pub data: String,
}

impl Frame {
    pub fn event(&self) -> Event {
        let event: Event = serde_json::from_str(&self.data).expect("an event");
        assert_eq!((Some(event.seq), event.kind.as_str()), (self.id, self.event.as_str()));
        event
    }
}

/// A reader of an event stream, by the rules of the HTML standard as far as they matter here.
pub struct Stream {
    response: reqwest::Response,
    rest: Vec<u8>,
}

impl Stream {
    pub async fn open(url: &str, last: Option<u64>) -> Stream {
        Stream::try_open(url, last).await.expect("an answer")
    }

    pub async fn try_open(url: &str, last: Option<u64>) -> reqwest::Result<Stream> {
        let mut request = http::client().get(url).header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        Stream::of(request).await
    }

    /// The answer to a request for a stream.
    pub async fn of(request: reqwest::RequestBuilder) -> reqwest::Result<Stream> {
        let response = request.send().await?;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Ok(Stream { response, rest: Vec::new() })
    }

    /// The next block, also one without data; nothing at the end of the stream.
    pub async fn block(&mut self) -> Option<Frame> {
        loop {
            if let Some(end) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
                let mut frame = Frame::default();
                let block: Vec<u8> = self.rest.drain(..end + 2).collect();
                for line in std::str::from_utf8(&block).expect("text").lines() {
                    match line.split_once(": ") {
                        Some(("id", id)) => frame.id = id.parse().ok(),
                        Some(("event", event)) => frame.event = event.to_owned(),
                        Some(("data", data)) => frame.data = data.to_owned(),
                        _ => {}
                    }
                }
                return Some(frame);
            }
            let bytes = self.response.chunk().await.ok()??;
            self.rest.extend_from_slice(&bytes);
        }
    }

    /// The next block with data.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            let frame = self.block().await?;
            if !frame.data.is_empty() {
                return Some(frame);
            }
        }
    }

    pub async fn soon(&mut self) -> Frame {
        tokio::time::timeout(SOON, self.next()).await.expect("in time").expect("an event")
    }
}
