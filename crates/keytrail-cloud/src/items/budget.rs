//! Read units a second, kept on average whatever a page costs, and adapted to throttling.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Unused units that may be spent at once later, in seconds of the rate.
const SAVED: f64 = 0.5;
/// What is left of the rate after the service throttled.
const BACK: f64 = 0.8;
/// The rate comes back by this share of the budget a second.
const FORTH: f64 = 0.05;
/// Never less than this share of the budget.
const LEAST: f64 = 0.05;

/// A bucket that may run into debt: a page's cost is known only when it is here, and whoever comes next
/// waits until the debt is paid.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: Option<f64>,
    most: Option<f64>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    rate: f64,
    balance: f64,
    /// Promised to requests that are under way.
    promised: f64,
    at: Instant,
    spent: f64,
    page: f64,
    /// The last time that a throttled answer lowered the rate.
    lowered: Instant,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Turn {
    /// Send, at this expected cost.
    Go(f64),
    /// Ask again later.
    Wait(Duration),
    /// The budget is used up.
    Stop,
}

impl Budget {
    /// `limit` in units a second; `most` in units, of which `spent` are spent already.
    pub(crate) fn new(limit: Option<f64>, most: Option<f64>, spent: f64, now: Instant) -> Self {
        Self {
            limit,
            most,
            inner: Mutex::new(Inner {
                rate: limit.unwrap_or(f64::INFINITY),
                balance: 0.0,
                promised: 0.0,
                at: now,
                spent,
                page: 0.5,
                lowered: now,
            }),
        }
    }

    /// Whether a request may be sent.
    pub(crate) fn turn(&self, now: Instant) -> Turn {
        let Ok(mut inner) = self.inner.lock() else {
            return Turn::Stop;
        };
        let expected = inner.page;
        if self
            .most
            .is_some_and(|most| inner.spent + inner.promised + expected > most)
        {
            return Turn::Stop;
        }
        let Some(limit) = self.limit else {
            inner.promised += expected;
            return Turn::Go(expected);
        };
        inner.flow(limit, now);
        let free = inner.balance - inner.promised;
        if free < 0.0 {
            return Turn::Wait(Duration::from_secs_f64(
                (-free / inner.rate).clamp(0.001, 5.0),
            ));
        }
        inner.promised += expected;
        Turn::Go(expected)
    }

    /// A request came back; `cost` is what it took, nothing where it was refused.
    pub(crate) fn settle(&self, expected: f64, cost: f64) {
        if let Ok(mut inner) = self.inner.lock() {
            inner.promised = (inner.promised - expected).max(0.0);
            inner.balance -= cost;
            inner.spent += cost;
            if cost > 0.0 {
                inner.page = inner.page * 0.8 + cost * 0.2;
            }
        }
    }

    /// The service throttled: less for a while. Without a limit of our own the service's holds.
    pub(crate) fn throttled(&self, now: Instant) {
        let (Ok(mut inner), Some(limit)) = (self.inner.lock(), self.limit) else {
            return;
        };
        // Answers to requests that were sent together tell one thing.
        if now.duration_since(inner.lowered) >= Duration::from_millis(500) {
            inner.flow(limit, now);
            inner.rate = (inner.rate * BACK).max(limit * LEAST);
            inner.lowered = now;
        }
    }

    pub(crate) fn spent(&self) -> f64 {
        self.inner.lock().map_or(0.0, |inner| inner.spent)
    }
}

impl Inner {
    fn flow(&mut self, limit: f64, now: Instant) {
        let seconds = now.duration_since(self.at).as_secs_f64();
        self.at = now;
        self.balance = (self.balance + self.rate * seconds).min(limit * SAVED);
        self.rate = (self.rate + limit * FORTH * seconds).min(limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spends at most `limit` a second on average, and nearly all of it.
    #[test]
    fn the_rate_is_kept_whatever_a_page_costs() {
        for (limit, cost) in [(100.0, 128.0), (1000.0, 0.5), (50.0, 7.5)] {
            let begun = Instant::now();
            let budget = Budget::new(Some(limit), None, 0.0, begun);
            let mut now = begun;
            while now - begun < Duration::from_mins(1) {
                match budget.turn(now) {
                    Turn::Go(expected) => budget.settle(expected, cost),
                    Turn::Wait(time) => now += time,
                    Turn::Stop => panic!("there is no end"),
                }
            }
            let rate = budget.spent() / (now - begun).as_secs_f64();
            assert!((rate / limit - 1.0).abs() < 0.05, "{rate} of {limit}");
        }
    }

    #[test]
    fn throttling_lowers_the_rate_and_it_comes_back() {
        let begun = Instant::now();
        let budget = Budget::new(Some(100.0), None, 0.0, begun);
        let later = begun + Duration::from_secs(1);
        budget.throttled(later);
        assert!((budget.inner.lock().unwrap().rate - 80.0).abs() < 0.1);
        budget.throttled(later + Duration::from_millis(10));
        assert!((budget.inner.lock().unwrap().rate - 80.0).abs() < 0.1);
        let _ = budget.turn(begun + Duration::from_mins(1));
        assert!((budget.inner.lock().unwrap().rate - 100.0).abs() < 0.1);
    }

    #[test]
    fn the_budget_is_a_hard_stop() {
        let now = Instant::now();
        let budget = Budget::new(None, Some(10.0), 0.0, now);
        let mut pages = 0;
        while let Turn::Go(expected) = budget.turn(now) {
            budget.settle(expected, 0.5);
            pages += 1;
        }
        assert_eq!(pages, 20);
        assert_eq!(
            Budget::new(None, Some(10.0), 10.0, now).turn(now),
            Turn::Stop
        );
    }
}
