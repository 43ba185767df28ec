//! See the page beside this file.

use keytrail_model::{Actor, Door, Finding, Location, OperationKind, Severity};
use std::collections::{BTreeMap, BTreeSet};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A right to read a key table is not used by the code.
pub(crate) struct RightNotUsed;

static META: Meta = Meta {
    id: "right-not-used",
    title: "A right to read a key table is not used by the code",
    cwe: &[250],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("right_not_used.md"),
};

impl Rule for RightNotUsed {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        if cx.joined.operations.is_empty() {
            return;
        }
        let mut unused: BTreeMap<(&Location, &str), BTreeSet<&str>> = BTreeMap::new();
        for grant in &cx.joined.grants {
            let tables = cx.joined.tables.addressed(&grant.table);
            let application = matches!(cx.actor_of(grant), Actor::Application(_));
            let (Some(&table), Some(step)) = (tables.first(), grant.statements.last()) else {
                continue;
            };
            let used = cx
                .joined
                .operations_on(table)
                .iter()
                .any(|&number| opens(grant.door).contains(&cx.joined.operations[number].kind));
            let judged = !opens(grant.door).is_empty() && !grant.wildcard_action;
            if application && judged && !used && cx.holds_keys(table) {
                let place = (&step.location, &*grant.principal);
                unused.entry(place).or_default().insert(grant.door.action());
            }
        }
        for ((location, principal), actions) in unused {
            let actions: Vec<&str> = actions.into_iter().collect();
            Draft::new(cx, &META, location)
                .subject(principal)
                .message(format!(
                    "`{principal}` may use {} on a key table, and the code read here never does.",
                    crate::context::list(&actions)
                ))
                .fix(format!(
                    "Take {} out of the statement",
                    crate::context::list(&actions)
                ))
                .add(out);
        }
    }
}

fn opens(door: Door) -> &'static [OperationKind] {
    match door {
        Door::GetItem => &[OperationKind::GetItem, OperationKind::TransactGetItems],
        Door::BatchGetItem => &[OperationKind::BatchGetItem],
        Door::Query => &[OperationKind::Query],
        Door::Scan => &[OperationKind::Scan],
        Door::PartiqlSelect => &[OperationKind::ExecuteStatement],
        _ => &[],
    }
}
