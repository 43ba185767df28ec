//! See the page beside this file.

use keytrail_model::{Decision, Door, Finding, Grant, Severity};

use crate::grants::{holdings, on_key_table};
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
        let open = |grant: &Grant| {
            is_side_door(grant.door)
                && grant.decision == Decision::Allowed
                && on_key_table(cx, grant)
        };
        for holding in holdings(cx, open) {
            Draft::new(cx, &META, holding.location)
                .severity(Severity::Low)
                .steps(holding.grants[0].statements.iter().cloned())
                .subject(holding.principal)
                .message(format!(
                    "`{}` may copy a key table or open it to others by {}: reads of the copy are not reads of the table.",
                    holding.principal,
                    holding.actions()
                ))
                .fix("Deny these actions to whatever does not administer the table")
                .add(out);
        }
    }
}

fn is_side_door(door: Door) -> bool {
    matches!(
        door,
        Door::Export
            | Door::Backup
            | Door::KinesisDestination
            | Door::Replica
            | Door::ResourcePolicy
    )
}
