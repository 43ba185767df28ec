//! The live account: how it is reached, and what of it is read.

use std::path::PathBuf;

use clap::Args;

use super::RulesFormat;

/// The live account.
#[derive(Args, Debug)]
pub(crate) struct Account {
    /// Profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Regions to read; may be repeated
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    pub(crate) region: Vec<String>,
    /// Read all regions that the account has switched on
    #[arg(long, conflicts_with = "region")]
    pub(crate) all_regions: bool,
    /// Roles to assume, an account each; may be repeated
    #[arg(long, value_delimiter = ',', value_name = "ARN")]
    pub(crate) assume_role: Vec<String>,
}

/// The files of a trail.
#[derive(Args, Debug)]
#[command(next_help_heading = "Trail")]
pub(crate) struct Trail {
    /// Read files of `CloudTrail`: who really read which table; a directory or `s3://BUCKET/PREFIX`
    #[arg(id = "trail", long = "trail", value_name = "DIR|S3URL")]
    pub(crate) place: Option<String>,
    /// Leave out the files of days before this one
    #[arg(long = "trail-since", value_name = "YYYY-MM-DD", requires = "trail", value_parser = day)]
    pub(crate) since: Option<String>,
}

fn day(text: &str) -> Result<String, String> {
    let mut parts = text.split('-');
    let number = |part: Option<&str>, length: usize| {
        part.is_some_and(|part| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let good = number(parts.next(), 4) && number(parts.next(), 2) && number(parts.next(), 2);
    if good && parts.next().is_none() {
        Ok(text.to_owned())
    } else {
        Err("a day is needed, as 2026-11-24".to_owned())
    }
}

/// Items of tables.
#[derive(Args, Debug)]
#[command(next_help_heading = "Items (with --aws)")]
pub(crate) struct Items {
    /// Read the items of these tables; what that costs is told before it begins
    #[arg(
        id = "items",
        long = "items",
        value_delimiter = ',',
        value_name = "TABLE",
        requires = "aws"
    )]
    pub(crate) tables: Vec<String>,
    /// Read units a second that may be used
    #[arg(long, value_name = "N", requires = "items", value_parser = positive)]
    pub(crate) read_units: Option<f64>,
    /// Read units in all, at which to stop
    #[arg(long, value_name = "N", requires = "items", value_parser = positive)]
    pub(crate) max_units: Option<f64>,
    /// Read about so many items, spread over the table
    #[arg(long, value_name = "N", requires = "items")]
    pub(crate) sample: Option<u64>,
    /// Read these attributes only
    #[arg(long, value_delimiter = ',', value_name = "NAME", requires = "items")]
    pub(crate) attributes: Vec<String>,
    /// Keep in this file how far the scan is, and go on from there
    #[arg(long, value_name = "FILE", requires = "items")]
    pub(crate) state: Option<PathBuf>,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number > 0.0)
        .ok_or_else(|| "a number above 0 is needed".to_owned())
}

/// `drift`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  keytrail drift
  keytrail drift infra --profile production --region eu-west-1")]
pub(crate) struct Drift {
    /// Directories or files with the templates; several are read as one
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) account: Account,
    /// How to show the differences
    #[arg(long, value_enum, default_value_t = RulesFormat::Terminal)]
    pub(crate) format: RulesFormat,
    /// Leave out files that match; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
}
