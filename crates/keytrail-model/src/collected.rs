//! What a collector returns, and how it tells how far it is.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Coverage, Fact};

/// The facts of one source, and how far it was read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Collected {
    /// In no particular order; the engine sorts.
    pub facts: Vec<Fact>,
    /// One record for the source.
    pub coverage: Coverage,
}

/// How far a collector is; read by whoever shows progress, from another thread.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Adds to the work known to lie ahead, in files or functions.
    pub fn expect(&self, more: u64) {
        self.total.fetch_add(more, Ordering::Relaxed);
    }

    /// Adds to the work done.
    pub fn advance(&self, by: u64) {
        self.done.fetch_add(by, Ordering::Relaxed);
    }

    /// Done and total so far.
    pub fn state(&self) -> (u64, u64) {
        (
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        )
    }
}
