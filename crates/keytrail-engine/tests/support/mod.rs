//! Scans of the two example projects, as the command line makes them.

use std::path::PathBuf;

use keytrail_engine::{Date, Options, Outcome, Watch, scan};

/// The folder of an example project.
pub(crate) fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
}

/// Options of a scan of one example.
pub(crate) fn options(name: &str) -> Options {
    Options {
        paths: vec![example(name)],
        ..Options::new("0.0.0", Date::today())
    }
}

/// A whole scan.
pub(crate) fn scanned(name: &str) -> Outcome {
    scan(&options(name), &Watch::default()).unwrap()
}
