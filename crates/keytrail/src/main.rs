//! The command line: arguments in, output and an exit code out. All work is done elsewhere.

mod cli;
mod commands;
mod failure;
mod output;
mod progress;
mod quiet_panic;
mod service;
mod talk;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    quiet_panic::install();
    match Cli::try_parse() {
        Ok(cli) => run(&cli),
        Err(error) => {
            // Help and version are answers, not errors. A closed pipe is nobody's business.
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { 2 } else { 0 })
        }
    }
}

fn run(cli: &Cli) -> ExitCode {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| commands::run(cli)));
    match outcome {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => ExitCode::from(failure::tell(&error)),
        Err(_) => ExitCode::from(1), // The hook has told it.
    }
}
