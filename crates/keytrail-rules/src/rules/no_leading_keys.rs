//! See the page beside this file.

use keytrail_graph::names_an_owner;
use keytrail_model::{Actor, Door, Finding, KeyRole, Location, Severity};
use std::collections::BTreeSet;

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
    }
}
