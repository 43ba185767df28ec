//! `cargo xtask bench PATH`: wall time and peak memory of a scan, beside `ruff check` on the
//! same tree in the same minute.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::run::keytrail;

/// One run of a program.
#[derive(Clone, Copy)]
struct Measure {
    wall: Duration,
    /// Peak resident memory in KiB; 0 where the system does not tell.
    peak: u64,
}

pub(crate) fn run(path: &Path, rounds: u32) -> anyhow::Result<()> {
    let binary = keytrail(true)?;
    let mut ours = Vec::new();
    let mut whole = Vec::new();
    let mut ruff = Vec::new();
    for _ in 0..rounds.max(1) {
        ours.push(measure(scan(&binary, path, Some("code")))?);
        whole.push(measure(scan(&binary, path, None))?);
        // Ruff is optional: without it only our own numbers are told.
        ruff.extend(measure(ruff_check(path)).ok());
    }
    tell("keytrail scan --only code", &ours);
    tell("keytrail scan", &whole);
    tell("ruff check --select S", &ruff);
    if let (Some(ours), Some(ruff)) = (fastest(&ours), fastest(&ruff)) {
        let factor = ours.wall.as_secs_f64() / ruff.wall.as_secs_f64();
        println!("{factor:.2} times ruff");
    }
    Ok(())
}

fn scan(binary: &Path, path: &Path, only: Option<&str>) -> Command {
    let mut command = Command::new(binary);
    command
        .arg("scan")
        .arg(path)
        .args(["--format", "json", "--quiet"]);
    if let Some(only) = only {
        command.args(["--only", only]);
    }
    command
}

fn ruff_check(path: &Path) -> Command {
    let mut command = Command::new("ruff");
    command
        .args([
            "check",
            "--select",
            "S",
            "--no-cache",
            "--isolated",
            "--quiet",
        ])
        .arg(path);
    command
}

fn measure(mut command: Command) -> anyhow::Result<Measure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let begun = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = peak_of(child.id()).unwrap_or(0).max(peak);
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(Measure {
        wall: begun.elapsed(),
        peak,
    })
}

/// `VmHWM` only grows, so the last look before the end is the peak but for a millisecond.
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn fastest(measures: &[Measure]) -> Option<Measure> {
    measures.iter().copied().min_by_key(|measure| measure.wall)
}

fn tell(name: &str, measures: &[Measure]) {
    let Some(best) = fastest(measures) else {
        println!("{name:<28} not installed");
        return;
    };
    let peak = measures
        .iter()
        .map(|measure| measure.peak)
        .max()
        .unwrap_or(0);
    println!(
        "{name:<28} {:>8.3} s fastest of {}, {:>5} MB peak",
        best.wall.as_secs_f64(),
        measures.len(),
        peak / 1024
    );
}
