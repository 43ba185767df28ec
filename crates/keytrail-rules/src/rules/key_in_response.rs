//! See the page beside this file.

use crate::given_out::{self, Carries, To};
use keytrail_model::{Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is given out in a response.
pub(crate) struct KeyInResponse;

static META: Meta = Meta {
    id: "key-in-response",
    title: "A key is given out in a response",
    cwe: &[200, 201],
    severity: Severity::Low,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("key_in_response.md"),
};

impl Rule for KeyInResponse {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        for leak in given_out::all(cx, Carries::Key, To::Response) {
            let fix = if leak.path.is_some() {
                format!("Leave {} out of this response", leak.what)
            } else {
                format!(
                    "Show an alias in place of {}: its owner has it already",
                    leak.what
                )
            };
            let goes = if crate::context::is_many(&leak.what) {
                "go"
            } else {
                "goes"
            };
            Draft::new(cx, &META, &leak.location)
                .message(format!(
                    "{what} {goes} into the response of {routes}: {who} gets it.",
                    what = leak.what,
                    routes = leak.routes,
                    who = leak.who()
                ))
                .subject(leak.subject)
                .path(leak.path)
                .fix(fix)
                .add(out);
        }
    }
}
