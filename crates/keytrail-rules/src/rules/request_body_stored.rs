//! See the page beside this file.

use keytrail_model::{Finding, RequestPart, Severity, Sink, Source};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Request data is merged whole into an item.
pub(crate) struct RequestBodyStored;

static META: Meta = Meta {
    id: "request-body-stored",
    title: "Request data is merged whole into an item",
    cwe: &[915],
    severity: Severity::Medium,
    needs: &[Kind::Code],
    page: include_str!("request_body_stored.md"),
};

impl Rule for RequestBodyStored {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for flow in &cx.joined.flows {
            let (Source::Request(part, field), Sink::Store(at, attribute)) =
                (&flow.source, &flow.sink)
            else {
                continue;
            };
            let whole = field.is_empty()
                && matches!(attribute.as_str(), "" | "*")
                && matches!(
                    part,
                    RequestPart::Body | RequestPart::Query | RequestPart::Any
                );
            let Some(&(table, _)) = cx
                .joined
                .operations_at(at)
                .iter()
                .flat_map(|&number| cx.joined.tables_of(number))
                .next()
            else {
                continue;
            };
            if !whole {
                continue;
            }
            let name = cx.table_name(table);
            let keys = if cx.holds_keys(table) {
                format!(", {} included", cx.key_names(table))
            } else {
                String::new()
            };
            Draft::new(cx, &META, &flow.location)
                .steps(flow.steps.iter().cloned())
                .subject(name)
                .message(format!(
                    "{} goes whole into an item of table `{name}`: the caller sets or overwrites any attribute{keys}.",
                    capital(part.as_str())
                ))
                .fix("Take the fields one by one, or from a serializer that lists them")
                .add(out);
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
