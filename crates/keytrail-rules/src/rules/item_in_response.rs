//! See the page beside this file.

use crate::given_out::{self, Carries, To};
use keytrail_model::{Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A whole item with a key is given out in a response.
pub(crate) struct ItemInResponse;

static META: Meta = Meta {
    id: "item-in-response",
    title: "A whole item with a key is given out in a response",
    cwe: &[200, 201],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("item_in_response.md"),
};

impl Rule for ItemInResponse {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let told = given_out::places(cx, Carries::Key, To::Response);
        for leak in given_out::all(cx, Carries::Item, To::Response)
            .into_iter()
            .filter(|leak| !told.contains(&leak.location))
        {
            let fix = format!(
                "Pick the fields of this response one by one and leave {} out",
                leak.what
            );
            Draft::new(cx, &META, &leak.location)
                .message(format!(
                    "A whole item goes into the response of {routes}, {what} with it: {who} gets it.",
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
