//! See the page beside this file.

use crate::given_out::{self, Carries, To};
use keytrail_model::{Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is handed to somebody else's system.
pub(crate) struct KeyToThirdParty;

static META: Meta = Meta {
    id: "key-to-third-party",
    title: "A key is handed to somebody else's system",
    cwe: &[201, 359],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("key_to_third_party.md"),
};

impl Rule for KeyToThirdParty {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let both = [Carries::Key, Carries::Item];
        for leak in both
            .into_iter()
            .flat_map(|carries| given_out::all(cx, carries, To::ThirdParty))
        {
            let who = leak.routes.clone();
            Draft::new(cx, &META, &leak.location)
                .message(format!(
                    "{} {} to a third party ({who}).",
                    leak.what,
                    if crate::context::is_many(&leak.what) {
                        "go"
                    } else {
                        "goes"
                    }
                ))
                .subject(leak.subject)
                .path(leak.path)
                .fix(format!("Send an alias to {who} in place of {}", leak.what))
                .add(out);
        }
    }
}
