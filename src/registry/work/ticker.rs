//! Ends leases: looks at the view a few times a second, and lets the store end what is due.

use std::time::{Duration, Instant};

use crate::domain::lease::{self, Brake, Expiry};
use crate::registry::error::StoreError;
use crate::registry::may::By;
use crate::registry::service::nodes::look_every;
use crate::registry::service::{Service, Shared};
use crate::registry::store::operations::PRUNED_AT_ONCE;
use crate::registry::store::{Done, Due, Now, Op};

/// How often the leases are looked at.
const TICK: Duration = Duration::from_millis(250);
/// How often old events and replaced ids go.
const PRUNE: Duration = Duration::from_secs(300);
/// Most entries in one operation, so that no other waits long.
const CHUNK: usize = 500;

/// Looks at the leases until the store is closed.
pub async fn run(service: Shared) {
    let mut ticker = Ticker::new(&service, Instant::now());
    loop {
        tokio::time::sleep(TICK).await;
        // Other failures are in the log already, and what is due stays due.
        if let Err(StoreError::Closed) = ticker.tick(Now::get()).await {
            return;
        }
    }
}

struct Ticker<'a> {
    service: &'a Service,
    brake: Brake,
    holding: bool,
    last_tick: Instant,
    last_prune: Option<Instant>,
    last_nodes: Instant,
}

impl<'a> Ticker<'a> {
    fn new(service: &'a Service, now: Instant) -> Ticker<'a> {
        Ticker {
            service,
            brake: Brake::default(),
            holding: false,
            last_tick: now,
            last_prune: None,
            last_nodes: now,
        }
    }

    async fn tick(&mut self, now: Now) -> Result<(), StoreError> {
        let gap = now.instant.saturating_duration_since(self.last_tick);
        self.last_tick = now.instant;
        if lease::stood_still(gap, self.service.ttl) {
            tracing::warn!(gap_ms = gap.as_millis() as u64, "the registry stood still");
            self.service.view().write().postpone_leases(gap);
            return Ok(());
        }
        if self.service.store.is_offline() {
            // Nobody can beat; leases are extended when the database is back.
            return Ok(());
        }
        let look = Look::at(self.service, now.instant);
        self.expire(look.expired, look.live, look.overdue, now).await?;
        for lost in look.removable.chunks(CHUNK) {
            self.service
                .store
                .run(remove(lost.to_vec(), Vec::new()), now, By::default())
                .await?
                .ok();
        }
        for legacy in look.old.chunks(CHUNK) {
            self.service
                .store
                .run(remove(Vec::new(), legacy.to_vec()), now, By::default())
                .await?
                .ok();
        }
        if now.instant.saturating_duration_since(self.last_nodes) >= look_every(self.service.limits)
        {
            self.last_nodes = now.instant;
            self.service.look_at_nodes(now).await?;
        }
        let pruned = self.last_prune.map(|at| now.instant.saturating_duration_since(at));
        if pruned.is_none_or(|ago| ago >= PRUNE) {
            let done = self.service.store.run(Op::Prune, now, By::default()).await?;
            // More may be left, which goes at the next look.
            let more = matches!(done, Ok(Done::Changed(count)) if count >= PRUNED_AT_ONCE);
            self.last_prune = (!more).then_some(now.instant);
        }
        Ok(())
    }

    async fn expire(
        &mut self,
        due: Vec<Due>,
        live: usize,
        overdue: Duration,
        now: Now,
    ) -> Result<(), StoreError> {
        let counters = &self.service.counters;
        if due.is_empty() {
            self.holding = false;
            counters.held_back.set(0);
            return Ok(());
        }
        match self.brake.decide(now.instant, due.len(), live, overdue, self.service.ttl) {
            Expiry::Hold => {
                counters.held_back.set(due.len() as u64);
                if !self.holding {
                    tracing::warn!(
                        due = due.len(),
                        live,
                        "too many leases end at once: held back, since the network is the more \
                         likely reason"
                    );
                }
                self.holding = true;
            }
            Expiry::Expire => {
                self.holding = false;
                counters.held_back.set(0);
                for due in due.chunks(CHUNK) {
                    let done = self
                        .service
                        .store
                        .run(Op::Expire(due.to_vec()), now, By::default())
                        .await?;
                    if let Ok(Done::Changed(count)) = done {
                        counters.expiries.inc_by(count as u64);
                    }
                }
            }
        }
        Ok(())
    }
}

fn remove(lost: Vec<Due>, legacy: Vec<(String, u64)>) -> Op {
    Op::Remove { lost, legacy }
}

/// What is due, as the view has it.
struct Look {
    live: usize,
    expired: Vec<Due>,
    overdue: Duration,
    removable: Vec<Due>,
    old: Vec<(String, u64)>,
}

impl Look {
    fn at(service: &Service, now: Instant) -> Look {
        let view = service.view().read();
        let mut look = Look {
            live: 0,
            expired: Vec::new(),
            overdue: Duration::ZERO,
            removable: Vec::new(),
            old: Vec::new(),
        };
        for (id, entry) in &view.entries {
            let due = Due { id: *id, generation: entry.generation, beats: entry.beats };
            let is_due = entry.due <= now;
            if entry.is_live() {
                look.live += 1;
                if is_due {
                    look.expired.push(due);
                    look.overdue = look.overdue.max(now.saturating_duration_since(entry.due));
                }
            } else if is_due {
                look.removable.push(due);
            }
        }
        let old = view.legacy.values().filter(|entry| entry.due <= now);
        look.old = old.map(|entry| (entry.job.clone(), entry.updates)).collect();
        look
    }
}
