//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Access, Finding, Severity, Sink, Source};

use crate::{Context, Draft, Kind, Meta, Rule};

/// The environment or the settings are given out whole.
pub(crate) struct EnvironmentShown;

static META: Meta = Meta {
    id: "environment-shown",
    title: "The environment or the settings are given out whole",
    cwe: &[497, 526],
    severity: Severity::Medium,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("environment_shown.md"),
};

impl Rule for EnvironmentShown {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        for flow in &cx.joined.flows {
            if flow.source != Source::WholeEnvironment || is_test_file(&flow.location.span().path) {
                continue;
            }
            let routes = cx.joined.calls.routes_to(&flow.function);
            let (severity, place) = match &flow.sink {
                Sink::Response | Sink::Template(..) => {
                    let open = routes.iter().map(|route| route.access).min();
                    match open {
                        Some(Access::Anonymous) => (Severity::Critical, "a response"),
                        Some(Access::Authenticated | Access::Unknown) => {
                            (Severity::High, "a response")
                        }
                        Some(Access::Privileged) => (Severity::Medium, "a response for staff"),
                        None => (Severity::Low, "a response"),
                    }
                }
                Sink::Log(_) | Sink::Print => (Severity::Medium, "the log"),
                Sink::ThirdParty(_) => (Severity::Medium, "a third party's system"),
                _ => continue,
            };
            Draft::new(cx, &META, &flow.location)
                .path(cx.path_at(&flow.location))
                .severity(severity)
                .steps(flow.steps.iter().cloned())
                .subject(&*flow.function)
                .message(format!(
                    "All environment variables or settings go into {place}, keys and passwords among them."
                ))
                .fix("Remove it, or name the few values that are meant")
                .add(out);
        }
    }
}
