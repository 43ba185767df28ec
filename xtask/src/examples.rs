//! The example projects: each has tests of its own and shows itself running, in an environment
//! under `target/` that is made once and again when its lock file changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::dye;
use crate::outside;
use crate::run::{cargo, keytrail, passes, root};
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
    outcome.step("the live account, on moto", live);
    for name in EXAMPLES {
        outcome.step(&format!("example {name}: its tests"), || tests(name));
        outcome.step(&format!("example {name}: running"), || check(name));
    }
    outcome.step("example leaky: from outside", outside);
    outcome.step("example leaky: its tests under the printed policy", || {
        least_policy("leaky")
    });
}

/// What is asked of AWS, against a server that answers like it.
fn live() -> anyhow::Result<()> {
    let directory = root().join("crates/keytrail-cloud/tests/moto");
    let environment = made(&directory, "requirements.txt", "moto")?;
    let tests = [
        "test",
        "-p",
        "keytrail-cloud",
        "--locked",
        "--",
        "--ignored",
    ];
    passes(cargo(&tests).env("KEYTRAIL_MOTO", &environment))?;
    let moving = [
        "test",
        "-p",
        "keytrail",
        "--test",
        "moving_moto",
        "--locked",
        "--",
        "--ignored",
    ];
    passes(cargo(&moving).env("KEYTRAIL_MOTO", environment))
}

/// What a caller of the running example gets at, and where it comes from.
pub(crate) fn outside() -> anyhow::Result<()> {
    let environment = environment("leaky")?;
    outside::ways(&environment)?;
    dye::proves(&environment)
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

/// The printed policy is enough for the tests, and none of its actions is too many.
fn least_policy(name: &str) -> anyhow::Result<()> {
    let environment = environment(name)?;
    passes(
        Command::new(environment.join("bin/python"))
            .arg(root().join("xtask/src/enforce/check.py"))
            .env("KEYTRAIL", keytrail(false)?)
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
    made(&directory(name), "requirements-dev.txt", name)
}

/// An environment below `target/` with the packages that a file lists.
fn made(directory: &Path, list: &str, name: &str) -> anyhow::Result<PathBuf> {
    let environment = root().join("target").join("examples").join(name);
    let lock = fs::read_to_string(directory.join(list))
        .with_context(|| format!("{} has no {list}", directory.display()))?;
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
    passes(install.args(["-r", list]))?;
    fs::write(stamp, lock)?;
    Ok(environment)
}
