//! Live facts beside a template's: what both say is told once, at the template's line.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::{Decision, Door, Fact, Grant, Table};

use super::compare::{Side, Unread};
use super::{names, tables};

/// Drops live tables without a difference, lets what stands for a declared principal or table go by
/// the template's address, and drops grants that the template gives too.
pub fn reconcile(template: &[Fact], live: Vec<Fact>, unread: &Unread) -> Vec<Fact> {
    let declared = Side::of(template);
    let mut same: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut renamed: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    let mut owners: BTreeMap<Arc<str>, &Table> = BTreeMap::new();
    let there = Side::of(&live);
    // Of several accounts or regions that have a table of this name, which one is meant is not known.
    let several = |name: &str| there.tables.iter().filter(|it| it.name == name).count() > 1;
    for table in there.tables.iter().copied().filter(|it| !several(&it.name)) {
        if let Some(owner) = names::owner(&declared.tables, table, names::table) {
            let mut differences = Vec::new();
            tables::compare(owner, table, unread, &mut differences);
            if differences.is_empty() {
                same.insert(Arc::clone(&table.address));
            }
            owners.insert(Arc::clone(&table.address), owner);
            renamed.insert(Arc::clone(&table.address), Arc::clone(&owner.address));
        }
    }
    for principal in there.principals {
        if let Some(owner) = names::owner(&declared.principals, principal, names::principal) {
            same.insert(Arc::clone(&principal.address));
            renamed.insert(Arc::clone(&principal.address), Arc::clone(&owner.address));
        }
    }
    let given: BTreeSet<Given<'_>> = declared
        .grants
        .iter()
        .map(|grant| Given::of(grant))
        .collect();
    let address = |found: Arc<str>| renamed.get(&found).cloned().unwrap_or(found);
    live.into_iter()
        .filter_map(|fact| match fact {
            Fact::Table(table) if same.contains(&table.address) => None,
            Fact::Table(mut table) => {
                if let Some(owner) = owners.get(&table.address) {
                    prune(owner, &mut table);
                }
                Some(Fact::Table(table))
            }
            Fact::Principal(principal) if same.contains(&principal.address) => None,
            Fact::Grant(mut grant) => {
                grant.table = address(grant.table);
                grant.principal = address(grant.principal);
                (!given.contains(&Given::of(&grant))).then_some(Fact::Grant(grant))
            }
            Fact::EnvBinding(mut binding) => {
                binding.table = address(binding.table);
                Some(Fact::EnvBinding(binding))
            }
            other => Some(other),
        })
        .collect()
}

/// Takes out of a live table what its declaration tells as well.
fn prune(declared: &Table, live: &mut Table) {
    live.address = Arc::clone(&declared.address);
    live.indexes.retain(|index| {
        !declared.indexes.iter().any(|other| {
            other.name == index.name
                && other.keys == index.keys
                && other.projection == index.projection
        })
    });
    let view = |table: &Table| table.stream.as_ref().map(|stream| stream.view);
    if view(declared) == view(live) {
        live.stream = None;
    }
    live.replicas.retain(|replica| {
        let mut all = declared.replicas.iter();
        !all.any(|other| other.region == replica.region)
    });
    live.copies.retain(|copy| {
        let mut all = declared.copies.iter();
        !all.any(|other| other.label == copy.label)
    });
}

/// A grant without its statements.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Given<'g> {
    principal: &'g str,
    table: &'g str,
    door: Door,
    index: Option<&'g str>,
    decision: &'g Decision,
}

impl<'g> Given<'g> {
    fn of(grant: &'g Grant) -> Self {
        Self {
            principal: &grant.principal,
            table: &grant.table,
            door: grant.door,
            index: grant.index.as_deref(),
            decision: &grant.decision,
        }
    }
}
