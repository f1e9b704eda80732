//! Health monitoring: the registry looks at each ready server's `/health` itself.
//!
//! A lease says that whoever runs a server is alive; this says that the server answers. It has
//! no effect on the lease.
//!
//! Whoever registers decides where the registry connects to, so a look is as little as it can
//! be: one GET to the registered host and port, never redirected, past every proxy, to no
//! address that is special, and nothing of the answer but its status is used.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::domain::server::{ServerHealth, ServerInfo, ServerState};
use crate::http;
use crate::http::guard::{self, Admits};
use crate::registry::error::StoreError;
use crate::registry::may::By;
use crate::registry::seen::counters::Counters;
use crate::registry::seen::view::View;
use crate::registry::seen::view::{Probed, Sighting};
use crate::registry::service::Shared;
use crate::registry::store::{Now, Op};

/// How often each server is looked at, unless the operator says otherwise.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);
/// How long one look may take, the connection included.
const LIMIT: Duration = Duration::from_secs(3);
/// Most looks at the same time.
const AT_ONCE: usize = 32;
/// So many looks in a row must fail before a server is marked.
const FAILURES: u32 = 2;
/// How often it is seen which servers are to be looked at; less, where they are looked at
/// more often.
const TICK: Duration = Duration::from_millis(500);
/// Most servers that are marked in one operation.
const CHUNK: usize = 500;

/// Looks at servers until the store is closed.
///
/// `loopback` says whether servers on loopback addresses may be looked at: only where the
/// registry itself listens there, since whoever can register could else reach what this host
/// keeps to itself.
///
/// # Errors
/// When TLS can't be set up.
pub async fn run(service: Shared, interval: Duration, loopback: bool) -> anyhow::Result<()> {
    let client = guard::client(Cluster { loopback })?;
    let (known, due) = (HashMap::new(), VecDeque::new());
    let mut prober = Prober { service, client, interval, loopback, known, due, round: 0 };
    let mut looks: JoinSet<Looked> = JoinSet::new();
    let mut tick = tokio::time::interval(TICK.min(interval));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {
                prober.queue();
                prober.start(&mut looks);
            }
            Some(first) = looks.join_next(), if !looks.is_empty() => {
                let mut done: Vec<Looked> = first.into_iter().collect();
                while let Some(next) = looks.try_join_next() {
                    done.extend(next);
                }
                // Other failures are in the log already; the next look tries again.
                if let Err(StoreError::Closed) = prober.finish(done).await {
                    return Ok(());
                }
                prober.start(&mut looks);
            }
        }
    }
}

/// What one look saw.
#[derive(Debug)]
struct Looked {
    of: Probed,
    result: Result<(), String>,
}

/// What is remembered of a server between looks.
#[derive(Debug)]
struct Looks {
    next: Instant,
    failures: u32,
    /// It is in the queue, or being looked at.
    waits: bool,
    /// When it was last seen to be ready.
    round: u64,
}

struct Prober {
    service: Shared,
    client: reqwest::Client,
    interval: Duration,
    loopback: bool,
    known: HashMap<Probed, Looks>,
    /// Whose turn it is; each of them once, so no more than there are servers.
    due: VecDeque<Probed>,
    round: u64,
}

impl Prober {
    /// Sees which servers are ready, and whose turn it is. It goes through all of them, and so is
    /// for every tick, not for every look that ends.
    fn queue(&mut self) {
        let now = Instant::now();
        self.round += 1;
        let service = self.service.clone();
        let view = service.view().read();
        for entry in view.entries.values().filter(|e| e.server.state == ServerState::Ready) {
            self.consider(Probed::Leased(entry.server.info.id, entry.generation), now);
        }
        for entry in view.legacy_visible() {
            self.consider(Probed::Legacy(entry.job.clone()), now);
        }
        drop(view);
        let round = self.round;
        self.known.retain(|_, known| known.round == round);
    }

    /// Remembers that a server is ready, and puts it into the queue when it is its turn.
    fn consider(&mut self, of: Probed, now: Instant) {
        if let Some(known) = self.known.get_mut(&of) {
            known.round = self.round;
            if !known.waits && known.next <= now {
                known.waits = true;
                self.due.push_back(of);
            }
            return;
        }
        let next = now + self.interval.mul_f64(spread());
        self.known.insert(of, Looks { next, failures: 0, waits: false, round: self.round });
    }

    /// Starts looks at the servers in the queue, as far as there is room.
    fn start(&mut self, looks: &mut JoinSet<Looked>) {
        while looks.len() < AT_ONCE {
            let Some(of) = self.due.pop_front() else { return };
            let Some(known) = self.known.get_mut(&of) else { continue };
            known.next = Instant::now() + self.interval;
            let info = info(&self.service.view().read(), &of);
            let Some(info) = info.filter(|info| may_look(info, self.loopback)) else {
                known.waits = false;
                self.service.counters.probe("skipped");
                tracing::debug!(?of, "this server is not looked at");
                continue;
            };
            let client = self.client.clone();
            let counters = self.service.counters.clone();
            looks.spawn(async move {
                let result = look(&client, &info, &counters).await;
                Looked { of, result }
            });
        }
    }

    /// Remembers what was seen, and marks the servers that are found otherwise than they were.
    async fn finish(&mut self, looked: Vec<Looked>) -> Result<(), StoreError> {
        let checked = Timestamp::now();
        let mut marks = Vec::new();
        {
            let mut view = self.service.view().write();
            for Looked { of, result } in looked {
                let Some(known) = self.known.get_mut(&of) else { continue };
                known.waits = false;
                known.failures = if result.is_ok() { 0 } else { known.failures + 1 };
                let was_ok = was_ok(&view, &of);
                let health = ServerHealth { ok: result.is_ok(), checked, reason: result.err() };
                match verdict(known.failures, was_ok) {
                    Verdict::Mark => marks.push(Sighting { of, health }),
                    Verdict::Fine => view.saw(&Sighting { of, health }),
                    Verdict::Wait => {}
                }
            }
        }
        for marks in marks.chunks(CHUNK) {
            let op = Op::Health(marks.to_vec());
            self.service.store.run(op, Now::get(), By::default()).await?.ok();
        }
        Ok(())
    }
}

/// What follows from a look.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It answers, as it did.
    Fine,
    /// It is otherwise than it was.
    Mark,
    /// It did not answer, which is known, or once and may be chance.
    Wait,
}

fn verdict(failures: u32, was_ok: bool) -> Verdict {
    match (failures, was_ok) {
        (0, true) => Verdict::Fine,
        (0, false) => Verdict::Mark,
        (failures, true) if failures >= FAILURES => Verdict::Mark,
        _ => Verdict::Wait,
    }
}

/// Where a server is to be looked at; nothing where it has gone.
fn info(view: &View, of: &Probed) -> Option<ServerInfo> {
    match of {
        Probed::Leased(id, generation) => {
            let entry = view.entries.get(id).filter(|entry| entry.generation == *generation)?;
            Some(entry.server.info.clone())
        }
        Probed::Legacy(job) => Some(view.legacy.get(job)?.server()?.info),
    }
}

fn was_ok(view: &View, of: &Probed) -> bool {
    let health = match of {
        Probed::Leased(id, _) => view.entries.get(id).and_then(|e| e.server.health.as_ref()),
        Probed::Legacy(job) => view.legacy.get(job).and_then(|entry| entry.health.as_ref()),
    };
    health.is_none_or(|health| health.ok)
}

/// A random part of the whole, so that servers that came together are not looked at together.
fn spread() -> f64 {
    let mut random = [0u8; 2];
    // Without random numbers they are, which does little harm.
    let _ = getrandom::fill(&mut random);
    f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX)
}

async fn look(
    client: &reqwest::Client,
    info: &ServerInfo,
    counters: &Counters,
) -> Result<(), String> {
    let request = client.get(format!("{}/health", info.url())).timeout(LIMIT).send();
    let result = match request.await {
        Ok(response) if response.status() == 200 => Ok(()),
        Ok(response) if response.status().is_redirection() => {
            Err(format!("/health redirects ({})", response.status().as_u16()))
        }
        Ok(response) => Err(format!("/health answers {}", response.status().as_u16())),
        Err(error) if error.is_timeout() => Err("/health does not answer".to_owned()),
        Err(error) => Err(http::cause(&error)),
    };
    counters.probe(if result.is_ok() { "ok" } else { "failed" });
    result
}

/// Whether a server may be looked at, as far as its record tells; names are looked at when
/// they are resolved.
fn may_look(info: &ServerInfo, loopback: bool) -> bool {
    let address = info.host.parse::<IpAddr>();
    matches!(info.scheme.as_str(), "http" | "https")
        && address.map_or(true, |address| allowed(address, loopback))
}

/// Whether the registry may connect to an address: not to the link's own (cloud machines have
/// their secrets at 169.254.169.254), to all or to none.
fn allowed(address: IpAddr, loopback: bool) -> bool {
    let address = address.to_canonical();
    let special = address.is_unspecified() || address.is_multicast();
    let link = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !special && !link && (loopback || !address.is_loopback())
}

/// Where servers are: everywhere but on special addresses.
#[derive(Debug)]
struct Cluster {
    loopback: bool,
}

impl Admits for Cluster {
    const REFUSAL: &'static str = "it has no address that may be looked at";

    fn admits(&self, address: IpAddr) -> bool {
        allowed(address, self.loopback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_left_alone() {
        let ok = |text: &str, loopback| allowed(text.parse().unwrap(), loopback);
        for good in ["10.1.2.3", "192.168.0.7", "8.8.8.8", "fd00::1", "::ffff:10.0.0.1"] {
            assert!(ok(good, false), "{good}");
        }
        for bad in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "224.0.0.1",
            "ff02::1",
            "fe80::1",
            "0.0.0.0",
            "::",
            "255.255.255.255",
        ] {
            assert!(!ok(bad, true), "{bad}");
        }
        for loopback in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(ok(loopback, true) && !ok(loopback, false), "{loopback}");
        }
    }

    #[tokio::test]
    async fn names_of_special_addresses_are_left_alone() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        drop(listener);
        for (loopback, word) in [(true, "refused"), (false, "no address")] {
            let client = guard::client(Cluster { loopback }).unwrap();
            let error = http::cause(&client.get(&url).send().await.unwrap_err());
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn one_failure_is_chance_and_two_are_not() {
        assert_eq!(verdict(0, true), Verdict::Fine);
        assert_eq!(verdict(1, true), Verdict::Wait);
        assert_eq!(verdict(2, true), Verdict::Mark);
        assert_eq!(verdict(3, false), Verdict::Wait, "it is known");
        assert_eq!(verdict(0, false), Verdict::Mark, "it is back");
    }
}
