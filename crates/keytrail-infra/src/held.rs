//! Policies that tables, their streams and roles hold: those of tables let in roles and users of the
//! same account without any policy of their own, those of roles say who may become them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::addresses::Addresses;
use crate::evaluate::{Policy, ResourcePattern, Resources, Statement};
use crate::policies::Reader;
use crate::stack::{Resource, Stack};
use crate::text::Text;
use crate::value::Node;

/// What holds a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holder {
    Table,
    Stream,
    Role,
}

/// By stack, what the tables and streams of that stack hold.
type ByStack = BTreeMap<usize, Vec<Policy>>;

/// The policies of all tables.
#[derive(Debug, Default)]
pub(crate) struct Held(BTreeMap<(Arc<str>, Holder), ByStack>);

/// Reads them all.
pub(crate) fn build(stacks: &[Stack], reader: &mut Reader<'_>, addresses: &Addresses) -> Held {
    let mut held = Held::default();
    for (number, stack) in stacks.iter().enumerate() {
        for resource in &stack.resources {
            for (address, holder, document) in documents(resource, reader, addresses) {
                let mut policy = reader.policy(resource.address(), document);
                if holder == Holder::Role {
                    policy.statements.iter_mut().for_each(on_itself);
                }
                let by_stack = held.0.entry((address, holder)).or_default();
                by_stack.entry(number).or_default().push(policy);
            }
        }
    }
    held
}

/// A trust policy names no resource: it is about the role that holds it.
fn on_itself(statement: &mut Statement) {
    if matches!(&statement.resources, Resources::Only(listed) if listed.is_empty()) {
        statement.resources = Resources::Only(vec![ResourcePattern::literal("*")]);
    }
}

fn documents<'r>(
    resource: &'r Resource,
    reader: &Reader<'_>,
    addresses: &Addresses,
) -> Vec<(Arc<str>, Holder, &'r Node)> {
    let body = &resource.body;
    let own = || addresses.public(&resource.id);
    match resource.kind.as_str() {
        "aws_dynamodb_resource_policy" => {
            let texts = body.get("resource_arn").map_or_else(Vec::new, Node::texts);
            let stream = texts.iter().any(|text| text.shown().contains("stream"));
            let holder = if stream {
                Holder::Stream
            } else {
                Holder::Table
            };
            let tables = texts
                .iter()
                .flat_map(|text: &Text| reader.tables.find(text, "table/"));
            let addresses = tables.map(|entry| addresses.public(&entry.id));
            let document = body.get("policy");
            addresses
                .filter_map(|address| Some((address, holder, document?)))
                .collect()
        }
        "aws_iam_role" | "AWS::IAM::Role" => {
            let fields = ["assume_role_policy", "AssumeRolePolicyDocument"];
            let document = fields.iter().find_map(|field| body.get(field));
            let found = document.map(|document| (own(), Holder::Role, document));
            found.into_iter().collect()
        }
        "AWS::DynamoDB::Table" => [
            (Holder::Table, "ResourcePolicy.PolicyDocument"),
            (
                Holder::Stream,
                "StreamSpecification.ResourcePolicy.PolicyDocument",
            ),
        ]
        .into_iter()
        .filter_map(|(holder, path)| Some((own(), holder, body.path(path)?)))
        .collect(),
        "AWS::DynamoDB::GlobalTable" => {
            let replicas = body.get("Replicas").map_or_else(Vec::new, Node::items);
            let found = replicas.into_iter().filter_map(|replica| {
                let document = replica.path("ResourcePolicy.PolicyDocument")?;
                Some((own(), Holder::Table, document))
            });
            found.collect()
        }
        _ => Vec::new(),
    }
}

impl Held {
    /// Each set of policies that a table or stream may hold for somebody of this stack. One of
    /// another stack may stand beside any of its variable files.
    pub(crate) fn of(&self, address: &Arc<str>, holder: Holder, stack: usize) -> Vec<&[Policy]> {
        let Some(by_stack) = self.0.get(&(Arc::clone(address), holder)) else {
            return vec![&[]];
        };
        match by_stack.get(&stack) {
            Some(own) => vec![own],
            None => by_stack.values().map(Vec::as_slice).collect(),
        }
    }
}
