//! Trying again: when, how long, and what never heals.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::chance;

/// The first wait. Each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The last try starts so long before the deadline, that it can still get an answer.
const LAST_TRY: Duration = Duration::from_secs(5);

/// How long before the deadline the last try starts, where all tries have `time` together.
pub(super) fn last_try(time: Duration) -> Duration {
    LAST_TRY.min(time / 4)
}

/// Why one try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Trying again does not help.
    Permanent(String),
    /// The other side can't be reached from here. Trying again may help, another way may too.
    Unreachable(String),
    /// Trying again may help.
    Transient {
        /// Why.
        reason: String,
        /// How long the other side asks to be left alone.
        after: Option<Duration>,
    },
}

impl Fault {
    /// The other side can't be reached from here.
    pub fn unreachable(reason: impl Into<String>) -> Fault {
        Fault::Unreachable(reason.into())
    }

    /// A fault that may heal, with no wish of the other side.
    pub fn transient(reason: impl Into<String>) -> Fault {
        Fault::Transient { reason: reason.into(), after: None }
    }

    /// Why.
    pub fn reason(&self) -> &str {
        match self {
            Fault::Permanent(reason)
            | Fault::Unreachable(reason)
            | Fault::Transient { reason, .. } => reason,
        }
    }
}

/// What to do after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Try again after this time.
    Wait(Duration),
    /// Give up.
    GiveUp,
}

/// Tries until it works, until it can't heal, or until `end`; `told` hears of every
/// failed try that is followed by another, and how long the wait is.
///
/// Gives the number of tries, and why the last one failed.
pub async fn retry<F, T>(
    end: Instant,
    mut attempt: F,
    told: impl Fn(u32, &str, Duration),
) -> (u32, Result<(), String>)
where
    F: FnMut() -> T,
    T: Future<Output = Result<(), Fault>>,
{
    let deadline = end.saturating_duration_since(Instant::now());
    let mut tries = 0;
    loop {
        tries += 1;
        let outcome = tokio::time::timeout_at(end, attempt()).await;
        let fault = match outcome {
            Ok(Ok(())) => return (tries, Ok(())),
            Ok(Err(fault)) => fault,
            Err(_) => Fault::transient("no answer in the time there was"),
        };
        let left = end.saturating_duration_since(Instant::now());
        match next(&fault, tries, deadline, left, chance::fraction()) {
            Next::GiveUp => return (tries, Err(fault.reason().to_owned())),
            Next::Wait(wait) => {
                told(tries, fault.reason(), wait);
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// Decides after try number `tries`, with `left` of `deadline` left. `random` is from 0 to 1 and
/// spreads the waits by a fifth either way, so that many jobs do not knock together.
pub(super) fn next(
    fault: &Fault,
    tries: u32,
    deadline: Duration,
    left: Duration,
    random: f64,
) -> Next {
    let after = match fault {
        Fault::Permanent(_) => return Next::GiveUp,
        Fault::Unreachable(_) => None,
        Fault::Transient { after, .. } => *after,
    };
    let wait = after.unwrap_or(Duration::ZERO).max(backoff(tries, random));
    let last_start = left.saturating_sub(last_try(deadline));
    if wait <= last_start {
        Next::Wait(wait)
    } else if after.is_none_or(|after| after <= last_start) && last_start >= FIRST_WAIT {
        // The usual wait would outlive the deadline: one last try shortly before it.
        Next::Wait(last_start)
    } else {
        Next::GiveUp
    }
}

/// How long to wait after try number `tries`, where no deadline is near and nobody asks for more.
pub(super) fn backoff(tries: u32, random: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << (tries.clamp(1, 16) - 1));
    doubled.min(LONGEST_WAIT).mul_f64(0.8 + 0.4 * random.clamp(0.0, 1.0)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn waits_double_to_a_minute_and_are_spread() {
        let wait =
            |tries, random| next(&Fault::transient("x"), tries, MINUTE * 60, MINUTE * 60, random);
        let ms = |ms| Next::Wait(Duration::from_millis(ms));
        assert_eq!(wait(1, 0.5), ms(500));
        assert_eq!(wait(1, 0.0), ms(400));
        assert_eq!(wait(1, 1.0), ms(600));
        assert_eq!(wait(4, 0.5), ms(4_000));
        assert_eq!(wait(8, 0.5), ms(60_000));
        assert_eq!(wait(u32::MAX, 1.0), ms(60_000));
    }

    #[test]
    fn the_other_sides_wish_is_obeyed_unless_it_outlives_the_deadline() {
        let fault = |seconds| Fault::Transient {
            reason: "busy".into(),
            after: Some(Duration::from_secs(seconds)),
        };
        let seconds = Duration::from_secs;
        assert_eq!(next(&fault(7), 1, MINUTE, MINUTE, 0.5), Next::Wait(seconds(7)));
        assert_eq!(next(&fault(7), 1, MINUTE, seconds(8), 0.5), Next::GiveUp);
        assert_eq!(next(&fault(86_400), 1, MINUTE, MINUTE, 0.5), Next::GiveUp);
        // Asked for less than the usual wait: the usual wait.
        assert_eq!(next(&fault(0), 1, MINUTE, MINUTE, 0.5), Next::Wait(Duration::from_millis(500)));
    }

    #[test]
    fn the_last_try_comes_shortly_before_the_deadline() {
        let fault = Fault::transient("x");
        let seconds = Duration::from_secs;
        assert_eq!(next(&fault, 7, MINUTE, seconds(28), 0.5), Next::Wait(seconds(23)));
        assert_eq!(next(&fault, 8, MINUTE, seconds(5), 0.5), Next::GiveUp);
        assert_eq!(next(&fault, 8, MINUTE, Duration::ZERO, 0.5), Next::GiveUp);
    }

    #[test]
    fn what_cannot_heal_is_not_tried_again() {
        let fault = Fault::Permanent("no such topic".into());
        assert_eq!(next(&fault, 1, MINUTE, MINUTE, 0.5), Next::GiveUp);
    }

    #[tokio::test(start_paused = true)]
    async fn it_tries_until_it_works_and_tells_of_each_wait() {
        let tries = Cell::new(0);
        let told = RefCell::new(Vec::new());
        let attempt = || {
            tries.set(tries.get() + 1);
            let works = tries.get() == 3;
            async move { if works { Ok(()) } else { Err(Fault::transient("down")) } }
        };
        let tell = |n, reason: &str, _| told.borrow_mut().push((n, reason.to_owned()));
        assert_eq!(retry(Instant::now() + MINUTE, attempt, tell).await, (3, Ok(())));
        assert_eq!(*told.borrow(), [(1, "down".to_owned()), (2, "down".to_owned())]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_holds_for_tries_that_hang_and_for_tries_that_fail() {
        let start = Instant::now();
        let (tries, result) = retry(start + MINUTE, std::future::pending, |_, _, _| ()).await;
        assert_eq!((tries, start.elapsed()), (1, MINUTE));
        assert_eq!(result.unwrap_err(), "no answer in the time there was");

        let start = Instant::now();
        let failing = || async { Err(Fault::transient("down")) };
        let (tries, result) = retry(start + MINUTE, failing, |_, _, _| ()).await;
        let took = start.elapsed();
        assert!(took <= MINUTE && took >= MINUTE - LAST_TRY - FIRST_WAIT, "{took:?}");
        assert!((7..=9).contains(&tries), "{tries}");
        assert_eq!(result.unwrap_err(), "down");
    }
}
