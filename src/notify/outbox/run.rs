//! Carrying what waits for ever, for a process that stays.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::Instant;

use super::deliver::{Drained, Job, Time};
use super::{Courier, Outbox};

/// Targets that are spoken to at a time.
const AT_ONCE: usize = 32;
/// How often the disk is looked at where this process put nothing.
const LOOK: Duration = Duration::from_secs(5);
/// The shortest and the longest rest of a target; what this process puts ends it.
const SHORTEST: Duration = Duration::from_millis(200);
const REST: Duration = Duration::from_secs(15);
/// How often is tidied up.
const SWEEP: Duration = Duration::from_secs(3_600);
/// How long one visit at a target may take.
const VISIT: Duration = Duration::from_secs(600);
/// How long is waited at the end for what is under way.
const LAST: Duration = Duration::from_secs(5);

impl Outbox {
    /// Carries what waits and what comes, until `stopping` becomes true.
    pub async fn run(&self, courier: &impl Courier, mut stopping: watch::Receiver<bool>) {
        let mut visits = FuturesUnordered::new();
        // Targets that are visited now, or are left alone until some time.
        let mut resting: HashMap<String, Instant> = HashMap::new();
        let mut swept = None::<Instant>;
        loop {
            let now = Instant::now();
            if swept.is_none_or(|swept| now >= swept + SWEEP) {
                let disk = Arc::clone(&self.disk);
                let _ = self.on_disk(&Time::until(now + LOOK * 3), move || disk.sweep()).await;
                swept = Some(now);
            }
            resting.retain(|_, until| *until > now);
            for hash in self.hashes().await {
                if visits.len() < AT_ONCE && !resting.contains_key(&hash) {
                    resting.insert(hash.clone(), now + VISIT * 2);
                    visits.push(async { (self.visit(&hash, courier).await, hash) });
                }
            }
            let next = resting.values().min().map_or(now + LOOK, |next| (*next).min(now + LOOK));
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => break,
                Some((rest, hash)) = visits.next(), if !visits.is_empty() => {
                    resting.insert(hash, Instant::now() + rest);
                }
                () = self.more.notified() => {
                    let busy = Instant::now() + REST;
                    resting.retain(|_, until| *until > busy);
                }
                () = tokio::time::sleep_until(next) => {}
            }
        }
        // What is broken off stays on the disk.
        let rest = async { while visits.next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST, rest).await;
    }

    /// The targets at which something waits.
    async fn hashes(&self) -> BTreeSet<String> {
        let disk = Arc::clone(&self.disk);
        let time = Time::until(Instant::now() + LOOK * 3);
        match self.on_disk(&time, move || disk.list()).await.and_then(|names| names) {
            Ok(names) => names.into_iter().map(|name| name.hash).collect(),
            Err(error) => {
                tracing::warn!("what waits to be sent is not known: {error}");
                BTreeSet::new()
            }
        }
    }

    /// Carries what is due for one target, and says how long it may be left alone.
    async fn visit(&self, hash: &str, courier: &impl Courier) -> Duration {
        match self.try_visit(hash, courier).await {
            Ok(rest) => rest.clamp(SHORTEST, REST),
            Err(error) => {
                tracing::warn!("what waits to be sent is not sent: {error}");
                REST
            }
        }
    }

    async fn try_visit(&self, hash: &str, courier: &impl Courier) -> Result<Duration, String> {
        let time = Time::until(Instant::now() + VISIT);
        let disk = Arc::clone(&self.disk);
        let all = self.on_disk(&time, move || disk.list()).await??;
        let names: Vec<_> = all.into_iter().filter(|name| name.hash == hash).collect();
        let own = names.iter().map(|name| name.id.clone()).collect();
        let disk = Arc::clone(&self.disk);
        let read = move || names.iter().find_map(|name| disk.read(name).transpose()).transpose();
        let Some(first) = self.on_disk(&time, read).await?? else { return Ok(REST) };
        let Some(session) = self.open(hash, own, &time).await? else { return Ok(LOOK) };
        let job = Job { outbox: self, target: &first.target, own: None, time: &time };
        Ok(match job.drain(session, courier, &mut HashMap::new()).await? {
            Drained::Done => Duration::ZERO,
            Drained::Later(next) => {
                Duration::try_from(next.duration_since(time.now())).unwrap_or_default()
            }
            Drained::Lost => LOOK,
        })
    }
}
