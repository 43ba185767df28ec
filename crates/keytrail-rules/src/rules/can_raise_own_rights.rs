//! See the page beside this file.

use std::collections::BTreeMap;

use keytrail_model::{Finding, Location, Right, RightKind, Severity};

use crate::context::list;
use crate::{Context, Draft, Kind, Meta, Rule};

/// A principal can give itself more rights.
pub(crate) struct CanRaiseOwnRights;

static META: Meta = Meta {
    id: "can-raise-own-rights",
    title: "A principal can give itself more rights",
    cwe: &[269],
    severity: Severity::Medium,
    needs: &[Kind::Infra],
    page: include_str!("can_raise_own_rights.md"),
};

impl Rule for CanRaiseOwnRights {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut found: BTreeMap<(&str, &Location), Vec<&Right>> = BTreeMap::new();
        for &right in &cx.joined.rights {
            if let (RightKind::RaiseRights, Some(step)) = (right.kind, right.statements.first()) {
                let place = (&*right.principal, &step.location);
                found.entry(place).or_default().push(right);
            }
        }
        for ((principal, location), rights) in found {
            let ways: Vec<&str> = rights.iter().map(|right| right.way.as_str()).collect();
            let bound = rights.iter().all(|right| !right.conditions.is_empty());
            Draft::new(cx, &META, location)
                .severity(if bound { Severity::Low } else { META.severity })
                .subject(principal)
                .message(format!(
                    "`{principal}` can give itself any right by {}: whatever its policy leaves out, key tables and vaults included, is one call away.",
                    list(&ways)
                ))
                .steps(rights.iter().flat_map(|right| right.statements.clone()))
                .unsafe_fix("Name the roles that may be passed or changed, and put a permissions boundary on them")
                .add(out);
        }
    }
}
