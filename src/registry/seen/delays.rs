//! How much later than asked heartbeats came: a small histogram for each minute of the last
//! 24 hours, in memory. All of them take 400 KB at most.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::api::nodes::DelayPoint;

/// Minutes that are kept.
const MINUTES: usize = 24 * 60;
/// Bins of a histogram.
const BINS: usize = 64;
/// The first bin is for less than a millisecond; the others' upper bounds grow by this from
/// there, so that the last one ends beyond 70 seconds.
const GROWTH: f64 = 1.2;

/// The histograms. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Delays(Arc<Mutex<VecDeque<Minute>>>);

#[derive(Debug, Clone)]
struct Minute {
    /// Minutes since 1970.
    minute: i64,
    bins: [u32; BINS],
    max_ms: u32,
}

impl Minute {
    fn new(minute: i64) -> Minute {
        Minute { minute, bins: [0; BINS], max_ms: 0 }
    }

    fn note(&mut self, late: Duration) {
        let ms = late.as_secs_f64() * 1000.0;
        let bin = if ms < 1.0 { 0 } else { 1 + (ms.ln() / GROWTH.ln()) as usize };
        let bin = &mut self.bins[bin.min(BINS - 1)];
        *bin = bin.saturating_add(1);
        self.max_ms = self.max_ms.max(ms as u32);
    }

    fn add(&mut self, other: &Minute) {
        for (bin, more) in self.bins.iter_mut().zip(other.bins) {
            *bin = bin.saturating_add(more);
        }
        self.max_ms = self.max_ms.max(other.max_ms);
    }

    /// The time within which this share of the heartbeats came.
    fn within(&self, share: f64) -> u64 {
        let all: u64 = self.bins.iter().map(|count| u64::from(*count)).sum();
        let wanted = ((all as f64) * share).ceil() as u64;
        let mut seen = 0;
        let bin = self.bins.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        });
        // The middle of a bin is no further than a tenth from anything in it.
        let middle = |bin: usize| GROWTH.powf(bin as f64 - 0.5).round() as u64;
        match bin {
            None | Some(0) => 0,
            Some(bin) => middle(bin).min(self.max_ms.into()),
        }
    }
}

impl Delays {
    /// A heartbeat came so much too late.
    pub fn note(&self, at: Timestamp, late: Duration) {
        let minute = at.as_second().div_euclid(60);
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The clock may be set back: then the last minute goes on.
        if minutes.back().is_none_or(|last| last.minute < minute) {
            if minutes.len() == MINUTES {
                minutes.pop_front();
            }
            minutes.push_back(Minute::new(minute));
        }
        if let Some(last) = minutes.back_mut() {
            last.note(late);
        }
    }

    /// A point for each `step` between two times in which there were any.
    pub fn points(
        &self,
        since: Timestamp,
        until: Timestamp,
        step: SignedDuration,
    ) -> Vec<DelayPoint> {
        let minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (begin, step) = (since.as_second(), step.as_secs().max(60));
        let mut points: Vec<(i64, Minute)> = Vec::new();
        for minute in minutes.iter() {
            let at = minute.minute * 60;
            // The minute that has begun belongs to the step in which it ends.
            if at + 60 <= begin || at > until.as_second() {
                continue;
            }
            let number = (at - begin).max(0) / step;
            match points.last_mut().filter(|(last, _)| *last == number) {
                Some((_, sum)) => sum.add(minute),
                None => points.push((number, minute.clone())),
            }
        }
        drop(minutes);
        let point = |(number, sum): (i64, Minute)| {
            Some(DelayPoint {
                time: Timestamp::from_second(begin + number * step).ok()?,
                p50_ms: sum.within(0.5),
                p99_ms: sum.within(0.99),
                max_ms: sum.max_ms.into(),
            })
        };
        points.into_iter().filter_map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_040 + seconds).unwrap()
    }

    #[test]
    fn points_tell_the_median_the_last_hundredth_and_the_latest() {
        let delays = Delays::default();
        for _ in 0..98 {
            delays.note(at(0), Duration::from_millis(20));
        }
        delays.note(at(1), Duration::from_millis(900));
        delays.note(at(2), Duration::from_millis(3000));
        delays.note(at(600), Duration::from_micros(10));
        // The clock was set back.
        delays.note(at(500), Duration::ZERO);
        let points = delays.points(at(0), at(1000), SignedDuration::from_secs(120));
        assert_eq!(points.len(), 2);
        assert_eq!((points[0].time, points[1].time), (at(0), at(600)));
        let about = |told: u64, real: f64| (told as f64 / real - 1.0).abs() < 0.1;
        assert!(about(points[0].p50_ms, 20.0), "{points:?}");
        assert!(about(points[0].p99_ms, 900.0), "{points:?}");
        assert_eq!(points[0].max_ms, 3000);
        let quick = &points[1];
        assert_eq!((quick.p50_ms, quick.p99_ms, quick.max_ms), (0, 0, 0));
        assert_eq!(delays.points(at(2000), at(3000), SignedDuration::from_secs(60)), []);
    }

    #[test]
    fn a_longer_step_puts_minutes_together_and_only_a_day_is_kept() {
        let delays = Delays::default();
        for minute in 0..2 * MINUTES as i64 {
            delays.note(at(minute * 60), Duration::from_secs(1000));
        }
        let day = at(2 * 86_400 - 1);
        let points = delays.points(at(0), day, SignedDuration::from_secs(3600));
        assert_eq!(points.len(), 24);
        assert_eq!((points[0].time, points[0].max_ms), (at(86_400), 1_000_000));
        let bytes = MINUTES * size_of::<Minute>();
        assert!(bytes < 400 << 10, "{bytes}");
    }
}
