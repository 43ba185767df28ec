//! `cargo xtask bench --items`: what reading a table's items costs and keeps to. A table in this process is read by
//! `crates/keytrail-cloud/examples/items.rs` and, for comparison, by the bare SDK (`xtask/bare`); one table is printed.

mod reader;
mod server;
mod table;
mod throttle;

use std::time::Duration;

use anyhow::{Context as _, ensure};

use reader::{Reader, Run};
use server::{Seen, Server};
use table::Table;
use throttle::Throttle;

/// Items of all measurements but that of memory.
const ITEMS: u64 = 200_000;
/// Items of the tables that memory is measured with.
const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];
/// A second's units while the process is killed: slow enough for ten of them.
const KILLED_AT: f64 = 700.0;
const KILLS: u64 = 10;

/// Prints a line for each measurement; fails where one of them is not what is promised.
pub(crate) fn run(rounds: u32) -> anyhow::Result<()> {
    let reader = Reader::build()?;
    let mut table = Printed::default();
    println!("{:<36} {:<44} promised", "measurement", "found");
    throughput(&reader, &mut table, rounds)?;
    budget(&reader, &mut table)?;
    kills(&reader, &mut table)?;
    memory(&reader, &mut table)?;
    ensure!(
        table.broken.is_empty(),
        "not kept: {}",
        table.broken.join(", ")
    );
    Ok(())
}

/// The table as it is printed, and which of its lines keep no promise.
#[derive(Debug, Default)]
struct Printed {
    broken: Vec<String>,
}

impl Printed {
    fn line(&mut self, what: &str, found: &str, promised: &str, kept: bool) {
        println!(
            "{what:<36} {found:<44} {promised}{}",
            if kept { "" } else { "  NOT KEPT" }
        );
        if !kept {
            self.broken.push(what.to_owned());
        }
    }
}

/// In turn, so that whatever else the machine does falls on both.
fn throughput(reader: &Reader, table: &mut Printed, rounds: u32) -> anyhow::Result<()> {
    let server = Server::start(Table::new(ITEMS), Duration::ZERO, None)?;
    let mut rows = Vec::new();
    for round in 0..=rounds.max(1) {
        let bare = reader.bare(&server, 8)?;
        let ours = reader.items(&server, &[])?;
        whole(&server, &ours)?;
        // The first pair warms up.
        if round > 0 {
            rows.push((ours, bare));
        }
    }
    let rate = |pick: &dyn Fn(&(Run, Run)) -> f64| median(rows.iter().map(pick).collect());
    let items = f64::from(u32::try_from(ITEMS)?);
    let ours = rate(&|(ours, _)| items / ours.seconds);
    let bare = rate(&|(_, bare)| items / bare.seconds);
    let share = rate(&|(ours, bare)| bare.seconds / ours.seconds * 100.0);
    let work = rate(&|(ours, bare)| bare.processor / ours.processor * 100.0);
    table.line(
        "items a second, keytrail",
        &format!("{ours:.0} (median of {})", rows.len()),
        "",
        true,
    );
    table.line("items a second, bare SDK", &format!("{bare:.0}"), "", true);
    table.line(
        "share of the bare SDK",
        &format!("{share:.0} %"),
        ">= 90 %",
        share >= 90.0,
    );
    table.line(
        "the same by processor time",
        &format!("{work:.0} %"),
        "",
        true,
    );
    Ok(())
}

/// Capacity beyond the budget, exactly the budget, and a table that refuses everything now and then.
fn budget(reader: &Reader, table: &mut Printed) -> anyhow::Result<()> {
    let budget = 500.0;
    for (what, capacity) in [
        ("twice that", 1000.0),
        ("that", 500.0),
        ("half of it", 250.0),
    ] {
        let off = paced(reader, budget, Throttle::new(capacity, None))?;
        let off = Paced {
            of: budget.min(capacity),
            ..off
        };
        table.line(
            &format!("budget 500/s, capacity {what}"),
            &off.told(),
            "within 5 %",
            off.share().abs() <= 5.0,
        );
    }
    let outage = Some((Duration::from_secs(6), Duration::from_secs(1)));
    let off = paced(reader, budget, Throttle::new(2000.0, outage))?;
    table.line(
        "budget 500/s, 1 s in 6 all refused",
        &off.told(),
        "never over",
        off.share() <= 5.0,
    );
    Ok(())
}

/// Units a second that were read, and those that should have been.
#[derive(Clone, Copy, Debug)]
struct Paced {
    rate: f64,
    of: f64,
    refused: u64,
}

impl Paced {
    fn share(&self) -> f64 {
        (self.rate / self.of - 1.0) * 100.0
    }

    fn told(&self) -> String {
        format!(
            "{:.1}/s ({:+.1} % of {}), {} refused",
            self.rate,
            self.share(),
            self.of,
            self.refused
        )
    }
}

fn paced(reader: &Reader, budget: f64, throttle: Throttle) -> anyhow::Result<Paced> {
    let server = Server::start(Table::new(ITEMS), Duration::ZERO, Some(throttle))?;
    let run = reader.items(&server, &["--read-units", &budget.to_string()])?;
    let seen = server.take();
    ensure!(
        run.keys == server.table().keys(),
        "{} keys of {}",
        run.keys,
        server.table().keys()
    );
    Ok(Paced {
        rate: seen.units / seconds(&seen),
        of: budget,
        refused: seen.refused,
    })
}

fn seconds(seen: &Seen) -> f64 {
    match (seen.first, seen.last) {
        (Some(first), Some(last)) => last.duration_since(first).as_secs_f64(),
        _ => f64::NAN,
    }
}

/// Killed at random moments, and begun again with the state that was left.
fn kills(reader: &Reader, table: &mut Printed) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let state = directory.path().join("state");
    let state = state.to_string_lossy().into_owned();
    let units = KILLED_AT.to_string();
    let arguments = ["--read-units", units.as_str(), "--state", state.as_str()];
    // Answers under way when the process dies are what is read again.
    let server = Server::start(Table::new(ITEMS), Duration::from_millis(60), None)?;
    let (mut beyond, mut again) = (0, 0);
    let mut random = u64::from(std::process::id());
    for _ in 0..KILLS {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_millis(100 + (random >> 33) % 900);
        ensure!(
            reader.killed(&server, &arguments, moment)?,
            "it ended before it was killed"
        );
        let seen = server.take();
        again += seen.again.iter().sum::<u64>();
        beyond += over(&seen);
    }
    let run = reader.items(&server, &arguments)?;
    let seen = server.take();
    again += seen.again.iter().sum::<u64>();
    beyond += over(&seen);
    let (keys, read) = (server.table().keys(), server.read() as u64);
    table.line(
        &format!("keys after {KILLS} kills"),
        &format!("{} of {keys}, {read} of {ITEMS} items", run.keys),
        "each once",
        run.keys == keys && read == ITEMS,
    );
    table.line(
        "segments read twice beyond a page",
        &format!("{beyond}; {again} items were read twice in all"),
        "0",
        beyond == 0,
    );
    Ok(())
}

/// Segments of which one run read more than a page's items that had been read before.
fn over(seen: &Seen) -> usize {
    seen.again
        .iter()
        .filter(|again| **again > seen.largest_page)
        .count()
}

fn memory(reader: &Reader, table: &mut Printed) -> anyhow::Result<()> {
    for items in SIZES {
        let server = Server::start(Table::new(items), Duration::ZERO, None)?;
        let run = reader.items(&server, &[])?;
        whole(&server, &run)?;
        let peak = run.peak / 1024;
        table.line(
            &format!("peak memory, {items} items"),
            &format!("{peak} MB"),
            "<= 100 MB",
            peak <= 100,
        );
    }
    Ok(())
}

fn whole(server: &Server, run: &Run) -> anyhow::Result<()> {
    server.take();
    let table = server.table();
    ensure!(
        run.items == table.items && run.keys == table.keys(),
        "{} of {} items, {} of {} keys",
        run.items,
        table.items,
        run.keys,
        table.keys()
    );
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs a program's line of JSON through `pick`.
fn number(line: &serde_json::Value, path: &str) -> anyhow::Result<f64> {
    line.pointer(path)
        .and_then(serde_json::Value::as_f64)
        .with_context(|| format!("no {path} in {line}"))
}
