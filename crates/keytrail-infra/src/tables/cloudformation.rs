//! `AWS::DynamoDB::Table`, `GlobalTable` and SAM's `SimpleTable`.

use std::sync::Arc;

use keytrail_model::{
    Encryption, Environment, Index as TableIndex, IndexKind, IndexProjection, KeyElement, KeyRole,
    Replica, Stream, Table, TableSource, Tri,
};

use super::terraform::{key, shown, stream_view};
use super::{known_texts, tags};
use crate::stack::Resource;
use crate::value::{Node, Value, tri};

pub(super) fn table(resource: &Resource) -> Table {
    let body = &resource.body;
    let global = resource.kind == "AWS::DynamoDB::GlobalTable";
    let replicas = body.get("Replicas").map_or_else(Vec::new, Node::items);
    // A global table's protection is written on each replica; it is as good as the worst of them.
    let setting = |path: &str| {
        if global {
            worst(replicas.iter().map(|replica| replica.setting(path)))
        } else {
            body.setting(path)
        }
    };
    Table {
        name: String::new(),
        also_named: Vec::new(),
        address: Arc::from(resource.address()),
        location: resource.location(),
        source: TableSource::CloudFormation,
        environment: Environment::Unspecified,
        environments: Vec::new(),
        keys: keys(resource),
        indexes: indexes(resource),
        stream: stream(resource, global),
        encryption: encryption(body, global, &replicas),
        point_in_time_recovery: setting(
            "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
        ),
        deletion_protection: setting("DeletionProtectionEnabled"),
        ttl: ttl(body),
        tags: match body.get("Tags").or_else(|| replicas.first()?.get("Tags")) {
            Some(node) => tags(node),
            None => Some(std::collections::BTreeMap::new()),
        },
        replicas: replicas
            .iter()
            .map(|replica| self::replica(resource, replica))
            .collect(),
        copies: Vec::new(),
        seeded: Vec::new(),
    }
}

fn worst(settings: impl Iterator<Item = Tri>) -> Tri {
    let all: Vec<Tri> = settings.collect();
    if all.contains(&Tri::No) || all.is_empty() {
        Tri::No
    } else if all.contains(&Tri::Unknown) {
        Tri::Unknown
    } else {
        Tri::Yes
    }
}

fn keys(resource: &Resource) -> Vec<KeyElement> {
    if resource.kind == "AWS::Serverless::SimpleTable" {
        let name = resource
            .body
            .path("PrimaryKey.Name")
            .map_or_else(|| "id".to_owned(), shown);
        return vec![KeyElement {
            attribute: name,
            role: KeyRole::Partition,
        }];
    }
    schema(&resource.body)
}

fn schema(node: &Node) -> Vec<KeyElement> {
    let items = node.get("KeySchema").map_or_else(Vec::new, Node::items);
    items
        .into_iter()
        .map(|item| KeyElement {
            attribute: item
                .get("AttributeName")
                .map_or_else(|| "*".to_owned(), shown),
            role: match item.get("KeyType").and_then(Node::as_str) {
                Some("RANGE") => KeyRole::Sort,
                _ => KeyRole::Partition,
            },
        })
        .collect()
}

fn indexes(resource: &Resource) -> Vec<TableIndex> {
    let kinds = [
        ("GlobalSecondaryIndexes", IndexKind::Global),
        ("LocalSecondaryIndexes", IndexKind::Local),
    ];
    let listed = kinds.into_iter().flat_map(|(field, kind)| {
        let items = resource.body.get(field).map_or_else(Vec::new, Node::items);
        items.into_iter().map(move |item| (kind, item))
    });
    listed
        .map(|(kind, item)| TableIndex {
            name: item.get("IndexName").map_or_else(|| "*".to_owned(), shown),
            kind,
            keys: schema(item),
            projection: projection(item.get("Projection")),
            location: resource.at(&item.span),
        })
        .collect()
}

fn projection(node: Option<&Node>) -> IndexProjection {
    let kind = node
        .and_then(|node| node.get("ProjectionType"))
        .and_then(Node::as_str);
    match kind {
        Some("ALL") => IndexProjection::All,
        Some("KEYS_ONLY") => IndexProjection::KeysOnly,
        Some("INCLUDE") => match known_texts(node.and_then(|node| node.get("NonKeyAttributes"))) {
            Some(mut names) => {
                names.sort();
                IndexProjection::Include(names)
            }
            None => IndexProjection::Unknown,
        },
        _ => IndexProjection::Unknown,
    }
}

fn stream(resource: &Resource, global: bool) -> Option<Stream> {
    let found = resource.body.get("StreamSpecification");
    // A global table with more than one replica always has a stream with both images.
    if found.is_none()
        && !(global
            && resource
                .body
                .get("Replicas")
                .map_or(0, |all| all.items().len())
                > 1)
    {
        return None;
    }
    let view = found.and_then(|node| node.get("StreamViewType"));
    let place = view.or(found).map_or(&resource.span, |node| &node.span);
    Some(Stream {
        view: match found {
            Some(_) => stream_view(view),
            None => keytrail_model::StreamView::Images,
        },
        location: resource.at(place),
        consumers: Vec::new(),
    })
}

fn encryption(body: &Node, global: bool, replicas: &[&Node]) -> Encryption {
    let Some(node) = body.get("SSESpecification") else {
        return Encryption::AwsOwned;
    };
    if let Value::OneOf(_) = node.value {
        return Encryption::Unknown;
    }
    match body.setting("SSESpecification.SSEEnabled") {
        Tri::No => Encryption::AwsOwned,
        Tri::Unknown => Encryption::Unknown,
        Tri::Yes if global => replicas
            .iter()
            .find_map(|replica| key(replica.path("SSESpecification.KMSMasterKeyId")))
            .unwrap_or(Encryption::AwsManaged),
        Tri::Yes => key(node.get("KMSMasterKeyId")).unwrap_or(Encryption::AwsManaged),
    }
}

fn ttl(body: &Node) -> Option<String> {
    let node = body.get("TimeToLiveSpecification")?;
    let off = node.get("Enabled").and_then(Node::as_bool) == Some(false);
    let name = node.get("AttributeName").map(shown)?;
    (!off).then_some(name)
}

fn replica(resource: &Resource, replica: &Node) -> Replica {
    let enabled = resource.body.path("SSESpecification.SSEEnabled");
    let without = match tri(enabled) {
        Tri::Yes => Encryption::AwsManaged,
        Tri::No => Encryption::AwsOwned,
        Tri::Unknown => Encryption::Unknown,
    };
    let region = replica.get("Region");
    Replica {
        region: region.map_or_else(|| "*".to_owned(), shown),
        encryption: key(replica.path("SSESpecification.KMSMasterKeyId")).unwrap_or(without),
        point_in_time_recovery: tri(
            replica.path("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled")
        ),
        deletion_protection: tri(replica.path("DeletionProtectionEnabled")),
        location: resource.at(&replica.span),
    }
}
