//! One file per command; each returns an exit code.

mod aws;
mod baseline;
mod can;
mod cases;
#[cfg(feature = "aws")]
mod dye;
mod explain;
mod fix;
mod init;
mod lineage;
mod migrate;
mod policy;
mod rotate;
mod rules;
mod scan;
mod who;

use clap::CommandFactory as _;
use keytrail_engine::{Date, Options};

use crate::cli::{Cli, Command, Reading, SchemaOf};
use crate::output;

/// Runs what was asked for.
pub(crate) fn run(cli: &Cli) -> anyhow::Result<u8> {
    let global = &cli.global;
    match &cli.command {
        Command::Scan(scan) => scan::run(global, scan),
        Command::Probe(probe) => scan::probe(global, probe),
        Command::Explain { rule } => explain::run(rule),
        Command::Rules { format } => rules::run(*format),
        Command::Who(who) => who::run(global, who),
        Command::Can(can) => can::run(global, can),
        Command::Policy(policy) => policy::run(global, policy),
        Command::Fix(fix) => fix::run(global, fix),
        Command::Migrate(moving) => migrate::run(global, moving),
        Command::Rotate(rotate) => rotate::run(global, rotate),
        #[cfg(feature = "aws")]
        Command::Dye(dye) => dye::run(global, dye),
        Command::Drift(drift) => aws::drift(global, drift),
        Command::AwsPolicy { items, trail } => aws::policy(*items, *trail),
        Command::Baseline(baseline) => baseline::run(global, baseline),
        Command::Lineage(lineage) => lineage::run(global, lineage),
        Command::Schema { of } => schema(*of),
        Command::Init { path } => init::run(global, path),
        Command::Completions { shell } => completions(*shell),
    }
}

fn schema(of: SchemaOf) -> anyhow::Result<u8> {
    output::print(&match of {
        SchemaOf::Report => keytrail_report::schema(),
        SchemaOf::Fix => keytrail_report::fix_schema(),
        SchemaOf::Lineage => keytrail_report::lineage_schema(),
    })?;
    Ok(0)
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "keytrail", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

/// What the engine needs, from the flags that several commands share.
fn options(paths: &[std::path::PathBuf], reading: &Reading) -> Options {
    Options {
        paths: paths.to_vec(),
        only: (!reading.only.is_empty()).then(|| reading.only.clone()),
        exclude: reading.exclude.clone(),
        config: reading.config.clone(),
        workspace: reading.workspace.clone().or_else(|| {
            let set = std::env::var("TF_WORKSPACE").ok();
            set.filter(|name| !name.is_empty())
        }),
        cache: reading.cache(),
        salt: salt_of_environment(),
        ..Options::new(env!("CARGO_PKG_VERSION"), Date::today())
    }
}

fn salt_of_environment() -> Option<String> {
    let set = std::env::var("KEYTRAIL_SALT").ok();
    set.filter(|salt| !salt.is_empty())
}
