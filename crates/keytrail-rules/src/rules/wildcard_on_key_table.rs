//! See the page beside this file.

use keytrail_model::{Finding, Grant, Location, Rightful, Severity};
use std::collections::BTreeMap;

use crate::grants::{actions, on_key_table, table};
use crate::{Context, Draft, Kind, Meta, Rule};

/// A policy reaches a key table by a wildcard.
pub(crate) struct WildcardOnKeyTable;

static META: Meta = Meta {
    id: "wildcard-on-key-table",
    title: "A policy reaches a key table by a wildcard",
    cwe: &[250, 732],
    severity: Severity::Low,
    needs: &[Kind::Infra],
    page: include_str!("wildcard_on_key_table.md"),
};

impl Rule for WildcardOnKeyTable {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut statements: BTreeMap<&Location, Vec<&Grant>> = BTreeMap::new();
        for grant in &cx.joined.grants {
            let wide = grant.wildcard_action || grant.wildcard_resource;
            if let (true, Some(step)) = (wide && on_key_table(cx, grant), grant.statements.last()) {
                statements.entry(&step.location).or_default().push(grant);
            }
        }
        for (location, grants) in statements {
            let action = grants.iter().any(|grant| grant.wildcard_action);
            let resource = grants.iter().any(|grant| grant.wildcard_resource);
            let (what, severity) = match (action, resource) {
                (true, true) => ("every action on more than this table", Severity::Medium),
                (true, false) => ("every action", Severity::Medium),
                _ => ("more than this table", Severity::Low),
            };
            let wrong = grants
                .iter()
                .any(|grant| cx.actor_of(grant).rightful() == Rightful::No);
            let edges = cx.graph.edges().iter().enumerate().filter(|(_, edge)| {
                wrong
                    && edge
                        .steps
                        .last()
                        .is_some_and(|step| step.location == *location)
            });
            let first = grants[0];
            let table = table(cx, first);
            Draft::new(cx, &META, location)
                .path(cx.path_over(edges.map(|(index, _)| index)))
                .severity(severity)
                .steps(first.statements.iter().cloned())
                .subject(format!("{} {table}", first.principal))
                .message(format!(
                    "A statement of `{}` grants {what}, key table `{table}` among it: {}.",
                    first.principal,
                    actions(&grants)
                ))
                .fix(format!(
                    "Name the actions that are needed, and the ARN of `{table}` and its indexes"
                ))
                .add(out);
        }
    }
}
