//! What stands round the tables: caches, vaults, keys, trails, buckets, endpoints, with the
//! settings that somebody who keeps keys wants to know of. What is not known is unknown, never off.

mod beside;
mod capacity;
mod settings;
mod trails;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::{Asset, AssetKind, Control, Environment, Posture, Tri};

use crate::addresses::Addresses;
use crate::stack::{Index, Resource, Stack};
use crate::text::{Id, Text};
use crate::value::{Node, Value};

/// How a type of resource is spelled, and what it is.
struct Type {
    kind: &'static str,
    asset: AssetKind,
    name: &'static [&'static str],
}

const fn one(kind: &'static str, asset: AssetKind, name: &'static [&'static str]) -> Type {
    Type { kind, asset, name }
}

const TYPES: &[Type] = &[
    one(
        "AWS::Backup::BackupVault",
        AssetKind::BackupVault,
        &["BackupVaultName"],
    ),
    one(
        "AWS::CloudTrail::EventDataStore",
        AssetKind::Trail,
        &["Name"],
    ),
    one("AWS::CloudTrail::Trail", AssetKind::Trail, &["TrailName"]),
    one("AWS::DAX::Cluster", AssetKind::Cache, &["ClusterName"]),
    one(
        "AWS::EC2::VPCEndpoint",
        AssetKind::Endpoint,
        &["ServiceName"],
    ),
    one("AWS::KMS::Key", AssetKind::EncryptionKey, &["Description"]),
    one("AWS::Kinesis::Stream", AssetKind::ChangeStream, &["Name"]),
    one("AWS::S3::Bucket", AssetKind::Bucket, &["BucketName"]),
    one("AWS::SSM::Parameter", AssetKind::Parameter, &["Name"]),
    one("AWS::SecretsManager::Secret", AssetKind::Secret, &["Name"]),
    one("aws_backup_vault", AssetKind::BackupVault, &["name"]),
    one("aws_cloudtrail", AssetKind::Trail, &["name"]),
    one(
        "aws_cloudtrail_event_data_store",
        AssetKind::Trail,
        &["name"],
    ),
    one("aws_dax_cluster", AssetKind::Cache, &["cluster_name"]),
    one("aws_kinesis_stream", AssetKind::ChangeStream, &["name"]),
    one("aws_kms_key", AssetKind::EncryptionKey, &["description"]),
    one(
        "aws_kms_replica_key",
        AssetKind::EncryptionKey,
        &["description"],
    ),
    one("aws_s3_bucket", AssetKind::Bucket, &["bucket"]),
    one(
        "aws_secretsmanager_secret",
        AssetKind::Secret,
        &["name", "name_prefix"],
    ),
    one("aws_ssm_parameter", AssetKind::Parameter, &["name"]),
    one("aws_vpc_endpoint", AssetKind::Endpoint, &["service_name"]),
];

/// True for types of resources that become assets, or say something of one.
pub(crate) fn matters(kind: &str) -> bool {
    TYPES.iter().any(|it| it.kind == kind)
        || beside::KINDS.contains(&kind)
        || capacity::KINDS.contains(&kind)
}

/// An asset while its parts are gathered.
pub(crate) struct Draft<'s> {
    resource: &'s Resource,
    asset: Asset,
}

impl Draft<'_> {
    /// Sets a control; what is known for good wins over what was said before.
    fn put(&mut self, control: Control, state: Tri, resource: &Resource, at: Option<&Node>) {
        let location = match at {
            Some(node) => resource.at(&node.span),
            None => resource.location(),
        };
        self.asset.postures.retain(|it| it.control != control);
        self.asset.postures.push(Posture {
            control,
            state,
            location,
        });
    }
}

/// Everything, by identity and by name.
pub(crate) struct Assets<'s> {
    drafts: BTreeMap<Id, Draft<'s>>,
    index: Index,
}

impl Assets<'_> {
    /// Those of one kind that a field of a resource refers to.
    fn referred(&self, node: Option<&Node>, kind: AssetKind) -> Vec<Id> {
        let texts = node.map_or_else(Vec::new, Node::texts);
        let found = texts.iter().flat_map(|text| self.index.find(text, ""));
        let mut ids: Vec<Id> = found
            .filter(|entry| {
                let draft = self.drafts.get(&entry.id);
                draft.is_some_and(|draft| draft.asset.kind == kind)
            })
            .map(|entry| Arc::clone(&entry.id))
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }
}

/// The assets of all templates. Buckets and Kinesis streams count only where something of a
/// table, or a trail, goes there.
pub(crate) fn build(stacks: &[Stack], tables: &Index, addresses: &Addresses) -> Vec<Asset> {
    let mut assets = Assets {
        drafts: BTreeMap::new(),
        index: Index::default(),
    };
    for stack in stacks {
        for resource in &stack.resources {
            if let Some(kind) = TYPES.iter().find(|it| it.kind == resource.kind) {
                declare(&mut assets, stack, resource, kind, addresses);
            }
        }
    }
    let mut used = BTreeSet::new();
    for stack in stacks {
        beside::attach(stack, tables, addresses, &mut assets, &mut used);
    }
    trails::attach(stacks, tables, addresses, &mut assets);
    let found = assets
        .drafts
        .into_iter()
        .filter(|(id, draft)| match draft.asset.kind {
            AssetKind::Bucket | AssetKind::ChangeStream => used.contains(id),
            AssetKind::Endpoint => serves_keys(&draft.asset.name),
            _ => true,
        });
    let mut all: BTreeMap<Arc<str>, Asset> = BTreeMap::new();
    let found = found.map(|(_, draft)| draft.asset);
    for asset in found.chain(capacity::build(stacks, tables, addresses)) {
        let asset = tidy(asset);
        match all.get_mut(&asset.address) {
            // The same under another variable file: as good as the worse of them.
            Some(first) => unite(first, &asset),
            None => drop(all.insert(Arc::clone(&asset.address), asset)),
        }
    }
    all.into_values().map(tidy).collect()
}

fn declare<'s>(
    assets: &mut Assets<'s>,
    stack: &'s Stack,
    resource: &'s Resource,
    kind: &Type,
    addresses: &Addresses,
) {
    let given = kind.name.iter().find_map(|name| resource.body.get(name));
    let names = given.map_or_else(Vec::new, Node::texts);
    // A key's description is no name that anything could refer to.
    let referred = match kind.asset {
        AssetKind::EncryptionKey => Vec::new(),
        _ => names.clone(),
    };
    assets.index.add(&resource.id, referred);
    let name = names.first().map_or_else(|| "*".to_owned(), Text::pattern);
    let by_name = Environment::of_name(&name);
    let asset = Asset {
        kind: kind.asset,
        address: addresses.public(&resource.id),
        location: resource.location(),
        environment: if by_name == Environment::Unspecified {
            stack.environment
        } else {
            by_name
        },
        name,
        postures: settings::postures(resource),
        tables: Vec::new(),
        tags: tags(resource, stack),
    };
    match assets.drafts.get_mut(&resource.id) {
        // The same under another variable file: what differs is not known for both.
        Some(first) => unite(&mut first.asset, &asset),
        None => drop(
            assets
                .drafts
                .insert(resource.id.clone(), Draft { resource, asset }),
        ),
    }
}

/// One asset under two variable files is as good as the worse of them.
fn unite(first: &mut Asset, other: &Asset) {
    if first.environment != other.environment {
        first.environment = Environment::Unspecified;
    }
    first.tables.extend(other.tables.iter().cloned());
    for posture in &mut first.postures {
        let Some(new) = other.posture(posture.control) else {
            continue;
        };
        if new.state == Tri::No || (new.state == Tri::Unknown && posture.state == Tri::Yes) {
            *posture = new.clone();
        }
    }
}

fn tags(resource: &Resource, stack: &Stack) -> Option<BTreeMap<String, String>> {
    let mut all = stack.default_tags.clone()?;
    if let Some(node) = resource
        .body
        .get("tags")
        .or_else(|| resource.body.get("Tags"))
    {
        all.extend(crate::tables::tags(node)?);
    }
    Some(all)
}

/// An endpoint of a service that has keys to give.
fn serves_keys(service: &str) -> bool {
    let name = service.rsplit('.').next().unwrap_or(service);
    matches!(
        name,
        "dynamodb" | "secretsmanager" | "kms" | "ssm" | "dynamodb-streams"
    )
}

fn tidy(mut asset: Asset) -> Asset {
    asset.postures.sort();
    asset.postures.dedup();
    asset.tables.sort();
    asset.tables.dedup();
    asset
}

/// Whether a key is given that is neither AWS's own nor left out.
fn own_key(node: Option<&Node>) -> Tri {
    let Some(node) = node else { return Tri::No };
    if matches!(node.value, Value::OneOf(_)) {
        return Tri::Unknown;
    }
    match node.as_text() {
        None => Tri::Unknown,
        Some(text) => match text.known() {
            Some(known) if known.is_empty() || known.contains("alias/aws/") => Tri::No,
            // A variable without a default may be empty.
            None if text.is_hole() && !text.shown().contains("kms") => Tri::Unknown,
            _ => Tri::Yes,
        },
    }
}
