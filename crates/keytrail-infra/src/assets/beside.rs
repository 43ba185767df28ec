//! Resources that say something of another: rotations, locks, blocks of public access, what
//! copies a table to a bucket or a stream.

use std::collections::BTreeSet;

use keytrail_model::{AssetKind, Control, Tri};

use super::settings::{all_on, yes_or_no};
use super::{Assets, Draft, own_key};
use crate::addresses::Addresses;
use crate::stack::{Index, Resource, Stack};
use crate::text::Id;
use crate::value::{Node, Value, tri};

/// Types that are read here.
pub(super) const KINDS: &[&str] = &[
    "AWS::CloudTrail::Trail",
    "AWS::DynamoDB::Table",
    "AWS::SecretsManager::RotationSchedule",
    "aws_backup_vault_lock_configuration",
    "aws_cloudtrail",
    "aws_dynamodb_kinesis_streaming_destination",
    "aws_dynamodb_table_export",
    "aws_kms_key_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_secretsmanager_secret_rotation",
    "aws_vpc_endpoint_policy",
    "aws_vpc_endpoint_route_table_association",
];

pub(super) fn attach(
    stack: &Stack,
    tables: &Index,
    addresses: &Addresses,
    assets: &mut Assets<'_>,
    used: &mut BTreeSet<Id>,
) {
    for resource in &stack.resources {
        match resource.kind.as_str() {
            "aws_secretsmanager_secret_rotation" => rotation(
                resource,
                [
                    "secret_id",
                    "rotation_rules.automatically_after_days",
                    "rotation_rules.schedule_expression",
                ],
                assets,
            ),
            "AWS::SecretsManager::RotationSchedule" => rotation(
                resource,
                [
                    "SecretId",
                    "RotationRules.AutomaticallyAfterDays",
                    "RotationRules.ScheduleExpression",
                ],
                assets,
            ),
            "aws_backup_vault_lock_configuration" => {
                let field = resource.body.get("backup_vault_name");
                put(
                    assets,
                    field,
                    AssetKind::BackupVault,
                    Control::Locked,
                    Tri::Yes,
                    resource,
                );
            }
            "aws_s3_bucket_public_access_block"
            | "aws_s3_bucket_server_side_encryption_configuration"
            | "aws_s3_bucket_versioning" => bucket(resource, assets),
            "aws_vpc_endpoint_policy" => {
                let field = resource.body.get("vpc_endpoint_id");
                put(
                    assets,
                    field,
                    AssetKind::Endpoint,
                    Control::Narrowed,
                    Tri::Yes,
                    resource,
                );
            }
            "aws_dynamodb_table_export" => {
                let field = resource.body.get("s3_bucket");
                let ids = assets.referred(field, AssetKind::Bucket);
                copied(
                    resource.body.get("table_arn"),
                    ids,
                    tables,
                    addresses,
                    assets,
                    used,
                );
            }
            "aws_dynamodb_kinesis_streaming_destination" => {
                let ids = assets.referred(resource.body.get("stream_arn"), AssetKind::ChangeStream);
                copied(
                    resource.body.get("table_name"),
                    ids,
                    tables,
                    addresses,
                    assets,
                    used,
                );
            }
            "AWS::DynamoDB::Table" => {
                let field = resource.body.path("KinesisStreamSpecification.StreamArn");
                for id in assets.referred(field, AssetKind::ChangeStream) {
                    if let Some(draft) = assets.drafts.get_mut(&id) {
                        draft.asset.tables.push(addresses.public(&resource.id));
                    }
                    used.insert(id);
                }
            }
            "aws_cloudtrail" => {
                used.extend(
                    assets.referred(resource.body.get("s3_bucket_name"), AssetKind::Bucket),
                );
            }
            "AWS::CloudTrail::Trail" => {
                used.extend(assets.referred(resource.body.get("S3BucketName"), AssetKind::Bucket));
            }
            _ => {}
        }
    }
}

fn put(
    assets: &mut Assets<'_>,
    field: Option<&Node>,
    kind: AssetKind,
    control: Control,
    state: Tri,
    resource: &Resource,
) {
    for id in assets.referred(field, kind) {
        if let Some(draft) = assets.drafts.get_mut(&id) {
            draft.put(control, state, resource, None);
        }
    }
}

/// Every secret is rotated or not; one whose rotation could not be tied is not known.
fn rotation(resource: &Resource, [secret, days, schedule]: [&str; 3], assets: &mut Assets<'_>) {
    let field = resource.body.get(secret);
    let in_time = match (resource.body.path(days), resource.body.path(schedule)) {
        (Some(days), _) => days
            .as_number()
            .map_or(Tri::Unknown, |days| yes_or_no(days <= 90.0)),
        (None, Some(rate)) => every(rate.as_str()),
        (None, None) => Tri::Unknown,
    };
    let mut ids = assets.referred(field, AssetKind::Secret);
    let tied = !ids.is_empty();
    if !tied && field.is_none_or(Node::is_unknown) {
        // It may be any of them.
        let secrets = assets.drafts.iter();
        let secrets = secrets.filter(|(_, draft)| draft.asset.kind == AssetKind::Secret);
        ids = secrets.map(|(id, _)| Id::clone(id)).collect();
    }
    for id in ids {
        let known = |draft: &Draft<'_>| tied || draft.asset.posture(Control::Rotated).is_none();
        if let Some(draft) = assets.drafts.get_mut(&id).filter(|draft| known(draft)) {
            let state = if tied { Tri::Yes } else { Tri::Unknown };
            draft.put(Control::Rotated, state, resource, None);
            draft.put(Control::RotatedInTime, in_time, resource, None);
        }
    }
}

/// `rate(30 days)`; of a `cron` nothing is known.
fn every(rate: Option<&str>) -> Tri {
    let parsed = rate.and_then(|rate| {
        let inner = rate.trim().strip_prefix("rate(")?.strip_suffix(')')?;
        let (number, unit) = inner.split_once(' ')?;
        Some((number.trim().parse::<f64>().ok()?, unit.starts_with("day")))
    });
    match parsed {
        Some((days, true)) => yes_or_no(days <= 90.0),
        Some((_, false)) => Tri::Yes,
        None => Tri::Unknown,
    }
}

fn bucket(resource: &Resource, assets: &mut Assets<'_>) {
    const PUBLIC: [&str; 4] = [
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    ];
    let body = &resource.body;
    let (control, state) = match resource.kind.as_str() {
        "aws_s3_bucket_public_access_block" => (Control::Private, all_on(body, &PUBLIC)),
        "aws_s3_bucket_versioning" => {
            let status = body.path("versioning_configuration.status");
            let state = match status.map(Node::as_str) {
                Some(Some(text)) => yes_or_no(text == "Enabled"),
                Some(None) => Tri::Unknown,
                None => tri(None),
            };
            (Control::Versioned, state)
        }
        _ => {
            let key = body.path("rule.apply_server_side_encryption_by_default.kms_master_key_id");
            let whole = body.get("rule");
            let state = match (key, whole.map(|node| &node.value)) {
                (None, Some(Value::Unknown(_))) => Tri::Unknown,
                _ => own_key(key),
            };
            (Control::OwnKey, state)
        }
    };
    put(
        assets,
        body.get("bucket"),
        AssetKind::Bucket,
        control,
        state,
        resource,
    );
}

/// The tables behind a field go to these assets.
fn copied(
    field: Option<&Node>,
    ids: Vec<Id>,
    tables: &Index,
    addresses: &Addresses,
    assets: &mut Assets<'_>,
    used: &mut BTreeSet<Id>,
) {
    let texts = field.map_or_else(Vec::new, Node::texts);
    let found = texts.iter().flat_map(|text| tables.find(text, "table/"));
    let found: Vec<_> = found.map(|entry| addresses.public(&entry.id)).collect();
    for id in ids {
        if let Some(draft) = assets.drafts.get_mut(&id) {
            draft.asset.tables.extend(found.iter().cloned());
        }
        used.insert(id);
    }
}
