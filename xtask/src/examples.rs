//! The example projects: each has tests of its own and shows itself running, in an environment
//! under `target/` that is made once and again when its lock file changes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::run::{passes, root};
use crate::test::{Outcome, runs};

const EXAMPLES: [&str; 2] = ["leaky", "sealed"];
/// Django 5.2's next release, which the examples are ready for, wants 3.11 and above.
const PYTHON: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";

/// Runs each example's tests, and its `run.sh --check`.
pub(crate) fn test(outcome: &mut Outcome) {
    for (program, arguments, what) in [
        (
            "python3",
            ["-c", PYTHON].as_slice(),
            "Python 3.11 or newer with venv",
        ),
        ("bash", &["--version"], "bash"),
        ("curl", &["--version"], "curl"),
    ] {
        if !runs(program, arguments) {
            outcome.leave_out(format!("the example projects' own tests: they need {what}"));
            return;
        }
    }
    for name in EXAMPLES {
        outcome.step(&format!("example {name}: its tests"), || tests(name));
        outcome.step(&format!("example {name}: running"), || check(name));
    }
}

fn tests(name: &str) -> anyhow::Result<()> {
    let environment = environment(name)?;
    passes(
        Command::new(environment.join("bin/python"))
            .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(directory(name)),
    )
}

fn check(name: &str) -> anyhow::Result<()> {
    let environment = environment(name)?;
    passes(
        Command::new("bash")
            .args(["run.sh", "--check"])
            .env("VENV", environment)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(directory(name)),
    )
}

fn directory(name: &str) -> PathBuf {
    root().join("examples").join(name)
}

/// The example's Python with its locked packages.
fn environment(name: &str) -> anyhow::Result<PathBuf> {
    let directory = directory(name);
    let environment = root().join("target").join("examples").join(name);
    let lock = fs::read_to_string(directory.join("requirements-dev.txt"))
        .with_context(|| format!("examples/{name} has no requirements-dev.txt"))?;
    // Written last, so that an environment that was left half made is made again.
    let stamp = environment.join("keytrail-lock.txt");
    if fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == lock) {
        return Ok(environment);
    }
    passes(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&environment),
    )?;
    let mut install = Command::new(environment.join("bin/python"));
    install
        .args(["-m", "pip", "install", "--quiet"])
        .arg("--disable-pip-version-check")
        .current_dir(directory);
    if lock.contains("--hash=") {
        install.arg("--require-hashes");
    }
    passes(install.args(["-r", "requirements-dev.txt"]))?;
    fs::write(stamp, lock)?;
    Ok(environment)
}
