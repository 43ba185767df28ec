//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Access, Finding, Severity, Sink, Source};

use crate::{Context, Draft, Kind, Meta, Rule};

/// An error's text or traceback is shown to the caller.
pub(crate) struct ExceptionShown;

static META: Meta = Meta {
    id: "exception-shown",
    title: "An error's text or traceback is shown to the caller",
    cwe: &[209],
    severity: Severity::Low,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("exception_shown.md"),
};

impl Rule for ExceptionShown {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        for flow in &cx.joined.flows {
            let Source::Exception(operations) = &flow.source else {
                continue;
            };
            let shown = matches!(flow.sink, Sink::Response | Sink::Template(..));
            if !shown || is_test_file(&flow.location.span().path) {
                continue;
            }
            let all = cx.joined.calls.routes_to(&flow.function);
            let routes: Vec<_> = all
                .iter()
                .copied()
                .filter(|route| route.access != Access::Privileged)
                .collect();
            let path = operations
                .iter()
                .filter_map(|at| cx.path_from_to(at, &flow.location))
                .max_by_key(|path| (path.severity, std::cmp::Reverse(path.steps.clone())));
            if routes.is_empty() && !all.is_empty() {
                continue;
            }
            // Middleware and handlers are reached by no route of their own: they answer for all.
            let (whom, severity) = if routes.is_empty() {
                let keys = cx.joined.keys.tables().next().is_some();
                let severity = if keys {
                    Severity::Medium
                } else {
                    Severity::Low
                };
                ("the API".to_owned(), severity)
            } else {
                (crate::context::routes(&routes), Severity::Low)
            };
            let what = if operations.is_empty() {
                String::new()
            } else {
                " It may quote what the DynamoDB call was given.".to_owned()
            };
            Draft::new(cx, &META, &flow.location)
                .path(path)
                .severity(severity)
                .steps(flow.steps.iter().cloned())
                .subject(&*flow.function)
                .message(format!(
                    "The text of an error goes to whoever calls {whom}.{what}"
                ))
                .fix("Answer with a fixed message, and log the error without its data")
                .add(out);
        }
    }
}
