//! Commands that write to the account.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `migrate`.
#[derive(Args, Debug)]
#[command(after_help = "\
Without --apply, --rollback or --finish nothing is written: the plan tells how many keys there are, what
it costs, how long it takes, and what keeps the raw keys afterwards.

It can be stopped at any moment and goes on where it was. docs/migrate.md tells why nothing is lost.

Examples:
  keytrail migrate api_keys --attribute api_key --to secretsmanager
  keytrail migrate api_keys --attribute api_key --to hmac --reader app/keys.py
  keytrail migrate api_keys --attribute metadata.api_key --to kms --key alias/keys --apply
  keytrail migrate api_keys --attribute api_key --to secretsmanager --rollback
  keytrail migrate api_keys --attribute api_key --to secretsmanager --finish --report r.json --sign-key k")]
pub(crate) struct Migrate {
    /// Tables
    #[arg(value_name = "TABLE", required_unless_present = "check_report")]
    pub(crate) tables: Vec<String>,
    /// Where the key lies in an item: `api_key`, `metadata.api_key`, `keys[0].value`; may be part of the
    /// primary key
    #[arg(long, value_name = "PATH", required_unless_present = "check_report")]
    pub(crate) attribute: Option<String>,
    /// Where the keys go
    #[arg(
        long,
        value_enum,
        value_name = "VAULT",
        required_unless_present = "check_report"
    )]
    pub(crate) to: Option<Vault>,
    /// Move the keys
    #[arg(long, group = "doing")]
    pub(crate) apply: bool,
    /// Move them back, as long as the migration is not finished
    #[arg(long, group = "doing")]
    pub(crate) rollback: bool,
    /// Move what is left, and close the way back
    #[arg(long, group = "doing")]
    pub(crate) finish: bool,
    /// Write a Python module that reads keys before, while and after they are moved; `-` for standard
    /// output
    #[arg(long, value_name = "FILE", group = "doing")]
    pub(crate) reader: Option<PathBuf>,
    /// Check the signature of a report
    #[arg(long, value_name = "FILE", group = "doing", requires = "sign_key")]
    pub(crate) check_report: Option<PathBuf>,
    /// The key of KMS: needed for kms, and taken for secrets and parameters where it is given
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The name of the reference that stands beside the key [default: the attribute's, with `_ref`]
    #[arg(long, value_name = "NAME")]
    pub(crate) reference: Option<String>,
    /// Where the journals lie: what was done to which item, without any key
    #[arg(long, value_name = "DIR", default_value = "keytrail-migrate")]
    pub(crate) journal: PathBuf,
    /// Items a second at most
    #[arg(long, value_name = "N", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Items under way at a time
    #[arg(long, value_name = "N", default_value_t = 48, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) workers: u16,
    /// Write a report with the counts by outcome
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// A file with a key of at least 32 bytes: the report is signed with it, by HMAC-SHA-256
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key: Option<PathBuf>,
    /// Use this configuration and no other
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) writing: Writing,
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate: &f64| rate.is_finite() && *rate > 0.0)
        .ok_or_else(|| "write a number above 0".to_owned())
}

/// As whom, and where.
#[derive(Args, Debug)]
pub(crate) struct Writing {
    /// Profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Regions; may be repeated
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    pub(crate) region: Vec<String>,
    /// A role to assume
    #[arg(long, value_name = "ARN")]
    pub(crate) assume_role: Option<String>,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Vault {
    /// A secret each
    Secretsmanager,
    /// A parameter each
    Ssm,
    /// Encrypted under a key, in the item
    Kms,
    /// A keyed digest, for keys that are only ever compared
    Hmac,
}

/// `rotate`.
#[derive(Args, Debug)]
#[command(after_help = "\
Without --secret, --iam-user or --pepper: which keys were exposed, in the order in which they are to be
rotated, how, and who must be told. A key in the history or in a log stays on the list until it is rotated.

With one of them, --apply makes the new key and hands it out while the old one still works; --finish sees
the new one in use, switches the old one off and sees it refused. Both can be interrupted and run again.

Examples:
  keytrail rotate backend
  keytrail rotate --done 5f2b0c9a1d3e4f60718293a4b5c6d7e8
  keytrail rotate --iam-user importer --store importer/aws --apply
  keytrail rotate --iam-user importer --store importer/aws --finish
  pass show stripe/new | keytrail rotate --secret shop/stripe --new-key - --test ./accepts.sh --apply
  keytrail rotate --pepper api_keys --attribute api_key --apply")]
pub(crate) struct Rotate {
    /// Directories or files whose keys are listed
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Rotate this secret of Secrets Manager
    #[arg(long, value_name = "NAME", group = "what")]
    pub(crate) secret: Option<String>,
    /// Rotate the access key of this IAM user
    #[arg(long, value_name = "USER", group = "what", requires = "store")]
    pub(crate) iam_user: Option<String>,
    /// Rotate the pepper of the digests in this table
    #[arg(long, value_name = "TABLE", group = "what", requires = "attribute")]
    pub(crate) pepper: Option<String>,
    /// Note that the key with this fingerprint was rotated by hand
    #[arg(long, value_name = "FINGERPRINT", group = "what")]
    pub(crate) done: Option<String>,
    /// Make the new key and hand it out
    #[arg(long, group = "how", requires = "what")]
    pub(crate) apply: bool,
    /// See the new key in use, switch the old one off, see it refused, let it go
    #[arg(long, group = "how", requires = "what")]
    pub(crate) finish: bool,
    /// With --secret: the field that holds the key, where the secret is a JSON document
    #[arg(long, value_name = "NAME", requires = "secret")]
    pub(crate) field: Option<String>,
    /// With --secret: a file with the new key that the provider gave out, `-` for standard input; a random one
    /// is made without
    #[arg(long, value_name = "FILE", requires = "secret")]
    pub(crate) new_key: Option<PathBuf>,
    /// With --secret: letters and digits of a random key
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u16).range(20..=512))]
    pub(crate) length: u16,
    /// With --secret: a command that gets a key on standard input and fails where the key is refused
    #[arg(long, value_name = "COMMAND", requires = "secret")]
    pub(crate) test: Option<String>,
    /// With --iam-user: the secret that holds the pair, as JSON with `AccessKeyId` and `SecretAccessKey`
    #[arg(long, value_name = "SECRET")]
    pub(crate) store: Option<String>,
    /// With --iam-user: the id of the key to replace
    #[arg(long, value_name = "ID", requires = "iam_user")]
    pub(crate) access_key_id: Option<String>,
    /// With --pepper: where the key lay in an item
    #[arg(long, value_name = "ATTRIBUTE")]
    pub(crate) attribute: Option<String>,
    /// With --pepper: the reference's name
    #[arg(long, value_name = "NAME", requires = "pepper")]
    pub(crate) reference: Option<String>,
    /// Where it is kept how far rotations are, without any key
    #[arg(long, value_name = "DIR", default_value = "keytrail-rotate")]
    pub(crate) records: PathBuf,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) reading: super::Reading,
}
