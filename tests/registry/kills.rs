//! A registry that is killed again and again while clients register and unregister.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use llamactl::api::ServerFilter;
use llamactl::client::RegistryClient;
use uuid::Uuid;

use crate::common::registry::{Registry, request};
use crate::common::until;

/// What the registry acknowledged of one server.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Acknowledged {
    Registered,
    Gone,
    /// A request was in flight when the registry died: both are right.
    Either,
}

/// Registers and unregisters until the registry is gone, and tells what was acknowledged.
async fn load(
    client: RegistryClient,
    worker: usize,
    round: usize,
    over: Arc<AtomicBool>,
    begun: Arc<AtomicBool>,
) -> BTreeMap<Uuid, Acknowledged> {
    let mut known = BTreeMap::new();
    for n in 0.. {
        let new = request(&format!("{round}-{worker}-{n}"), 0);
        if over.load(Ordering::Relaxed) {
            break;
        }
        let id = new.info.id;
        known.insert(id, Acknowledged::Either);
        let Ok(lease) = client.register(&new).await else { break };
        known.insert(id, Acknowledged::Registered);
        if n > 0 {
            begun.store(true, Ordering::Relaxed);
        }
        if n % 2 == 0 {
            known.insert(id, Acknowledged::Either);
            if client.unregister(&lease).await.is_err() {
                break;
            }
            known.insert(id, Acknowledged::Gone);
        }
    }
    known
}

/// Kills the registry that `start` starts at random, under load, `rounds` times; what was
/// acknowledged must be there afterwards. How many were acknowledged, and in flight.
pub async fn survive(rounds: usize, start: impl Fn() -> Command) -> (usize, usize) {
    let mut all: BTreeMap<Uuid, Acknowledged> = BTreeMap::new();
    let (mut acknowledged, mut in_flight) = (0, 0);
    for round in 0..rounds {
        let mut registry = Registry::spawn(start());
        let filter = ServerFilter { state: Some("all".to_owned()), ..Default::default() };
        let there = registry.client().servers(&filter).await.unwrap();
        let there: std::collections::BTreeSet<Uuid> = there.iter().map(|s| s.info.id).collect();
        for (id, state) in &mut all {
            match state {
                Acknowledged::Registered => {
                    assert!(there.contains(id), "round {round}: {id} is lost")
                }
                Acknowledged::Gone => assert!(!there.contains(id), "round {round}: {id} is back"),
                Acknowledged::Either if there.contains(id) => *state = Acknowledged::Registered,
                Acknowledged::Either => *state = Acknowledged::Gone,
            }
        }
        let over = Arc::new(AtomicBool::new(false));
        let begun = Arc::new(AtomicBool::new(false));
        let client = registry.client().timeout(Duration::from_secs(5));
        let workers: Vec<_> = (0..50)
            .map(|worker| (client.clone(), worker, Arc::clone(&over), Arc::clone(&begun)))
            .map(|(client, worker, over, begun)| {
                tokio::spawn(load(client, worker, round, over, begun))
            })
            .collect();
        until(Duration::from_secs(20), || async { begun.load(Ordering::Relaxed).then_some(()) })
            .await;
        // Not a wait for anything: the moment of the failure, another one in each round.
        tokio::time::sleep(Duration::from_millis(20 + (round as u64 * 37) % 80)).await;
        registry.kill();
        over.store(true, Ordering::Relaxed);
        for worker in workers {
            let known = worker.await.unwrap();
            in_flight += known.values().filter(|s| **s == Acknowledged::Either).count();
            acknowledged += known.values().filter(|s| **s != Acknowledged::Either).count();
            all.extend(known);
        }
    }
    (acknowledged, in_flight)
}
