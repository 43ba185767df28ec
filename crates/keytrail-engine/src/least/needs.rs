//! What the code needs: one entry for each action on each table or index.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_graph::{Joined, TableId, is_test_file};
use keytrail_model::{
    AttributePath, Operation, OperationKind, Origin, Projection, Table, TableSource, Tree,
};

/// An action on a table or one of its indexes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    pub(super) table: TableId,
    pub(super) index: Option<String>,
    pub(super) action: &'static str,
}

/// Under which limits all calls of a need stay.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    /// The names of the table in code.
    pub(super) names: BTreeSet<String>,
    /// The attributes that are read, where every call lists them.
    pub(super) attributes: Option<BTreeSet<String>>,
    /// The partition comes from the caller's identity in every call.
    pub(super) owned: bool,
    /// Where it is called first: `path:line`.
    pub(super) place: String,
}

/// All needs of the application's own code, and notes on what is not known.
pub(super) fn needs(
    joined: &Joined<'_>,
    tree: &dyn Tree,
    notes: &mut BTreeSet<String>,
) -> BTreeMap<Need, Limits> {
    let others = workloads(joined);
    let mut all: BTreeMap<Need, Limits> = BTreeMap::new();
    for (number, operation) in joined.operations.iter().enumerate() {
        let span = operation.location.span();
        if is_test_file(&span.path) {
            continue;
        }
        if let Some(other) = others
            .iter()
            .find(|dir| span.path.starts_with(dir.as_str()))
        {
            notes.insert(format!(
                "{other} is run by a role of its own: ask for it alone with `keytrail policy`"
            ));
            continue;
        }
        let tables = joined.tables_of(number);
        if tables.is_empty() {
            notes.insert(format!(
                "{}:{} calls {} on a table of which no name is known",
                span.path,
                span.line,
                operation.kind.as_str()
            ));
        }
        for (table, _) in tables {
            for action in actions(operation, tree) {
                let need = Need {
                    table: *table,
                    index: operation.index.clone().filter(|_| on_indexes(action)),
                    action,
                };
                add(&mut all, need, operation, joined.tables.node(*table).main());
            }
        }
    }
    all
}

/// Directories below a template that makes roles for the functions in it: other programs than the
/// one that `manage.py` starts.
fn workloads(joined: &Joined<'_>) -> BTreeSet<String> {
    let principals = joined.principals.iter();
    let with_runs = principals.filter(|principal| !principal.runs.is_empty());
    let yaml = [".yaml", ".yml", ".json"];
    with_runs
        .map(|principal| &principal.location.span().path)
        .filter(|path| yaml.iter().any(|end| path.ends_with(end)))
        .filter_map(|path| path.rsplit_once('/'))
        .map(|(directory, _)| format!("{directory}/"))
        .collect()
}

fn add(all: &mut BTreeMap<Need, Limits>, need: Need, operation: &Operation, table: Option<&Table>) {
    let read = read(operation, table);
    let owned = owned(operation, table, need.index.as_deref());
    let known = operation
        .table
        .names
        .iter()
        .filter(|name| !name.contains('*'));
    let span = operation.location.span();
    let Some(limits) = all.get_mut(&need) else {
        let limits = Limits {
            names: known.cloned().collect(),
            attributes: read,
            owned,
            place: format!("{}:{}", span.path, span.line),
        };
        all.insert(need, limits);
        return;
    };
    limits.owned &= owned;
    limits.names.extend(known.cloned());
    limits.attributes = match (limits.attributes.take(), read) {
        (Some(mut all), Some(more)) => {
            all.extend(more);
            Some(all)
        }
        _ => None,
    };
}

/// The attributes that a call names, where it lists what it reads: those, its key and its filter.
fn read(operation: &Operation, table: Option<&Table>) -> Option<BTreeSet<String>> {
    let Projection::Attributes(listed) = &operation.projection else {
        return None;
    };
    if !operation.kind.reads() {
        return None;
    }
    let top = |path: &AttributePath| path.split(['.', '[']).next().unwrap_or(path).to_owned();
    let mut all: BTreeSet<String> = listed.iter().map(top).collect();
    all.extend(operation.filter.iter().map(top));
    all.extend(
        operation
            .keys
            .iter()
            .filter_map(|key| key.attribute.clone()),
    );
    let table = table.filter(|table| table.source != TableSource::Code);
    all.extend(
        table
            .into_iter()
            .flat_map(|table| &table.keys)
            .map(|key| key.attribute.clone()),
    );
    (!all.contains("*")).then_some(all)
}

/// True where the partition is who the caller is, as authentication says, and nothing else.
fn owned(operation: &Operation, table: Option<&Table>, index: Option<&str>) -> bool {
    let Some(table) = table else { return false };
    let keys = match index {
        None => &table.keys,
        Some(index) => match table.indexes.iter().find(|one| one.name == index) {
            Some(index) => &index.keys,
            None => return false,
        },
    };
    let partition = keys.first().map(|key| key.attribute.as_str());
    let bound = operation
        .keys
        .iter()
        .find(|key| key.attribute.as_deref() == partition);
    bound.is_some_and(|key| {
        let identity = |origin: &Origin| matches!(origin, Origin::Identity(_));
        !key.origins.is_empty() && key.origins.iter().all(identity)
    })
}

fn on_indexes(action: &str) -> bool {
    matches!(
        action,
        "dynamodb:Query" | "dynamodb:Scan" | "dynamodb:PartiQLSelect"
    )
}

/// The actions that a call needs. A transaction needs those of its parts, a statement that of its
/// first word; both are looked up in the call's own lines.
fn actions(operation: &Operation, tree: &dyn Tree) -> Vec<&'static str> {
    use OperationKind as Kind;
    const PARTS: &[(&[&str], &str)] = &[
        (&["\"Put\"", "'Put'"], "dynamodb:PutItem"),
        (&["\"Update\"", "'Update'"], "dynamodb:UpdateItem"),
        (&["\"Delete\"", "'Delete'"], "dynamodb:DeleteItem"),
        (
            &["\"ConditionCheck\"", "'ConditionCheck'"],
            "dynamodb:ConditionCheckItem",
        ),
    ];
    const WORDS: &[(&[&str], &str)] = &[
        (&["SELECT", "select"], "dynamodb:PartiQLSelect"),
        (&["INSERT", "insert"], "dynamodb:PartiQLInsert"),
        (&["UPDATE", "update"], "dynamodb:PartiQLUpdate"),
        (&["DELETE", "delete"], "dynamodb:PartiQLDelete"),
    ];
    match operation.kind {
        Kind::GetItem | Kind::TransactGetItems => vec!["dynamodb:GetItem"],
        Kind::BatchGetItem => vec!["dynamodb:BatchGetItem"],
        Kind::Query => vec!["dynamodb:Query"],
        Kind::Scan => vec!["dynamodb:Scan"],
        Kind::PutItem => vec!["dynamodb:PutItem"],
        Kind::UpdateItem => vec!["dynamodb:UpdateItem"],
        Kind::DeleteItem => vec!["dynamodb:DeleteItem"],
        Kind::BatchWriteItem => vec!["dynamodb:BatchWriteItem"],
        Kind::TransactWriteItems => named(operation, tree, PARTS),
        Kind::ExecuteStatement => named(operation, tree, WORDS),
    }
}

fn named(
    operation: &Operation,
    tree: &dyn Tree,
    words: &[(&[&str], &'static str)],
) -> Vec<&'static str> {
    let text = lines(operation, tree).unwrap_or_default();
    let found: Vec<&'static str> = words
        .iter()
        .filter(|(words, _)| words.iter().any(|word| text.contains(word)))
        .map(|(_, action)| *action)
        .collect();
    if found.is_empty() {
        return words.iter().map(|(_, action)| *action).collect();
    }
    found
}

/// The lines of a call.
fn lines(operation: &Operation, tree: &dyn Tree) -> Option<String> {
    let span = operation.location.span();
    let entries = tree.entries();
    let at = entries
        .binary_search_by(|entry| (*entry.path).cmp(&*span.path))
        .ok()?;
    let bytes = tree.read(entries.get(at)?).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let from = (span.line as usize).saturating_sub(1);
    let count = (span.end_line as usize).saturating_sub(from).max(1);
    let lines: Vec<&str> = text.lines().skip(from).take(count).collect();
    Some(lines.join("\n"))
}
