//! `cargo xtask test`: sets up what is missing and passes everything.

use std::path::Path;
use std::process::Command;

use crate::run::{cargo, passes, root};

pub(crate) fn run(examples: bool) -> anyhow::Result<()> {
    step("formatting");
    passes(&mut cargo(&["fmt", "--all", "--check"]))?;
    step("lints");
    passes(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))?;
    step("tests");
    passes(&mut cargo(&["test", "--workspace", "--locked"]))?;
    if examples {
        for name in ["leaky", "sealed"] {
            example(name)?;
        }
    }
    Ok(())
}

/// One example project: its own tests in its own environment.
fn example(name: &str) -> anyhow::Result<()> {
    let directory = root().join("examples").join(name);
    if !directory.is_dir() {
        return Ok(());
    }
    step(&format!("example {name}"));
    let environment = root().join("target").join("examples").join(name);
    let python = environment.join("bin").join("python");
    if !python.exists() {
        passes(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        )?;
    }
    install(&python, &directory)?;
    passes(
        Command::new(&python)
            .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(&directory),
    )
}

fn install(python: &Path, directory: &Path) -> anyhow::Result<()> {
    passes(
        Command::new(python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "-r",
            ])
            .arg("requirements-dev.txt")
            .current_dir(directory),
    )
}

fn step(name: &str) {
    println!("== {name}");
}
