//! How fast calls go out: as fast as the service takes them, or as the user allows.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many of all calls may be refused: a service that refuses now and then for reasons of its own is not
/// asked less, and one that takes a rate is kept just above it.
const REFUSED: f64 = 0.1;
/// Fewer calls a second tell nothing; waiting before the next attempt does for them.
const ENOUGH: f64 = 12.0;
/// Above that, the rate becomes what goes through, and this much more.
const ABOVE: f64 = 1.05;
/// It grows by this share a second, so that a service that takes more is given more,
const FORTH: f64 = 0.1;
/// and by this more for every second without such a change.
const FASTER: f64 = 0.3;
const SLOWEST: f64 = 0.5;
/// Answers to calls that were sent together tell one thing.
const ONCE: Duration = Duration::from_millis(300);
/// Over how long it is counted what goes through.
const WINDOW: f64 = 1.0;

/// Calls a second by service, and items a second in all.
#[derive(Debug)]
pub struct Pace {
    items: Option<f64>,
    inner: Mutex<BTreeMap<&'static str, Lane>>,
}

#[derive(Debug)]
struct Lane {
    /// Calls a second; no limit where there is none.
    rate: Option<f64>,
    ceiling: Option<f64>,
    /// When the next one may go.
    next: Instant,
    /// What went through, averaged.
    through: f64,
    refused: f64,
    since: Instant,
    at: Instant,
    lowered: Option<Instant>,
}

impl Lane {
    fn new(now: Instant, ceiling: Option<f64>) -> Self {
        Self {
            rate: ceiling,
            ceiling,
            next: now,
            through: 0.0,
            refused: 0.0,
            since: now,
            at: now,
            lowered: None,
        }
    }

    /// How long to wait before the next one; it is counted as sent.
    fn turn(&mut self, now: Instant) -> Duration {
        let Some(rate) = self.rate else {
            return Duration::ZERO;
        };
        // What was not used for a while is not made up for, but for a tenth of a second.
        let floor = now.checked_sub(Duration::from_millis(100)).unwrap_or(now);
        let turn = self.next.max(floor);
        self.next = turn + Duration::from_secs_f64(1.0 / rate.max(SLOWEST));
        turn.saturating_duration_since(now)
    }

    fn decay(&mut self, now: Instant) {
        let passed = now.duration_since(self.at).as_secs_f64();
        self.at = now;
        let left = (-passed / WINDOW).exp();
        self.through *= left;
        self.refused *= left;
        if let Some(rate) = self.rate {
            let quiet = self
                .lowered
                .map_or(0.0, |at| now.duration_since(at).as_secs_f64());
            let grown = rate * (1.0 + (FORTH + FASTER * quiet) * passed.min(1.0));
            self.rate = Some(self.ceiling.map_or(grown, |most| grown.min(most)));
        }
    }

    fn went_through(&mut self, now: Instant) {
        self.decay(now);
        self.through += 1.0 / WINDOW;
    }

    fn throttled(&mut self, now: Instant) {
        self.decay(now);
        self.refused += 1.0 / WINDOW;
        let calls = self.refused + self.through;
        let share = self.refused / calls;
        let recent = self.lowered.is_some_and(|at| now.duration_since(at) < ONCE);
        if recent || calls < ENOUGH || share < REFUSED {
            return;
        }
        self.lowered = Some(now);
        // An average that has only begun is as much too small as time is missing.
        let seconds = now.duration_since(self.since).as_secs_f64().max(0.02);
        let seen = ABOVE * self.through / (1.0 - (-seconds / WINDOW).exp());
        let rate = self
            .rate
            .map_or(seen, |rate| rate.min(seen.max(rate * 0.7)));
        self.rate = Some(rate.max(SLOWEST));
    }
}

impl Pace {
    /// `items` a second at most.
    pub fn new(items: Option<f64>) -> Self {
        Self {
            items,
            inner: Mutex::default(),
        }
    }

    fn lane<T>(
        &self,
        name: &'static str,
        ceiling: Option<f64>,
        f: impl FnOnce(&mut Lane) -> T,
    ) -> T {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        f(inner.entry(name).or_insert_with(|| Lane::new(now, ceiling)))
    }

    /// Waits until an item may be begun.
    pub(crate) fn item(&self) {
        if self.items.is_some() {
            let wait = self.lane("", self.items, |lane| lane.turn(Instant::now()));
            std::thread::sleep(wait);
        }
    }

    /// Waits until a call may go out.
    pub(crate) fn call(&self, call: &'static str) {
        let wait = self.lane(service(call), None, |lane| lane.turn(Instant::now()));
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
    }

    pub(crate) fn went_through(&self, call: &'static str) {
        self.lane(service(call), None, |lane| {
            lane.went_through(Instant::now());
        });
    }

    pub(crate) fn throttled(&self, call: &'static str) {
        self.lane(service(call), None, |lane| lane.throttled(Instant::now()));
    }
}

fn service(call: &'static str) -> &'static str {
    call.split_once(':').map_or(call, |(service, _)| service)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a service that takes 100 a second, nearly that goes through, and little is refused.
    #[test]
    fn the_service_is_kept_busy_and_hardly_bothered() {
        let begun = Instant::now();
        let mut lane = Lane::new(begun, None);
        let mut now = begun;
        let (mut saved, mut through, mut refused) = (1.0_f64, 0, 0);
        let mut last = begun;
        while now < begun + Duration::from_mins(1) {
            let wait = lane.turn(now).max(Duration::from_micros(200));
            now += wait;
            saved = (saved + (now - last).as_secs_f64() * 100.0).min(10.0);
            last = now;
            if saved >= 1.0 {
                saved -= 1.0;
                through += 1;
                lane.went_through(now);
            } else {
                refused += 1;
                lane.throttled(now);
            }
        }
        assert!(through > 5700, "{through} went through");
        assert!(refused < through / 6, "{refused} were refused");
    }

    #[test]
    fn a_limit_is_kept() {
        let begun = Instant::now();
        let mut lane = Lane::new(begun, Some(50.0));
        let mut now = begun;
        let mut sent = 0;
        while now < begun + Duration::from_secs(10) {
            now += lane.turn(now);
            lane.went_through(now);
            sent += 1;
        }
        assert!((480..=520).contains(&sent), "{sent}");
    }
}
