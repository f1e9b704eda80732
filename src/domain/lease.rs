//! Lease rules: how long an entry lives without a heartbeat, and who may change it.

use std::time::Duration;

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
}
