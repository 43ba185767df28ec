//! The customer's own KMS keys under tables: which key a table has, and what that key's policy,
//! its grants and the default policy say. Whoever may not use the key reads no item.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::addresses::Addresses;
use crate::arns::arn;
use crate::evaluate::{
    Actions, Effect, Policy, PrincipalPattern, Principals, Resource as Asked, ResourcePattern,
    Resources, Statement,
};
use crate::policies::{Reader, place};
use crate::stack::{Index, Resource, Stack};
use crate::tables;
use crate::text::{Id, Piece, RefKind, Text};
use crate::value::Node;

/// One key, as the tables under it need it.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its address, or what a table calls it where no template declares it.
    pub(crate) shown: Arc<str>,
    /// What to ask for.
    pub(crate) resource: Asked,
    /// Its policy and grants in each stack; `None` where they are not known.
    policies: Option<BTreeMap<usize, Vec<Policy>>>,
}

impl Key {
    /// The policies of the key beside what one stack declares; `None` where they are not known.
    pub(crate) fn policies(&self, stack: usize) -> Option<Vec<&[Policy]>> {
        let all = self.policies.as_ref()?;
        Some(match all.get(&stack) {
            Some(own) => vec![own.as_slice()],
            None => all.values().map(Vec::as_slice).collect(),
        })
    }

    /// The one account that the key's policies name, which is its own: KMS takes no policy that
    /// leaves its account without a way to change it.
    pub(crate) fn account(&self) -> Option<&str> {
        let policies = self.policies.as_ref()?.values().flatten();
        let mut found = policies
            .flat_map(|policy| &policy.statements)
            .filter(|one| one.effect == Effect::Allow)
            .filter_map(|one| one.principals.as_ref())
            .flat_map(Principals::accounts);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }
}

/// The keys of all tables: several where a replica has its own, or a choice is open.
#[derive(Debug, Default)]
pub(crate) struct Keys(BTreeMap<Arc<str>, Vec<Arc<Key>>>);

impl Keys {
    /// The customer's keys under a table; empty where AWS keeps the key.
    pub(crate) fn of(&self, table: &str) -> &[Arc<Key>] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}

const KEYS: &[&str] = &[
    "AWS::KMS::Key",
    "AWS::KMS::ReplicaKey",
    "aws_kms_external_key",
    "aws_kms_key",
    "aws_kms_replica_external_key",
    "aws_kms_replica_key",
];

/// Types that are read here.
pub(crate) fn matters(kind: &str) -> bool {
    KEYS.contains(&kind)
        || matches!(
            kind,
            "AWS::KMS::Alias" | "aws_kms_alias" | "aws_kms_grant" | "aws_kms_key_policy"
        )
}

/// Reads them all.
pub(crate) fn build(stacks: &[Stack], reader: &mut Reader<'_>, addresses: &Addresses) -> Keys {
    let index = index(stacks);
    let policies = policies(stacks, reader, &index);
    let mut keys = Keys::default();
    let mut made: BTreeMap<Text, Arc<Key>> = BTreeMap::new();
    for resource in stacks.iter().flat_map(|stack| &stack.resources) {
        for (table, text) in used(resource, reader.tables, addresses) {
            if aws_keeps(&text) {
                // A replica under AWS's key is open to all who may read the table.
                continue;
            }
            let key = made
                .entry(text.clone())
                .or_insert_with(|| Arc::new(key(&text, &index, &policies, addresses)));
            let all = keys.0.entry(table).or_default();
            if !all.iter().any(|other| Arc::ptr_eq(other, key)) {
                all.push(Arc::clone(key));
            }
        }
    }
    keys
}

/// Keys by identity, by their own id and by their aliases.
fn index(stacks: &[Stack]) -> Index {
    let mut index = Index::default();
    for resource in stacks.iter().flat_map(|stack| &stack.resources) {
        if KEYS.contains(&resource.kind.as_str()) {
            // In the live account the address is the ARN.
            let own = resource.address().rsplit_once(":key/");
            let names = own.map(|(_, id)| Text::literal(id));
            index.add(&resource.id, names.into_iter().collect());
        }
    }
    for resource in stacks.iter().flat_map(|stack| &stack.resources) {
        let (name, target) = match resource.kind.as_str() {
            "aws_kms_alias" => ("name", "target_key_id"),
            "AWS::KMS::Alias" => ("AliasName", "TargetKeyId"),
            _ => continue,
        };
        let names = resource.body.get(name).map_or_else(Vec::new, Node::texts);
        for id in referred(resource.body.get(target), &index) {
            let mut names = names.clone();
            names.push(Text::reference(&resource.id, RefKind::Arn));
            names.push(Text::reference(&resource.id, RefKind::Name));
            index.add(&id, names);
        }
    }
    index
}

fn referred(node: Option<&Node>, index: &Index) -> Vec<Id> {
    let texts = node.map_or_else(Vec::new, Node::texts);
    texts.iter().flat_map(|text| find(text, index)).collect()
}

/// The keys that a text means: a reference to one or to its alias, or what it is called.
fn find(text: &Text, index: &Index) -> Vec<Id> {
    let referred = text.as_reference().map(|(id, _)| id);
    if let Some(entry) = referred.and_then(|id| index.get(id)) {
        return vec![Arc::clone(&entry.id)];
    }
    let found = index.entries.iter().filter(|entry| match referred {
        Some(alias) => entry.names.iter().any(|name| {
            let other = name.as_reference();
            other.is_some_and(|(other, _)| other == alias)
        }),
        None => named(text, &entry.names),
    });
    found.map(|entry| Arc::clone(&entry.id)).collect()
}

/// `alias/x`, the key's id, or an ARN that ends in one of them.
fn named(text: &Text, names: &[Text]) -> bool {
    let Some(known) = text.known() else {
        return names.contains(text);
    };
    let last = known.splitn(6, ':').nth(5).unwrap_or(known);
    let last = last.strip_prefix("key/").unwrap_or(last);
    names.iter().any(|name| name.known() == Some(last))
}

type ByKey = BTreeMap<Id, BTreeMap<usize, Vec<Policy>>>;

/// Policies and grants while they are gathered.
#[derive(Default)]
struct Gathered {
    all: ByKey,
    /// Keys of which some policy could not be read.
    open: Vec<Id>,
}

/// What each key's policy and grants say. A key of which some policy could not be read has none.
fn policies(stacks: &[Stack], reader: &mut Reader<'_>, index: &Index) -> ByKey {
    let mut gathered = Gathered::default();
    for (number, stack) in stacks.iter().enumerate() {
        for resource in &stack.resources {
            gathered.read(number, resource, reader, index);
        }
    }
    for (number, stack) in stacks.iter().enumerate() {
        let keys = stack.resources.iter();
        for resource in keys.filter(|one| KEYS.contains(&one.kind.as_str())) {
            defaults(&mut gathered.all, number, resource);
        }
    }
    gathered.all.retain(|id, _| !gathered.open.contains(id));
    gathered.all
}

impl Gathered {
    fn read(&mut self, number: usize, resource: &Resource, reader: &mut Reader<'_>, index: &Index) {
        let kind = resource.kind.as_str();
        let ids = match kind {
            _ if KEYS.contains(&kind) => vec![Arc::clone(&resource.id)],
            "aws_kms_key_policy" | "aws_kms_grant" => referred(resource.body.get("key_id"), index),
            _ => return,
        };
        if let Some(grant) = grant(resource) {
            return self.add(&ids, number, &grant);
        }
        let fields = ["KeyPolicy", "policy"];
        let Some(node) = fields.iter().find_map(|field| resource.body.get(field)) else {
            if resource.body.as_map().is_some_and(|map| map.open) {
                self.open.extend(ids);
            }
            return;
        };
        let before = reader.unresolved_policies.len();
        let policy = reader.policy(resource.address(), node);
        if reader.unresolved_policies.len() > before {
            self.open.extend(ids);
        } else {
            self.add(&ids, number, &policy);
        }
    }

    fn add(&mut self, ids: &[Id], number: usize, policy: &Policy) {
        for id in ids {
            let by_stack = self.all.entry(Arc::clone(id)).or_default();
            by_stack.entry(number).or_default().push(policy.clone());
        }
    }
}

/// A key without a policy gets KMS's own, which hands every right to the account.
fn defaults(all: &mut ByKey, number: usize, resource: &Resource) {
    let policies = all.entry(Arc::clone(&resource.id)).or_default();
    let policies = policies.entry(number).or_default();
    let only_grants = policies
        .iter()
        .all(|policy| policy.statements.iter().all(|one| one.name == GRANT));
    if only_grants {
        let root = Text::from_pieces(vec![
            Piece::Lit("arn:aws:iam::".to_owned()),
            Piece::Hole(None),
            Piece::Lit(":root".to_owned()),
        ]);
        let statement = allow(
            resource,
            "the default policy",
            PrincipalPattern::Aws(root),
            vec![Text::literal("kms:*")],
        );
        policies.push(Policy {
            address: Arc::from(resource.address()),
            statements: vec![statement],
        });
    }
}

const GRANT: &str = "grant";

/// A grant allows its grantee some operations, whatever else is said.
fn grant(resource: &Resource) -> Option<Policy> {
    if resource.kind != "aws_kms_grant" {
        return None;
    }
    let body = &resource.body;
    let grantee = body.get("grantee_principal").and_then(Node::as_text);
    let operations = body.get("operations").map_or_else(Vec::new, Node::texts);
    let operations = operations.iter().map(|one| {
        let mut action = Text::literal("kms:");
        action.append(one);
        action
    });
    let who = PrincipalPattern::of("AWS", grantee.unwrap_or_else(|| Text::hole(None)));
    let mut statement = allow(resource, GRANT, who, operations.collect());
    // Constraints bind the encryption context.
    statement.open = body.get("constraints").is_some();
    Some(Policy {
        address: Arc::from(resource.address()),
        statements: vec![statement],
    })
}

fn allow(resource: &Resource, name: &str, who: PrincipalPattern, actions: Vec<Text>) -> Statement {
    Statement {
        name: name.to_owned(),
        effect: Effect::Allow,
        principals: Some(Principals::Only(vec![who])),
        actions: Actions::Only(actions),
        resources: Resources::Only(vec![ResourcePattern::literal("*")]),
        conditions: Vec::new(),
        variables: true,
        maybe: false,
        open: false,
        location: keytrail_model::Location::Statement {
            span: place(resource.address(), &resource.span),
            policy: Arc::from(format!("{}#{name}", resource.address())),
        },
    }
}

/// The tables of a resource with the text of each key under them.
fn used(resource: &Resource, tables: &Index, addresses: &Addresses) -> Vec<(Arc<str>, Text)> {
    let body = &resource.body;
    let mut nodes: Vec<&Node> = Vec::new();
    let mut ids = vec![Arc::clone(&resource.id)];
    match resource.kind.as_str() {
        "aws_dynamodb_table" => {
            let sse = body
                .get("server_side_encryption")
                .map_or_else(Vec::new, Node::items);
            nodes.extend(sse.iter().filter_map(|block| block.get("kms_key_arn")));
            let replicas = body.get("replica").map_or_else(Vec::new, Node::items);
            nodes.extend(replicas.iter().filter_map(|block| block.get("kms_key_arn")));
        }
        "aws_dynamodb_table_replica" => {
            nodes.extend(body.get("kms_key_arn"));
            let texts = body
                .get("global_table_arn")
                .map_or_else(Vec::new, Node::texts);
            let found = texts.iter().flat_map(|text| tables.find(text, "table/"));
            ids = found.map(|entry| Arc::clone(&entry.id)).collect();
        }
        _ if tables::is_table(resource) => {
            nodes.extend(body.path("SSESpecification.KMSMasterKeyId"));
            let replicas = body.get("Replicas").map_or_else(Vec::new, Node::items);
            let keys = replicas.into_iter();
            nodes.extend(keys.filter_map(|one| one.path("SSESpecification.KMSMasterKeyId")));
        }
        _ => {}
    }
    let texts = nodes.into_iter().flat_map(Node::texts);
    texts
        .flat_map(|text| {
            let tables = ids.iter().map(|id| addresses.public(id));
            tables
                .map(move |table| (table, text.clone()))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn aws_keeps(text: &Text) -> bool {
    text.known()
        .is_some_and(|known| known.ends_with("alias/aws/dynamodb"))
}

fn key(text: &Text, index: &Index, policies: &ByKey, addresses: &Addresses) -> Key {
    let found = find(text, index);
    let [id] = found.as_slice() else {
        return elsewhere(text);
    };
    let mut by_id = arn("kms", "key/");
    by_id.push(Piece::Ref(Arc::clone(id), RefKind::Name));
    let mut unnamed = arn("kms", "key/");
    unnamed.append(&Text::hole(None));
    let mut all = vec![Text::reference(id, RefKind::Arn), by_id, unnamed];
    let address = crate::text::address_of(id);
    if address.starts_with("arn:") {
        all = vec![Text::literal(address)];
    }
    Key {
        shown: addresses.public(id),
        resource: Asked::new(&all).with_key_policy(),
        policies: policies.get(id).cloned(),
    }
}

/// A key that no template declares: only what is attached to the callers is known.
fn elsewhere(text: &Text) -> Key {
    let mut unnamed = arn("kms", "key/");
    unnamed.append(&Text::hole(None));
    Key {
        shown: Arc::from(text.shown()),
        // Not known in whole, so that it does not decide alone.
        resource: Asked::new(&[unnamed, text.clone()]),
        policies: None,
    }
}
