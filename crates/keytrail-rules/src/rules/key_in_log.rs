//! See the page beside this file.

use crate::given_out::{self, Carries, To};
use keytrail_model::{Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A key is written to a log.
pub(crate) struct KeyInLog;

static META: Meta = Meta {
    id: "key-in-log",
    title: "A key is written to a log",
    cwe: &[532],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("key_in_log.md"),
};

impl Rule for KeyInLog {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for leak in given_out::all(cx, Carries::Key, To::Log) {
            let fix = format!("Leave {} out of this call, or log its alias", leak.what);
            Draft::new(cx, &META, &leak.location)
                .message(format!(
                    "{} {} written to the log: whoever reads the logs has it.",
                    leak.what,
                    crate::context::be(&leak.what)
                ))
                .subject(leak.subject)
                .path(leak.path)
                .fix(fix)
                .add(out);
        }
    }
}
