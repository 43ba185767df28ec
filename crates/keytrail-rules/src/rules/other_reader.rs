//! See the page beside this file.

use keytrail_model::{Actor, Finding, Grant, Location, Severity};
use std::collections::BTreeMap;

use crate::{Context, Draft, Kind, Meta, Rule};

/// A principal other than the application reads the key table.
pub(crate) struct OtherReader;

static META: Meta = Meta {
    id: "other-reader",
    title: "A principal other than the application reads the key table",
    cwe: &[284, 668],
    severity: Severity::Medium,
    needs: &[Kind::Infra],
    page: include_str!("other_reader.md"),
};

impl Rule for OtherReader {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut found: BTreeMap<(&Location, &str), Vec<&Grant>> = BTreeMap::new();
        for grant in &cx.joined.grants {
            if let (Actor::OtherRole(_), Some(step)) = (cx.actor_of(grant), grant.statements.last())
            {
                let place = (&step.location, &*grant.principal);
                found.entry(place).or_default().push(grant);
            }
        }
        for ((location, principal), grants) in found {
            let from_here = cx.graph.edges().iter().enumerate().filter(|(_, edge)| {
                let to = matches!(&edge.to, keytrail_model::Node::Place(keytrail_model::Place::Principal(it)) if **it == *principal);
                to && edge.steps.last().is_some_and(|step| step.location == *location)
            });
            let Some(path) = cx.path_over(from_here.map(|(index, _)| index)) else {
                continue;
            };
            let mut actions: Vec<&str> = grants.iter().map(|grant| grant.door.action()).collect();
            actions.sort_unstable();
            actions.dedup();
            let table = cx
                .joined
                .tables
                .addressed(&grants[0].table)
                .first()
                .map_or_else(
                    || grants[0].table.to_string(),
                    |&id| cx.table_name(id).to_owned(),
                );
            Draft::new(cx, &META, location)
                .path(Some(path))
                .subject(format!("{principal} {table}"))
                .message(format!(
                    "`{principal}` is not the application and may read key table `{table}` ({}).",
                    crate::context::list(&actions)
                ))
                .unsafe_fix(format!(
                    "Deny `{principal}` reading `{table}`, or give it a table without keys"
                ))
                .add(out);
        }
    }
}
