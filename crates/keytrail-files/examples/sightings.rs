//! Lists the keys of a tree and how long that took.
//!
//! `cargo run --release -p keytrail-files --example sightings -- TREE [--foreign] [--low] [--quiet]`

#![expect(
    clippy::print_stdout,
    reason = "a development tool; its output is data"
)]

use std::path::Path;
use std::time::Instant;

use keytrail_detect::{Detector, ScanContext};
use keytrail_files::{DiskOptions, DiskTree, FilesOptions, collect};
use keytrail_model::{Fact, Fingerprinter, Progress, SightingConfidence, Tree as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    let root = arguments.first().map_or(".", String::as_str);
    let start = Instant::now();
    let options = DiskOptions {
        foreign: flag("--foreign"),
        ..DiskOptions::default()
    };
    let tree = DiskTree::open(Path::new(root), &options)?;
    let listed = start.elapsed();
    let options = FilesOptions {
        listing: tree.listing().clone(),
        ..FilesOptions::default()
    };
    let detector = Detector::new();
    let collected = collect(
        &tree,
        &detector,
        &Fingerprinter::default(),
        &Progress::default(),
        &options,
    );
    let took = start.elapsed();
    for fact in &collected.facts {
        if let Fact::Sighting(seen) = fact
            && (seen.confidence > SightingConfidence::Low || flag("--low"))
            && !flag("--quiet")
        {
            let name = seen.context.name.as_deref().unwrap_or("-");
            let test = if seen.context.test { "test" } else { "" };
            println!(
                "{:?}\t{}\t{}\t{name}\t{}\t{test}",
                seen.confidence, seen.provider, seen.location, seen.masked
            );
        }
    }
    println!("{:?}", collected.coverage.counts);
    println!(
        "{} problems; listed in {listed:?}, all in {took:?}",
        collected.coverage.problems.len()
    );
    if flag("--speed") {
        speed(&tree, &detector);
    }
    Ok(())
}

/// [`Detector::scan`] alone, on one core, over what is in memory already.
fn speed(tree: &DiskTree, detector: &Detector) {
    let files: Vec<_> = tree
        .entries()
        .iter()
        .filter_map(|entry| Some((entry, tree.read(entry).ok()?)))
        .filter(|(_, bytes)| !bytes[..bytes.len().min(8192)].contains(&0))
        .collect();
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let start = Instant::now();
    let hits: usize = files
        .iter()
        .map(|(entry, bytes)| {
            detector
                .scan(bytes, &ScanContext::for_path(&entry.path))
                .len()
        })
        .sum();
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6;
    println!(
        "scan alone: {megabytes:.0} MB in {seconds:.2} s: {:.0} MB/s, {hits} hits",
        megabytes / seconds
    );
}
