//! See the page beside this file.

use keytrail_model::{Actor, Finding, Grant, Location, Severity};
use std::collections::BTreeMap;

use crate::{Context, Draft, Kind, Meta, Rule};

/// A principal of another environment reads the key table.
pub(crate) struct EnvironmentCrossing;

static META: Meta = Meta {
    id: "environment-crossing",
    title: "A principal of another environment reads the key table",
    cwe: &[284, 668],
    severity: Severity::Medium,
    needs: &[Kind::Infra],
    page: include_str!("environment_crossing.md"),
};

impl Rule for EnvironmentCrossing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut found: BTreeMap<(&Location, &str), Vec<&Grant>> = BTreeMap::new();
        for grant in &cx.joined.grants {
            if let (Actor::OtherEnvironment, Some(step)) =
                (cx.actor_of(grant), grant.statements.last())
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
                    "`{principal}` belongs to another environment and may read key table `{table}` ({}).",
                    crate::context::list(&actions)
                ))
                .unsafe_fix("Give each environment an account of its own, or a condition on its tags")
                .add(out);
        }
    }
}
