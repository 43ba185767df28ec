//! Who may read tables by their policies.

use std::sync::Arc;

use keytrail_model::{
    Actor, Confidence, Decision, Door, EdgeKind, Edit, Grant, Guard, Node, Place, Rightful, Step,
};

use super::operations::at_rest;
use super::{attribute_node, edit, index_node};
use crate::Joined;
use crate::application::Standings;
use crate::build::Builder;
use crate::naming::{covers, index_holds};
use crate::tables::TableId;

/// Attribute (index, stream) → principal → who that is.
pub(crate) fn edges(
    joined: &Joined<'_>,
    standings: &Standings<'_>,
    grant: &Grant,
    out: &mut Builder,
) {
    if grant.door == Door::Write || grant.statements.is_empty() {
        return;
    }
    let actor = standings.actor(joined, grant);
    let principal = Node::Place(Place::Principal(Arc::clone(&grant.principal)));
    let mut reads = false;
    for table in joined.tables.addressed(&grant.table) {
        for from in sources(joined, grant, table) {
            reads = true;
            out.edge(from, EdgeKind::ReadableBy, principal.clone())
                .confidence(sure(grant))
                .steps(evidence(grant))
                .guards(conditions(grant))
                .guards(at_rest(joined, table))
                .edits(narrow(grant, &actor))
                .add();
        }
    }
    if !reads {
        return;
    }
    let step = match standings.principal(&grant.principal) {
        Some(principal) => Step::new(
            format!("{} is {actor}", principal.name),
            principal.location.clone(),
        ),
        None => Step::new(
            format!("{} is not declared here", grant.principal),
            grant.statements[0].location.clone(),
        ),
    };
    let doubtful = matches!(actor, Actor::OtherRole(_)) && !standings.has_application();
    out.edge(principal, EdgeKind::ReachableBy, Node::Actor(actor))
        .confidence(if doubtful {
            Confidence::Possible
        } else {
            Confidence::Likely
        })
        .steps([step])
        .add();
}

/// The nodes that a door opens, key attribute by key attribute.
fn sources(joined: &Joined<'_>, grant: &Grant, table: TableId) -> Vec<Node> {
    let node = joined.tables.node(table);
    let allowed = |attribute: &str| match &grant.attributes {
        Some(names) => names.iter().any(|name| covers(name, attribute)),
        None => true,
    };
    let mut sources = Vec::new();
    for key in joined.keys.of(table).filter(|key| allowed(&key.attribute)) {
        let attribute = &key.attribute;
        if grant.door == Door::GetRecords {
            let streamed = node.declared.iter().any(|it| it.stream.is_some());
            if streamed {
                sources.push(Node::Place(Place::Stream {
                    table: Arc::clone(&node.name),
                    attribute: attribute.clone(),
                }));
            }
            continue;
        }
        match &grant.index {
            None => sources.push(attribute_node(&node.name, attribute)),
            Some(name) => {
                let held = node.believed().any(|declared| {
                    let mut named = declared.indexes.iter().filter(|it| it.name == *name);
                    named.any(|it| index_holds(declared, it, attribute) != Some(false))
                });
                if held {
                    sources.push(index_node(&node.name, name, attribute));
                }
            }
        }
    }
    sources
}

/// Doors that read items straight away are sure; side doors need a further step.
fn sure(grant: &Grant) -> Confidence {
    let direct = matches!(
        grant.door,
        Door::GetItem
            | Door::BatchGetItem
            | Door::Query
            | Door::Scan
            | Door::PartiqlSelect
            | Door::GetRecords
    );
    if direct && grant.decision == Decision::Allowed && !grant.leading_keys {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

fn evidence(grant: &Grant) -> Vec<Step> {
    let mut steps = grant.statements.clone();
    if let Some(last) = steps.last_mut() {
        last.label = format!("{} (opens {})", last.label, grant.door.action());
    }
    steps
}

fn conditions(grant: &Grant) -> Vec<Guard> {
    let at = &grant.statements[0].location;
    let held = |label: String| Guard {
        present: true,
        step: Step::new(label, at.clone()),
    };
    let mut guards: Vec<Guard> = match &grant.decision {
        Decision::Allowed => Vec::new(),
        Decision::AllowedIf(conditions) => conditions.iter().cloned().map(held).collect(),
    };
    if grant.leading_keys {
        guards.push(held(
            "dynamodb:LeadingKeys binds the partition to the caller".to_owned(),
        ));
    }
    guards
}

/// One statement, one edit. The application's own statement is not for cutting.
fn narrow(grant: &Grant, actor: &Actor) -> Option<Edit> {
    let statement = grant.statements.last()?;
    (actor.rightful() == Rightful::No).then(|| {
        edit(
            format!("policy:{}", statement.location),
            format!(
                "Take the table out of this statement, or deny reading it to {}",
                grant.principal
            ),
            &statement.location,
            4,
        )
    })
}
