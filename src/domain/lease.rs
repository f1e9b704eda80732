//! Lease rules: how long an entry lives without a heartbeat, and who may change it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a lease lives without a heartbeat, unless the operator says otherwise.
pub const DEFAULT_TTL: Duration = Duration::from_secs(30);
/// How much longer than one TTL every lease lives after the registry started.
pub const START_GRACE: Duration = Duration::from_secs(10);
/// How long a lost entry stays to be looked at before it is removed.
pub const LOST_KEPT: Duration = Duration::from_secs(15 * 60);
/// How long an entry of an old client lives from its last update (contract 1).
pub const LEGACY_TTL: Duration = Duration::from_secs(48 * 3600);

/// When to beat next: a third of the TTL, spread by up to a tenth either way so that servers
/// which started together do not beat together. `spread` is a random number from 0 to 1.
pub fn beat_after(ttl: Duration, spread: f64) -> Duration {
    let third = ttl / 3;
    third.mul_f64(0.9 + 0.2 * spread.clamp(0.0, 1.0))
}

/// What to do with the leases that are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Let them end.
    Expire,
    /// Too many at once: more likely the network than the servers. Hold them back.
    Hold,
}

/// Fewer leases than this may always end: a small fleet can really be gone at once.
pub const BRAKE_MIN: usize = 10;
/// The share of live leases that may end in one TTL before the brake holds the rest.
/// Kubernetes stops evictions at 55 % (`--unhealthy-zone-threshold`).
pub const BRAKE_SHARE: f64 = 0.55;
/// How long the brake holds at most, in TTLs. After that the servers really are gone.
pub const BRAKE_TTLS: u32 = 10;

/// Decides whether `due` leases of `live` may end, when the oldest of them has been due for
/// `overdue`.
pub fn expiry(due: usize, live: usize, overdue: Duration, ttl: Duration) -> Expiry {
    let burst = due >= BRAKE_MIN && due as f64 > live as f64 * BRAKE_SHARE;
    if burst && overdue < ttl * BRAKE_TTLS { Expiry::Hold } else { Expiry::Expire }
}

/// How long every lease lives at least after the registry started, or could write again after
/// it could not: nobody could beat before.
pub fn after_start(ttl: Duration) -> Duration {
    ttl + START_GRACE
}

/// Whether the registry itself stood still (stopped, swapped out) when `gap` passed between
/// two looks at the leases. Nobody could beat in that time, so it must not count.
pub fn stood_still(gap: Duration, ttl: Duration) -> bool {
    gap > (ttl / 2).max(Duration::from_secs(1))
}

/// The brake on mass expiry. It remembers the leases that ended within the last TTL: beats are
/// spread, so when the network fails, leases come due a few at a time, and no single look would
/// see the burst.
#[derive(Debug, Default)]
pub struct Brake {
    ended: VecDeque<Instant>,
}

impl Brake {
    /// Decides whether `due` leases of `live` may end `now`, when the oldest of them has been
    /// due for `overdue`. Those that may are counted as ended.
    pub fn decide(
        &mut self,
        now: Instant,
        due: usize,
        live: usize,
        overdue: Duration,
        ttl: Duration,
    ) -> Expiry {
        while self.ended.front().is_some_and(|at| now.saturating_duration_since(*at) > ttl) {
            self.ended.pop_front();
        }
        let recent = self.ended.len();
        let decision = expiry(due + recent, live + recent, overdue, ttl);
        if decision == Expiry::Expire {
            self.ended.extend(std::iter::repeat_n(now, due));
        }
        decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(30);

    #[test]
    fn beats_are_a_third_of_the_ttl_and_spread() {
        assert_eq!(beat_after(TTL, 0.5), Duration::from_secs(10));
        assert!(beat_after(TTL, 0.0) >= Duration::from_secs(9));
        assert!(beat_after(TTL, 1.0) <= Duration::from_millis(11_001));
    }

    #[test]
    fn a_mass_expiry_is_held_back_but_not_for_ever() {
        assert_eq!(expiry(60, 100, Duration::ZERO, TTL), Expiry::Hold);
        assert_eq!(expiry(60, 100, TTL * BRAKE_TTLS, TTL), Expiry::Expire);
        assert_eq!(expiry(50, 100, Duration::ZERO, TTL), Expiry::Expire);
        assert_eq!(expiry(3, 3, Duration::ZERO, TTL), Expiry::Expire);
    }

    #[test]
    fn a_burst_that_comes_due_little_by_little_is_held_back_too() {
        let mut brake = Brake::default();
        let start = Instant::now();
        let (mut live, mut held) = (100, 0);
        for tick in 0..40 {
            let now = start + Duration::from_millis(250) * tick;
            let due = 2 + held;
            match brake.decide(now, due, live, Duration::from_millis(250), TTL) {
                Expiry::Expire => live -= due,
                Expiry::Hold => held = due,
            }
        }
        assert!(live >= 43, "only {live} of 100 are left");
        assert!(held > 0);
    }

    #[test]
    fn leases_that_end_one_by_one_over_days_are_no_burst() {
        let mut brake = Brake::default();
        let start = Instant::now();
        for n in 0..100u32 {
            let now = start + (TTL + Duration::from_secs(1)) * n;
            let decision = brake.decide(now, 1, 100 - n as usize, Duration::ZERO, TTL);
            assert_eq!(decision, Expiry::Expire);
        }
    }

    #[test]
    fn a_registry_that_stood_still_is_told_from_a_slow_one() {
        assert!(!stood_still(Duration::from_secs(2), TTL));
        assert!(stood_still(Duration::from_secs(16), TTL));
        assert!(!stood_still(Duration::from_millis(900), Duration::from_secs(1)));
    }
}
