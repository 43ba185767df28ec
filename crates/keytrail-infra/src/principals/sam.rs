//! SAM: the role that a function gets by itself, policy templates, connectors.

use std::sync::Arc;

use super::attach::Scene;
use crate::arns::{arn, spellings};
use crate::evaluate::{Actions, Effect, Policy, ResourcePattern, Resources, Statement};
use crate::managed;
use crate::sam_policies::{Template, connector, other_template, template};
use crate::stack::Resource;
use crate::text::{Id, Piece, Text};
use crate::value::{Node, Value};

/// The role that SAM makes for a function without a `Role`.
pub(super) fn implicit_role(resource: &Resource) -> Option<Id> {
    let own = resource.body.get("Role").is_some();
    (!own).then(|| Arc::from(format!("{}Role", resource.id)))
}

pub(super) fn attach(scene: &mut Scene<'_, '_, '_>) {
    let stack = scene.stack;
    for resource in &stack.resources {
        match resource.kind.as_str() {
            "AWS::Serverless::Function" | "AWS::Serverless::StateMachine" => {
                function(scene, resource);
            }
            "AWS::Serverless::Connector" => connect(scene, resource),
            _ => {}
        }
    }
}

fn function(scene: &mut Scene<'_, '_, '_>, resource: &Resource) {
    // With a role of its own, SAM attaches none of the function's policies.
    let Some(role) = implicit_role(resource) else {
        return;
    };
    let ids = [role];
    if let Some(policies) = resource.body.get("Policies") {
        for node in policies.items() {
            policy(scene, &ids, resource, node);
        }
    }
    let reads_stream = resource
        .body
        .get("Events")
        .and_then(Node::as_map)
        .into_iter()
        .flat_map(|events| events.fields.values())
        .find(|event| event.node.get("Type").and_then(Node::as_str) == Some("DynamoDB"));
    if let Some(event) = reads_stream
        && let Some(policy) = managed::policy("AWSLambdaDynamoDBExecutionRole", &event.node.span)
    {
        scene.give(&ids, &policy);
    }
    if let Some(draft) = scene.principals.drafts.get_mut(&ids[0]) {
        draft.trusts.insert("lambda.amazonaws.com".to_owned());
    }
}

/// One entry of `Policies`: an ARN or name, a document, a statement, a template.
fn policy(scene: &mut Scene<'_, '_, '_>, ids: &[Id], resource: &Resource, node: &Node) {
    let Some(map) = node.as_map() else {
        // A bare name is that of a policy which AWS manages.
        match node.as_str().filter(|name| !name.contains(':')) {
            Some(name) => {
                let arn = Node::text(format!("arn:aws:iam::aws:policy/{name}"), &node.span);
                scene.by_arn(ids, &arn);
            }
            None => scene.by_arn(ids, node),
        }
        return;
    };
    if map.fields.contains_key("Statement") {
        // SAM completes a document without a version to the newer one.
        let document = with_version(node);
        scene.inline(ids, resource.address(), &document);
        return;
    }
    for (name, field) in &map.fields {
        if let Some((actions, arn)) = other_template(name, &field.node) {
            let holder = format!("{}.{name}", resource.address());
            give_other(scene, ids, &holder, actions, arn, &field.key);
            continue;
        }
        let Some(statements) = template(name) else {
            continue;
        };
        let table = field.node.get("TableName").and_then(Node::as_text);
        let holder = format!("{}.{name}", resource.address());
        give_template(
            scene,
            ids,
            &holder,
            statements,
            table,
            &Node::new(Value::Null, &field.key),
        );
    }
}

/// A template on a key, secret or parameter: one statement.
fn give_other(
    scene: &mut Scene<'_, '_, '_>,
    ids: &[Id],
    holder: &str,
    actions: &[&str],
    on: Text,
    span: &keytrail_model::FileSpan,
) {
    let statement = Statement {
        name: "1".to_owned(),
        effect: Effect::Allow,
        principals: None,
        actions: Actions::Only(actions.iter().map(|one| Text::literal(*one)).collect()),
        resources: Resources::Only(vec![ResourcePattern::new(on.shown(), vec![on])]),
        conditions: Vec::new(),
        variables: true,
        open: false,
        maybe: false,
        location: keytrail_model::Location::Statement {
            span: span.clone(),
            policy: Arc::from(format!("{holder}#1")),
        },
    };
    let policy = Policy {
        address: Arc::from(holder),
        statements: vec![statement],
    };
    scene.give(ids, &policy);
}

fn with_version(node: &Node) -> Node {
    if node.get("Version").is_some() {
        return node.clone();
    }
    let mut map = crate::value::Map::default();
    for (name, field) in node.as_map().into_iter().flat_map(|map| &map.fields) {
        map.insert(name.clone(), field.key.clone(), field.node.clone());
    }
    map.insert(
        "Version",
        node.span.clone(),
        Node::text("2012-10-17", &node.span),
    );
    Node::map(map, &node.span)
}

fn give_template(
    scene: &mut Scene<'_, '_, '_>,
    ids: &[Id],
    holder: &str,
    statements: Template,
    table: Option<Text>,
    place: &Node,
) {
    let table = table.unwrap_or_else(|| Text::hole(None));
    let statements = statements
        .iter()
        .enumerate()
        .map(|(number, (actions, ends))| {
            let patterns = ends.iter().map(|end| {
                let mut pattern = arn("dynamodb", "table/");
                pattern.append(&table);
                pattern.push(Piece::Lit((*end).to_owned()));
                ResourcePattern::new(pattern.shown(), spellings(&pattern, scene.reader.tables))
            });
            Statement {
                name: (number + 1).to_string(),
                effect: Effect::Allow,
                principals: None,
                actions: Actions::Only(actions.iter().map(|one| Text::literal(*one)).collect()),
                resources: Resources::Only(patterns.collect()),
                conditions: Vec::new(),
                variables: true,
                open: false,
                maybe: false,
                location: keytrail_model::Location::Statement {
                    span: place.span.clone(),
                    policy: Arc::from(format!("{holder}#{}", number + 1)),
                },
            }
        });
    let policy = Policy {
        address: Arc::from(holder),
        statements: statements.collect(),
    };
    if table.is_hole() {
        scene.reader.unresolved_resources.insert(place.span.clone());
    }
    scene.give(ids, &policy);
}

/// A connector from a function to a table.
fn connect(scene: &mut Scene<'_, '_, '_>, resource: &Resource) {
    let body = &resource.body;
    let (Some(source), Some(target)) = (
        body.path("Source.Id").and_then(Node::as_str),
        body.path("Destination.Id").and_then(Node::as_str),
    ) else {
        return;
    };
    let root = resource.id.split('|').next().unwrap_or_default();
    let table: Id = Arc::from(format!("{root}|{target}"));
    if scene.reader.tables.get(&table).is_none() {
        return;
    }
    let role: Id = Arc::from(format!("{root}|{source}Role"));
    let Some(permissions) = body.get("Permissions") else {
        return;
    };
    for permission in permissions.items() {
        let Some(statements) = permission.as_str().and_then(connector) else {
            continue;
        };
        let name = Text::reference(&table, crate::text::RefKind::Name);
        give_template(
            scene,
            std::slice::from_ref(&role),
            resource.address(),
            statements,
            Some(name),
            permission,
        );
    }
}
