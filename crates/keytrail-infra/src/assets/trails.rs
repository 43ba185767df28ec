//! Which item calls trails record: basic and advanced selectors.

use keytrail_model::{AssetKind, Control, Tri};

use super::Assets;
use crate::addresses::Addresses;
use crate::arns::arn;
use crate::glob::{self, Atom, Fit};
use crate::stack::{Entry, Index, Resource, Stack};
use crate::text::{RefKind, Text};
use crate::value::{Node, Value};

/// How the two template languages spell selectors.
struct Names {
    basic: &'static str,
    resources: &'static str,
    kind: &'static str,
    values: &'static str,
    access: &'static str,
    advanced: &'static str,
    fields: &'static str,
    field: &'static str,
    equals: &'static str,
    starts: &'static str,
}

const TERRAFORM: Names = Names {
    basic: "event_selector",
    resources: "data_resource",
    kind: "type",
    values: "values",
    access: "read_write_type",
    advanced: "advanced_event_selector",
    fields: "field_selector",
    field: "field",
    equals: "equals",
    starts: "starts_with",
};

const CLOUDFORMATION: Names = Names {
    basic: "EventSelectors",
    resources: "DataResources",
    kind: "Type",
    values: "Values",
    access: "ReadWriteType",
    advanced: "AdvancedEventSelectors",
    fields: "FieldSelectors",
    field: "Field",
    equals: "Equals",
    starts: "StartsWith",
};

pub(super) fn attach(
    stacks: &[Stack],
    tables: &Index,
    addresses: &Addresses,
    assets: &mut Assets<'_>,
) {
    for resource in stacks.iter().flat_map(|stack| &stack.resources) {
        let names = if resource.kind.contains("::") {
            &CLOUDFORMATION
        } else {
            &TERRAFORM
        };
        let Some(draft) = assets.drafts.get_mut(&resource.id) else {
            continue;
        };
        if draft.asset.kind != AssetKind::Trail {
            continue;
        }
        let (state, covered) = recorded(resource, names, tables);
        let found = covered.iter().map(|entry| addresses.public(&entry.id));
        draft.asset.tables.extend(found);
        let at = resource
            .body
            .get(names.advanced)
            .or_else(|| resource.body.get(names.basic));
        let own = draft.resource;
        draft.put(Control::RecordsItems, state, own, at);
    }
}

/// Whether reads of items are recorded at all, and of which tables for certain.
fn recorded<'i>(resource: &Resource, names: &Names, tables: &'i Index) -> (Tri, Vec<&'i Entry>) {
    let mut state = Tri::No;
    let mut covered = Vec::new();
    let mut take = |found: Option<Vec<Text>>| match found {
        None => state = Tri::Unknown,
        Some(patterns) => {
            for pattern in &patterns {
                if pattern.known().is_none() && pattern.as_reference().is_none() {
                    state = Tri::Unknown;
                } else if state == Tri::No {
                    state = Tri::Yes;
                }
                covered.extend(tables.entries.iter().filter(|entry| starts(pattern, entry)));
            }
        }
    };
    for field in [names.basic, names.advanced] {
        if let Some(node) = resource.body.get(field)
            && matches!(node.value, Value::Unknown(_) | Value::OneOf(_))
        {
            take(None);
        }
    }
    let selectors = |field: &str| resource.body.get(field).map_or_else(Vec::new, Node::items);
    for selector in selectors(names.basic) {
        take(basic(selector, names));
    }
    for selector in selectors(names.advanced) {
        take(advanced(selector, names));
    }
    (state, covered)
}

/// The ARN prefixes of tables whose reads a selector takes in; `None` where that is not known.
fn basic(selector: &Node, names: &Names) -> Option<Vec<Text>> {
    selector.as_map()?;
    if selector.get(names.access).and_then(Node::as_str) == Some("WriteOnly") {
        return Some(Vec::new());
    }
    let mut out = Vec::new();
    for resource in selector
        .get(names.resources)
        .map_or_else(Vec::new, Node::items)
    {
        match resource.get(names.kind).map(Node::as_str) {
            Some(Some("AWS::DynamoDB::Table")) => {
                let values = resource.get(names.values)?;
                if values.is_unknown() {
                    return None;
                }
                out.extend(values.texts());
            }
            Some(Some(_)) => {}
            _ => return None,
        }
    }
    Some(out)
}

/// The same of an advanced selector: all of its fields must hold.
fn advanced(selector: &Node, names: &Names) -> Option<Vec<Text>> {
    selector.as_map()?;
    let mut kind = None;
    let mut arns: Option<Vec<Text>> = None;
    for field in selector
        .get(names.fields)
        .map_or_else(Vec::new, Node::items)
    {
        let name = field.get(names.field)?.as_str()?;
        let equals = field.get(names.equals);
        match name {
            "resources.type" => kind = Some(equals?.texts()),
            "resources.ARN" => {
                let listed = [equals, field.get(names.starts)];
                let listed = listed.into_iter().flatten().flat_map(Node::texts);
                arns = Some(listed.collect());
            }
            "readOnly"
                if equals.is_some_and(|it| {
                    it.texts().iter().any(|text| text.known() == Some("false"))
                }) =>
            {
                return Some(Vec::new());
            }
            // Only some calls.
            "eventName" => return Some(Vec::new()),
            _ => {}
        }
    }
    let tables = kind?
        .iter()
        .any(|text| text.known() == Some("AWS::DynamoDB::Table"));
    Some(match (tables, arns) {
        (false, _) => Vec::new(),
        (true, Some(arns)) => arns,
        (true, None) => vec![Text::literal("arn:aws:dynamodb")],
    })
}

/// True where a table's ARN surely begins with the pattern.
fn starts(pattern: &Text, entry: &Entry) -> bool {
    if let Some((id, RefKind::Arn)) = pattern.as_reference() {
        return *id == entry.id;
    }
    let Some(known) = pattern.known() else {
        return pattern.pieces().iter().any(|piece| match piece {
            crate::text::Piece::Ref(id, _) => *id == entry.id,
            _ => false,
        });
    };
    if matches!(known, "arn:aws:dynamodb" | "arn:aws:dynamodb:" | "*") {
        return true;
    }
    let mut open = pattern.clone();
    open.push(crate::text::Piece::Lit("*".to_owned()));
    let open = glob::pattern(&open);
    entry.names.iter().any(|name| {
        let mut arn = arn("dynamodb", "table/");
        arn.append(name);
        let atoms: Vec<Atom> = glob::name(&arn);
        crate::evaluate::arn_fit(&open, &atoms) == Fit::Yes
    })
}
