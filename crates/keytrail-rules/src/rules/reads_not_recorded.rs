//! See the page beside this file.

use keytrail_model::{Asset, AssetKind, Control, Finding, Severity, Step, Table, Tri};

use crate::around::{assets, lacks};
use crate::context::{is_many, list};
use crate::{Context, Draft, Kind, Meta, Rule};

/// Nobody can tell who read a key table.
pub(crate) struct ReadsNotRecorded;

static META: Meta = Meta {
    id: "reads-not-recorded",
    title: "Nobody can tell afterwards who read a key table",
    cwe: &[778],
    severity: Severity::Low,
    needs: &[Kind::Infra],
    page: include_str!("reads_not_recorded.md"),
};

impl Rule for ReadsNotRecorded {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let trails: Vec<&Asset> = assets(cx, AssetKind::Trail).collect();
        let unknown = trails.iter().any(|trail| {
            let records = trail.posture(Control::RecordsItems);
            records.is_none_or(|it| it.state == Tri::Unknown)
        });
        // Without a trail in the templates, one of the whole organisation may do it.
        if trails.is_empty() || unknown {
            return;
        }
        let left_out = left_out(cx, &trails);
        let (Some(trail), false) = (trails.first(), left_out.is_empty()) else {
            return;
        };
        let names: Vec<&str> = left_out.iter().map(|(name, _)| *name).collect();
        let names = list(&names);
        let (be, them) = if is_many(&names) {
            ("Tables", "their")
        } else {
            ("Table", "its")
        };
        let holds = if is_many(&names) { "hold" } else { "holds" };
        let at = trail.posture(Control::RecordsItems);
        Draft::new(cx, &META, at.map_or(&trail.location, |it| &it.location))
            .subject(&*trail.address)
            .message(format!(
                "{be} {names} {holds} keys, and trail `{}` records no reads of {them} items: after a leak nobody can tell who read what.",
                trail.address
            ))
            .steps(left_out.iter().map(|(name, table)| {
                Step::new(format!("table `{name}` is left out"), table.location.clone())
            }))
            .fix("Add an event selector for AWS::DynamoDB::Table with the ARNs of the key tables, and one for their streams")
            .add(out);
    }
}

/// The key tables of which no trail that is on records the items.
fn left_out<'c>(cx: &'c Context<'_>, trails: &[&Asset]) -> Vec<(&'c str, &'c Table)> {
    let mut out = Vec::new();
    for table in cx.joined.keys.tables() {
        for declared in cx.joined.tables.node(table).in_templates() {
            let recorded = trails.iter().any(|trail| {
                trail.tables.contains(&declared.address) && !lacks(trail, Control::Enabled)
            });
            if !recorded {
                out.push((cx.table_name(table), declared));
            }
        }
    }
    out
}
