//! How busy servers were: a point for each half minute of the last two hours, in memory, and
//! only as many as have come. A server with all of its points takes 3 KB.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use uuid::Uuid;

use crate::api::dashboard;
use crate::domain::server::Slots;

/// Time of one point, in seconds.
const STEP: i64 = 30;
/// Points of one server: two hours.
const POINTS: usize = 240;

/// The points of all servers.
#[derive(Debug, Default)]
pub struct Usage(HashMap<Uuid, Points>);

#[derive(Debug, Default)]
struct Points {
    points: VecDeque<Point>,
    /// Readings of throughput that the last point is made of.
    readings: u16,
}

/// One step: small, since there are many.
#[derive(Debug, Clone, Copy)]
struct Point {
    /// Steps since 1970.
    step: u32,
    busy: u16,
    total: u16,
    /// NaN where it is not known.
    tokens_per_second: f32,
}

impl Usage {
    /// A server told how busy it is.
    pub fn note(&mut self, id: Uuid, at: Timestamp, slots: Slots, tokens_per_second: Option<f64>) {
        let Ok(step) = u32::try_from(at.as_second() / STEP) else { return };
        self.0.entry(id).or_default().note(step, slots, tokens_per_second);
    }

    /// A server is gone.
    pub fn forget(&mut self, id: Uuid) {
        self.0.remove(&id);
    }

    /// Takes over what another one knew of servers that are still there.
    pub fn take_over(&mut self, old: Usage, is_there: impl Fn(Uuid) -> bool) {
        self.0.extend(old.0.into_iter().filter(|(id, _)| is_there(*id)));
    }

    /// The points of one server.
    pub fn of(&self, id: Uuid) -> dashboard::Usage {
        let points = self.0.get(&id).into_iter().flat_map(|points| &points.points);
        let points = points.filter_map(|point| {
            let rate = point.tokens_per_second;
            Some(dashboard::UsagePoint {
                time: Timestamp::from_second(i64::from(point.step) * STEP).ok()?,
                busy: point.busy.into(),
                total: point.total.into(),
                tokens_per_second: (!rate.is_nan())
                    .then(|| (f64::from(rate) * 10.0).round() / 10.0),
            })
        });
        dashboard::Usage { step_seconds: STEP as u64, points: points.collect() }
    }
}

impl Points {
    fn note(&mut self, step: u32, slots: Slots, tokens_per_second: Option<f64>) {
        let small = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        // The clock may be set back: then the last point goes on.
        let last = self.points.back_mut().filter(|point| point.step >= step);
        let point = match last {
            Some(point) => point,
            None => {
                if self.points.len() == POINTS {
                    self.points.pop_front();
                }
                self.readings = 0;
                let (busy, total) = (0, small(slots.total));
                self.points.push_back(Point { step, busy, total, tokens_per_second: f32::NAN });
                let oldest = step.saturating_sub(POINTS as u32);
                while self.points.front().is_some_and(|point| point.step <= oldest) {
                    self.points.pop_front();
                }
                let Some(point) = self.points.back_mut() else { return };
                point
            }
        };
        point.busy = point.busy.max(small(slots.busy));
        point.total = small(slots.total);
        if let Some(rate) = tokens_per_second {
            let rate = rate as f32;
            self.readings = self.readings.saturating_add(1);
            let mean = if self.readings == 1 { rate } else { point.tokens_per_second };
            point.tokens_per_second = mean + (rate - mean) / f32::from(self.readings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_010 + seconds).unwrap()
    }

    fn slots(busy: u32) -> Slots {
        Slots { total: 4, busy }
    }

    #[test]
    fn a_point_has_the_most_slots_and_the_mean_of_the_throughput_of_its_step() {
        let (mut usage, id) = (Usage::default(), Uuid::from_u128(1));
        usage.note(id, at(0), slots(1), Some(10.0));
        usage.note(id, at(10), slots(3), Some(40.0));
        usage.note(id, at(20), slots(2), None);
        usage.note(id, at(60), slots(0), None);
        // The clock was set back.
        usage.note(id, at(-60), slots(1), Some(5.0));
        let told = usage.of(id);
        assert_eq!(told.step_seconds, 30);
        let of: Vec<_> = told
            .points
            .iter()
            .map(|p| (p.time.as_second() - at(0).as_second(), p.busy, p.total, p.tokens_per_second))
            .collect();
        assert_eq!(of, [(0, 3, 4, Some(25.0)), (60, 1, 4, Some(5.0))]);
        assert_eq!(usage.of(Uuid::from_u128(2)).points, []);
        usage.forget(id);
        assert_eq!(usage.of(id).points, []);
    }

    #[test]
    fn two_hours_are_kept_and_ten_thousand_servers_stay_small() {
        let mut usage = Usage::default();
        for id in 0..10_000u128 {
            // Every server's points grow alike: the first shows it with all of them.
            let steps = if id == 0 { 1000 } else { 3 };
            for step in 0..steps {
                usage.note(Uuid::from_u128(id), at(step * STEP), slots(1), Some(1.5));
            }
        }
        let points = usage.of(Uuid::from_u128(0)).points;
        assert_eq!(points.len(), POINTS);
        assert_eq!(points[0].time, at((1000 - POINTS as i64) * STEP));
        let most = usage.0.values().map(|points| points.points.capacity()).max().unwrap();
        let each = most * size_of::<Point>() + size_of::<(Uuid, Points)>() * 2;
        assert!(each * 10_000 < 50 << 20, "{each} bytes for one server");
        let few = usage.0[&Uuid::from_u128(5)].points.capacity();
        assert!(few <= 8, "they grow as they come: {few}");
        // After a long silence only what is young is left.
        usage.note(Uuid::from_u128(0), at(100_000 * STEP), slots(1), None);
        assert_eq!(usage.of(Uuid::from_u128(0)).points.len(), 1);
    }
}
