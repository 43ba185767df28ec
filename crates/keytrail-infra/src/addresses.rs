//! Addresses for people: short where they are the only ones of their kind, with their root before
//! them where two roots use the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::stack::Stack;
use crate::text::{Id, address_of};

/// Identities into addresses.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    shared: BTreeSet<String>,
}

impl Addresses {
    pub(crate) fn new(stacks: &[Stack]) -> Self {
        let mut roots: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for resource in stacks.iter().flat_map(|stack| &stack.resources) {
            let (root, address) = resource.id.split_once('|').unwrap_or(("", &resource.id));
            roots.entry(address).or_default().insert(root);
        }
        let shared = roots.into_iter().filter(|(_, roots)| roots.len() > 1);
        Self {
            shared: shared.map(|(address, _)| address.to_owned()).collect(),
        }
    }

    pub(crate) fn public(&self, id: &Id) -> Arc<str> {
        let address = address_of(id);
        let root = id.split_once('|').map_or("", |(root, _)| root);
        if self.shared.contains(address) {
            Arc::from(format!(
                "{}:{address}",
                if root.is_empty() { "." } else { root }
            ))
        } else {
            Arc::from(address)
        }
    }
}
