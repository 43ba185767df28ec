//! See the page beside this file.

use keytrail_graph::names_an_owner;
use keytrail_model::{Actor, Decision, Door, Finding, Grant, KeyRole, Location, Severity, Step};
use std::collections::BTreeSet;

use crate::grants::on_key_table;
use crate::{Context, Draft, Kind, Meta, Rule};

/// Nothing in the policy binds a key table's partition to the caller.
pub(crate) struct NoLeadingKeys;

static META: Meta = Meta {
    id: "no-leading-keys",
    title: "Nothing in the policy binds a key table's partition to the caller",
    cwe: &[863],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("no_leading_keys.md"),
};

impl Rule for NoLeadingKeys {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut told: BTreeSet<&Location> = BTreeSet::new();
        for grant in &cx.joined.grants {
            let reads = matches!(grant.door, Door::GetItem | Door::BatchGetItem | Door::Query);
            let application = matches!(cx.actor_of(grant), Actor::Application(_));
            let Some(step) = grant.statements.last() else {
                continue;
            };
            if !reads || !application || grant.leading_keys {
                continue;
            }
            for table in cx.joined.tables.addressed(&grant.table) {
                let owner = cx
                    .joined
                    .tables
                    .node(table)
                    .believed()
                    .find_map(|declared| {
                        declared.keys.iter().find(|key| {
                            key.role == KeyRole::Partition && names_an_owner(&key.attribute)
                        })
                    });
                let (true, Some(owner)) = (cx.holds_keys(table), owner) else {
                    continue;
                };
                if !told.insert(&step.location) {
                    continue;
                }
                let name = cx.table_name(table);
                Draft::new(cx, &META, &step.location)
                    .subject(format!("{} {name}", grant.principal))
                    .message(format!(
                        "Table `{name}` is led by `{}`, and no dynamodb:LeadingKeys condition binds it to the caller: only the code keeps owners apart.",
                        owner.attribute
                    ))
                    .fix("Where callers have credentials of their own, add dynamodb:LeadingKeys with StringEquals; Scan never has that key, so deny it")
                    .add(out);
            }
        }
        let mut trapped: BTreeSet<&Location> = BTreeSet::new();
        for grant in &cx.joined.grants {
            if let Some(step) = grant.statements.last()
                && passes_without(grant)
                && on_key_table(cx, grant)
                && trapped.insert(&step.location)
            {
                trap(cx, grant, step, out);
            }
        }
    }
}

/// `ForAllValues:` holds for a request that sends no such key.
fn passes_without(grant: &Grant) -> bool {
    let Decision::AllowedIf(conditions) = &grant.decision else {
        return false;
    };
    conditions.iter().any(|condition| {
        condition.contains("dynamodb:LeadingKeys") && condition.contains("none is sent")
    })
}

fn trap(cx: &Context<'_>, grant: &Grant, step: &Step, out: &mut Vec<Finding>) {
    let scans = cx.joined.grants.iter().any(|other| {
        let same = other.principal == grant.principal && other.table == grant.table;
        let here = other
            .statements
            .last()
            .is_some_and(|it| it.location == step.location);
        same && here && other.door == Door::Scan && other.decision == Decision::Allowed
    });
    let scan = if scans {
        " Scan never sends one, and this statement allows it: the condition holds nothing back."
    } else {
        ""
    };
    Draft::new(cx, &META, &step.location)
        .severity(if scans { Severity::Medium } else { Severity::Low })
        .steps([step.clone()])
        .subject(format!("{} ForAllValues", grant.principal))
        .message(format!(
            "The condition on dynamodb:LeadingKeys of `{}` uses ForAllValues, which is true where no such key is sent.{scan}",
            grant.principal
        ))
        .fix("Use StringEquals (with Null false where several keys may come), and deny Scan")
        .add(out);
}
