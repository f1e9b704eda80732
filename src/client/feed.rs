//! All servers and nodes of a registry, held here and kept current by its stream `/api/v1/live`:
//! for whoever looks at them often, and can't wait for the registry each time.
//!
//! What was known stays known while the registry is away, and [`Feed::state`] says how old it is.

mod fold;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::call::{ClientError, RegistryClient};
use super::pace::Pace;
use super::stream::Stream;
use crate::chance;
use fold::Fold;
pub use fold::Snapshot;

/// Most bytes of one message: 200 records, each as large as the registry takes it (256 KiB).
const MAX_MESSAGE: usize = 64 << 20;
/// Most bytes of all records together, as JSON.
const MAX_HELD: usize = 256 << 20;

/// What to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Servers.
    Servers,
    /// Nodes.
    Nodes,
    /// Both.
    All,
}

impl What {
    /// The words of the query.
    fn as_str(self) -> &'static str {
        match self {
            What::Servers => "servers",
            What::Nodes => "nodes",
            What::All => "servers,nodes",
        }
    }
}

/// Whether what is held is what the registry knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is, but for what the registry gathers (250 ms).
    Connected,
    /// It is what the registry knew at a time.
    Away {
        /// When that was, or since when we have asked in vain.
        since: Instant,
        /// Why.
        why: String,
    },
}

/// Follows a registry until it is dropped.
#[derive(Debug)]
pub struct Feed {
    held: watch::Receiver<Held>,
    task: AbortHandle,
}

/// What those who look see.
#[derive(Debug)]
struct Held {
    view: Arc<Snapshot>,
    state: State,
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feed {
    /// Begins to follow. Nothing is known yet.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(client: RegistryClient, what: What) -> Feed {
        let state = State::Away { since: Instant::now(), why: "not heard of yet".to_owned() };
        let (sender, held) = watch::channel(Held { view: Arc::default(), state });
        let task = tokio::spawn(follow(client, what, sender));
        Feed { held, task: task.abort_handle() }
    }

    /// What is known.
    pub fn view(&self) -> Arc<Snapshot> {
        Arc::clone(&self.held.borrow().view)
    }

    /// Whether that is current.
    pub fn state(&self) -> State {
        self.held.borrow().state.clone()
    }

    /// Comes back once view or state have changed since this came back the last time. Cancel
    /// safe.
    pub async fn changed(&mut self) {
        if self.held.changed().await.is_err() {
            // The task ends with the process alone.
            std::future::pending().await
        }
    }
}

/// Why a stream is over.
enum Over {
    /// Another one may be opened soon.
    Ended(String),
    /// Another one would end as this did; an operator may mend it.
    Refused(String),
}

async fn follow(client: RegistryClient, what: What, held: watch::Sender<Held>) {
    let path = format!("/api/v1/live?what={}", what.as_str());
    let mut pace = Pace::default();
    let mut heard = Instant::now();
    loop {
        let over = match client.stream(&path, MAX_MESSAGE).await {
            Ok(stream) => read(stream, &held, &mut pace, &mut heard).await,
            Err(ClientError::Unreachable { reason, .. }) => Over::Ended(reason),
            Err(error) => Over::Refused(error.to_string()),
        };
        let (why, wait) = match over {
            Over::Ended(why) => (why, pace.failed(chance::fraction())),
            Over::Refused(why) => (why, pace.refused(chance::fraction())),
        };
        tracing::debug!(url = client.url(), why, "the registry is not followed");
        held.send_if_modified(|held| held.lose(heard, why));
        tokio::time::sleep(wait).await;
    }
}

/// Follows one stream to its end.
async fn read(
    mut stream: Stream,
    held: &watch::Sender<Held>,
    pace: &mut Pace,
    heard: &mut Instant,
) -> Over {
    let mut fold = Fold::new(MAX_HELD);
    loop {
        let block = match stream.next().await {
            Ok(block) => block,
            Err(why) => return Over::Ended(why),
        };
        *heard = Instant::now();
        match fold.take(&block.event, &block.data) {
            Ok(None) => {}
            Ok(Some(view)) => {
                pace.reset();
                held.send_replace(Held { view, state: State::Connected });
            }
            Err(why) => return Over::Refused(why),
        }
    }
}

impl Held {
    /// The registry is away, and was last heard of at a time; whether that is news.
    fn lose(&mut self, heard: Instant, because: String) -> bool {
        match &mut self.state {
            State::Away { why, .. } if *why == because => return false,
            State::Away { why, .. } => *why = because,
            State::Connected => self.state = State::Away { since: heard, why: because },
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_as_old_as_the_last_word_whatever_fails_later() {
        let heard = Instant::now();
        let mut held = Held { view: Arc::default(), state: State::Connected };
        let away = |why: &str| State::Away { since: heard, why: why.to_owned() };
        assert!(held.lose(heard, "it ended the stream".to_owned()));
        assert_eq!(held.state, away("it ended the stream"));
        let later = heard + std::time::Duration::from_secs(9);
        assert!(held.lose(later, "refused".to_owned()));
        assert_eq!(held.state, away("refused"));
        assert!(!held.lose(later, "refused".to_owned()), "nobody is woken for the same again");
    }
}
