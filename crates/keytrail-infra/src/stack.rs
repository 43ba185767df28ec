//! What every kind of template comes to: resources with evaluated bodies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::{Environment, FileSpan, Location};

use crate::text::{Id, RefKind, Text, address_of};
use crate::value::Node;

/// In an identity, between a root and the name of the deployment, where it has several.
pub(crate) const SET: &str = "@@";

/// One resource of a template.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) id: Id,
    /// `aws_dynamodb_table`, `AWS::DynamoDB::Table`.
    pub(crate) kind: String,
    /// What one points at.
    pub(crate) span: FileSpan,
    /// Arguments or properties.
    pub(crate) body: Node,
}

/// A root module under one set of variables, or one CloudFormation template.
#[derive(Debug)]
pub(crate) struct Stack {
    /// Of the variable file or the path.
    pub(crate) environment: Environment,
    /// In order of their identities.
    pub(crate) resources: Vec<Resource>,
    /// `default_tags` of the provider; `None` where they are not known.
    pub(crate) default_tags: Option<BTreeMap<String, String>>,
    /// Regions of the providers that have an alias.
    pub(crate) regions: BTreeMap<String, String>,
    /// Numbers of accounts that the providers say are ours.
    pub(crate) accounts: BTreeSet<String>,
    /// Properties that SAM hands to every function.
    pub(crate) globals: Option<Node>,
    /// What SAM hands to every API: `Api` and `HttpApi`.
    pub(crate) api_globals: Option<Node>,
}

impl Resource {
    pub(crate) fn address(&self) -> &str {
        address_of(&self.id)
    }

    /// The last part of the address, for labels: `web` of `aws_ecs_task_definition.web`.
    pub(crate) fn label(&self) -> &str {
        let address = self.address();
        if self.kind.contains("::") {
            return address;
        }
        address
            .rfind(&format!("{}.", self.kind))
            .map_or(address, |at| &address[at + self.kind.len() + 1..])
    }

    pub(crate) fn at(&self, span: &FileSpan) -> Location {
        Location::Resource {
            span: span.clone(),
            address: Arc::from(self.address()),
        }
    }

    pub(crate) fn location(&self) -> Location {
        self.at(&self.span)
    }
}

impl Stack {
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources
            .iter()
            .filter(move |resource| resource.kind == kind)
    }
}

/// A thing with a name that others refer to by identity, name or ARN.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: Id,
    pub(crate) names: Vec<Text>,
}

/// Finds what a text refers to.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_id: BTreeMap<Id, usize>,
    by_name: BTreeMap<String, Vec<usize>>,
    pub(crate) entries: Vec<Entry>,
}

impl Index {
    /// Entries with the same identity (one root under several variable files) become one.
    pub(crate) fn add(&mut self, id: &Id, names: Vec<Text>) {
        let place = *self.by_id.entry(Arc::clone(id)).or_insert_with(|| {
            self.entries.push(Entry {
                id: Arc::clone(id),
                names: Vec::new(),
            });
            self.entries.len() - 1
        });
        for name in names {
            if let Some(known) = name.known() {
                let places = self.by_name.entry(known.to_owned()).or_default();
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            let names = &mut self.entries[place].names;
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Entry> {
        self.by_id.get(id).map(|&place| &self.entries[place])
    }

    /// By reference, by name, or by an ARN whose last part is `…<before>NAME` as in `table/NAME`.
    pub(crate) fn find(&self, text: &Text, before: &str) -> Vec<&Entry> {
        if let Some((id, kind)) = text.as_reference() {
            let wanted = !matches!(kind, RefKind::Other(other) if &**other != "id");
            return self.get(id).filter(|_| wanted).into_iter().collect();
        }
        if let Some(entry) = self.entries.iter().find(|entry| entry.names.contains(text)) {
            return vec![entry];
        }
        let shown = text.pattern();
        let name = match shown.rfind(&format!(":{before}")) {
            Some(at) => &shown[at + before.len() + 1..],
            None => shown.as_str(),
        };
        // A role's path and a table's index or stream are no part of the name.
        let name = if before == "table/" {
            name.split('/').next().unwrap_or(name)
        } else {
            name.rsplit('/').next().unwrap_or(name)
        };
        let places = self.by_name.get(name).into_iter().flatten();
        places.map(|&place| &self.entries[place]).collect()
    }
}
