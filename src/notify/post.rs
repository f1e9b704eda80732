//! How messages leave: from the outbox, directly or through the registry.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::channel::Channel;
use super::outbox::{self, Courier, Envelope, Fate, Outbox, OutboxLimits, Outcome};
use super::{Delivery, Fault, Notice, prepare, shown};
use crate::config::settings::Via;
use crate::config::spec::NotifySpec;
use crate::domain::target::{PLUGIN, Target};
use crate::http::cause;
use crate::paths;

/// How long one message may take to be written.
const WRITE: Duration = Duration::from_secs(20);

/// Sends through the registry what can't leave from here.
pub trait Forward: Send + Sync {
    /// Hands one message over; it is on the registry's disk when this ends well.
    fn relay<'a>(
        &'a self,
        target: &'a Target,
        letter: &'a Envelope,
    ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;
}

/// Brings messages as the configuration says.
pub struct Post {
    how: NotifySpec,
    relay: Option<Box<dyn Forward>>,
    /// For HTTP, where it is not the usual one.
    client: Option<reqwest::Client>,
    /// How many messages a minute each channel takes; asked for often, and read from files.
    paces: Mutex<BTreeMap<String, Option<u32>>>,
}

impl Post {
    /// Sends directly, and through `relay` where there is one, and `how` wants it or there is no
    /// other way.
    pub fn new(how: NotifySpec, relay: Option<Box<dyn Forward>>) -> Post {
        let relay = relay.filter(|_| how.via != Via::Direct);
        Post { how, relay, client: None, paces: Mutex::default() }
    }

    /// The same, which speaks HTTP by this client.
    pub fn by(self, client: reqwest::Client) -> Post {
        Post { client: Some(client), ..self }
    }

    async fn directly(&self, target: &str, letters: &[Envelope]) -> Result<(), Fault> {
        let notices: Vec<Notice> = letters.iter().map(|letter| letter.notice.clone()).collect();
        let key = outbox::key(letters);
        let end = Instant::now() + WRITE;
        let client = match &self.client {
            Some(client) => client,
            None => crate::http::http().map_err(|error| Fault::Permanent(cause(&error)))?,
        };
        let parcel = prepare(&self.how, target, &notices, &key, end);
        parcel.await.map_err(Fault::Permanent)?.send(client).await
    }

    async fn through(
        &self,
        relay: &dyn Forward,
        target: &str,
        letters: &[Envelope],
    ) -> Result<(), Fault> {
        // The registry's own ntfy server may be another one: the target names ours.
        let target = super::abroad(&self.how, target).map_err(Fault::Permanent)?;
        let target = target.ok_or_else(|| Fault::Permanent("a plugin runs here only".into()))?;
        let target = Target::parse(&target).map_err(Fault::Permanent)?;
        for letter in letters {
            relay.relay(&target, letter).await?;
        }
        Ok(())
    }
}

impl Courier for Post {
    fn a_minute(&self, target: &str) -> Option<u32> {
        let target = Target::parse(target).ok()?;
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let templates = super::parcel::templates(&self.how);
            Channel::find(&templates, target.channel()).ok()?.limits.a_minute
        };
        *paces.entry(target.channel().to_owned()).or_insert_with(read)
    }

    async fn carry(&self, target: &str, letters: &[Envelope]) -> Result<(), Fault> {
        let is_plugin = Target::parse(target).is_ok_and(|target| target.channel() == PLUGIN);
        match &self.relay {
            Some(relay) if self.how.via == Via::Registry && !is_plugin => {
                self.through(relay.as_ref(), target, letters).await
            }
            Some(relay) if !is_plugin => match self.directly(target, letters).await {
                Err(Fault::Unreachable(reason)) => {
                    let relayed = self.through(relay.as_ref(), target, letters).await;
                    relayed.map_err(|fault| {
                        let both =
                            format!("{reason}; and through the registry: {}", fault.reason());
                        Fault::Unreachable(both)
                    })
                }
                directly => directly,
            },
            _ => self.directly(target, letters).await,
        }
    }
}

/// The user's outbox. Where there is no home folder, nothing can be kept: messages then go from
/// memory.
pub fn outbox(how: &NotifySpec) -> Outbox {
    let folder = paths::state_dir().unwrap_or_else(|| PathBuf::from("/nonexistent"));
    Outbox::new(&folder.join("outbox"), limits(how))
}

/// The limits that the configuration sets.
pub fn limits(how: &NotifySpec) -> OutboxLimits {
    let usual = OutboxLimits::default();
    OutboxLimits {
        a_minute: how.a_minute.unwrap_or(usual.a_minute),
        digest: how.digest.map_or(usual.digest, Duration::from_secs),
        ..usual
    }
}

/// Tells everybody of `to` by way of the outbox, until `deadline`. What is not delivered then
/// waits there for the next process that sends. Never fails: how it went is in the result.
pub async fn tell(
    to: &[String],
    outbox: &Outbox,
    post: &Post,
    notice: &Notice,
    deadline: Duration,
) -> Vec<Delivery> {
    let letters: Vec<Envelope> = to.iter().map(|target| letter(target, notice)).collect();
    if letters.is_empty() {
        return Vec::new();
    }
    let outcomes = outbox.send(&letters, post, Instant::now() + deadline).await;
    outcomes.iter().map(delivery).collect()
}

/// The same from memory: what is not delivered by `deadline` is given up.
pub async fn tell_now(
    to: &[String],
    post: &Post,
    notice: &Notice,
    deadline: Duration,
) -> Vec<Delivery> {
    let end = Instant::now() + deadline;
    let one = |target: &String| {
        let letter = letter(target, notice);
        async move { delivery(&outbox::carry_now(&letter, post, end).await) }
    };
    join_all(to.iter().map(one)).await
}

/// What goes to one target.
pub fn letter(target: &str, notice: &Notice) -> Envelope {
    Envelope::new(target, notice.clone(), notice.group())
}

/// How an envelope fared, to be told.
pub fn delivery(outcome: &Outcome) -> Delivery {
    let (channel, target) = shown(&outcome.target);
    let error = match &outcome.fate {
        Fate::Delivered => None,
        Fate::Failed { error } => Some(super::one_line(error)),
        Fate::Waiting { error } => Some(match error {
            Some(error) => format!("not yet: {}; it waits in the outbox", super::one_line(error)),
            None => "not yet; it waits in the outbox".to_owned(),
        }),
    };
    Delivery { channel, target, attempts: outcome.attempts, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_takes_fewer_messages_a_minute_says_so_in_its_file() {
        let post = Post::new(NotifySpec::default(), None);
        assert_eq!(post.a_minute("twilio://AC:t@api.twilio.com/+1555/+1556"), Some(10));
        assert_eq!(post.a_minute("telegram://1:t@api.telegram.org/2"), Some(20));
        assert_eq!(post.a_minute("mailto:a@b.c"), None);
    }
}
