//! What stands before a table with provisioned capacity: a bucket of read units, and bad moments.

use std::time::{Duration, Instant};

/// Lets a request through while there are units; what a page cost is known only afterwards.
#[derive(Debug)]
pub(super) struct Throttle {
    units_a_second: f64,
    /// Units that can be saved up.
    most: f64,
    units: f64,
    at: Instant,
    /// Refuses everything for a while, every so often.
    outage: Option<(Duration, Duration)>,
    begun: Instant,
}

impl Throttle {
    pub(super) fn new(units_a_second: f64, outage: Option<(Duration, Duration)>) -> Self {
        let now = Instant::now();
        Self {
            units_a_second,
            most: units_a_second,
            units: units_a_second,
            at: now,
            outage,
            begun: now,
        }
    }

    pub(super) fn lets(&mut self, now: Instant) -> bool {
        let passed = now.duration_since(self.at).as_secs_f64();
        self.at = now;
        self.units = (self.units + passed * self.units_a_second).min(self.most);
        let out = self.outage.is_some_and(|(every, length)| {
            let at = now.duration_since(self.begun).as_secs_f64() % every.as_secs_f64();
            at < length.as_secs_f64()
        });
        self.units > 0.0 && !out
    }

    pub(super) fn spend(&mut self, units: f64) {
        self.units -= units;
    }
}
