//! What attaching has in common, whatever the template language.

use std::collections::BTreeMap;

use keytrail_model::{FileSpan, Location, PrincipalKind};

use super::Principals;
use crate::evaluate::Policy;
use crate::managed;
use crate::policies::Reader;
use crate::stack::{Index, Resource, Stack};
use crate::text::{Id, Text};
use crate::value::Node;

/// Policies that stand by themselves: where to find each, and its document per stack.
#[derive(Debug, Default)]
pub(crate) struct Standalone {
    index: Index,
    documents: BTreeMap<Id, Vec<(usize, String, Node)>>,
}

/// All policies that can be attached by reference.
pub(crate) fn policies(stacks: &[Stack]) -> Standalone {
    let mut all = Standalone::default();
    for (number, stack) in stacks.iter().enumerate() {
        for resource in &stack.resources {
            let (document, name) = match resource.kind.as_str() {
                "aws_iam_policy" => ("policy", "name"),
                "AWS::IAM::ManagedPolicy" => ("PolicyDocument", "ManagedPolicyName"),
                _ => continue,
            };
            let names = resource.body.get(name).map_or_else(Vec::new, Node::texts);
            all.index.add(&resource.id, names);
            if let Some(document) = resource.body.get(document) {
                let address = resource.address().to_owned();
                let documents = all.documents.entry(resource.id.clone()).or_default();
                documents.push((number, address, document.clone()));
            }
        }
    }
    all
}

/// One stack while its policies are attached.
pub(crate) struct Scene<'s, 'r, 'i> {
    pub(crate) number: usize,
    pub(crate) stack: &'s Stack,
    pub(crate) policies: &'s Standalone,
    pub(crate) principals: &'s mut Principals,
    pub(crate) reader: &'r mut Reader<'i>,
}

impl Scene<'_, '_, '_> {
    /// The principals that a field of a resource names.
    pub(crate) fn holders(
        &mut self,
        resource: &Resource,
        field: &str,
        kind: PrincipalKind,
    ) -> Vec<Id> {
        let texts = resource.body.get(field).map_or_else(Vec::new, Node::texts);
        let mut ids = Vec::new();
        for text in texts {
            ids.extend(self.principals.named(&text, kind, resource.location()));
        }
        ids.sort();
        ids.dedup();
        ids
    }

    /// Attaches a document that `holder` (an address) holds.
    pub(crate) fn inline(&mut self, ids: &[Id], holder: &str, document: &Node) {
        let policy = self.reader.policy(holder, document);
        self.give(ids, &policy);
    }

    pub(crate) fn give(&mut self, ids: &[Id], policy: &Policy) {
        for id in ids {
            if let Some(draft) = self.principals.drafts.get_mut(id) {
                draft.policies.push((self.number, policy.clone()));
            }
        }
    }

    /// Attaches policies by their ARNs or references.
    pub(crate) fn by_arn(&mut self, ids: &[Id], arns: &Node) {
        for node in arns.items() {
            let Some(text) = node.as_text() else { continue };
            for policy in self.referred(&text, &node.span) {
                self.give(ids, &policy);
            }
        }
    }

    pub(crate) fn boundary(&mut self, id: &Id, arn: &Node) {
        for node in arns_of(arn) {
            let Some(text) = node.as_text() else { continue };
            for policy in self.referred(&text, &node.span) {
                let number = self.number;
                if let Some(draft) = self.principals.drafts.get_mut(id) {
                    draft.boundaries.push((number, policy));
                }
            }
        }
    }

    /// The policies that a reference means; one that can't be found is told.
    fn referred(&mut self, text: &Text, span: &FileSpan) -> Vec<Policy> {
        let found: Vec<Id> = self
            .policies
            .index
            .find(text, "policy/")
            .into_iter()
            .map(|entry| entry.id.clone())
            .collect();
        let mut out = Vec::new();
        for id in &found {
            let documents = self
                .policies
                .documents
                .get(id)
                .map_or(&[][..], Vec::as_slice);
            let own = documents
                .iter()
                .any(|(number, _, _)| *number == self.number);
            for (number, address, document) in documents {
                // Another variable file's form of a policy belongs to that file's stack.
                if *number == self.number || !own {
                    out.push(self.reader.policy(address, document));
                }
            }
        }
        if !found.is_empty() {
            return out;
        }
        let pattern = text.pattern();
        if let Some(policy) = managed::policy(&pattern, span) {
            return vec![policy];
        }
        if managed::is_managed(&pattern) {
            let name = pattern.rsplit('/').next().unwrap_or(&pattern);
            self.principals.unknown_managed.insert(name.to_owned());
        } else {
            self.reader.unresolved_policy(span);
        }
        Vec::new()
    }

    /// Who may assume a role, as written.
    pub(crate) fn trusts(&mut self, id: &Id, document: &Node) {
        let mut found = Vec::new();
        for alternative in document.alternatives() {
            let parsed = match &alternative.value {
                crate::value::Value::Text(text) => crate::json::text(text, &alternative.span),
                _ => Some(alternative.clone()),
            };
            let statements = parsed.as_ref().and_then(|node| node.get("Statement"));
            for statement in statements.map_or_else(Vec::new, Node::items) {
                if statement.get("Effect").and_then(Node::as_str) == Some("Allow") {
                    found.extend(statement.get("Principal").map_or_else(Vec::new, trusted));
                }
            }
        }
        if let Some(draft) = self.principals.drafts.get_mut(id) {
            draft.trusts.extend(found);
        }
    }
}

fn arns_of(node: &Node) -> Vec<&Node> {
    node.items()
}

fn trusted(principal: &Node) -> Vec<String> {
    match principal.as_map() {
        Some(map) => map
            .fields
            .values()
            .flat_map(|field| field.node.texts())
            .map(|text| text.shown())
            .collect(),
        None => principal.texts().iter().map(Text::shown).collect(),
    }
}

/// Where something in a resource is attached.
pub(crate) fn at(resource: &Resource, node: &Node) -> Location {
    resource.at(&node.span)
}
