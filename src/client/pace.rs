//! The one rhythm of beats and retries: when to call the registry next, after what it said or
//! did not say. Pure: what sleeps, and what throws the dice, is around it.

use std::time::Duration;

/// Bounds of what a registry may dictate as the time to the next beat: neither a storm, nor a
/// silence that nobody would notice.
const BEATS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(600));
/// The wait after the first failure. Each further one is twice as long.
const FIRST: Duration = Duration::from_millis(200);
/// The longest wait of what runs in the background.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest wait where a person waits for it.
const LONGEST_WATCHED: Duration = Duration::from_secs(5);
/// The wait after a refusal that trying again does not mend; an operator may.
const REFUSED: Duration = Duration::from_secs(60);
/// How much longer or shorter a wait may become by chance: those who lost the registry together
/// must not come back together.
const SPREAD: f64 = 0.2;

/// Where somebody stands who calls a registry again and again.
#[derive(Debug)]
pub struct Pace {
    longest: Duration,
    failures: u32,
}

impl Default for Pace {
    /// For what runs in the background.
    fn default() -> Pace {
        Pace { longest: LONGEST, failures: 0 }
    }
}

impl Pace {
    /// For what a person waits for.
    pub fn watched() -> Pace {
        Pace { longest: LONGEST_WATCHED, failures: 0 }
    }

    /// The registry answered, and asks for the next beat after this time. How long to wait.
    pub fn ok(&mut self, beat_after: Duration) -> Duration {
        self.reset();
        beat_after.clamp(BEATS.0, BEATS.1)
    }

    /// The registry did not answer, or can't now. How long to wait; `chance` is from 0 to 1.
    pub fn failed(&mut self, chance: f64) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        spread(doubled.min(self.longest), chance)
    }

    /// The registry refused, and would again. How long to wait; `chance` is from 0 to 1.
    pub fn refused(&mut self, chance: f64) -> Duration {
        self.failures = self.failures.saturating_add(1);
        spread(REFUSED, chance)
    }

    /// All is well again: the next failure is a first one.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// How many times in a row it did not work.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

fn spread(wait: Duration, chance: f64) -> Duration {
    wait.mul_f64(1.0 + SPREAD * (2.0 * chance.clamp(0.0, 1.0) - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_registry_may_ask_for_beats_within_bounds() {
        for (asked, wait) in [
            (0, ms(100)),
            (99, ms(100)),
            (100, ms(100)),
            (10_000, ms(10_000)),
            (600_000, ms(600_000)),
            (600_001, ms(600_000)),
            (u64::MAX, ms(600_000)),
        ] {
            assert_eq!(Pace::default().ok(ms(asked)), wait, "{asked}");
        }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits = |mut pace: Pace, n| (0..n).map(|_| pace.failed(0.5)).collect::<Vec<_>>();
        let doubled = [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000].map(ms);
        assert_eq!(waits(Pace::default(), 10), doubled);
        assert_eq!(waits(Pace::watched(), 7), [200, 400, 800, 1600, 3200, 5000, 5000].map(ms));
        assert_eq!(waits(Pace::default(), 100).last(), Some(&ms(30_000)));
        let mut tired = Pace { failures: u32::MAX, ..Pace::default() };
        assert_eq!((tired.failed(0.5), tired.failures()), (ms(30_000), u32::MAX));
    }

    #[test]
    fn chance_spreads_by_a_fifth() {
        for (chance, wait) in [(0.0, ms(160)), (0.5, ms(200)), (1.0, ms(240)), (7.0, ms(240))] {
            assert_eq!(Pace::default().failed(chance), wait, "{chance}");
        }
        let mut pace = Pace { failures: 20, ..Pace::default() };
        assert_eq!(pace.failed(1.0), ms(36_000), "at the longest too: they would meet there");
    }

    #[test]
    fn an_answer_makes_the_next_failure_a_first_one() {
        let mut pace = Pace::default();
        assert_eq!([pace.failed(0.5), pace.failed(0.5)], [ms(200), ms(400)]);
        assert_eq!(pace.failures(), 2);
        assert_eq!(pace.ok(ms(1000)), ms(1000));
        assert_eq!((pace.failures(), pace.failed(0.5)), (0, ms(200)));
        pace.reset();
        assert_eq!(pace.failed(0.5), ms(200));
    }

    #[test]
    fn a_refusal_is_tried_again_seldom_and_counts() {
        let mut pace = Pace::watched();
        assert_eq!([0.0, 0.5, 1.0].map(|c| pace.refused(c)), [48_000, 60_000, 72_000].map(ms));
        assert_eq!((pace.failures(), pace.failed(0.5)), (3, ms(1600)));
    }
}
