//! Provisioned capacity: of tables, of their global indexes, of replicas; and whether it follows the load.

use std::collections::BTreeMap;

use keytrail_model::{Asset, AssetKind, Control, Posture, Tri};

use crate::addresses::Addresses;
use crate::stack::{Index, Resource, Stack};
use crate::text::{Id, Piece, Text};
use crate::value::Node;

/// Types that are read here and nowhere else.
pub(super) const KINDS: &[&str] = &[
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "aws_appautoscaling_target",
];

/// What has capacity of its own: a table, or one of its indexes.
type Place = (Id, Option<String>);

/// What scaling targets name.
#[derive(Default)]
struct Scaling {
    /// Reads and writes of each place.
    places: BTreeMap<Place, [bool; 2]>,
    /// Some target could not be tied to a table: it may be any.
    open: bool,
}

/// The capacity of all tables that have one; tables billed by request have none.
pub(super) fn build(stacks: &[Stack], tables: &Index, addresses: &Addresses) -> Vec<Asset> {
    let mut scaling = Scaling::default();
    for resource in stacks.iter().flat_map(|stack| &stack.resources) {
        if KINDS.contains(&resource.kind.as_str()) {
            scaling.target(resource, tables);
        }
    }
    let mut out = Vec::new();
    for stack in stacks {
        for resource in &stack.resources {
            for (index, at) in provisioned(resource) {
                let place = (Id::clone(&resource.id), index);
                out.push(asset(stack, resource, &place, at, &scaling, addresses));
            }
            out.extend(replicas(stack, resource, addresses));
        }
    }
    out
}

impl Scaling {
    fn target(&mut self, resource: &Resource, tables: &Index) {
        let field = |names: [&str; 2]| {
            let node = names.iter().find_map(|name| resource.body.get(name));
            node.map_or_else(Vec::new, Node::texts)
        };
        let namespaces = field(["service_namespace", "ServiceNamespace"]);
        if namespaces
            .iter()
            .any(|it| it.known().is_some_and(|known| known != "dynamodb"))
        {
            return;
        }
        let dimensions = field(["scalable_dimension", "ScalableDimension"]);
        let may = |word: &str| {
            let says = |it: &Text| it.known().is_none_or(|known| known.contains(word));
            dimensions.is_empty() || dimensions.iter().any(says)
        };
        let scaled = [may(":Read"), may(":Write")];
        let ids = field(["resource_id", "ResourceId"]);
        self.open |= ids.is_empty();
        for id in ids {
            let Some((table, index)) = parts(&id) else {
                self.open = true;
                continue;
            };
            let found = tables.find(&table, "table/");
            self.open |= found.is_empty() && table.known().is_none();
            for entry in found {
                let known = self
                    .places
                    .entry((Id::clone(&entry.id), index.clone()))
                    .or_default();
                *known = [known[0] || scaled[0], known[1] || scaled[1]];
            }
        }
    }

    fn state(&self, place: &Place) -> Tri {
        match self.places.get(place) {
            Some([true, true]) => Tri::Yes,
            _ if self.open => Tri::Unknown,
            _ => Tri::No,
        }
    }
}

/// Table and index of `table/NAME/index/NAME`; nothing where it does not begin so.
fn parts(id: &Text) -> Option<(Text, Option<String>)> {
    let mut pieces = id.pieces().to_vec();
    let Some(Piece::Lit(first)) = pieces.first_mut() else {
        return None;
    };
    *first = first.strip_prefix("table/")?.to_owned();
    let mut index = None;
    if let Some(Piece::Lit(last)) = pieces.last_mut()
        && let Some((table, name)) = last.split_once("/index/")
    {
        index = Some(name.to_owned());
        *last = table.to_owned();
    }
    pieces.retain(|piece| !matches!(piece, Piece::Lit(text) if text.is_empty()));
    Some((Text::from_pieces(pieces), index))
}

/// The places of a table whose capacity is provisioned, with the node that says so.
fn provisioned(resource: &Resource) -> Vec<(Option<String>, &Node)> {
    let body = &resource.body;
    let (mode, own, indexes, name) = match resource.kind.as_str() {
        "aws_dynamodb_table" => (
            "billing_mode",
            "read_capacity",
            "global_secondary_index",
            "name",
        ),
        "AWS::DynamoDB::Table" | "AWS::Serverless::SimpleTable" => (
            "BillingMode",
            "ProvisionedThroughput",
            "GlobalSecondaryIndexes",
            "IndexName",
        ),
        _ => return Vec::new(),
    };
    let at = match (body.get(mode), body.get(own)) {
        (Some(mode), own) if mode.as_str() == Some("PROVISIONED") => own.unwrap_or(mode),
        (None, Some(own)) if !body.hides(mode) => own,
        _ => return Vec::new(),
    };
    let mut all = vec![(None, at)];
    for index in body.get(indexes).map_or_else(Vec::new, Node::items) {
        if let Some(name) = index.get(name).and_then(Node::as_str) {
            all.push((Some(name.to_owned()), index));
        }
    }
    all
}

fn asset(
    stack: &Stack,
    resource: &Resource,
    place: &Place,
    at: &Node,
    scaling: &Scaling,
    addresses: &Addresses,
) -> Asset {
    let index = place.1.as_ref().map(|name| format!(" index {name}"));
    of_capacity(
        stack,
        resource,
        &index.unwrap_or_default(),
        at,
        scaling.state(place),
        addresses,
    )
}

/// A global table scales its writes always; reads of a replica may be fixed.
fn replicas(stack: &Stack, resource: &Resource, addresses: &Addresses) -> Vec<Asset> {
    if resource.kind != "AWS::DynamoDB::GlobalTable" {
        return Vec::new();
    }
    let replicas = resource
        .body
        .get("Replicas")
        .map_or_else(Vec::new, Node::items);
    let fixed = replicas.into_iter().filter_map(|replica| {
        let at = replica.path("ReadProvisionedThroughputSettings.ReadCapacityUnits")?;
        let region = replica.get("Region").and_then(Node::as_str).unwrap_or("*");
        Some(of_capacity(
            stack,
            resource,
            &format!(" replica {region}"),
            at,
            Tri::No,
            addresses,
        ))
    });
    fixed.collect()
}

fn of_capacity(
    stack: &Stack,
    resource: &Resource,
    part: &str,
    at: &Node,
    state: Tri,
    addresses: &Addresses,
) -> Asset {
    let table = addresses.public(&resource.id);
    let names = crate::tables::names(resource);
    let name = names.first().map_or_else(|| "*".to_owned(), Text::pattern);
    let location = resource.at(&at.span);
    Asset {
        kind: AssetKind::Capacity,
        address: format!("{table}{part}").into(),
        name: format!("{name}{part}"),
        location: location.clone(),
        environment: stack.environment,
        postures: vec![Posture {
            control: Control::Scaled,
            state,
            location,
        }],
        tables: vec![table],
        tags: None,
    }
}
