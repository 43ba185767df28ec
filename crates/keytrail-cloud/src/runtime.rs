//! The asynchronous runtime: here and nowhere else.

use std::future::Future;

use crate::error::CloudError;

/// Threads that wait for sockets and read answers.
const THREADS: usize = 4;

/// Runs `work` to its end.
pub(crate) fn block_on<T>(
    work: impl Future<Output = Result<T, CloudError>>,
) -> Result<T, CloudError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(|_| CloudError::Runtime)?
        .block_on(work)
}

/// A runtime for readers that are asked again and again: one thread, that of the caller.
#[derive(Debug)]
pub(crate) struct Runtime(tokio::runtime::Runtime);

impl Runtime {
    pub(crate) fn new() -> Result<Self, CloudError> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map(Self)
            .map_err(|_| CloudError::Runtime)
    }

    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.block_on(work)
    }
}
