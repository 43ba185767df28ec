//! `aws_dynamodb_table` and the resources that add to one.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::{
    Encryption, Environment, Index as TableIndex, IndexKind, IndexProjection, KeyElement, KeyRole,
    Replica, Stream, StreamView, Table, TableSource, Tri, names_a_secret,
};

use super::{known_texts, tags};
use crate::json;
use crate::stack::{Index, Resource, Stack};
use crate::text::Id;
use crate::value::{MAX_ITEMS, Node, Value, tri};

pub(super) fn table(resource: &Resource, stack: &Stack) -> Table {
    let body = &resource.body;
    let encryption = encryption(body);
    Table {
        name: String::new(),
        also_named: Vec::new(),
        address: Arc::from(resource.address()),
        location: resource.location(),
        source: TableSource::Terraform,
        environment: Environment::Unspecified,
        environments: Vec::new(),
        keys: keys(body),
        indexes: indexes(resource),
        stream: stream(resource),
        point_in_time_recovery: body.setting("point_in_time_recovery.enabled"),
        deletion_protection: body.setting("deletion_protection_enabled"),
        ttl: ttl(body),
        tags: all_tags(body, stack),
        replicas: blocks(body, "replica")
            .into_iter()
            .map(|block| replica(resource, block, &encryption))
            .collect(),
        encryption,
        copies: Vec::new(),
        seeded: Vec::new(),
    }
}

fn blocks<'a>(body: &'a Node, name: &str) -> Vec<&'a Node> {
    body.get(name).map_or_else(Vec::new, Node::items)
}

/// A name in a fact: `*` where it is not known.
pub(super) fn shown(node: &Node) -> String {
    node.as_text()
        .map_or_else(|| "*".to_owned(), |text| text.pattern())
}

fn keys(body: &Node) -> Vec<KeyElement> {
    let element = |field: &str, role| {
        body.get(field).map(|node| KeyElement {
            attribute: shown(node),
            role,
        })
    };
    let plain = [
        element("hash_key", KeyRole::Partition),
        element("range_key", KeyRole::Sort),
    ];
    let listed = blocks(body, "key_schema").into_iter().filter_map(|block| {
        let role = match block.get("key_type").and_then(Node::as_str) {
            Some("RANGE") => KeyRole::Sort,
            _ => KeyRole::Partition,
        };
        Some(KeyElement {
            attribute: shown(block.get("attribute_name")?),
            role,
        })
    });
    plain.into_iter().flatten().chain(listed).collect()
}

fn indexes(resource: &Resource) -> Vec<TableIndex> {
    let body = &resource.body;
    let global = blocks(body, "global_secondary_index")
        .into_iter()
        .map(|block| TableIndex {
            name: block.get("name").map_or_else(|| "*".to_owned(), shown),
            kind: IndexKind::Global,
            keys: keys(block),
            projection: projection(block),
            location: resource.at(&block.span),
        });
    let local = blocks(body, "local_secondary_index")
        .into_iter()
        .map(|block| {
            let mut keys = keys(body);
            keys.retain(|key| key.role == KeyRole::Partition);
            keys.extend(block.get("range_key").map(|node| KeyElement {
                attribute: shown(node),
                role: KeyRole::Sort,
            }));
            TableIndex {
                name: block.get("name").map_or_else(|| "*".to_owned(), shown),
                kind: IndexKind::Local,
                keys,
                projection: projection(block),
                location: resource.at(&block.span),
            }
        });
    global.chain(local).collect()
}

fn projection(block: &Node) -> IndexProjection {
    match block.get("projection_type").and_then(Node::as_str) {
        Some("ALL") => IndexProjection::All,
        Some("KEYS_ONLY") => IndexProjection::KeysOnly,
        Some("INCLUDE") => match known_texts(block.get("non_key_attributes")) {
            Some(mut names) => {
                names.sort();
                IndexProjection::Include(names)
            }
            None => IndexProjection::Unknown,
        },
        _ => IndexProjection::Unknown,
    }
}

fn stream(resource: &Resource) -> Option<Stream> {
    let body = &resource.body;
    let enabled = tri(body.get("stream_enabled"));
    let view = body.get("stream_view_type");
    // A replica needs a stream with both images, also where none is written.
    let place = view.or_else(|| body.get("stream_enabled"));
    if enabled == Tri::No {
        return None;
    }
    Some(Stream {
        view: stream_view(view),
        location: resource.at(place.map_or(&resource.span, |node| &node.span)),
        consumers: Vec::new(),
    })
}

pub(super) fn stream_view(view: Option<&Node>) -> StreamView {
    match view.and_then(Node::as_str) {
        Some("KEYS_ONLY") => StreamView::KeysOnly,
        Some("NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES") => StreamView::Images,
        _ => StreamView::Unknown,
    }
}

fn encryption(body: &Node) -> Encryption {
    let Some(block) = body.get("server_side_encryption") else {
        return Encryption::AwsOwned;
    };
    match body.setting("server_side_encryption.enabled") {
        Tri::No => Encryption::AwsOwned,
        Tri::Unknown => Encryption::Unknown,
        Tri::Yes => key(block.path("kms_key_arn")).unwrap_or(Encryption::AwsManaged),
    }
}

/// The key that a reference means; `None` without one.
pub(super) fn key(node: Option<&Node>) -> Option<Encryption> {
    let node = node?;
    if matches!(node.value, Value::OneOf(_)) {
        return Some(Encryption::Unknown);
    }
    let text = node.as_text()?;
    Some(match text.known() {
        Some("") => return None,
        Some(known) if known.ends_with("alias/aws/dynamodb") => Encryption::AwsManaged,
        // A key of the customer's that is declared out of sight; anything else may be none at all.
        _ if text.is_hole() && !text.shown().contains("${aws_kms_key.") => Encryption::Unknown,
        _ => Encryption::CustomerManaged(text.shown()),
    })
}

fn ttl(body: &Node) -> Option<String> {
    let block = body.get("ttl")?;
    let off = block.path("enabled").and_then(Node::as_bool) == Some(false);
    let name = block.path("attribute_name").map(shown)?;
    (!off && !name.is_empty()).then_some(name)
}

fn all_tags(body: &Node, stack: &Stack) -> Option<BTreeMap<String, String>> {
    let mut all = stack.default_tags.clone()?;
    if let Some(node) = body.get("tags") {
        all.extend(tags(node)?);
    }
    Some(all)
}

fn replica(resource: &Resource, block: &Node, table: &Encryption) -> Replica {
    Replica {
        region: block
            .get("region_name")
            .map_or_else(|| "*".to_owned(), shown),
        encryption: key(block.get("kms_key_arn")).unwrap_or_else(|| own_of(table)),
        point_in_time_recovery: tri(block.get("point_in_time_recovery")),
        deletion_protection: block.get("deletion_protection_enabled").map_or(
            tri(resource.body.get("deletion_protection_enabled")),
            |own| tri(Some(own)),
        ),
        location: resource.at(&block.span),
    }
}

/// A replica without a key of its own is encrypted as its table is, with a key of its region;
/// a customer's key does not go along.
fn own_of(table: &Encryption) -> Encryption {
    match table {
        Encryption::CustomerManaged(_) => Encryption::Unknown,
        other => other.clone(),
    }
}

/// Replicas, indexes and items that are resources of their own.
pub(super) fn attach(stack: &Stack, index: &Index, tables: &mut BTreeMap<Id, Table>) {
    for resource in stack.of_kind("aws_dynamodb_table_replica") {
        for table in found(resource, "global_table_arn", index, tables) {
            let body = &resource.body;
            table.replicas.push(Replica {
                region: replica_region(body, stack),
                encryption: key(body.get("kms_key_arn"))
                    .unwrap_or_else(|| own_of(&table.encryption)),
                point_in_time_recovery: tri(body.get("point_in_time_recovery")),
                deletion_protection: body
                    .get("deletion_protection_enabled")
                    .map_or(table.deletion_protection, |own| tri(Some(own))),
                location: resource.location(),
            });
        }
    }
    for resource in stack.of_kind("aws_dynamodb_table_item") {
        let names = item_names(&resource.body);
        for table in found(resource, "table_name", index, tables) {
            let seeded = names.iter().map(|name| (name.clone(), resource.location()));
            table.seeded.extend(seeded);
        }
    }
    for resource in stack.of_kind("aws_dynamodb_global_secondary_index") {
        for table in found(resource, "table_name", index, tables) {
            let body = &resource.body;
            let made = TableIndex {
                name: body.get("index_name").map_or_else(|| "*".to_owned(), shown),
                kind: IndexKind::Global,
                keys: keys(body),
                projection: body
                    .path("projection")
                    .map_or(IndexProjection::Unknown, projection_of),
                location: resource.location(),
            };
            if !table.indexes.contains(&made) {
                table.indexes.push(made);
            }
        }
    }
}

fn projection_of(block: &Node) -> IndexProjection {
    block
        .items()
        .first()
        .map_or(IndexProjection::Unknown, |block| projection(block))
}

/// A replica's region is its provider's where it gives none itself.
fn replica_region(body: &Node, stack: &Stack) -> String {
    if let Some(region) = body.get("region") {
        return shown(region);
    }
    let alias = body
        .get("provider")
        .and_then(Node::as_text)
        .map(|text| text.shown());
    let alias = alias
        .as_deref()
        .and_then(|text| text.strip_prefix("${aws."));
    let region = alias.and_then(|text| stack.regions.get(text.trim_end_matches('}')));
    region.cloned().unwrap_or_else(|| "*".to_owned())
}

/// The tables that a field of a resource refers to.
pub(super) fn found<'t>(
    resource: &Resource,
    field: &str,
    index: &Index,
    tables: &'t mut BTreeMap<Id, Table>,
) -> Vec<&'t mut Table> {
    let texts = resource.body.path(field).map_or_else(Vec::new, Node::texts);
    let ids: Vec<Id> = texts
        .iter()
        .flat_map(|text| index.find(text, "table/"))
        .map(|entry| entry.id.clone())
        .collect();
    tables
        .iter_mut()
        .filter(|(id, _)| ids.contains(id))
        .map(|(_, table)| table)
        .collect()
}

/// The names of attributes in an item that are named like secrets, as paths. Values are not looked at.
fn item_names(body: &Node) -> Vec<String> {
    let Some(node) = body.get("item") else {
        return Vec::new();
    };
    let parsed = match &node.value {
        Value::Text(text) => json::text(text, &node.span),
        _ => Some(node.clone()),
    };
    let mut names = Vec::new();
    let mut open: Vec<(String, &Node)> = parsed.iter().map(|item| (String::new(), item)).collect();
    let mut budget = MAX_ITEMS;
    while let Some((before, item)) = open.pop() {
        for (name, field) in item.as_map().into_iter().flat_map(|map| &map.fields) {
            budget -= 1;
            if budget == 0 {
                return names;
            }
            let path = format!("{before}{name}");
            if let Some(inner) = field.node.get("M") {
                open.push((format!("{path}."), inner));
            }
            if names_a_secret(name) {
                names.push(path);
            }
        }
    }
    names
}
