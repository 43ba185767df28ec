//! See the page beside this file.

use keytrail_model::{Access, Finding, Location, Route, Severity};
use std::collections::BTreeMap;

use crate::{Context, Draft, Kind, Meta, Rule};

/// A route that writes to a key table asks nobody to sign in.
pub(crate) struct OpenWrite;

static META: Meta = Meta {
    id: "open-write",
    title: "A route that writes to a key table asks nobody to sign in",
    cwe: &[306, 352],
    severity: Severity::Medium,
    needs: &[Kind::Code],
    page: include_str!("open_write.md"),
};

impl Rule for OpenWrite {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut open: BTreeMap<&Location, (Vec<&Route>, String)> = BTreeMap::new();
        let mut exempt: BTreeMap<&Location, (Vec<&Route>, String)> = BTreeMap::new();
        let mut plain: BTreeMap<&Location, (Vec<&Route>, String)> = BTreeMap::new();
        for (number, operation) in cx.joined.operations.iter().enumerate() {
            let writes = operation.kind.writes() && !operation.kind.reads();
            let Some(&(table, _)) = cx.joined.tables_of(number).first() else {
                continue;
            };
            let holds_keys = cx.holds_keys(table);
            for route in cx
                .open_routes(operation)
                .into_iter()
                .filter(|route| writes && route.method.writes())
            {
                let (map, place) = match (route.access, &route.csrf_exempt) {
                    (Access::Anonymous, _) if holds_keys => (&mut open, &route.view_location),
                    (Access::Anonymous, _) => (&mut plain, &route.view_location),
                    (_, Some(location)) if holds_keys => (&mut exempt, location),
                    _ => continue,
                };
                let entry = map
                    .entry(place)
                    .or_insert_with(|| (Vec::new(), cx.table_name(table).to_owned()));
                entry.0.push(route);
            }
        }
        for (location, (routes, table)) in open {
            Draft::new(cx, &META, location)
                .subject(location.symbol().unwrap_or_default())
                .message(format!(
                    "{} lets anybody without a sign-in write into key table `{table}`.",
                    crate::context::routes(&routes)
                ))
                .fix("Require a sign-in, take the owner from request.user, and let records of strangers expire")
                .add(out);
        }
        for (location, (routes, table)) in plain {
            Draft::new(cx, &META, location)
                .severity(Severity::Low)
                .subject(location.symbol().unwrap_or_default())
                .message(format!(
                    "{} lets anybody without a sign-in write into table `{table}`: what strangers send stays there.",
                    crate::context::routes(&routes)
                ))
                .fix("Require a sign-in or a signature, list the fields that are taken, and let the records expire")
                .add(out);
        }
        for (location, (routes, table)) in exempt {
            Draft::new(cx, &META, location)
                .severity(Severity::Low)
                .subject(location.symbol().unwrap_or_default())
                .message(format!(
                    "{} writes into key table `{table}` without CSRF protection: another site can make a signed-in user's browser call it.",
                    crate::context::routes(&routes)
                ))
                .fix("Take csrf_exempt off, or accept token authentication only")
                .add(out);
        }
    }
}
