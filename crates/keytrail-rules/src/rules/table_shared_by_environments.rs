//! See the page beside this file.

use keytrail_model::{Actor, Finding, Node, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Two environments use one table.
pub(crate) struct TableSharedByEnvironments;

static META: Meta = Meta {
    id: "table-shared-by-environments",
    title: "Two environments use one table",
    cwe: &[668, 1188],
    severity: Severity::Medium,
    needs: &[Kind::Code],
    page: include_str!("table_shared_by_environments.md"),
};

impl Rule for TableSharedByEnvironments {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for table in cx.joined.keys.tables() {
            let name = cx.table_name(table);
            let edges = cx.graph.edges().iter().enumerate().filter(|(_, edge)| {
                matches!(&edge.to, Node::Actor(Actor::OtherEnvironment))
                    && matches!(&edge.from, Node::Place(keytrail_model::Place::Attribute { table: it, .. }) if **it == *name)
            });
            let edges: Vec<(usize, &keytrail_model::Edge)> = edges.collect();
            let Some(step) = edges.first().and_then(|(_, edge)| edge.steps.first()) else {
                continue;
            };
            Draft::new(cx, &META, &step.location)
                .path(cx.path_over(edges.iter().map(|&(index, _)| index)))
                .subject(name)
                .message(format!(
                    "Production and another environment name the same table `{name}`: who holds the other reads production's keys."
                ))
                .unsafe_fix(format!("Give each environment a table of its own in place of `{name}`"))
                .add(out);
        }
    }
}
