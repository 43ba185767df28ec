//! Whom the policies of resources let in from outside: tables, streams, roles, secrets, keys,
//! buckets, vaults. Principals of the templates and services of AWS are not outside; what is not
//! known is not said to be.

use std::collections::BTreeSet;
use std::sync::Arc;

use keytrail_model::{Asset, AssetKind, Location, Opening, OpeningKind, Outsider};

use crate::addresses::Addresses;
use crate::evaluate::{Condition, condition_text};
use crate::json;
use crate::policies::conditions;
use crate::stack::{Index, Resource, Stack};
use crate::text::{Id, Piece, Text};
use crate::value::{Node, Value};

/// A resource that has a policy: where the document stands, and where what it is on.
type Place = (&'static str, OpeningKind, &'static str, &'static str);

/// `""` for the resource itself.
#[rustfmt::skip]
const PLACES: &[Place] = &[
    ("AWS::Backup::BackupVault", OpeningKind::BackupVault, "AccessPolicy", ""),
    ("AWS::DynamoDB::Table", OpeningKind::Stream, "StreamSpecification.ResourcePolicy.PolicyDocument", ""),
    ("AWS::DynamoDB::Table", OpeningKind::Table, "ResourcePolicy.PolicyDocument", ""),
    ("AWS::IAM::Role", OpeningKind::Role, "AssumeRolePolicyDocument", ""),
    ("AWS::KMS::Key", OpeningKind::EncryptionKey, "KeyPolicy", ""),
    ("AWS::Kinesis::ResourcePolicy", OpeningKind::ChangeStream, "ResourcePolicy", "ResourceArn"),
    ("AWS::S3::BucketPolicy", OpeningKind::Bucket, "PolicyDocument", "Bucket"),
    ("AWS::SecretsManager::ResourcePolicy", OpeningKind::Secret, "ResourcePolicy", "SecretId"),
    ("aws_backup_vault_policy", OpeningKind::BackupVault, "policy", "backup_vault_name"),
    ("aws_dynamodb_resource_policy", OpeningKind::Table, "policy", "resource_arn"),
    ("aws_iam_role", OpeningKind::Role, "assume_role_policy", ""),
    ("aws_kinesis_resource_policy", OpeningKind::ChangeStream, "policy", "resource_arn"),
    ("aws_kms_external_key", OpeningKind::EncryptionKey, "policy", ""),
    ("aws_kms_key", OpeningKind::EncryptionKey, "policy", ""),
    ("aws_kms_key_policy", OpeningKind::EncryptionKey, "policy", "key_id"),
    ("aws_s3_bucket", OpeningKind::Bucket, "policy", ""),
    ("aws_s3_bucket_policy", OpeningKind::Bucket, "policy", "bucket"),
    ("aws_secretsmanager_secret", OpeningKind::Secret, "policy", ""),
    ("aws_secretsmanager_secret_policy", OpeningKind::Secret, "policy", "secret_arn"),
];

/// Types that are read here and nowhere else.
pub(crate) fn matters(kind: &str) -> bool {
    PLACES.iter().any(|place| place.0 == kind)
        || matches!(
            kind,
            "aws_kms_grant" | "aws_lambda_permission" | "AWS::Lambda::Permission"
        )
}

/// A JSON document, however it is written.
pub(crate) fn document(node: &Node) -> Option<Node> {
    match &node.value {
        Value::Text(text) => json::text(text, &node.span),
        Value::Encoded(inner) => Some((**inner).clone()),
        Value::Map(_) => Some(node.clone()),
        _ => None,
    }
}

/// All openings, sorted. `own` are the numbers of accounts known to be ours.
pub(crate) fn build(
    stacks: &[Stack],
    tables: &Index,
    addresses: &Addresses,
    own: &BTreeSet<String>,
    assets: &[Asset],
) -> Vec<Opening> {
    let mut out = BTreeSet::new();
    for resource in stacks.iter().flat_map(|stack| &stack.resources) {
        for &(_, kind, path, target) in PLACES.iter().filter(|place| place.0 == resource.kind) {
            let Some(node) = resource.body.path(path) else {
                continue;
            };
            let on = Target::of(resource, kind, target, tables, addresses);
            for statement in statements(node) {
                out.extend(on.openings(resource, &statement, own));
            }
        }
        if resource.kind == "AWS::DynamoDB::GlobalTable" {
            replicas(resource, tables, addresses, own, &mut out);
        }
        if resource.kind == "aws_kms_grant" {
            let on = Target::of(
                resource,
                OpeningKind::EncryptionKey,
                "key_id",
                tables,
                addresses,
            );
            out.extend(on.granted(resource, own));
        }
    }
    out.into_iter()
        .map(|it| tied(it, assets))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// A bucket, vault or stream by its name is the one that is declared; what lies there is known.
fn tied(mut opening: Opening, assets: &[Asset]) -> Opening {
    let kind = match opening.kind {
        OpeningKind::Bucket => AssetKind::Bucket,
        OpeningKind::BackupVault => AssetKind::BackupVault,
        OpeningKind::ChangeStream => AssetKind::ChangeStream,
        OpeningKind::Secret => AssetKind::Secret,
        _ => return opening,
    };
    let found = assets
        .iter()
        .filter(|asset| asset.kind == kind)
        .find(|asset| {
            asset.address == opening.address
                || (*asset.name == *opening.address && asset.name != "*")
        });
    if let Some(asset) = found {
        opening.address = Arc::clone(&asset.address);
        opening.tables.extend(asset.tables.iter().cloned());
        opening.tables.sort();
        opening.tables.dedup();
    }
    opening
}

/// A global table has a policy for each replica.
fn replicas(
    resource: &Resource,
    tables: &Index,
    addresses: &Addresses,
    own: &BTreeSet<String>,
    out: &mut BTreeSet<Opening>,
) {
    let listed = resource
        .body
        .get("Replicas")
        .map_or_else(Vec::new, Node::items);
    let places = [
        (OpeningKind::Table, "ResourcePolicy.PolicyDocument"),
        (
            OpeningKind::Stream,
            "ReplicaStreamSpecification.ResourcePolicy.PolicyDocument",
        ),
    ];
    for replica in listed {
        for (kind, path) in places {
            let on = Target::of(resource, kind, "", tables, addresses);
            let found = replica.path(path).map_or_else(Vec::new, statements);
            for statement in found {
                out.extend(on.openings(resource, &statement, own));
            }
        }
    }
}

/// The statements of a document that allow something, in all its forms.
fn statements(node: &Node) -> Vec<Node> {
    let mut out = Vec::new();
    for alternative in node.alternatives() {
        let parsed = document(alternative);
        let listed = parsed.as_ref().and_then(|it| it.get("Statement"));
        let listed = listed.map_or_else(Vec::new, Node::items);
        out.extend(listed.into_iter().cloned());
    }
    out.retain(|statement| statement.get("Effect").and_then(Node::as_str) == Some("Allow"));
    out
}

/// What a policy is on.
struct Target {
    kind: OpeningKind,
    address: Arc<str>,
    tables: Vec<Arc<str>>,
}

impl Target {
    fn of(
        resource: &Resource,
        kind: OpeningKind,
        field: &str,
        tables: &Index,
        addresses: &Addresses,
    ) -> Self {
        let texts = resource.body.get(field).map_or_else(Vec::new, Node::texts);
        let mut found: Vec<Arc<str>> = texts
            .iter()
            .flat_map(|text| tables.find(text, "table/"))
            .map(|entry| addresses.public(&entry.id))
            .collect();
        if field.is_empty() && tables.get(&resource.id).is_some() {
            found.push(addresses.public(&resource.id));
        }
        found.sort();
        found.dedup();
        let stream =
            kind == OpeningKind::Table && texts.iter().any(|text| text.shown().contains("stream"));
        let referred: Option<Id> = texts
            .iter()
            .find_map(|text| text.as_reference().map(|(id, _)| Arc::clone(id)));
        Self {
            kind: if stream { OpeningKind::Stream } else { kind },
            address: match (referred, texts.first().and_then(Text::known)) {
                (Some(id), _) => addresses.public(&id),
                (None, Some(name)) => Arc::from(name),
                (None, None) => addresses.public(&resource.id),
            },
            tables: found,
        }
    }

    fn openings(
        &self,
        resource: &Resource,
        statement: &Node,
        own: &BTreeSet<String>,
    ) -> Vec<Opening> {
        let (limits, open) = conditions(statement);
        if open {
            // A condition that is not known may hold everybody off.
            return Vec::new();
        }
        let actions = ["Action", "NotAction"]
            .iter()
            .find_map(|field| statement.get(field));
        let mut actions: Vec<String> = actions
            .map_or_else(Vec::new, Node::texts)
            .iter()
            .map(Text::shown)
            .collect();
        actions.sort();
        actions.dedup();
        let sid = statement.get("Sid").and_then(Node::as_str).unwrap_or("1");
        let location = Location::Statement {
            span: statement.span.clone(),
            policy: Arc::from(format!("{}#{sid}", resource.address())),
        };
        let whoever = statement.get("Principal").map_or_else(Vec::new, principals);
        whoever
            .into_iter()
            .filter_map(|(kind, text)| outsider(&kind, &text, &limits, own))
            .map(|(who, certain)| Opening {
                kind: self.kind,
                address: Arc::clone(&self.address),
                tables: self.tables.clone(),
                who,
                certain,
                actions: actions.clone(),
                conditions: limits.iter().map(condition_text).collect(),
                location: location.clone(),
            })
            .collect()
    }

    /// A grant of KMS has one grantee and a list of operations.
    fn granted(&self, resource: &Resource, own: &BTreeSet<String>) -> Option<Opening> {
        let grantee = resource.body.get("grantee_principal")?.as_text()?;
        let (who, certain) = outsider("AWS", &grantee, &[], own)?;
        let operations = resource
            .body
            .get("operations")
            .map_or_else(Vec::new, Node::texts);
        let mut actions: Vec<String> = operations
            .iter()
            .map(|it| format!("kms:{}", it.shown()))
            .collect();
        actions.sort();
        Some(Opening {
            kind: self.kind,
            address: Arc::clone(&self.address),
            tables: self.tables.clone(),
            who,
            certain,
            actions,
            conditions: Vec::new(),
            location: resource.location(),
        })
    }
}

/// Kind and text of each principal of a statement.
fn principals(node: &Node) -> Vec<(String, Text)> {
    let mut out = Vec::new();
    for alternative in node.alternatives() {
        match alternative.as_map() {
            Some(map) => {
                for (kind, field) in &map.fields {
                    let texts = field.node.texts();
                    out.extend(texts.into_iter().map(|text| (kind.clone(), text)));
                }
            }
            None => out.extend(
                alternative
                    .texts()
                    .into_iter()
                    .map(|text| ("AWS".to_owned(), text)),
            ),
        }
    }
    out
}

/// Who that is, where it is somebody outside, and whether that is certain.
fn outsider(
    kind: &str,
    text: &Text,
    limits: &[Condition],
    own: &BTreeSet<String>,
) -> Option<(Outsider, bool)> {
    match kind {
        "AWS" if matches!(text.known(), Some("*" | "arn:aws:iam::*:root")) => {
            everybody(limits, own)
        }
        "AWS" => {
            let account = account(text)?;
            (!own.contains(&account)).then(|| (Outsider::Account(text.shown()), !own.is_empty()))
        }
        "Federated" => federated(text, limits),
        _ => None,
    }
}

/// Everybody, unless a condition names who.
fn everybody(limits: &[Condition], own: &BTreeSet<String>) -> Option<(Outsider, bool)> {
    const NAMES: &[&str] = &[
        "aws:PrincipalAccount",
        "aws:SourceAccount",
        "kms:CallerAccount",
        "aws:PrincipalArn",
        "aws:SourceArn",
        "aws:SourceOwner",
        "aws:userid",
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:SourceOrgID",
    ];
    let named = limits.iter().find(|limit| {
        let holds = !limit.operator.negated && !limit.operator.if_exists;
        let open = limit.values.iter().any(|value| value.known() == Some("*"));
        holds && !open && NAMES.iter().any(|name| limit.is_on(name))
    });
    let Some(named) = named else {
        return Some((Outsider::Everybody, true));
    };
    let other = named.values.iter().find_map(|value| {
        let number = account(value)?;
        (!own.is_empty() && !own.contains(&number)).then(|| value.shown())
    });
    other.map(|other| (Outsider::Account(other), true))
}

/// An identity provider whose tokens are not bound to a subject lets in all who have one.
fn federated(text: &Text, limits: &[Condition]) -> Option<(Outsider, bool)> {
    let shown = text.shown();
    let public = [
        "token.actions.githubusercontent.com",
        "gitlab.com",
        "app.terraform.io",
        "oidc.circleci.com",
    ];
    let provider = public.iter().find(|name| shown.contains(**name));
    let pooled = matches!(
        text.known(),
        Some(
            "cognito-identity.amazonaws.com"
                | "accounts.google.com"
                | "graph.facebook.com"
                | "www.amazon.com"
        )
    );
    if provider.is_none() && !pooled {
        return None;
    }
    let ends: &[&str] = if pooled {
        &[":aud", ":sub", ":app_id"]
    } else {
        &[":sub"]
    };
    let bound = limits.iter().any(|limit| {
        let key = limit.key.to_ascii_lowercase();
        let open = |value: &Text| {
            let pattern = value.known().map_or("x", |known| known);
            pattern
                .trim_matches(|c: char| c == '*' || c == ':')
                .is_empty()
                || pattern == "repo:*"
        };
        ends.iter().any(|end| key.ends_with(end))
            && !limit.operator.negated
            && !limit.values.iter().any(open)
    });
    (!bound).then(|| {
        let name = provider.map_or(shown.as_str(), |name| name);
        (Outsider::Federated(name.to_owned()), true)
    })
}

/// The account of a principal, where its number is written: `123456789012` or in an ARN.
fn account(text: &Text) -> Option<String> {
    let number = |part: &str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(known) = text.known()
        && number(known)
    {
        return Some(known.to_owned());
    }
    // The number may stand in a text whose end is not known.
    let Some(Piece::Lit(first)) = text.pieces().first() else {
        return None;
    };
    let part = first.split(':').nth(4)?;
    (first.starts_with("arn:") && number(part)).then(|| part.to_owned())
}
