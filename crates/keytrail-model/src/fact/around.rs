//! Facts about what stands round the tables: caches, vaults, keys, trails, buckets, endpoints;
//! what principals may do to those; who outside the account is let in. The same from a template
//! and from the live account.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Environment, Tri};
use crate::{Location, Step};

/// What kind of thing an [`Asset`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AssetKind {
    /// A DAX cluster.
    Cache,
    /// A secret of Secrets Manager.
    Secret,
    /// A parameter of Systems Manager.
    Parameter,
    /// A key of KMS.
    EncryptionKey,
    /// A trail of `CloudTrail`, or an event data store.
    Trail,
    /// A bucket that receives copies of tables or trails.
    Bucket,
    /// A vault of AWS Backup.
    BackupVault,
    /// A VPC endpoint for `DynamoDB`, Secrets Manager, KMS or Systems Manager.
    Endpoint,
    /// A Kinesis stream that receives a table's changes.
    ChangeStream,
    /// A function that runs code.
    Function,
    /// Provisioned capacity of a table, an index or a replica.
    Capacity,
}

impl AssetKind {
    /// As messages call it: `DAX cluster`, `secret`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cache => "DAX cluster",
            Self::Secret => "secret",
            Self::Parameter => "parameter",
            Self::EncryptionKey => "KMS key",
            Self::Trail => "trail",
            Self::Bucket => "bucket",
            Self::BackupVault => "backup vault",
            Self::Endpoint => "VPC endpoint",
            Self::ChangeStream => "Kinesis stream",
            Self::Function => "function",
            Self::Capacity => "capacity",
        }
    }
}

/// A setting that somebody who keeps keys wants to be so: [`Tri::Yes`] is the good answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Control {
    /// Encrypted at rest at all.
    EncryptedAtRest,
    /// TLS only.
    EncryptedInTransit,
    /// Encrypted under a key of the customer's own.
    OwnKey,
    /// The value is replaced by itself from time to time.
    Rotated,
    /// Rotated at least every 90 days.
    RotatedInTime,
    /// What is deleted can be brought back for a week or longer.
    Recoverable,
    /// Switched on.
    Enabled,
    /// In more than one availability zone.
    Redundant,
    /// Records item calls of the tables in [`Asset::tables`].
    RecordsItems,
    /// Records all regions.
    AllRegions,
    /// Changes to what was recorded are noticed.
    Validated,
    /// Events go on to where somebody is told (`CloudWatch` Logs).
    Watched,
    /// Not open to the public.
    Private,
    /// Old versions are kept.
    Versioned,
    /// Nobody can shorten what is kept.
    Locked,
    /// A policy narrower than everything is attached.
    Narrowed,
    /// A queue keeps what could not be handled.
    FailuresKept,
    /// Capacity follows the load.
    Scaled,
    /// Does not wait to be deleted.
    Kept,
    /// Was rotated when its schedule said so.
    RotationWorks,
    /// Somebody reads it now and then.
    Used,
}

/// One setting of an asset, as found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Posture {
    /// Which.
    pub control: Control,
    /// Whether it is so.
    pub state: Tri,
    /// Where it is set; for one that is left out, where the asset is declared.
    pub location: Location,
}

/// Something beside the tables that holds keys, copies of them, or what guards them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Asset {
    /// What it is.
    pub kind: AssetKind,
    /// `aws_secretsmanager_secret.stripe`, the logical id, or the ARN.
    pub address: Arc<str>,
    /// Its name, `*` for parts not known.
    pub name: String,
    /// Where it is declared.
    pub location: Location,
    /// Which deployment, where the path or name says.
    pub environment: Environment,
    /// Its settings, sorted; what does not apply is left out.
    pub postures: Vec<Posture>,
    /// The tables that it copies, records or caches: [`super::Table::address`], sorted.
    pub tables: Vec<Arc<str>>,
    /// Tags; `None` when not resolved.
    pub tags: Option<BTreeMap<String, String>>,
}

impl Asset {
    /// The state of a setting; `None` where it does not apply.
    pub fn posture(&self, control: Control) -> Option<&Posture> {
        self.postures.iter().find(|it| it.control == control)
    }
}

/// What a [`Right`] opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RightKind {
    /// `secretsmanager:GetSecretValue`.
    ReadSecrets,
    /// `ssm:GetParameter` and its forms.
    ReadParameters,
    /// `kms:Decrypt`.
    Decrypt,
    /// Gives itself more rights, by the way named in [`Right::way`].
    RaiseRights,
}

/// A principal may do something to every resource of a kind, whatever it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Right {
    /// [`super::Principal::address`].
    pub principal: Arc<str>,
    /// What for.
    pub kind: RightKind,
    /// The actions, or the way to more rights: `iam:PassRole with lambda:CreateFunction`.
    pub way: String,
    /// What remains to hold, each as a person reads it; empty where it is allowed outright.
    pub conditions: Vec<String>,
    /// The statements that decided.
    pub statements: Vec<Step>,
}

/// What an [`Opening`] is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OpeningKind {
    /// A table (or its indexes).
    Table,
    /// A table's stream.
    Stream,
    /// A role that may be assumed.
    Role,
    /// A secret.
    Secret,
    /// A key of KMS, by its policy or a grant.
    EncryptionKey,
    /// A bucket.
    Bucket,
    /// A backup vault.
    BackupVault,
    /// A Kinesis stream.
    ChangeStream,
    /// A function that may be called.
    Function,
}

impl OpeningKind {
    /// As messages call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Stream => "stream",
            Self::Role => "role",
            Self::Secret => "secret",
            Self::EncryptionKey => "KMS key",
            Self::Bucket => "bucket",
            Self::BackupVault => "backup vault",
            Self::ChangeStream => "Kinesis stream",
            Self::Function => "function",
        }
    }
}

/// Who is let in from outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outsider {
    /// Everybody: `*`.
    Everybody,
    /// Another account, or a principal of it, as written; the account's number or ARN.
    Account(String),
    /// Whoever an identity provider outside vouches for.
    Federated(String),
}

/// The policy of a resource lets in somebody from outside the account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Opening {
    /// On what.
    pub kind: OpeningKind,
    /// Its address.
    pub address: Arc<str>,
    /// The table behind a [`OpeningKind::Table`] or [`OpeningKind::Stream`], or whose copies lie there.
    pub tables: Vec<Arc<str>>,
    /// Who.
    pub who: Outsider,
    /// True where it is known that who is named is not of this account.
    pub certain: bool,
    /// The actions as written, sorted.
    pub actions: Vec<String>,
    /// What remains to hold, each as a person reads it.
    pub conditions: Vec<String>,
    /// The statement ([`Location::Statement`]).
    pub location: Location,
}
