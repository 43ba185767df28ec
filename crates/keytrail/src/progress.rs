//! Shows how far a run is, on standard error, from a thread of its own.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use keytrail_engine::Watch;

use crate::cli::Global;

/// Shows progress until it is dropped.
pub(crate) struct Shown {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Shown {
    /// Begins, on a terminal or when asked for.
    pub(crate) fn start(global: &Global, watch: &Arc<Watch>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        if global.quiet || !(terminal || global.progress) {
            return Self {
                stop: None,
                thread: None,
            };
        }
        let (stop, stopped) = channel();
        let watch = Arc::clone(watch);
        let plain = global.progress || !terminal;
        let thread = std::thread::spawn(move || {
            let every = Duration::from_millis(if plain { 1_000 } else { 120 });
            let begun = Instant::now();
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                show(&watch.told(), begun.elapsed(), plain);
            }
            if !plain {
                let _ = write!(std::io::stderr(), "\r\u{1b}[2K");
            }
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn show(told: &str, elapsed: Duration, plain: bool) {
    let mut stderr = std::io::stderr();
    let seconds = elapsed.as_secs();
    let _ = if plain {
        writeln!(stderr, "{seconds:>4} s  {told}")
    } else {
        write!(stderr, "\r\u{1b}[2K{told}  {seconds} s")
    };
}
