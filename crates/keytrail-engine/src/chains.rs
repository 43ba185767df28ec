//! Who may become a role that reads a table: chains of roles, as facts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_infra::AccessModel;
use keytrail_model::{Decision, Door, Fact, Grant, RoleChain};

use crate::evidence::Evidence;

/// Chains told in all; a report names a few of them.
const MOST: usize = 10_000;

/// Adds a fact for each step by which somebody who reads no table comes to a role that does.
pub(crate) fn add(evidence: &mut Evidence) {
    let mut found = BTreeSet::new();
    for access in &evidence.access {
        let readers = Readers::of(&evidence.facts, access);
        for one in access.becoming(&readers.by_model.keys().cloned().collect()) {
            let from = readers.told(one.from);
            // Who reads it anyway needs no other role for it.
            if !readers.outright.contains(&from) {
                found.insert(RoleChain {
                    from,
                    to: readers.told(one.to),
                    how: one.how,
                    conditions: one.conditions,
                    statements: one.statements,
                });
            }
        }
    }
    evidence
        .facts
        .extend(found.into_iter().take(MOST).map(Fact::RoleChain));
}

/// Principals with grants on tables.
struct Readers {
    /// As the model calls them, and as the facts do: a template's address stands for a live role.
    by_model: BTreeMap<Arc<str>, Arc<str>>,
    /// Those that read by a plain door without a condition.
    outright: BTreeSet<Arc<str>>,
}

impl Readers {
    fn of(facts: &[Fact], access: &AccessModel) -> Self {
        let mut names: BTreeMap<&str, &str> = BTreeMap::new();
        let mut grants: Vec<&Grant> = Vec::new();
        for fact in facts {
            match fact {
                Fact::Principal(it) => drop(names.insert(&it.address, &it.name)),
                Fact::Grant(it) if it.door != Door::Write => grants.push(it),
                _ => {}
            }
        }
        let mut by_model = BTreeMap::new();
        let addresses: BTreeSet<&Arc<str>> = grants.iter().map(|it| &it.principal).collect();
        for address in addresses {
            let by_name = || access.principal(names.get(&**address)?);
            if let Some(model) = access.principal(address).or_else(by_name) {
                by_model.insert(model, Arc::clone(address));
            }
        }
        let outright = grants
            .iter()
            .filter(|it| it.decision == Decision::Allowed && !crate::readers::is_side(it.door));
        Self {
            outright: outright.map(|it| Arc::clone(&it.principal)).collect(),
            by_model,
        }
    }

    fn told(&self, model: Arc<str>) -> Arc<str> {
        self.by_model.get(&model).cloned().unwrap_or(model)
    }
}
