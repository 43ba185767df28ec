//! Single questions: who, can, which policy, where was this key.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Account, Reading, RulesFormat, Trail};

/// `who`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  keytrail who api_metadata
  keytrail who api_metadata.api_key backend
  keytrail who STRIPE_SECRET_KEY
  keytrail who --as aws_iam_role.reports
  keytrail who --as aws_iam_role.reports api_metadata.api_key
  keytrail who api_metadata --aws --profile audit
  keytrail who api_metadata --trail s3://audit-logs/AWSLogs/ --trail-since 2026-11-01")]
pub(crate) struct Who {
    /// A table, `table.attribute`, a setting, or the fingerprint of a key
    #[arg(required_unless_present = "principal")]
    pub(crate) target: Option<String>,
    /// The other way round: what may this principal read, by which door and statement
    #[arg(long = "as", value_name = "PRINCIPAL")]
    pub(crate) principal: Option<String>,
    /// Directories or files; several are read as one
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Ask the live AWS account too
    #[arg(long)]
    pub(crate) aws: bool,
    #[command(flatten)]
    pub(crate) account: Account,
    #[command(flatten)]
    pub(crate) trail: Trail,
}

/// `lineage`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  keytrail lineage 5f2b0c9a1d3e4f60718293a4b5c6d7e8
  keytrail lineage @key.txt backend exports
  pass show stripe/production | keytrail lineage @- --format json")]
pub(crate) struct Lineage {
    /// The key's fingerprint, or `@FILE` with the key in it; `@-` reads standard input
    pub(crate) key: String,
    /// Directories or files; several are read as one
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = RulesFormat::Terminal)]
    pub(crate) format: RulesFormat,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Output whose schema is asked for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SchemaOf {
    /// `scan --format json`
    Report,
    /// `lineage --format json`
    Lineage,
    /// `fix --format json`
    Fix,
}

/// `can`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  keytrail can --as aws_iam_role.app --do dynamodb:GetItem --on api_metadata
  keytrail can --as app --do kms:Decrypt --on arn:aws:kms:eu-west-1:111122223333:key/k backend infra
  keytrail can --as app --do dynamodb:Query --on api_metadata --context dynamodb:LeadingKeys=alice
  keytrail can --cases cases.jsonl > answers.jsonl", after_long_help = CASES)]
pub(crate) struct Can {
    /// Directories or files; several are read as one
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Who asks: the address, name or ARN of a role, user or group of the templates
    #[arg(
        long = "as",
        value_name = "PRINCIPAL",
        required_unless_present = "cases"
    )]
    pub(crate) principal: Option<String>,
    /// The action: `dynamodb:GetItem`
    #[arg(long = "do", value_name = "ACTION", required_unless_present = "cases")]
    pub(crate) action: Option<String>,
    /// On what: a table's name or address, `TABLE/index/NAME`, an ARN, or `*`
    #[arg(long = "on", value_name = "RESOURCE", default_value = "*")]
    pub(crate) resource: String,
    /// A condition key of the request with its values; `KEY=` says that the request lacks it; may be repeated
    #[arg(long, value_name = "KEY=VALUE[,VALUE]")]
    pub(crate) context: Vec<String>,
    /// The request has no condition key but these and what its principal implies
    #[arg(long)]
    pub(crate) complete: bool,
    /// Answer whole cases instead, a JSON object a line, from a file or `-`; see `--help`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["principal", "action", "context", "complete"])]
    pub(crate) cases: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

const CASES: &str = r#"Examples:
  keytrail can --as aws_iam_role.app --do dynamodb:GetItem --on api_metadata
  keytrail can --as app --do kms:Decrypt --on arn:aws:kms:eu-west-1:111122223333:key/k backend infra
  keytrail can --as app --do dynamodb:Query --on api_metadata --context dynamodb:LeadingKeys=alice
  keytrail can --cases cases.jsonl > answers.jsonl

Without --complete a condition key that is not given is open: the answer may be `allowed if …`.

Cases, one JSON object a line:
  {"id": …, "request": {"principal": "arn:aws:iam::111122223333:role/app",
    "action": "dynamodb:GetItem", "resource": "arn:aws:dynamodb:eu-west-1:111122223333:table/keys",
    "resource_account": "111122223333", "context": {"aws:SourceIp": "192.0.2.7", "aws:TagKeys": ["a"]}},
   "identity_policies": [document], "resource_policy": document, "boundaries": [document] or null,
   "service_control_policies": [[document]], "resource_control_policies": [[document]],
   "session_policy": document, "management_account": "444455556666"}

Only `request` with `principal` and `action` is needed. A principal is an ARN (user, role, assumed-role
or federated-user session, root, SAML or OIDC provider), an account, a service's name, or `*`.
Organisation's policies are lists, one a level from the root; each level must allow.

A case is a whole request: a context key that is not given is absent, as for AWS's own simulator. Keys
that the principal and the resource imply (aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType,
aws:username, aws:PrincipalIsAWSService, aws:PrincipalServiceName, aws:ResourceAccount) are there anyway.
`"KEY": null` says that it is not known whether and with what it is there, `"*": null` says so of all
that are not given: only then the answer may be `allow_if`.

Answers, one a line and in order:
  {"id": …, "decision": "allow" | "explicit_deny" | "implicit_deny" | "allow_if",
   "statements": [what decided], "remaining": [conditions still open]}
  with "missing": the layer that allows nothing, for implicit_deny; "ways" where there are several for allow_if
  {"id": …, "line": …, "error": …} for a line that can't be answered; the rest is"#;

/// `policy`.
#[derive(Args, Debug)]
#[command(after_help = "\
The policy goes to standard output, the difference from what is granted to standard error.

Examples:
  keytrail policy
  keytrail policy backend infra --format terraform
  keytrail policy --account 111122223333 --region eu-west-1
  keytrail policy --diff")]
pub(crate) struct Policy {
    /// Directories or files; several are read as one
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// How to write it [default: json]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<PolicyFormat>,
    /// Print the difference from what is granted instead: not used, not granted, too wide
    #[arg(long)]
    pub(crate) diff: bool,
    /// Hold calls on the caller's own partition to it: sessions carry the partition in this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) caller_tag: Option<String>,
    /// The account of the tables
    #[arg(long, value_name = "ACCOUNT", default_value = "*")]
    pub(crate) account: String,
    /// The region of the tables
    #[arg(long, value_name = "REGION", default_value = "*")]
    pub(crate) region: String,
    /// The partition of the tables
    #[arg(long, value_name = "PARTITION", default_value = "aws")]
    pub(crate) partition: String,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Output of `policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyFormat {
    /// A policy document
    Json,
    /// A data source of Terraform
    Terraform,
    /// A managed policy of CloudFormation
    Cloudformation,
}
