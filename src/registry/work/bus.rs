//! The Redis event bus: hears the heartbeats of nodes, tells what happens in the registry.
//!
//! It carries hints. Whatever gets lost on it is in the database all the same, and nothing that
//! comes from it is believed but that a node which the registry knows is alive. While Redis is
//! away the registry goes on; this task alone tries to reach it again.
//!
//! The channels are `PREFIX:global`, `PREFIX:role:ROLE` and `PREFIX:node:NAME`; [`message`] is
//! what is said on them.

pub mod message;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo, ProtocolVersion, PushInfo, PushKind,
    RedisError, RedisResult, Value,
};
use tokio::sync::mpsc::{self, error::TrySendError};

use self::message::{Message, heard, messages};
use crate::exit::Failure;
use crate::registry::edge::identity::Identity;
use crate::registry::seen::counters::Counters;
use crate::registry::service::nodes::Sign;
use crate::registry::service::{Service, Shared};
use crate::secret::Secret;

/// Messages that wait to be read; those that come on top are dropped and counted.
const QUEUE: usize = 4096;
/// Longer messages are no heartbeats.
const MAX_MESSAGE: usize = 64 * 1024;
/// A node that was heard is not heard again so soon: it says the same on three channels.
const AGAIN: Duration = Duration::from_secs(1);
/// Names of nodes that are remembered for [`AGAIN`].
const REMEMBERED: usize = 10_000;
/// How often Redis is asked whether it is there, so that a dead connection is noticed.
const PING: Duration = Duration::from_secs(5);
/// How long Redis may take for an answer, or to accept a connection.
const PATIENCE: Duration = Duration::from_secs(3);
/// First and longest pause between two attempts to reach Redis.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Events that are told in one go.
const BATCH: usize = 100;
/// Events that were missed while Redis was away and are told when it is back; of more, only the
/// last.
const MISSED: u64 = 1000;
/// How long replicas of one registry remember that one of them told an event, in milliseconds.
const TOLD_MS: u64 = 60_000;

/// An event bus that is set up, and not connected yet.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    prefix: String,
    address: String,
}

impl Bus {
    /// A bus at `redis://[USER:PASSWORD@]HOST:PORT/DB`, or `redis+unix:///PATH`.
    ///
    /// # Errors
    /// A URL that is none, a prefix that would not be one, as a usage error; never with the
    /// password.
    pub fn new(url: &Secret, prefix: &str) -> Result<Bus, Failure> {
        let wrong = |why: &str| {
            Failure::usage(format!("the event bus: {why}"))
                .hint("give it as --event-bus redis://HOST:6379/0, or in LLAMACTL_EVENT_BUS")
        };
        if url.expose().starts_with("rediss:") || url.expose().starts_with("valkeys:") {
            return Err(wrong("TLS to Redis is not supported")
                .hint("use a Redis on this host or a private network, or a tunnel to it"));
        }
        let info = url.expose().into_connection_info().map_err(|_| wrong("the URL is wrong"))?;
        let fine = |c: char| c.is_ascii_alphanumeric() || ":_-.".contains(c);
        if prefix.is_empty() || prefix.len() > 128 || !prefix.chars().all(fine) {
            return Err(Failure::usage(format!("--event-bus-prefix can't be {prefix:?}"))
                .hint("use letters, digits and : _ - ."));
        }
        // Only RESP3 has subscriptions and commands on one connection; Redis 6 speaks it.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let address = info.addr().to_string();
        let client = Client::open(info.set_redis_settings(settings))
            .map_err(|error| wrong(&format!("the URL is wrong: {}", error.category())))?;
        Ok(Bus { client, prefix: prefix.to_owned(), address })
    }

    /// Where Redis is, without a password.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Hears and tells until it is dropped.
    pub async fn run(self, service: Shared) {
        let mut told = service.view().read().seq;
        let mut pause = PAUSE.0;
        let mut away = false;
        loop {
            let error = match self.connect(&service.counters).await {
                Ok((connection, inbox)) => {
                    tracing::info!(redis = self.address, "the event bus is connected");
                    (away, pause) = (false, PAUSE.0);
                    service.counters.bus.connected.set(1);
                    let error = self.session(connection, inbox, &service, &mut told).await;
                    service.counters.bus.connected.set(0);
                    error
                }
                Err(error) => error,
            };
            if !away {
                // Once: the reason stays the same for as long as it is away.
                tracing::warn!(
                    redis = self.address,
                    %error,
                    "the event bus is away; the registry goes on and tries to reach it again"
                );
            }
            away = true;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    /// Connects and subscribes. What comes in waits in a bounded queue.
    async fn connect(
        &self,
        counters: &Counters,
    ) -> RedisResult<(MultiplexedConnection, mpsc::Receiver<PushInfo>)> {
        let (sender, inbox) = mpsc::channel(QUEUE);
        let dropped = counters.bus.dropped.clone();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_push_sender(move |push: PushInfo| match sender.try_send(push) {
                Err(TrySendError::Closed(_)) => Err(()),
                Err(TrySendError::Full(_)) => {
                    dropped.inc();
                    Ok(())
                }
                Ok(()) => Ok(()),
            });
        let connect = self.client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = connect.await?;
        connection.subscribe(format!("{}:global", self.prefix)).await?;
        for kind in ["role", "node"] {
            connection.psubscribe(format!("{}:{kind}:*", self.prefix)).await?;
        }
        Ok((connection, inbox))
    }

    /// One connection's life; why it ended.
    async fn session(
        &self,
        connection: MultiplexedConnection,
        inbox: mpsc::Receiver<PushInfo>,
        service: &Service,
        told: &mut u64,
    ) -> RedisError {
        tokio::select! {
            error = hear(inbox, service) => error,
            error = self.tell(connection.clone(), service, told) => error,
            error = ping(connection) => error,
        }
    }

    /// Tells every event after number `told`, and follows with it.
    async fn tell(
        &self,
        mut connection: MultiplexedConnection,
        service: &Service,
        told: &mut u64,
    ) -> RedisError {
        let mut last = service.store.log().subscribe();
        loop {
            let newest = *last.borrow_and_update();
            *told = (*told).max(newest.saturating_sub(MISSED));
            while *told < newest {
                // The database may be away too; then this waits for it.
                let Ok(events) = service.events(*told, BATCH).await else { break };
                let Some(end) = events.last().map(|event| event.seq) else { break };
                let new: Vec<Message> =
                    events.iter().flat_map(|event| messages(&self.prefix, event)).collect();
                match self.publish(&mut connection, &new).await {
                    Ok(count) => service.counters.bus.published.inc_by(count),
                    Err(error) => return error,
                };
                *told = end;
            }
            if last.changed().await.is_err() {
                return closed();
            }
        }
    }

    /// Publishes what no other replica has; how many.
    async fn publish(
        &self,
        connection: &mut MultiplexedConnection,
        new: &[Message],
    ) -> RedisResult<u64> {
        if new.is_empty() {
            return Ok(0);
        }
        let mut claims = redis::pipe();
        for message in new {
            let key = format!("{}:told:{}", self.prefix, message.mark);
            claims.cmd("SET").arg(key).arg(1).arg("NX").arg("PX").arg(TOLD_MS);
        }
        let claimed: Vec<Option<String>> = claims.query_async(connection).await?;
        let mut publish = redis::pipe();
        let ours = new.iter().zip(claimed).filter(|(_, claimed)| claimed.is_some());
        let mut count = 0;
        for (message, _) in ours {
            publish.cmd("PUBLISH").arg(&message.channel).arg(&message.text).ignore();
            count += 1;
        }
        if count > 0 {
            let _: () = publish.query_async(connection).await?;
        }
        Ok(count)
    }
}

/// Takes what is said on the bus as signs of life.
async fn hear(mut inbox: mpsc::Receiver<PushInfo>, service: &Service) -> RedisError {
    let mut recent = Recent::default();
    while let Some(push) = inbox.recv().await {
        let payload = match (push.kind, push.data.last()) {
            (PushKind::Message | PushKind::PMessage, Some(Value::BulkString(payload))) => payload,
            (PushKind::Disconnection, _) => break,
            _ => continue,
        };
        service.counters.bus.received.inc();
        let name = if payload.len() <= MAX_MESSAGE { heard(payload) } else { None };
        let Some(name) = name.filter(|name| recent.is_new(name, Instant::now())) else { continue };
        let (sign, anybody) = (Sign::default(), Identity::anybody(None));
        if let Err(error) = service.beat_node(name.to_owned(), sign, None, &anybody).await {
            tracing::debug!(node = name, error = error.reply.error, "a heartbeat on the event bus");
        }
    }
    closed()
}

/// Asks now and then, so that a connection that is only silent is told from a dead one.
async fn ping(mut connection: MultiplexedConnection) -> RedisError {
    loop {
        tokio::time::sleep(PING).await;
        let answer: RedisResult<Value> = redis::cmd("PING").query_async(&mut connection).await;
        if let Err(error) = answer {
            return error;
        }
    }
}

fn closed() -> RedisError {
    (redis::ErrorKind::Io, "the connection was closed").into()
}

/// Who was heard a moment ago.
#[derive(Debug, Default)]
struct Recent(HashMap<String, Instant>);

impl Recent {
    fn is_new(&mut self, name: &str, now: Instant) -> bool {
        let fresh = |at: &Instant| now.saturating_duration_since(*at) < AGAIN;
        if self.0.get(name).is_some_and(fresh) {
            return false;
        }
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, at| fresh(at));
        }
        if self.0.len() < REMEMBERED {
            self.0.insert(name.to_owned(), now);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_or_refused_and_its_password_never_shown() {
        let bus = |url: &str| Bus::new(&Secret::new(url), "aurora:events");
        assert_eq!(bus("redis://:hunter2@127.0.0.1:7000/3").unwrap().address(), "127.0.0.1:7000");
        assert_eq!(bus("redis+unix:///run/redis.sock").unwrap().address(), "/run/redis.sock");
        for wrong in ["", "redis", "http://:hunter2@h", "rediss://:hunter2@h:1/0", "redis://h/x"] {
            let error = bus(wrong).unwrap_err();
            assert_eq!(error.exit, crate::exit::Exit::USAGE, "{wrong}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        for wrong in ["", "a b", "a*", "a\n", "ä"] {
            assert!(Bus::new(&Secret::new("redis://h/0"), wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_node_is_heard_once_a_second_and_few_names_are_remembered() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        assert!(recent.is_new("a", now) && !recent.is_new("a", now) && recent.is_new("b", now));
        assert!(recent.is_new("a", now + AGAIN));
        for n in 0..3 * REMEMBERED {
            assert!(recent.is_new(&n.to_string(), now + AGAIN));
        }
        assert!(recent.0.len() <= REMEMBERED);
    }
}
