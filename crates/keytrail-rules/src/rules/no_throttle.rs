//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Access, Finding, Location, Route, Severity};
use std::collections::BTreeMap;

use crate::{Context, Draft, Kind, Meta, Rule};

/// An open route to a key table has no throttle.
pub(crate) struct NoThrottle;

static META: Meta = Meta {
    id: "no-throttle",
    title: "An open route to a key table has no throttle",
    cwe: &[307, 799],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("no_throttle.md"),
};

impl Rule for NoThrottle {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut places: BTreeMap<&Location, (Vec<&Route>, String)> = BTreeMap::new();
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let Some(&table) = cx.key_tables_of(number).first() else {
                continue;
            };
            for route in cx.open_routes(operation) {
                let open = route.access == Access::Anonymous && !route.throttled;
                if open && !is_test_file(&route.view_location.span().path) {
                    let entry = places
                        .entry(&route.view_location)
                        .or_insert_with(|| (Vec::new(), cx.table_name(table).to_owned()));
                    entry.0.push(route);
                }
            }
        }
        for (location, (routes, table)) in places {
            Draft::new(cx, &META, location)
                .subject(location.symbol().unwrap_or_default())
                .message(format!(
                    "{} reaches key table `{table}` without a throttle: identifiers and keys can be tried at leisure.",
                    crate::context::routes(&routes)
                ))
                .fix("Set throttle_classes on the view, or DEFAULT_THROTTLE_CLASSES for all")
                .add(out);
        }
    }
}
