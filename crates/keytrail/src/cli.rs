//! Every command and flag, declared once.

mod account;
#[cfg(feature = "aws")]
mod dye;
mod moving;
mod questions;
mod validating;

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use keytrail_engine::FailOn;

pub(crate) use account::{Account, Drift, Items, Trail};
#[cfg(feature = "aws")]
pub(crate) use dye::Dye;
pub(crate) use moving::{Migrate, Rotate, Vault, Writing};
pub(crate) use questions::{Can, Lineage, Policy, PolicyFormat, SchemaOf, Who};
pub(crate) use validating::Validating;

use crate::service::Asking;

/// Follow API keys through a Django + DynamoDB application, and see every way they leak
#[derive(Debug, Parser)]
#[command(
    name = "keytrail",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Start with `keytrail scan` in a repository. \
                  `keytrail explain RULE` tells what a finding means and how to mend it.",
    after_long_help = EXIT_CODES
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0   nothing at or above the threshold
  1   an internal error
  2   a mistake in the arguments or the configuration
  3   nothing to check
  4   a required source could not be checked
  10  findings at or above the threshold

Standard output is data, standard error is talk. NO_COLOR is kept. No key is ever shown.";

/// Flags of every command.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// Say nothing but the output itself and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Show what is folded otherwise: every path, every finding of a rule, what is suppressed
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    /// Show progress as plain lines even when standard error is no terminal
    #[arg(long, global = true)]
    pub(crate) progress: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read a repository and report who can get which key, by which way
    Scan(Box<Scan>),
    /// Ask a running service, and report what it shows to whom
    Probe(Box<Probe>),
    /// Tell what a rule means, why it matters and how to mend it
    Explain {
        /// The rule's id, as in a finding
        rule: String,
    },
    /// List all rules
    Rules {
        /// How to show them
        #[arg(long, value_enum, default_value_t = RulesFormat::Terminal)]
        format: RulesFormat,
    },
    /// Show everybody who can get at a table, an attribute, a setting or a key, rightful or not
    Who(Who),
    /// Ask whether a principal may do an action to a resource, and by which statement
    Can(Can),
    /// Print the least policy for the code, and how it differs from what is granted
    Policy(Policy),
    /// Edit code and templates so that findings are closed; shows the edits unless told to make them
    Fix(Fix),
    /// Move raw keys out of a table's items into a vault; shows the plan unless told to do it
    Migrate(Box<Migrate>),
    /// List exposed keys in the order in which they are to be rotated; rotate where an API allows it
    Rotate(Box<Rotate>),
    /// Plant made-up keys in a test table, and see where they come out
    #[cfg(feature = "aws")]
    Dye(Box<Dye>),
    /// Compare the templates with the live AWS account
    Drift(Drift),
    /// Print the least policy that reading the live AWS account needs
    AwsPolicy {
        /// Add what reading items needs
        #[arg(long)]
        items: bool,
        /// Add what reading a trail's files in a bucket needs
        #[arg(long)]
        trail: bool,
    },
    /// Write down the findings of today, so that only new ones fail
    Baseline(Baseline),
    /// List every place in which one key was seen, over files, history, logs and items, by time
    Lineage(Lineage),
    /// Print the JSON Schema of `scan --format json`, of `lineage` or of `fix`
    Schema {
        /// Of which output
        #[arg(value_enum, default_value_t = SchemaOf::Report)]
        of: SchemaOf,
    },
    /// Write a `keytrail.toml` with a salt for this project's fingerprints
    Init {
        /// The directory
        #[arg(default_value = ".", value_name = "PATH")]
        path: PathBuf,
    },
    /// Print a completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

/// What a run reads, and under which settings.
#[derive(Args, Debug)]
pub(crate) struct Reading {
    /// Read only these sources
    #[arg(long, value_delimiter = ',', value_name = "SOURCE", value_parser = ["code", "files", "infra", "history"])]
    pub(crate) only: Vec<String>,
    /// Leave out files that match; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Use this configuration and no other
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The workspace of Terraform that is meant [default: `TF_WORKSPACE`; not known without it]
    #[arg(long, value_name = "NAME")]
    pub(crate) workspace: Option<String>,
    /// Keep what was found in unchanged code here, for the next run [default: keytrail in the
    /// user's cache directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Keep nothing from this run, and use nothing of earlier ones
    #[arg(long, conflicts_with = "cache_dir")]
    pub(crate) no_cache: bool,
}

impl Reading {
    /// Where to keep facts between runs.
    pub(crate) fn cache(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        self.cache_dir.clone().or_else(users_cache)
    }
}

/// Where programs keep what may be deleted: the XDG directory, or what Windows calls local data.
fn users_cache() -> Option<PathBuf> {
    let named = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let base = named("XDG_CACHE_HOME")
        .or_else(|| named("LOCALAPPDATA"))
        .or_else(|| named("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("keytrail"))
}

/// `scan`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  keytrail scan
  keytrail scan backend infra --fail-on medium
  keytrail scan --diff origin/main --fail-on medium
  keytrail scan --format sarif -o keytrail.sarif
  keytrail scan backend --aws --url https://api.example.com
  keytrail scan --validate --dry-run
  keytrail scan --output json=keytrail.json --output html=keytrail.html")]
pub(crate) struct Scan {
    /// Directories or files; several are read as one [default: `.`, and none with --url]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Read the live AWS account too
    #[arg(long, conflicts_with = "diff")]
    pub(crate) aws: bool,
    #[command(flatten)]
    pub(crate) account: Account,
    #[command(flatten)]
    pub(crate) items: Items,
    #[command(flatten)]
    pub(crate) trail: Trail,
    /// Ask the running service too
    #[arg(long, value_name = "URL", conflicts_with = "diff")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(flatten)]
    pub(crate) validating: Validating,
    #[command(flatten)]
    pub(crate) showing: Showing,
    /// Keep in this file which data files of DynamoDB exports were read, and go on from there
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    /// Report what the change adds: let pass what was there in the last commit that BASE, a branch
    /// or commit, and the checked-out one have in common
    #[arg(long, value_name = "BASE")]
    pub(crate) diff: Option<String>,
}

/// What becomes of the result.
#[derive(Args, Debug)]
#[command(next_help_heading = None)]
pub(crate) struct Showing {
    /// How to show the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Terminal)]
    pub(crate) format: Format,
    /// Write the result to a file instead of standard output
    #[arg(short = 'o', value_name = "FILE", id = "file")]
    pub(crate) file: Option<PathBuf>,
    /// Write a further output to a file; may be repeated
    #[arg(long, value_name = "FORMAT=FILE")]
    pub(crate) output: Vec<FormatFile>,
    /// Fail on findings at or above this severity, or `never` [default: high]
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<FailOn>,
    /// Fail unless these sources were read wholly
    #[arg(long, value_delimiter = ',', value_name = "SOURCE")]
    pub(crate) require: Vec<String>,
    /// Let findings pass that this file knows
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Show and judge only what is new: what neither the baseline (by default keytrail-baseline.txt) nor the commit of --diff
    /// knows
    #[arg(long)]
    pub(crate) new_only: bool,
}

/// `probe`.
#[derive(Args, Debug)]
#[command(after_help = "\
Only GET, HEAD and OPTIONS are sent, to this one host, and no GET that looks like an action.

Examples:
  keytrail probe https://api.example.com --spec openapi.yaml
  keytrail probe https://api.example.com --as \"alice=bearer:$ALICE\" --as \"bob=bearer:$BOB\"
  keytrail probe https://api.example.com --dry-run
  keytrail scan backend --aws --url https://api.example.com")]
pub(crate) struct Probe {
    /// The service: scheme, host, port, and the path below which it lies
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(flatten)]
    pub(crate) showing: Showing,
    /// Use this configuration and no other
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `fix`.
#[derive(Args, Debug)]
#[command(after_help = "\
Every edit is tried on a copy first and made only where a new scan no longer shows the finding.
The difference goes to standard output, keys masked; what is told about it to standard error.

Examples:
  keytrail fix
  keytrail fix --unsafe --rule debug-page-open,open-hosts
  keytrail fix backend infra --least-cut --unsafe --apply")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Fix {
    /// Directories or files; several are read as one
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Only for findings of these rules; may be repeated
    #[arg(long, value_delimiter = ',', value_name = "RULE")]
    pub(crate) rule: Vec<String>,
    /// Only the edits of the least cut: the cheapest that close the exposure paths
    #[arg(long)]
    pub(crate) least_cut: bool,
    /// Make edits too that change more than the leak; what else they change is told
    #[arg(long = "unsafe")]
    pub(crate) allow_unsafe: bool,
    /// Where keys are read from that are taken out of the source
    #[arg(long, value_enum, value_name = "STORE", default_value_t = SecretStore::Env)]
    pub(crate) secrets: SecretStore,
    /// Show the edits as a difference and write nothing; what happens anyway without --apply
    #[arg(long, conflicts_with = "apply")]
    pub(crate) diff: bool,
    /// What to print: the difference, or JSON with every edit and what is left to do by hand
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = FixFormat::Diff)]
    pub(crate) format: FixFormat,
    /// Write the edited files
    #[arg(long)]
    pub(crate) apply: bool,
    /// With --apply: write to files too that have changes which are not committed
    #[arg(long, requires = "apply")]
    pub(crate) allow_dirty: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Output of `fix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FixFormat {
    /// A unified difference; nothing with --apply
    Diff,
    /// JSON v1, see `keytrail schema fix`
    Json,
}

/// Where keys are read from.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SecretStore {
    /// An environment variable
    Env,
    /// Secrets Manager, asked once a process
    Secretsmanager,
    /// Parameter Store, asked once a process
    Ssm,
}

/// `baseline`.
#[derive(Args, Debug)]
pub(crate) struct Baseline {
    /// Directories or files; several are read as one
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Where to write it
    #[arg(
        short = 'o',
        value_name = "FILE",
        default_value = "keytrail-baseline.txt"
    )]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Output of `rules`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RulesFormat {
    /// A table
    Terminal,
    /// A list of objects
    Json,
}

/// Output of `scan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Path by path, for a person
    Terminal,
    /// JSON v1, see `keytrail schema`
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// One file to open in a browser
    Html,
    /// A short summary, for a job's page
    Markdown,
    /// A test a rule, for servers that show tests
    Junit,
    /// Code quality, for GitLab's merge requests
    Gitlab,
}

/// `json=report.json`.
#[derive(Clone, Debug)]
pub(crate) struct FormatFile {
    /// What.
    pub(crate) format: Format,
    /// Where to.
    pub(crate) file: PathBuf,
}

impl FromStr for FormatFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = text
            .split_once('=')
            .filter(|(_, file)| !file.is_empty())
            .ok_or("write it as FORMAT=FILE, for example `json=keytrail.json`")?;
        Ok(Self {
            format: Format::from_str(format, false).map_err(|_| {
                format!("`{format}` is no format; use terminal, json, sarif, html, markdown, junit or gitlab")
            })?,
            file: file.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_declarations_agree() {
        super::Cli::command().debug_assert();
    }
}
