//! How tests wait: for a condition, with a deadline.

use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks every `pause` until `check` gives something, and panics with `what` when it does not in
/// time.
#[track_caller]
pub fn poll<T>(
    what: &str,
    deadline: Duration,
    pause: Duration,
    mut check: impl FnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = check() {
            return value;
        }
        assert!(start.elapsed() < deadline, "waited {deadline:?} in vain: {what}");
        std::thread::sleep(pause);
    }
}

/// [`poll`], as often as suits most.
#[track_caller]
pub fn wait_until<T>(what: &str, deadline: Duration, check: impl FnMut() -> Option<T>) -> T {
    poll(what, deadline, PAUSE, check)
}

/// Panics as soon as `check` does not hold during `time`.
#[track_caller]
pub fn holds_for(what: &str, time: Duration, mut check: impl FnMut() -> bool) {
    let start = Instant::now();
    let over = || {
        assert!(check(), "did not hold after {:?}: {what}", start.elapsed());
        (start.elapsed() >= time).then_some(())
    };
    poll(what, 2 * time, PAUSE, over);
}

/// As [`wait_until`], where the answer is waited for, too.
pub async fn until<T, F: Future<Output = Option<T>>>(
    within: Duration,
    mut check: impl FnMut() -> F,
) -> T {
    let start = Instant::now();
    let mut looks = tokio::time::interval(PAUSE);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if let Some(value) = check().await {
            return value;
        }
        assert!(start.elapsed() < within, "it did not come within {within:?}");
    }
}
