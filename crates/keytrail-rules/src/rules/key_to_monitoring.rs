//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Finding, PracticeKind, Severity};

use crate::given_out::{self, Carries, To};
use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is handed to monitoring.
pub(crate) struct KeyToMonitoring;

static META: Meta = Meta {
    id: "key-to-monitoring",
    title: "A key is handed to monitoring",
    cwe: &[201, 359],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("key_to_monitoring.md"),
};

impl Rule for KeyToMonitoring {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let both = [Carries::Key, Carries::Item];
        for leak in both
            .into_iter()
            .flat_map(|carries| given_out::all(cx, carries, To::Monitoring))
        {
            let who = leak.routes.clone();
            let many = crate::context::is_many(&leak.what);
            Draft::new(cx, &META, &leak.location)
                .message(format!(
                    "{} {} to monitoring ({who}).",
                    leak.what,
                    if many { "go" } else { "goes" }
                ))
                .subject(leak.subject)
                .path(leak.path)
                .fix(format!("Send an alias to {who} in place of {}", leak.what))
                .add(out);
        }
        for practice in &cx.joined.practices {
            let PracticeKind::MonitoringSendsRequests { how } = &practice.kind else {
                continue;
            };
            if is_test_file(&practice.location.span().path) {
                continue;
            }
            Draft::new(cx, &META, &practice.location)
                .severity(Severity::Low)
                .subject(how.as_str())
                .message(format!(
                    "{how} sends cookies, headers and bodies of requests to monitoring, and nothing scrubs them: keys that callers send go along."
                ))
                .fix("Take it out, or scrub events in before_send or an EventScrubber")
                .add(out);
        }
    }
}
