//! See the page beside this file.

use keytrail_model::{Finding, Replica, Severity, Table, Tri};

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
        let declared = |id| cx.joined.tables.node(id).in_templates();
        let mut tables = cx.joined.tables.ids().flat_map(declared);
        let backs_up = tables.any(is_backed_up);
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
                if backs_up && !is_backed_up(declared) {
                    Draft::new(cx, &META, &declared.location)
                        .severity(severity)
                        .subject(format!("{name} backup"))
                        .message(format!(
                            "Table `{name}` is in no backup plan, though others are."
                        ))
                        .fix(format!(
                            "Let a selection of the backup plan take in `{name}`"
                        ))
                        .add(out);
                }
                for replica in &declared.replicas {
                    of_replica(cx, name, replica, severity, out);
                }
            }
        }
    }
}

/// By AWS Backup; a table in another's plan is told apart from one in a tree without any plan.
fn is_backed_up(table: &Table) -> bool {
    let mut copies = table.copies.iter();
    copies.any(|step| step.label.starts_with("is backed up by AWS Backup"))
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
