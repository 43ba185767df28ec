//! Reads the items of a table and says how it went, as a line of JSON, for measuring by hand.
//!
//!     items TABLE [--read-units N] [--state FILE]

#![expect(clippy::print_stdout, reason = "a program that measures")]

use std::time::Instant;

use keytrail_cloud::{Access, ItemsOptions, items};
use keytrail_model::{Fingerprinter, Progress};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let options = ItemsOptions {
        tables: arguments.get(1).cloned().into_iter().collect(),
        read_units: after("--read-units").and_then(|text| text.parse().ok()),
        max_units: after("--max-units").and_then(|text| text.parse().ok()),
        sample: after("--sample").and_then(|text| text.parse().ok()),
        state: after("--state").map(Into::into),
        ..ItemsOptions::default()
    };
    let begun = Instant::now();
    let progress = Progress::default();
    let prints = Fingerprinter::default();
    match items(
        &Access::default(),
        &options,
        &prints,
        &progress,
        &mut |_| {},
    ) {
        Ok(outcome) => println!(
            "{}",
            serde_json::json!({
                "seconds": begun.elapsed().as_secs_f64(),
                "peak_kb": peak(),
                "status": outcome.coverage.status.as_str(),
                "counts": outcome.coverage.counts,
                "problems": outcome.coverage.problems.iter().map(|it| &it.message).collect::<Vec<_>>(),
            })
        ),
        Err(error) => println!("{}", serde_json::json!({"error": error.to_string()})),
    }
}

/// The most memory that the process had, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
