//! `keytrail dye`.

use std::path::PathBuf;

use clap::Args;

use super::{Account, Reading, RulesFormat};
use crate::service::Asking;

/// `dye`.
#[derive(Args, Debug)]
#[command(after_help = "\
For test environments. Copies of a few items are put beside them, under keys that nothing has, with made-up
values in place of the keys; no item that is there is changed. All are removed at the end. Where the run
is killed, `keytrail dye --clean` removes what its journal tells of.

Examples:
  keytrail dye --table keyring-keys --url http://127.0.0.1:8000 --as \"ada=bearer:$ADA\"
  keytrail dye backend --table keyring-keys --url https://staging.example.com --as \"ada=bearer:$ADA\" \\
    --as \"bob=bearer:$BOB\" --log web.log --stream --apply
  keytrail dye --clean")]
pub(crate) struct Dye {
    /// Directories or files with the code, for the hops in between [default: none]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Tables of a test environment; may be repeated
    #[arg(
        long = "table",
        value_delimiter = ',',
        value_name = "TABLE",
        required_unless_present = "clean"
    )]
    pub(crate) tables: Vec<String>,
    /// Attributes to colour [default: those that hold keys]
    #[arg(long = "attribute", value_delimiter = ',', value_name = "NAME")]
    pub(crate) attributes: Vec<String>,
    /// The service that reads the tables
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(flatten)]
    pub(crate) account: Account,
    /// A log, or a directory of logs, that the service writes; may be repeated
    #[arg(long = "log", value_name = "PATH")]
    pub(crate) logs: Vec<PathBuf>,
    /// A file or directory that exports go to; may be repeated
    #[arg(long = "export", value_name = "PATH")]
    pub(crate) exports: Vec<PathBuf>,
    /// Listen to the tables' streams
    #[arg(long)]
    pub(crate) stream: bool,
    /// Leave the items for so many seconds after the service was asked, for exports and consumers
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(crate) hold: u64,
    /// Where to write down what is planted
    #[arg(long, value_name = "FILE", default_value = ".keytrail-dye.json")]
    pub(crate) journal: PathBuf,
    /// Plant. Without it nothing is written, and what would be is told
    #[arg(long)]
    pub(crate) apply: bool,
    /// Remove what an earlier run planted, and do nothing else
    #[arg(long, conflicts_with_all = ["tables", "apply", "url"])]
    pub(crate) clean: bool,
    /// How to show the places
    #[arg(long, value_enum, default_value_t = RulesFormat::Terminal)]
    pub(crate) format: RulesFormat,
    #[command(flatten)]
    pub(crate) reading: Reading,
}
