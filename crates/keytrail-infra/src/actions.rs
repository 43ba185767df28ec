//! The actions of `DynamoDB`: which open which door, which know which condition key, and which
//! a wildcard takes in.

use keytrail_model::Door;

use crate::evaluate::Context;
use crate::glob::fits;

/// All actions of the service, sorted; from its page in the service authorization reference.
const ALL: &[&str] = &[
    "dynamodb:AssociateTableReplica",
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:CreateBackup",
    "dynamodb:CreateGlobalTable",
    "dynamodb:CreateTable",
    "dynamodb:CreateTableReplica",
    "dynamodb:DeleteBackup",
    "dynamodb:DeleteItem",
    "dynamodb:DeleteResourcePolicy",
    "dynamodb:DeleteTable",
    "dynamodb:DeleteTableReplica",
    "dynamodb:DescribeBackup",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeContributorInsights",
    "dynamodb:DescribeEndpoints",
    "dynamodb:DescribeExport",
    "dynamodb:DescribeGlobalTable",
    "dynamodb:DescribeGlobalTableSettings",
    "dynamodb:DescribeImport",
    "dynamodb:DescribeKinesisStreamingDestination",
    "dynamodb:DescribeLimits",
    "dynamodb:DescribeReservedCapacity",
    "dynamodb:DescribeReservedCapacityOfferings",
    "dynamodb:DescribeStream",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTableReplicaAutoScaling",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:DisableKinesisStreamingDestination",
    "dynamodb:EnableKinesisStreamingDestination",
    "dynamodb:ExportTableToPointInTime",
    "dynamodb:GetAbacStatus",
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "dynamodb:GetResourcePolicy",
    "dynamodb:GetShardIterator",
    "dynamodb:ImportTable",
    "dynamodb:ListBackups",
    "dynamodb:ListContributorInsights",
    "dynamodb:ListExports",
    "dynamodb:ListGlobalTables",
    "dynamodb:ListImports",
    "dynamodb:ListStreams",
    "dynamodb:ListTables",
    "dynamodb:ListTagsOfResource",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLSelect",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PurchaseReservedCapacityOfferings",
    "dynamodb:PutItem",
    "dynamodb:PutResourcePolicy",
    "dynamodb:Query",
    "dynamodb:RestoreTableFromAwsBackup",
    "dynamodb:RestoreTableFromBackup",
    "dynamodb:RestoreTableToPointInTime",
    "dynamodb:Scan",
    "dynamodb:StartAwsBackupJob",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "dynamodb:UpdateAbacStatus",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateContributorInsights",
    "dynamodb:UpdateGlobalTable",
    "dynamodb:UpdateGlobalTableSettings",
    "dynamodb:UpdateGlobalTableVersion",
    "dynamodb:UpdateItem",
    "dynamodb:UpdateKinesisStreamingDestination",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTableReplicaAutoScaling",
    "dynamodb:UpdateTimeToLive",
];

/// Requests that carry `dynamodb:LeadingKeys`. Scan is not among them.
const LEADING_KEYS: &[&str] = &[
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLSelect",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
];

/// Requests that carry `dynamodb:Select`.
const SELECT: &[&str] = &[
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:PartiQLSelect",
    "dynamodb:Query",
    "dynamodb:Scan",
];

/// On what an action works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    Table,
    TableOrIndex,
    Stream,
    Backup,
}

/// The actions that open a door; any one of them does.
pub(crate) fn of(door: Door) -> &'static [(&'static str, On)] {
    match door {
        Door::GetItem => &[("dynamodb:GetItem", On::Table)],
        Door::BatchGetItem => &[("dynamodb:BatchGetItem", On::Table)],
        Door::Query => &[("dynamodb:Query", On::TableOrIndex)],
        Door::Scan => &[("dynamodb:Scan", On::TableOrIndex)],
        Door::PartiqlSelect => &[("dynamodb:PartiQLSelect", On::TableOrIndex)],
        Door::GetRecords => &[("dynamodb:GetRecords", On::Stream)],
        Door::Export => &[("dynamodb:ExportTableToPointInTime", On::Table)],
        Door::Backup => &[
            ("dynamodb:CreateBackup", On::Table),
            ("dynamodb:RestoreTableToPointInTime", On::Table),
            ("dynamodb:RestoreTableFromBackup", On::Backup),
        ],
        Door::KinesisDestination => &[("dynamodb:EnableKinesisStreamingDestination", On::Table)],
        Door::Replica => &[
            ("dynamodb:UpdateTable", On::Table),
            ("dynamodb:CreateTableReplica", On::Table),
        ],
        Door::ResourcePolicy => &[("dynamodb:PutResourcePolicy", On::Table)],
        Door::Write => &[
            ("dynamodb:PutItem", On::Table),
            ("dynamodb:UpdateItem", On::Table),
            ("dynamodb:BatchWriteItem", On::Table),
            ("dynamodb:PartiQLInsert", On::Table),
            ("dynamodb:PartiQLUpdate", On::Table),
        ],
    }
}

/// What is known of any request for an action, whoever sends it.
pub(crate) fn context(action: &str) -> Context {
    // Whoever wants to read can use TLS, so a policy that asks for it holds off nobody.
    let mut context = Context::new().with("aws:SecureTransport", "true");
    if !LEADING_KEYS.contains(&action) {
        context = context.without("dynamodb:LeadingKeys");
    }
    if !LEADING_KEYS.contains(&action) && action != "dynamodb:Scan" {
        context = context.without("dynamodb:Attributes");
    }
    if !SELECT.contains(&action) {
        context = context.without("dynamodb:Select");
    }
    if action != "dynamodb:PartiQLSelect" {
        context = context.without("dynamodb:FullTableScan");
    }
    context
}

/// True for requests that say which attributes they want by `dynamodb:Select`.
pub(crate) fn has_select(action: &str) -> bool {
    SELECT.contains(&action)
}

/// True for a pattern that takes in more than one action of the service.
pub(crate) fn is_wide(pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    if !pattern.contains(['*', '?']) {
        return false;
    }
    ALL.iter()
        .filter(|action| fits(&pattern, &action.to_ascii_lowercase()))
        .take(2)
        .count()
        > 1
}
