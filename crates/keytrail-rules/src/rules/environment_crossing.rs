//! See the page beside this file.

use keytrail_model::{Actor, Finding, Severity};

use crate::grants::readers;
use crate::{Context, Draft, Kind, Meta, Rule};

/// A principal of another environment reads the key table.
pub(crate) struct EnvironmentCrossing;

static META: Meta = Meta {
    id: "environment-crossing",
    title: "A principal of another environment reads the key table",
    cwe: &[284, 668],
    severity: Severity::Medium,
    needs: &[Kind::Infra],
    page: include_str!("environment_crossing.md"),
};

impl Rule for EnvironmentCrossing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (reader, path) in readers(cx, |actor| matches!(actor, Actor::OtherEnvironment)) {
            let (principal, table) = (reader.principal, reader.table(cx));
            Draft::new(cx, &META, reader.location)
                .path(Some(path))
                .subject(format!("{principal} {table}"))
                .message(format!(
                    "`{principal}` belongs to another environment and may read key table `{table}` ({}).",
                    reader.actions()
                ))
                .unsafe_fix("Give each environment an account of its own, or a condition on its tags")
                .add(out);
        }
    }
}
