//! See the page beside this file.

use keytrail_model::{Decision, Door, Finding, Grant, Location, Severity};
use std::collections::BTreeMap;

use crate::{Context, Draft, Kind, Meta, Rule};

/// A side door to a key table stands open.
pub(crate) struct SideDoor;

static META: Meta = Meta {
    id: "side-door",
    title: "A side door to a key table stands open",
    cwe: &[269, 732],
    severity: Severity::Low,
    needs: &[Kind::Infra],
    page: include_str!("side_door.md"),
};

impl Rule for SideDoor {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut statements: BTreeMap<(&Location, &str), Vec<&Grant>> = BTreeMap::new();
        for grant in &cx.joined.grants {
            let side = matches!(
                grant.door,
                Door::Export
                    | Door::Backup
                    | Door::KinesisDestination
                    | Door::Replica
                    | Door::ResourcePolicy
            );
            let on_keys = cx
                .joined
                .tables
                .addressed(&grant.table)
                .into_iter()
                .any(|table| cx.holds_keys(table));
            let open = side && on_keys && grant.decision == Decision::Allowed;
            if let (true, Some(step)) = (open, grant.statements.last()) {
                let place = (&step.location, &*grant.principal);
                statements.entry(place).or_default().push(grant);
            }
        }
        for ((location, principal), grants) in statements {
            let mut actions: Vec<&str> = grants.iter().map(|grant| grant.door.action()).collect();
            actions.sort_unstable();
            actions.dedup();
            Draft::new(cx, &META, location)
                .severity(Severity::Low)
                .steps(grants[0].statements.iter().cloned())
                .subject(principal)
                .message(format!(
                    "`{principal}` may copy a key table or open it to others by {}: reads of the copy are not reads of the table.",
                    crate::context::list(&actions)
                ))
                .fix("Deny these actions to whatever does not administer the table")
                .add(out);
        }
    }
}
