//! See the page beside this file.

use std::collections::BTreeSet;

use keytrail_model::{Finding, Principal, PrincipalKind, Severity};

use crate::around::principal_reads_keys;
use crate::context::list;
use crate::{Context, Draft, Kind, Meta, Rule};

/// Several services share one role that reads keys.
pub(crate) struct SharedRole;

static META: Meta = Meta {
    id: "shared-role",
    title: "Several services share one role that reads keys",
    cwe: &[250],
    severity: Severity::Low,
    needs: &[Kind::Infra],
    page: include_str!("shared_role.md"),
};

impl Rule for SharedRole {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for &principal in &cx.joined.principals {
            let services = services(principal);
            if principal.kind != PrincipalKind::Role
                || services.len() < 2
                || !principal_reads_keys(cx, &principal.address)
            {
                continue;
            }
            let names: Vec<&str> = services.iter().map(String::as_str).collect();
            Draft::new(cx, &META, &principal.location)
                .subject(&*principal.address)
                .message(format!(
                    "{} run as `{}`, which reads keys: each of them may do what the other needs.",
                    list(&names),
                    principal.address
                ))
                .steps(principal.runs.iter().cloned())
                .unsafe_fix("Give each service a role of its own with what it calls")
                .add(out);
        }
    }
}

/// What runs as it; instances of one block are one service, and so are the things that start it.
fn services(principal: &Principal) -> BTreeSet<String> {
    let starts = ["launch template", "launch configuration", "AWS Backup"];
    principal
        .runs
        .iter()
        .map(|step| step.label.as_str())
        .filter(|label| !starts.iter().any(|start| label.starts_with(start)))
        .map(|label| label.split('[').next().unwrap_or(label).to_owned())
        .collect()
}
