//! What can go wrong, and when somebody wants to know of a call.

use std::time::Duration;

/// Shares of calls, each between 0 and 1, and how slow and how limited the services are.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Refused for too many calls, before anything is done.
    pub throttled: f64,
    /// Status 500 before anything is done.
    pub broken_before: f64,
    /// Status 500 after all is done.
    pub broken_after: f64,
    /// Done, and no answer.
    pub lost: f64,
    /// Time that every call takes.
    pub latency: Duration,
    /// Calls a second that the vault takes; all where there is none.
    pub vault_rate: Option<f64>,
    /// Calls a second that the table takes; all where there is none.
    pub table_rate: Option<f64>,
}

/// A moment of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// It has come, and nothing is done.
    Before,
    /// All is done, and nobody knows.
    Done,
    /// The answer is on its way.
    Answered,
}

/// Numbers that look random enough: xorshift.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        f64::from(u32::try_from(self.0 >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }
}
