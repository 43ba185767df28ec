//! See the page beside this file.

use keytrail_graph::{is_deployed, is_test_file};
use keytrail_model::{
    Access, Finding, Location, Route, SettingValue, Severity, Sink, Source, Step,
};
use std::collections::BTreeMap;

use crate::{Context, Draft, Kind, Meta, Rule};

/// An open route to a key table has no throttle.
pub(crate) struct NoThrottle;

static META: Meta = Meta {
    id: "no-throttle",
    title: "An open route to a key table has no throttle",
    cwe: &[307, 799],
    severity: Severity::Low,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("no_throttle.md"),
};

impl Rule for NoThrottle {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        let mut places: Places<'_> = BTreeMap::new();
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
        issued(cx, &mut places);
        let default = no_default(cx);
        for (location, (routes, table)) in places {
            Draft::new(cx, &META, location)
                .steps(default.iter().cloned())
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

type Places<'c> = BTreeMap<&'c Location, (Vec<&'c Route>, String)>;

/// Routes that make a new key at each call: a signed-in caller may take any number.
fn issued<'c>(cx: &Context<'c>, places: &mut Places<'c>) {
    for &flow in &cx.joined.flows {
        let (Source::Generated(_), Sink::Store(at, attribute)) = (&flow.source, &flow.sink) else {
            continue;
        };
        let tables = cx.joined.operations_for(at, &flow.function);
        let mut tables = tables.iter().flat_map(|&it| cx.joined.tables_of(it));
        let Some(&(table, _)) =
            tables.find(|&&(table, _)| cx.joined.keys.get(table, attribute).is_some())
        else {
            continue;
        };
        for route in cx.joined.calls.routes_to(&flow.function) {
            let open = route.access != Access::Privileged
                && route.method.writes()
                && !route.throttled
                && !is_test_file(&route.view_location.span().path);
            if open {
                let entry = places
                    .entry(&route.view_location)
                    .or_insert_with(|| (Vec::new(), cx.table_name(table).to_owned()));
                entry.0.push(route);
            }
        }
    }
}

/// Where a default for all views would stand.
fn no_default(cx: &Context<'_>) -> Option<Step> {
    let setting = cx
        .joined
        .settings_named("REST_FRAMEWORK")
        .iter()
        .find(|setting| is_deployed(&cx.joined, setting))?;
    let SettingValue::Dict(entries) = &setting.value else {
        return None;
    };
    let named = entries
        .iter()
        .any(|(name, _)| name == "DEFAULT_THROTTLE_CLASSES");
    (!named).then(|| {
        Step::new(
            "REST_FRAMEWORK names no DEFAULT_THROTTLE_CLASSES",
            setting.location.clone(),
        )
    })
}
