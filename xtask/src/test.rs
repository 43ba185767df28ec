//! `cargo xtask test`: sets up what is missing and passes everything.

use std::process::{Command, Stdio};

use anyhow::bail;

use crate::run::{cargo, passes, root};
use crate::{examples, generate};

/// How the steps went. A step that fails does not keep the others from being tried: one run tells
/// everything that is to be mended.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    failed: Vec<String>,
    left_out: Vec<String>,
}

impl Outcome {
    /// Runs a step under its name.
    pub(crate) fn step(&mut self, name: &str, run: impl FnOnce() -> anyhow::Result<()>) {
        println!("\n== {name}");
        if let Err(error) = run() {
            println!("FAILED: {name}: {error:#}");
            self.failed.push(format!("{name}: {error:#}"));
        }
    }

    /// Says at once that something is left out, and keeps it for the end.
    pub(crate) fn leave_out(&mut self, what: impl Into<String>) {
        let what = what.into();
        println!("\nLEFT OUT: {what}");
        self.left_out.push(what);
    }

    fn settle(self, strict: bool) -> anyhow::Result<()> {
        println!();
        for left_out in &self.left_out {
            println!("== LEFT OUT: {left_out}");
        }
        if !self.failed.is_empty() {
            bail!("these steps failed:\n  {}", self.failed.join("\n  "));
        }
        if strict && !self.left_out.is_empty() {
            bail!("nothing may be left out here");
        }
        println!("== every step passed");
        Ok(())
    }
}

/// Passes everything; `strict` fails where something had to be left out.
pub(crate) fn run(with_examples: bool, strict: bool) -> anyhow::Result<()> {
    let mut outcome = Outcome::default();
    outcome.step("formatting", || {
        passes(&mut cargo(&["fmt", "--all", "--check"]))
    });
    outcome.step("lints", lints);
    outcome.step("documentation of the code", || {
        let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
        passes(doc.env("RUSTDOCFLAGS", "-D warnings"))
    });
    outcome.step("tests", tests);
    outcome.step("documents that are made from the code", || {
        generate::run(true)
    });
    outcome.step("dependencies", dependencies);
    if with_examples {
        examples::test(&mut outcome);
    } else {
        outcome.leave_out("the example projects' own tests (--no-examples)");
    }
    outcome.settle(strict)
}

fn lints() -> anyhow::Result<()> {
    passes(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))
}

/// Every test of the workspace, by nextest where it is installed.
fn tests() -> anyhow::Result<()> {
    if !is_there("nextest") {
        return passes(&mut with_own_cache(&["test", "--workspace", "--locked"]));
    }
    // nextest runs no documentation tests; they come first, so that its summary stands last.
    passes(&mut cargo(&[
        "test",
        "--workspace",
        "--locked",
        "--doc",
        "--quiet",
    ]))?;
    passes(&mut with_own_cache(&[
        "nextest",
        "run",
        "--workspace",
        "--locked",
        "--no-fail-fast",
        "--status-level=fail",
    ]))
}

/// A user's cache is not for tests to write to.
fn with_own_cache(arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.env("XDG_CACHE_HOME", root().join("target/test-cache"));
    command
}

/// Licences, sources and bans are tests of this crate already. `cargo deny` adds what it alone
/// knows, where it is installed; advisories need the network and are asked for elsewhere.
fn dependencies() -> anyhow::Result<()> {
    if !is_there("deny") {
        println!("licences, sources and bans of deny.toml were tests above");
        return Ok(());
    }
    passes(&mut cargo(&[
        "deny", "check", "licenses", "bans", "sources",
    ]))
}

/// Whether `cargo` knows this subcommand.
fn is_there(subcommand: &str) -> bool {
    let mut asked = cargo(&[subcommand, "--version"]);
    asked.stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

/// Whether a program can be run at all.
pub(crate) fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
