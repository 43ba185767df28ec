//! See the page beside this file.

use keytrail_model::{Finding, Severity};

use crate::{Context, Kind, Meta, Rule, surface};

/// Personal data is given out.
pub(crate) struct PersonalDataShown;

static META: Meta = Meta {
    id: "personal-data-shown",
    title: "Personal data is given out",
    cwe: &[359, 200],
    severity: Severity::Low,
    needs: &[Kind::Http],
    page: include_str!("personal_data_shown.md"),
};

impl Rule for PersonalDataShown {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        surface::add(cx, &META, out);
    }
}
