//! `cargo xtask bench PATH`: wall time and peak memory of a scan and of a second one with the
//! cache of the first, beside `ruff check` and, where it is installed, `bandit` on the same tree
//! in the same minute; `--sizes` does so for trees of growing size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::run::{cargo, keytrail, passes, root};

/// One run of a program.
#[derive(Clone, Copy)]
struct Measure {
    wall: Duration,
    /// Peak resident memory in KiB; 0 where the system does not tell.
    peak: u64,
}

/// Lines of Python that `--sizes` makes trees of.
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

pub(crate) fn run(path: Option<&Path>, sizes: bool, rounds: u32) -> anyhow::Result<()> {
    let binary = keytrail(true)?;
    if let Some(path) = path {
        of_tree(&binary, path, rounds)?;
    }
    if sizes {
        of_sizes(&binary, rounds)?;
    }
    Ok(())
}

/// The tests of `keytrail migrate` at full size, one after the other, and its speed beside bare calls.
pub(crate) fn migrate() -> anyhow::Result<()> {
    let tests = [
        "test",
        "--release",
        "--package",
        "keytrail",
        "--test",
        "migrate",
        "--",
        "--include-ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    passes(cargo(&tests).env("KEYTRAIL_SOAK", "20000x200"))
}

/// Time against the number of lines: what is linear has the same lines a second everywhere.
fn of_sizes(binary: &Path, rounds: u32) -> anyhow::Result<()> {
    println!("lines      first run   lines/s  peak MB  second run  ruff     times ruff");
    for size in SIZES {
        let tree = tempfile::tempdir()?;
        let lines = grow(tree.path(), size)?;
        let cache = tempfile::tempdir()?;
        let (mut first, mut second, mut ruff) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds.max(1) {
            let kept = cache.path().join(round.to_string());
            first.push(measure(kept_scan(binary, tree.path(), &kept))?);
            second.push(measure(kept_scan(binary, tree.path(), &kept))?);
            ruff.extend(measure(ruff_check(tree.path())).ok());
        }
        let seconds = |measures: &[Measure]| {
            fastest(measures).map_or(f64::NAN, |best| best.wall.as_secs_f64())
        };
        let peak = first.iter().map(|measure| measure.peak).max();
        let (first, second, ruff) = (seconds(&first), seconds(&second), seconds(&ruff));
        println!(
            "{lines:<9} {first:>8.3} s {:>10.0} {:>7} {second:>9.3} s {ruff:>6.3} s {:>8.2}",
            f64::from(u32::try_from(lines)?) / first,
            peak.unwrap_or(0) / 1024,
            first / ruff
        );
    }
    Ok(())
}

/// Copies of `examples/sealed` side by side, of at least `lines` lines of Python together; how
/// many they are.
fn grow(directory: &Path, lines: usize) -> anyhow::Result<usize> {
    let example = root().join("examples/sealed");
    let mut files = Vec::new();
    python_of(&example, &mut files)?;
    let mut sum = 0;
    let mut copy = 0;
    while sum < lines {
        for (path, text) in &files {
            let path = directory.join(format!("service_{copy}")).join(path);
            fs::create_dir_all(path.parent().unwrap_or(directory))?;
            fs::write(path, text)?;
            sum += text.lines().count();
        }
        copy += 1;
    }
    Ok(sum)
}

/// The Python files of a project, by path, without its environment.
fn python_of(project: &Path, files: &mut Vec<(PathBuf, String)>) -> anyhow::Result<()> {
    let mut directories = vec![project.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
            if path.is_dir() && !hidden {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py") {
                let text = fs::read_to_string(&path)?;
                files.push((path.strip_prefix(project)?.to_owned(), text));
            }
        }
    }
    files.sort();
    Ok(())
}

/// A scan of the code that keeps its facts in `cache`.
fn kept_scan(binary: &Path, path: &Path, cache: &Path) -> Command {
    let mut command = scan(binary, path, Some("code"));
    command.arg("--cache-dir").arg(cache);
    command
}

fn of_tree(binary: &Path, path: &Path, rounds: u32) -> anyhow::Result<()> {
    let mut ours = Vec::new();
    let mut again = Vec::new();
    let mut whole = Vec::new();
    let mut ruff = Vec::new();
    for _ in 0..rounds.max(1) {
        let kept = tempfile::tempdir()?;
        ours.push(measure(kept_scan(binary, path, kept.path()))?);
        again.push(measure(kept_scan(binary, path, kept.path()))?);
        whole.push(measure(fresh_scan(binary, path))?);
        // Ruff is optional: without it only our own numbers are told.
        ruff.extend(measure(ruff_check(path)).ok());
    }
    // so is Bandit, which takes a hundred times as long: once will do
    let bandit: Vec<Measure> = measure(bandit(path)).ok().into_iter().collect();
    tell("keytrail scan --only code", &ours);
    tell("the same again, cached", &again);
    tell("keytrail scan", &whole);
    tell("ruff check --select S", &ruff);
    tell("bandit -r", &bandit);
    let wall = |measures: &[Measure]| fastest(measures).map(|best| best.wall.as_secs_f64());
    if let (Some(ours), Some(again)) = (wall(&ours), wall(&again)) {
        println!("{:.2} times the first run, cached", again / ours);
        for (name, theirs) in [("ruff", wall(&ruff)), ("bandit", wall(&bandit))] {
            if let Some(theirs) = theirs {
                println!("{:.2} times {name}", ours / theirs);
            }
        }
    }
    Ok(())
}

/// A scan that uses nothing of earlier ones.
fn fresh_scan(binary: &Path, path: &Path) -> Command {
    let mut command = scan(binary, path, None);
    command.arg("--no-cache");
    command
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

fn bandit(path: &Path) -> Command {
    let mut command = Command::new("bandit");
    command.args(["--recursive", "--quiet"]).arg(path);
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
