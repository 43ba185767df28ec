//! Set-up, test, generated documents and schemas, measurements: `cargo xtask --help`.
//!
//! Depends on no room of Keytrail; what it needs to know it asks the built binary.

#![expect(
    clippy::print_stdout,
    reason = "a tool for whoever works on Keytrail; its talk is its output"
)]

mod bench;
#[cfg(test)]
mod deny;
mod dye;
mod examples;
mod generate;
mod items;
#[cfg(test)]
mod layers;
mod outside;
mod picture;
mod run;
mod test;
mod vendors;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Work on Keytrail
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set up everything and pass all tests: formatting, lints, documentation, tests, examples
    Test {
        /// Fail where something would have to be left out; so it is too where CI=true
        #[arg(long)]
        ci: bool,
        /// Leave out the example projects, which need Python packages
        #[arg(long)]
        no_examples: bool,
        /// Only the running example, asked from outside
        #[arg(long, conflicts_with_all = ["ci", "no_examples"])]
        outside: bool,
    },
    /// Write the documents that are made from the code: index of the rules, JSON schema, picture
    Gen {
        /// Only tell what is not current
        #[arg(long)]
        check: bool,
    },
    /// Measure a scan beside `ruff check` on the same tree
    Bench {
        /// The tree
        #[arg(required_unless_present_any = ["sizes", "items", "migrate"])]
        path: Option<PathBuf>,
        /// Measure trees of 10,000, 100,000 and 1,000,000 lines, made of copies of an example
        #[arg(long)]
        sizes: bool,
        /// Measure the reading of a table's items, beside the bare SDK
        #[arg(long)]
        items: bool,
        /// Move 20,000 keys under 200 kills, with writers at work, and measure the speed beside bare calls
        #[arg(long)]
        migrate: bool,
        /// Rounds; the fastest counts
        #[arg(long, default_value_t = 5)]
        rounds: u32,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Test { outside: true, .. } => examples::outside(),
        Command::Test {
            ci, no_examples, ..
        } => test::run(!no_examples, ci || in_ci()),
        Command::Gen { check } => generate::run(check),
        Command::Bench {
            path,
            sizes,
            items,
            migrate,
            rounds,
        } => {
            if migrate {
                bench::migrate()
            } else {
                bench(path.as_deref(), sizes, items, rounds)
            }
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench(path: Option<&Path>, sizes: bool, items: bool, rounds: u32) -> anyhow::Result<()> {
    if items {
        items::run(rounds)?;
    }
    if sizes || path.is_some() {
        bench::run(path, sizes, rounds)?;
    }
    Ok(())
}

/// As continuous integration services say it.
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true" || value == "1")
}
