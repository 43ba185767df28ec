//! Tables: from resources of either kind of template to [`Table`] facts.

mod cloudformation;
mod copies;
mod streams;
mod terraform;

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{Encryption, Environment, Table, Tri, names_a_secret};

use crate::addresses::Addresses;
use crate::stack::{Index, Resource, Stack};
use crate::text::{Id, Text};
use crate::value::{Node, Value};

pub(crate) use streams::Stats;

const TERRAFORM: &[&str] = &["aws_dynamodb_table", "aws_dynamodb_global_table"];
const CLOUDFORMATION: &[&str] = &[
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::Serverless::SimpleTable",
];

/// True for resources that are tables.
pub(crate) fn is_table(resource: &Resource) -> bool {
    let kind = resource.kind.as_str();
    TERRAFORM[..1].contains(&kind) || CLOUDFORMATION.contains(&kind)
}

/// All tables by identity and name.
pub(crate) fn index(stacks: &[Stack]) -> Index {
    let mut index = Index::default();
    for resource in stacks.iter().flat_map(|stack| &stack.resources) {
        if is_table(resource) {
            index.add(&resource.id, names(resource));
        }
    }
    index
}

/// The names a table may have.
pub(crate) fn names(resource: &Resource) -> Vec<Text> {
    let given = ["name", "TableName"]
        .iter()
        .find_map(|field| resource.body.get(field))
        .map(Node::texts)
        .filter(|names| !names.is_empty());
    given.unwrap_or_else(|| {
        if resource.kind.contains("::") {
            // CloudFormation makes it of the stack's name, the logical id and a random end.
            vec![Text::with_stars_unknown(&format!(
                "*-{}-*",
                resource.address()
            ))]
        } else {
            vec![Text::hole(None)]
        }
    })
}

/// The facts of all tables, each with the streams and copies that other resources make of it.
pub(crate) fn build(
    stacks: &[Stack],
    index: &Index,
    addresses: &Addresses,
    stats: &mut Stats,
) -> Vec<Table> {
    let mut tables: BTreeMap<Id, Table> = BTreeMap::new();
    let mut environments: BTreeMap<Id, BTreeMap<String, BTreeSet<Environment>>> = BTreeMap::new();
    for stack in stacks {
        for resource in stack.resources.iter().filter(|resource| is_table(resource)) {
            let table = one(stack, resource, addresses);
            let seen = environments.entry(resource.id.clone()).or_default();
            for name in std::iter::once(&table.name).chain(&table.also_named) {
                seen.entry(name.clone())
                    .or_default()
                    .insert(stack.environment);
            }
            match tables.get_mut(&resource.id) {
                Some(first) => also(first, table),
                None => drop(tables.insert(resource.id.clone(), table)),
            }
        }
    }
    for (id, table) in &mut tables {
        table.environment = environment(table, environments.get(id));
    }
    for stack in stacks {
        streams::attach(stack, index, &mut tables, stats);
        copies::attach(stack, index, &mut tables);
        terraform::attach(stack, index, &mut tables);
    }
    let mut united: BTreeMap<std::sync::Arc<str>, Table> = BTreeMap::new();
    for mut table in tables.into_values() {
        if table.environments.is_empty() {
            table.environments.push(table.environment);
        }
        match united.get_mut(&table.address) {
            Some(first) => unite(first, table),
            None => drop(united.insert(std::sync::Arc::clone(&table.address), table)),
        }
    }
    let mut tables: Vec<Table> = united.into_values().collect();
    tables.iter_mut().for_each(tidy);
    tables
}

fn one(stack: &Stack, resource: &Resource, addresses: &Addresses) -> Table {
    let mut names: Vec<String> = names(resource).iter().map(Text::pattern).collect();
    let name = if names.is_empty() {
        "*".to_owned()
    } else {
        names.remove(0)
    };
    names.retain(|other| *other != name);
    let mut table = if resource.kind.contains("::") {
        cloudformation::table(resource)
    } else {
        terraform::table(resource, stack)
    };
    table.address = addresses.public(&resource.id);
    table.name = name;
    table.also_named = names;
    table
}

/// The same table under another variable file: only its name is news.
fn also(first: &mut Table, other: Table) {
    first.also_named.push(other.name);
    first.also_named.extend(other.also_named);
}

/// One table under several variable files: each setting is as good as the worst of them.
fn unite(first: &mut Table, other: Table) {
    if first.environment != other.environment {
        first.environment = Environment::Unspecified;
    }
    let worse = |one: Tri, two: Tri| match (one, two) {
        (Tri::No, _) | (_, Tri::No) => Tri::No,
        (Tri::Unknown, _) | (_, Tri::Unknown) => Tri::Unknown,
        (Tri::Yes, Tri::Yes) => Tri::Yes,
    };
    first.point_in_time_recovery =
        worse(first.point_in_time_recovery, other.point_in_time_recovery);
    first.deletion_protection = worse(first.deletion_protection, other.deletion_protection);
    if first.encryption != other.encryption {
        first.encryption = Encryption::Unknown;
    }
    first.environments.extend(other.environments);
    first.replicas.extend(other.replicas);
    first.copies.extend(other.copies);
    first.seeded.extend(other.seeded);
    for index in other.indexes {
        if !first
            .indexes
            .iter()
            .any(|it| it.name == index.name && it.projection == index.projection)
        {
            first.indexes.push(index);
        }
    }
    if let (Some(stream), Some(more)) = (&mut first.stream, other.stream) {
        stream.consumers.extend(more.consumers);
    }
    first.also_named.push(other.name);
    first.also_named.extend(other.also_named);
}

fn environment(
    table: &Table,
    seen: Option<&BTreeMap<String, BTreeSet<Environment>>>,
) -> Environment {
    let by_name = Environment::of_name(&table.name);
    if by_name != Environment::Unspecified {
        return by_name;
    }
    let seen = seen.and_then(|seen| seen.get(&table.name));
    match seen
        .map(|seen| seen.iter().copied().collect::<Vec<_>>())
        .as_deref()
    {
        Some([only]) => *only,
        _ => Environment::Unspecified,
    }
}

fn tidy(table: &mut Table) {
    let name = table.name.clone();
    table.also_named.retain(|other| *other != name);
    table.also_named.sort();
    table.also_named.dedup();
    table.environments.sort();
    table.environments.dedup();
    table.copies.sort();
    table.copies.dedup();
    table.seeded.sort();
    table.seeded.dedup();
    table.replicas.sort();
    table.replicas.dedup();
    table
        .indexes
        .sort_by(|left, right| left.name.cmp(&right.name));
    if let Some(stream) = &mut table.stream {
        stream.consumers.sort();
        stream.consumers.dedup();
    }
}

/// Tags by key, from a map or from a list of keys and values; `None` where they are not known.
/// A tag that is named like a secret keeps its value to itself.
pub(crate) fn tags(node: &Node) -> Option<BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    let mut add = |key: &str, value: &Node| {
        let text = value.as_text().unwrap_or_else(|| Text::hole(None));
        let shown = if names_a_secret(key) {
            "***".to_owned()
        } else {
            text.pattern()
        };
        out.insert(key.to_owned(), shown);
    };
    match &node.value {
        Value::Map(map) if map.open => return None,
        Value::Map(map) => {
            for (key, field) in &map.fields {
                add(key, &field.node);
            }
        }
        Value::List(items) => {
            for item in items.iter() {
                let key = item.get("Key").or_else(|| item.get("key"));
                let value = item.get("Value").or_else(|| item.get("value"));
                match (key.and_then(Node::as_str), value) {
                    (Some(key), Some(value)) => add(key, value),
                    _ => return None,
                }
            }
        }
        _ => return None,
    }
    Some(out)
}

/// The texts of a list, those that are known.
pub(crate) fn known_texts(node: Option<&Node>) -> Option<Vec<String>> {
    let items = node?.items();
    let texts: Option<Vec<String>> = items
        .into_iter()
        .map(|item| item.as_str().map(str::to_owned))
        .collect();
    texts
}
