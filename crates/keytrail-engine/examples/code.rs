//! Lists what the code of a tree says: its routes with their doors, its flows, its operations.
//!
//! `cargo run -p keytrail-engine --example code -- TREE [--routes] [--flows] [--settings] [--operations]`

#![expect(
    clippy::print_stdout,
    reason = "a development tool; its output is data"
)]

use std::path::Path;
use std::time::Instant;

use keytrail_detect::Detector;
use keytrail_files::{DiskOptions, DiskTree};
use keytrail_model::{Fact, Fingerprinter, Progress};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    let root = arguments.first().map_or(".", String::as_str);
    let tree = DiskTree::open(Path::new(root), &DiskOptions::default())?;
    let start = Instant::now();
    let detector = Detector::new();
    let prints = Fingerprinter::default();
    let collected = keytrail_code::collect(&tree, &detector, &prints, &Progress::default());
    let took = start.elapsed();
    for fact in &collected.facts {
        match fact {
            Fact::Route(route) if flag("--routes") => {
                let why = route.access_evidence.first().map_or("", |step| &step.label);
                println!(
                    "{}\t{}\t{}\t{:?}\t{why}\t{}",
                    route.method, route.pattern, route.view, route.access, route.location
                );
            }
            Fact::Flow(flow) if flag("--flows") => {
                println!(
                    "{:?} -> {:?} [{:?}] in {} at {}",
                    flow.source, flow.sink, flow.transform, flow.function, flow.location
                );
            }
            Fact::Setting(setting) if flag("--settings") => {
                println!(
                    "{}\t{}\t{:?}\t{}",
                    setting.module, setting.name, setting.value, setting.location
                );
            }
            Fact::Operation(operation) if flag("--operations") => {
                println!(
                    "{}\t{}\t{:?}\t{}",
                    operation.location,
                    operation.kind.as_str(),
                    operation.table,
                    operation.entry
                );
            }
            _ => {}
        }
    }
    println!("{:?}", collected.coverage.counts);
    println!(
        "{:?} {}",
        collected.coverage.status, collected.coverage.reason
    );
    println!("{} problems; {took:?}", collected.coverage.problems.len());
    Ok(())
}
