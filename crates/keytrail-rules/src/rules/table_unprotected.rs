//! See the page beside this file.

use keytrail_model::{Finding, Replica, Severity, Tri};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A table can be lost.
pub(crate) struct TableUnprotected;

static META: Meta = Meta {
    id: "table-unprotected",
    title: "A table can be lost",
    cwe: &[693],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("table_unprotected.md"),
};

impl Rule for TableUnprotected {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for table in cx.joined.tables.ids() {
            let name = cx.table_name(table);
            let severity = if cx.holds_keys(table) {
                Severity::Low
            } else {
                Severity::Info
            };
            for declared in cx.joined.tables.node(table).in_templates() {
                let mut missing = Vec::new();
                if declared.point_in_time_recovery == Tri::No {
                    missing.push("point-in-time recovery");
                }
                if declared.deletion_protection == Tri::No {
                    missing.push("deletion protection");
                }
                if !missing.is_empty() {
                    Draft::new(cx, &META, &declared.location)
                        .severity(severity)
                        .subject(name)
                        .message(format!(
                            "Table `{name}` has no {}.",
                            missing.join(" and no ")
                        ))
                        .fix(format!("Switch on {} for `{name}`", missing.join(" and ")))
                        .add(out);
                }
                for replica in &declared.replicas {
                    of_replica(cx, name, replica, severity, out);
                }
            }
        }
    }
}

fn of_replica(
    cx: &Context<'_>,
    name: &str,
    replica: &Replica,
    severity: Severity,
    out: &mut Vec<Finding>,
) {
    let mut missing = Vec::new();
    if replica.point_in_time_recovery == Tri::No {
        missing.push("point-in-time recovery");
    }
    if replica.deletion_protection == Tri::No {
        missing.push("deletion protection");
    }
    if missing.is_empty() {
        return;
    }
    Draft::new(cx, &META, &replica.location)
        .severity(severity)
        .subject(format!("{name} {}", replica.region))
        .message(format!(
            "The replica of table `{name}` in {} has no {}.",
            replica.region,
            missing.join(" and no ")
        ))
        .fix(format!(
            "Switch on {} for the replica",
            missing.join(" and ")
        ))
        .add(out);
}
