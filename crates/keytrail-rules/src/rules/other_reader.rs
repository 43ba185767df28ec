//! See the page beside this file.

use keytrail_model::{Actor, Finding, Severity};

use crate::grants::readers;
use crate::{Context, Draft, Kind, Meta, Rule};

/// A principal other than the application reads the key table.
pub(crate) struct OtherReader;

static META: Meta = Meta {
    id: "other-reader",
    title: "A principal other than the application reads the key table",
    cwe: &[284, 668],
    severity: Severity::Medium,
    needs: &[Kind::Infra],
    page: include_str!("other_reader.md"),
};

impl Rule for OtherReader {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (reader, path) in readers(cx, |actor| matches!(actor, Actor::OtherRole(_))) {
            let (principal, table) = (reader.principal, reader.table(cx));
            Draft::new(cx, &META, reader.location)
                .path(Some(path))
                .subject(format!("{principal} {table}"))
                .message(format!(
                    "`{principal}` is not the application and may read key table `{table}` ({}).",
                    reader.actions()
                ))
                .unsafe_fix(format!(
                    "Deny `{principal}` reading `{table}`, or give it a table without keys"
                ))
                .add(out);
        }
    }
}
