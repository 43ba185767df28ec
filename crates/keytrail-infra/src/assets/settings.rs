//! The settings of each type of resource, as a table: where it stands, and what is wanted.

use keytrail_model::{Control, Posture, Tri};

use super::own_key;
use crate::stack::Resource;
use crate::value::{Node, tri};

/// When a setting is as it should be.
#[derive(Clone, Copy)]
enum Want {
    /// True; left out means no.
    On,
    /// True; left out means yes.
    OnUnlessOff,
    /// Anything that is not empty.
    Given,
    /// A key of the customer's own.
    Own,
    /// This text; left out means no.
    Is(&'static str),
    /// At least this number; left out means what stands beside it.
    AtLeast(f64, Tri),
    /// Not there. Only what says no is a setting at all.
    Absent,
    /// A policy document without a statement that lets everybody do everything.
    Narrow,
}

type Spec = (&'static str, Control, &'static str, Want);

#[rustfmt::skip]
const SPECS: &[Spec] = &[
    ("AWS::Backup::BackupVault", Control::OwnKey, "EncryptionKeyArn", Want::Own),
    ("AWS::Backup::BackupVault", Control::Locked, "LockConfiguration.MinRetentionDays", Want::Given),
    ("AWS::CloudTrail::EventDataStore", Control::AllRegions, "MultiRegionEnabled", Want::OnUnlessOff),
    ("AWS::CloudTrail::EventDataStore", Control::OwnKey, "KmsKeyId", Want::Own),
    ("AWS::CloudTrail::Trail", Control::AllRegions, "IsMultiRegionTrail", Want::On),
    ("AWS::CloudTrail::Trail", Control::Enabled, "IsLogging", Want::On),
    ("AWS::CloudTrail::Trail", Control::OwnKey, "KMSKeyId", Want::Own),
    ("AWS::CloudTrail::Trail", Control::Validated, "EnableLogFileValidation", Want::On),
    ("AWS::CloudTrail::Trail", Control::Watched, "CloudWatchLogsLogGroupArn", Want::Given),
    ("AWS::DAX::Cluster", Control::EncryptedAtRest, "SSESpecification.SSEEnabled", Want::On),
    ("AWS::DAX::Cluster", Control::EncryptedInTransit, "ClusterEndpointEncryptionType", Want::Is("TLS")),
    ("AWS::DAX::Cluster", Control::Redundant, "ReplicationFactor", Want::AtLeast(2.0, Tri::No)),
    ("AWS::EC2::VPCEndpoint", Control::Narrowed, "PolicyDocument", Want::Narrow),
    ("AWS::KMS::Key", Control::Enabled, "Enabled", Want::OnUnlessOff),
    ("AWS::KMS::Key", Control::Kept, "DeletionDate", Want::Absent),
    ("AWS::KMS::Key", Control::Recoverable, "PendingWindowInDays", Want::AtLeast(7.0, Tri::Yes)),
    ("AWS::KMS::Key", Control::Rotated, "EnableKeyRotation", Want::On),
    ("AWS::Kinesis::Stream", Control::EncryptedAtRest, "StreamEncryption.EncryptionType", Want::Is("KMS")),
    ("AWS::Kinesis::Stream", Control::OwnKey, "StreamEncryption.KeyId", Want::Own),
    ("AWS::S3::Bucket", Control::OwnKey, "BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.KMSMasterKeyID", Want::Own),
    ("AWS::S3::Bucket", Control::Versioned, "VersioningConfiguration.Status", Want::Is("Enabled")),
    ("AWS::SSM::Parameter", Control::EncryptedAtRest, "Type", Want::Is("SecureString")),
    ("AWS::SecretsManager::Secret", Control::OwnKey, "KmsKeyId", Want::Own),
    ("AWS::SecretsManager::Secret", Control::RotationWorks, "RotationMissedDate", Want::Absent),
    ("AWS::SecretsManager::Secret", Control::Used, "UnusedSinceDate", Want::Absent),
    ("aws_backup_vault", Control::OwnKey, "kms_key_arn", Want::Own),
    ("aws_cloudtrail", Control::AllRegions, "is_multi_region_trail", Want::On),
    ("aws_cloudtrail", Control::Enabled, "enable_logging", Want::OnUnlessOff),
    ("aws_cloudtrail", Control::OwnKey, "kms_key_id", Want::Own),
    ("aws_cloudtrail", Control::Validated, "enable_log_file_validation", Want::On),
    ("aws_cloudtrail", Control::Watched, "cloud_watch_logs_group_arn", Want::Given),
    ("aws_cloudtrail_event_data_store", Control::AllRegions, "multi_region_enabled", Want::OnUnlessOff),
    ("aws_cloudtrail_event_data_store", Control::OwnKey, "kms_key_id", Want::Own),
    ("aws_dax_cluster", Control::EncryptedAtRest, "server_side_encryption.enabled", Want::On),
    ("aws_dax_cluster", Control::EncryptedInTransit, "cluster_endpoint_encryption_type", Want::Is("TLS")),
    ("aws_dax_cluster", Control::Redundant, "replication_factor", Want::AtLeast(2.0, Tri::No)),
    ("aws_kinesis_stream", Control::EncryptedAtRest, "encryption_type", Want::Is("KMS")),
    ("aws_kinesis_stream", Control::OwnKey, "kms_key_id", Want::Own),
    ("aws_kms_key", Control::Enabled, "is_enabled", Want::OnUnlessOff),
    ("aws_kms_key", Control::Recoverable, "deletion_window_in_days", Want::AtLeast(7.0, Tri::Yes)),
    ("aws_kms_key", Control::Rotated, "enable_key_rotation", Want::On),
    ("aws_kms_replica_key", Control::Enabled, "enabled", Want::OnUnlessOff),
    ("aws_kms_replica_key", Control::Recoverable, "deletion_window_in_days", Want::AtLeast(7.0, Tri::Yes)),
    ("aws_s3_bucket", Control::OwnKey, "server_side_encryption_configuration.rule.apply_server_side_encryption_by_default.kms_master_key_id", Want::Own),
    ("aws_s3_bucket", Control::Versioned, "versioning.enabled", Want::On),
    ("aws_secretsmanager_secret", Control::OwnKey, "kms_key_id", Want::Own),
    ("aws_secretsmanager_secret", Control::Recoverable, "recovery_window_in_days", Want::AtLeast(7.0, Tri::Yes)),
    ("aws_ssm_parameter", Control::EncryptedAtRest, "type", Want::Is("SecureString")),
    ("aws_ssm_parameter", Control::OwnKey, "key_id", Want::Own),
    ("aws_vpc_endpoint", Control::Narrowed, "policy", Want::Narrow),
];

/// The settings that a resource has by itself.
pub(super) fn postures(resource: &Resource) -> Vec<Posture> {
    let mut out = Vec::new();
    for &(_, control, path, want) in SPECS.iter().filter(|spec| spec.0 == resource.kind) {
        let node = resource.body.path(path);
        if !applies(resource, control) || (node.is_none() && matches!(want, Want::Absent)) {
            continue;
        }
        let state = if node.is_none() && resource.body.hides(path) {
            Tri::Unknown
        } else {
            state(node, want)
        };
        let location = node.map_or_else(|| resource.location(), |node| resource.at(&node.span));
        out.push(Posture {
            control,
            state,
            location,
        });
    }
    if resource.kind == "AWS::S3::Bucket" {
        out.push(public_access(resource));
    }
    out
}

/// Keys that AWS does not rotate, and parameters that are no secrets, have no such setting.
fn applies(resource: &Resource, control: Control) -> bool {
    let text = |fields: &[&str]| {
        let node = fields.iter().find_map(|field| resource.body.get(field));
        node.and_then(Node::as_str).map(str::to_owned)
    };
    match (resource.kind.as_str(), control) {
        ("aws_kms_key" | "AWS::KMS::Key", Control::Rotated) => {
            let spec = text(&["customer_master_key_spec", "KeySpec"]);
            spec.is_none_or(|spec| spec == "SYMMETRIC_DEFAULT")
                && text(&["custom_key_store_id", "Origin"]).is_none_or(|it| it == "AWS_KMS")
        }
        ("aws_ssm_parameter", Control::OwnKey) => {
            text(&["type"]).as_deref() == Some("SecureString")
        }
        _ => true,
    }
}

fn state(node: Option<&Node>, want: Want) -> Tri {
    match want {
        Want::On => tri(node),
        Want::OnUnlessOff => node.map_or(Tri::Yes, |node| tri(Some(node))),
        Want::Given => match node.map(|node| (node.is_unknown(), node.as_str())) {
            None | Some((_, Some(""))) => Tri::No,
            Some((true, _)) => Tri::Unknown,
            Some(_) => Tri::Yes,
        },
        Want::Absent => Tri::No,
        Want::Own => own_key(node),
        Want::Is(wanted) => match node.map(Node::as_str) {
            None => Tri::No,
            Some(None) => Tri::Unknown,
            Some(Some(text)) => yes_or_no(text.eq_ignore_ascii_case(wanted)),
        },
        Want::AtLeast(least, missing) => match node.map(Node::as_number) {
            None => missing,
            Some(None) => Tri::Unknown,
            Some(Some(number)) => yes_or_no(number >= least),
        },
        Want::Narrow => node.map_or(Tri::No, narrow),
    }
}

pub(super) fn yes_or_no(value: bool) -> Tri {
    if value { Tri::Yes } else { Tri::No }
}

/// No statement allows everybody everything without a condition.
fn narrow(node: &Node) -> Tri {
    let Some(document) = crate::openings::document(node) else {
        return Tri::Unknown;
    };
    let wide = document
        .get("Statement")
        .map_or_else(Vec::new, Node::items)
        .into_iter()
        .any(|statement| {
            let is = |field: &str| {
                let texts = statement.get(field).map_or_else(Vec::new, Node::texts);
                texts.iter().any(|text| text.known() == Some("*"))
            };
            statement.get("Effect").and_then(Node::as_str) == Some("Allow")
                && statement.get("Condition").is_none()
                && is("Action")
                && is("Resource")
        });
    yes_or_no(!wide)
}

fn public_access(resource: &Resource) -> Posture {
    const FIELDS: [&str; 4] = [
        "BlockPublicAcls",
        "BlockPublicPolicy",
        "IgnorePublicAcls",
        "RestrictPublicBuckets",
    ];
    let block = resource.body.get("PublicAccessBlockConfiguration");
    Posture {
        control: Control::Private,
        // Buckets are private by default since 2023; only what is switched off counts.
        state: block.map_or(Tri::Yes, |block| all_on(block, &FIELDS)),
        location: block.map_or_else(|| resource.location(), |node| resource.at(&node.span)),
    }
}

/// Yes where all of these are on, no where one is off.
pub(super) fn all_on(block: &Node, fields: &[&str]) -> Tri {
    let states: Vec<Tri> = fields.iter().map(|field| tri(block.get(field))).collect();
    if states.contains(&Tri::No) {
        Tri::No
    } else if states.contains(&Tri::Unknown) {
        Tri::Unknown
    } else {
        Tri::Yes
    }
}
