//! What the evaluator finds for tables: grants, and those who hold one and are held off by the key.

use std::sync::Arc;

use keytrail_model::{Decision, Door, Grant};

use crate::access::{Subject, TableTarget, World};
use crate::decrypt::{self, KeyUse};
use crate::keys::Key;

/// Who may read, and who would.
#[derive(Clone, Debug, Default)]
pub struct Readers {
    /// What is allowed, sorted.
    pub grants: Vec<Grant>,
    /// What the table's side allows and the key under it forbids, sorted.
    pub held_off: Vec<HeldOff>,
}

/// A principal that may pass a door of a table and may not use the key under it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldOff {
    /// What it would have.
    pub grant: Grant,
    /// The keys.
    pub keys: Vec<Arc<str>>,
    /// Why not.
    pub by: KeyUse,
}

impl Readers {
    pub(crate) fn with(mut self, mut other: Self) -> Self {
        self.grants.append(&mut other.grants);
        self.held_off.append(&mut other.held_off);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.held_off.is_empty()
    }

    pub(crate) fn settle(&mut self) {
        self.grants.sort();
        self.grants.dedup();
        self.held_off.sort();
        self.held_off.dedup();
    }
}

/// The key under a table, as one principal meets it.
pub(crate) struct Guard {
    keys: Vec<Arc<str>>,
    by: KeyUse,
}

impl Guard {
    pub(crate) fn of(
        subject: &Subject,
        world: &World,
        keys: &[Arc<Key>],
        table: &TableTarget,
    ) -> Self {
        let name = table.names.first().map_or("*", String::as_str);
        Self {
            keys: keys.iter().map(|key| Arc::clone(&key.shown)).collect(),
            by: decrypt::of(subject, world, keys, name),
        }
    }

    /// A grant that the key leaves as it is, adds a condition to, or takes away.
    pub(crate) fn let_through(&self, mut grant: Grant, out: &mut Readers) {
        if !decrypts(grant.door) {
            return out.grants.push(grant);
        }
        match &self.by {
            KeyUse::Open { conditions, .. } => {
                grant.decision = both(grant.decision, conditions);
                out.grants.push(grant);
            }
            KeyUse::Closed { .. } => out.held_off.push(HeldOff {
                grant,
                keys: self.keys.clone(),
                by: self.by.clone(),
            }),
        }
    }
}

/// Doors by which `DynamoDB` decrypts items in the caller's name.
fn decrypts(door: Door) -> bool {
    matches!(
        door,
        Door::GetItem
            | Door::BatchGetItem
            | Door::Query
            | Door::Scan
            | Door::PartiqlSelect
            | Door::GetRecords
    )
}

fn both(decision: Decision, more: &[String]) -> Decision {
    if more.is_empty() {
        return decision;
    }
    let mut all = match decision {
        Decision::Allowed => Vec::new(),
        Decision::AllowedIf(conditions) => conditions,
    };
    all.extend(more.iter().cloned());
    all.sort();
    all.dedup();
    Decision::AllowedIf(all)
}
