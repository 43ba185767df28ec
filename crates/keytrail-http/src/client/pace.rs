//! How fast and how much: slots in time, a budget, and patience when the service asks for it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Hands out slots, no two closer together than the rate allows.
#[derive(Debug)]
pub(crate) struct Pace {
    next: Mutex<Instant>,
    step: Duration,
    budget: u64,
    sent: AtomicU64,
    stops: AtomicU64,
}

impl Pace {
    pub(crate) fn new(rate: u32, budget: u64) -> Self {
        Self {
            next: Mutex::new(Instant::now()),
            step: Duration::from_secs(1) / rate.max(1),
            budget,
            sent: AtomicU64::new(0),
            stops: AtomicU64::new(0),
        }
    }

    /// Takes one request off the budget; false when it is used up.
    pub(crate) fn take(&self) -> bool {
        let taken = self
            .sent
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sent| {
                (sent < self.budget).then_some(sent + 1)
            });
        taken.is_ok()
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits for the next slot. Slots are handed out ahead, so that waking late costs no rate.
    pub(crate) async fn slot(&self) {
        loop {
            let (at, stopped) = self.reserve();
            tokio::time::sleep_until(at.into()).await;
            // Somebody was asked for patience meanwhile: that slot is void.
            if self.stops.load(Ordering::Relaxed) == stopped {
                return;
            }
        }
    }

    fn reserve(&self) -> (Instant, u64) {
        let mut next = self.lock();
        let at = (*next).max(Instant::now());
        *next = at + self.step;
        (at, self.stops.load(Ordering::Relaxed))
    }

    /// Nobody sends for so long.
    pub(crate) fn pause(&self, wait: Duration) {
        let mut next = self.lock();
        *next = Instant::now() + wait;
        self.stops.fetch_add(1, Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Instant> {
        match self.next.lock() {
            Ok(next) => next,
            Err(broken) => broken.into_inner(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_never_exceeded() {
        let pace = Pace::new(1000, 3);
        let taken = (0..10).filter(|_| pace.take()).count();
        assert_eq!((taken, pace.sent()), (3, 3));
    }

    #[tokio::test]
    async fn slots_keep_their_distance() {
        let pace = Pace::new(100, 10);
        let start = Instant::now();
        for _ in 0..6 {
            pace.slot().await;
        }
        assert!(start.elapsed() >= Duration::from_millis(50));
        pace.pause(Duration::from_millis(80));
        let before = Instant::now();
        pace.slot().await;
        assert!(before.elapsed() >= Duration::from_millis(75));
    }
}
