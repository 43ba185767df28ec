//! Addresses for people: short where they are the only ones of their kind, with their root before
//! them where two roots use the same, and with the deployment before them where a table or a
//! principal has another name in each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::principals;
use crate::stack::{Resource, SET, Stack};
use crate::tables;
use crate::text::{Id, Text, address_of};

/// Identities into addresses.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    /// Addresses that several roots use.
    shared: BTreeSet<String>,
    /// Root and address of what has another name in each deployment.
    distinct: BTreeSet<(String, String)>,
}

/// Root, deployment and address of an identity.
fn parts(id: &str) -> (&str, Option<&str>, &str) {
    let root = id.split_once('|').map_or("", |(root, _)| root);
    let address = address_of(id);
    match root.rsplit_once(SET) {
        Some((root, set)) => (root, Some(set), address),
        None => (root, None, address),
    }
}

impl Addresses {
    pub(crate) fn new(stacks: &[Stack]) -> Self {
        let mut roots: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut names: BTreeMap<(&str, &str), BTreeSet<Vec<String>>> = BTreeMap::new();
        for resource in stacks.iter().flat_map(|stack| &stack.resources) {
            let (root, set, address) = parts(&resource.id);
            roots.entry(address).or_default().insert(root);
            if let (Some(_), Some(own)) = (set, named(resource)) {
                names.entry((root, address)).or_default().insert(own);
            }
        }
        let shared = roots.into_iter().filter(|(_, roots)| roots.len() > 1);
        let distinct = names.into_iter().filter(|(_, names)| names.len() > 1);
        Self {
            shared: shared.map(|(address, _)| address.to_owned()).collect(),
            distinct: distinct
                .map(|((root, address), _)| (root.to_owned(), address.to_owned()))
                .collect(),
        }
    }

    pub(crate) fn public(&self, id: &Id) -> Arc<str> {
        let (root, set, address) = parts(id);
        let shared = self.shared.contains(address);
        let key = (root.to_owned(), address.to_owned());
        let set = set.filter(|_| self.distinct.contains(&key));
        match (shared, set) {
            (false, None) => Arc::from(address),
            (false, Some(set)) => Arc::from(format!("{set}:{address}")),
            (true, set) => {
                let root = if root.is_empty() { "." } else { root };
                let set = set.map_or_else(String::new, |set| format!("@{set}"));
                Arc::from(format!("{root}{set}:{address}"))
            }
        }
    }
}

/// The names of a table or principal.
fn named(resource: &Resource) -> Option<Vec<String>> {
    let names = if tables::is_table(resource) {
        tables::names(resource)
    } else {
        principals::names(resource)?
    };
    Some(names.iter().map(Text::shown).collect())
}
