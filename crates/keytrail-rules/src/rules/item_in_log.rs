//! See the page beside this file.

use crate::given_out::{self, Carries, To};
use keytrail_model::{Finding, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// A whole item with a key is written to a log.
pub(crate) struct ItemInLog;

static META: Meta = Meta {
    id: "item-in-log",
    title: "A whole item with a key is written to a log",
    cwe: &[532],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("item_in_log.md"),
};

impl Rule for ItemInLog {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let told = given_out::places(cx, Carries::Key, To::Log);
        for leak in given_out::all(cx, Carries::Item, To::Log)
            .into_iter()
            .filter(|leak| !told.contains(&leak.location))
        {
            let fix = format!(
                "Log the identifier of the item and not the item ({} is in it)",
                leak.what
            );
            Draft::new(cx, &META, &leak.location)
                .message(format!(
                    "A whole item is written to the log, {} with it: whoever reads the logs has it.",
                    leak.what
                ))
                .subject(leak.subject)
                .path(leak.path)
                .fix(fix)
                .add(out);
        }
    }
}
