//! Facts about infrastructure: the same from a template, from code that creates tables, and
//! from the live account.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Environment;
use crate::{Location, Step};

/// Yes, no, or not known. What is not known shows; it is never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tri {
    /// It is so.
    Yes,
    /// It is not so (also where leaving it out means no).
    No,
    /// An expression that could not be resolved.
    Unknown,
}

/// Who said that a table exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TableSource {
    /// Terraform.
    Terraform,
    /// CloudFormation or SAM.
    CloudFormation,
    /// The live account.
    Account,
    /// `create_table` in code: a development or test set-up as a rule.
    Code,
}

/// Role of a key attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyRole {
    /// HASH.
    Partition,
    /// RANGE.
    Sort,
}

/// One key attribute of a table or index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyElement {
    /// Its name.
    pub attribute: String,
    /// Partition or sort.
    pub role: KeyRole,
}

/// Global or local.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IndexKind {
    /// GSI: eventually consistent, own partition key.
    Global,
    /// LSI.
    Local,
}

/// What an index copies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IndexProjection {
    /// Everything.
    All,
    /// Key attributes only.
    KeysOnly,
    /// Key attributes and these, sorted.
    Include(Vec<String>),
    /// Not resolved.
    Unknown,
}

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Global or local.
    pub kind: IndexKind,
    /// Its key.
    pub keys: Vec<KeyElement>,
    /// What it copies.
    pub projection: IndexProjection,
    /// Where it is declared.
    pub location: Location,
}

/// What a stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StreamView {
    /// Keys only.
    KeysOnly,
    /// `NEW_IMAGE`, `OLD_IMAGE` or both.
    Images,
    /// Not resolved.
    Unknown,
}

/// A table's stream (DynamoDB Streams or a Kinesis destination).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stream {
    /// What it carries.
    pub view: StreamView,
    /// Where it is switched on.
    pub location: Location,
    /// Functions and pipes that read it, and where that is declared.
    pub consumers: Vec<Step>,
}

/// Which key encrypts a table at rest. None of them holds off a principal who may read items.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Encryption {
    /// No `SSESpecification`: a key that AWS owns.
    AwsOwned,
    /// `alias/aws/dynamodb`.
    AwsManaged,
    /// The customer's own; its reference.
    CustomerManaged(String),
    /// Not resolved.
    Unknown,
}

/// A copy of a table in another region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Replica {
    /// `eu-west-1`; `*` when not resolved.
    pub region: String,
    /// Its own key.
    pub encryption: Encryption,
    /// Its own recovery.
    pub point_in_time_recovery: Tri,
    /// Its own protection; for a global table that shares its table's, that one's.
    pub deletion_protection: Tri,
    /// Where it is declared.
    pub location: Location,
}

/// A table exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Table {
    /// Its name; `*` stands for a part that is not known.
    pub name: String,
    /// Other names it has under other variable files or workspaces, sorted.
    pub also_named: Vec<String>,
    /// `aws_dynamodb_table.keys`, with the module's path; the logical id; the function that creates it.
    pub address: Arc<str>,
    /// Where it is declared.
    pub location: Location,
    /// Who said so.
    pub source: TableSource,
    /// Which deployment, where the path or name says.
    pub environment: Environment,
    /// All deployments under which it has this one name, sorted: more than one share it.
    pub environments: Vec<Environment>,
    /// Its key.
    pub keys: Vec<KeyElement>,
    /// Its indexes.
    pub indexes: Vec<Index>,
    /// Its stream.
    pub stream: Option<Stream>,
    /// Its key at rest.
    pub encryption: Encryption,
    /// Point-in-time recovery.
    pub point_in_time_recovery: Tri,
    /// Deletion protection.
    pub deletion_protection: Tri,
    /// The TTL attribute.
    pub ttl: Option<String>,
    /// Tags; `None` when not resolved.
    pub tags: Option<BTreeMap<String, String>>,
    /// Replicas.
    pub replicas: Vec<Replica>,
    /// Exports, backup plans, S3 copies: a label and where.
    pub copies: Vec<Step>,
    /// Items that the template itself writes (`aws_dynamodb_table_item`): attribute and where.
    pub seeded: Vec<(String, Location)>,
}

/// What kind of principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PrincipalKind {
    /// A role.
    Role,
    /// A user.
    User,
    /// A group.
    Group,
    /// Another account, or everybody, by a resource policy.
    Outside,
}

/// A role, user or group exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Principal {
    /// `aws_iam_role.app`, the logical id, or the ARN pattern of an outside principal.
    pub address: Arc<str>,
    /// Its name, `*` for parts not known.
    pub name: String,
    /// What kind.
    pub kind: PrincipalKind,
    /// Where it is declared.
    pub location: Location,
    /// Which deployment, where the path or name says.
    pub environment: Environment,
    /// What runs under it: services, tasks, functions, instance profiles; empty when nothing in
    /// the templates does.
    pub runs: Vec<Step>,
    /// Who may assume it, as written: `ecs-tasks.amazonaws.com`, an account.
    pub trusts: Vec<String>,
}

/// A way to read (or write) a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Door {
    /// `GetItem`.
    GetItem,
    /// `BatchGetItem`.
    BatchGetItem,
    /// `Query`.
    Query,
    /// `Scan`.
    Scan,
    /// `PartiQLSelect`.
    PartiqlSelect,
    /// `GetRecords` on the stream.
    GetRecords,
    /// `ExportTableToPointInTime`.
    Export,
    /// `CreateBackup` and `RestoreTable…`.
    Backup,
    /// `EnableKinesisStreamingDestination`.
    KinesisDestination,
    /// `UpdateTable`: a new replica or stream.
    Replica,
    /// `PutResourcePolicy`.
    ResourcePolicy,
    /// `PutItem`, `UpdateItem`, `BatchWriteItem`: no reading, but what an application does.
    Write,
}

impl Door {
    /// The IAM action that opens it.
    pub fn action(self) -> &'static str {
        match self {
            Self::GetItem => "dynamodb:GetItem",
            Self::BatchGetItem => "dynamodb:BatchGetItem",
            Self::Query => "dynamodb:Query",
            Self::Scan => "dynamodb:Scan",
            Self::PartiqlSelect => "dynamodb:PartiQLSelect",
            Self::GetRecords => "dynamodb:GetRecords",
            Self::Export => "dynamodb:ExportTableToPointInTime",
            Self::Backup => "dynamodb:CreateBackup",
            Self::KinesisDestination => "dynamodb:EnableKinesisStreamingDestination",
            Self::Replica => "dynamodb:UpdateTable",
            Self::ResourcePolicy => "dynamodb:PutResourcePolicy",
            Self::Write => "dynamodb:PutItem",
        }
    }

    /// All doors, in order.
    pub const ALL: [Self; 12] = [
        Self::GetItem,
        Self::BatchGetItem,
        Self::Query,
        Self::Scan,
        Self::PartiqlSelect,
        Self::GetRecords,
        Self::Export,
        Self::Backup,
        Self::KinesisDestination,
        Self::Replica,
        Self::ResourcePolicy,
        Self::Write,
    ];
}

/// What the evaluator answers when it does not deny.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Decision {
    /// Allowed outright.
    Allowed,
    /// Allowed where these conditions hold; each as a person reads it.
    AllowedIf(Vec<String>),
}

/// A principal may pass a door of a table. Denied doors give no fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Grant {
    /// [`Principal::address`].
    pub principal: Arc<str>,
    /// [`Table::address`], or the table's name for a table known from code only.
    pub table: Arc<str>,
    /// Which way.
    pub door: Door,
    /// The index, for `Query` and `Scan` granted on one.
    pub index: Option<String>,
    /// Under which conditions.
    pub decision: Decision,
    /// The statements that decided ([`Location::Statement`]), label: the effect with the
    /// deciding action and resource as written.
    pub statements: Vec<Step>,
    /// The deciding statement's action has a wildcard wider than reading needs (`*`, `dynamodb:*`).
    pub wildcard_action: bool,
    /// The deciding statement's resource matches more than this table (`*`, `table/*`).
    pub wildcard_resource: bool,
    /// The attributes that may be read when the conditions limit them; sorted.
    pub attributes: Option<Vec<String>>,
    /// `dynamodb:LeadingKeys` binds the partition to the caller.
    pub leading_keys: bool,
}

/// A template hands a table's name to code by an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EnvBinding {
    /// The variable.
    pub variable: String,
    /// [`Table::address`].
    pub table: Arc<str>,
    /// Where it is handed over.
    pub location: Location,
}

/// A principal may become a role, or have something run as it that it chose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoleChain {
    /// Who: [`Principal::address`].
    pub from: Arc<str>,
    /// Which role.
    pub to: Arc<str>,
    /// `sts:AssumeRole`, or `iam:PassRole with lambda:CreateFunction …`.
    pub how: String,
    /// What remains to hold.
    pub conditions: Vec<String>,
    /// The statements that decided.
    pub statements: Vec<Step>,
}
