//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Access, Finding, Severity, Sink, Source, names_a_secret};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Django's admin shows a key.
pub(crate) struct KeyNotMaskedInAdmin;

static META: Meta = Meta {
    id: "key-not-masked-in-admin",
    title: "Django's admin shows a key",
    cwe: &[200, 549],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("key_not_masked_in_admin.md"),
};

impl Rule for KeyNotMaskedInAdmin {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for column in &cx.joined.admin_columns {
            if is_test_file(&column.location.span().path) {
                continue;
            }
            Draft::new(cx, &META, &column.location)
                .subject(&*column.admin)
                .message(format!(
                    "`{}` shows `{}` in {}: whoever may open the admin reads the key.",
                    column.admin, column.field, column.shown_in
                ))
                .fix("Show a method that keeps the last four characters instead")
                .add(out);
        }
        shown_by_methods(cx, out);
    }
}

/// Keys that a method of an admin gives back for a column or page.
fn shown_by_methods(cx: &Context<'_>, out: &mut Vec<Finding>) {
    for flow in &cx.joined.flows {
        let secret = match &flow.source {
            Source::Item(_, path) => names_a_secret(path),
            source => cx.joined.is_secret(source),
        };
        let shown = flow.sink == Sink::Response && flow.transform.is_readable();
        if !secret || !shown || is_test_file(&flow.location.span().path) {
            continue;
        }
        let routes = cx.joined.calls.routes_to(&flow.function);
        let of_admin = |label: &str| label.starts_with("Django's admin");
        let only_staff = !routes.is_empty()
            && routes.iter().all(|route| {
                let mut evidence = route.access_evidence.iter();
                route.access == Access::Privileged && evidence.any(|step| of_admin(&step.label))
            });
        if !only_staff {
            continue;
        }
        Draft::new(cx, &META, &flow.location)
            .steps(flow.steps.iter().cloned())
            .subject(&*flow.function)
            .message(format!(
                "`{}` gives a key to the admin: whoever may open it reads the key.",
                flow.function
            ))
            .fix("Show the last four characters, or an alias")
            .add(out);
    }
}
