//! See the page beside this file.

use keytrail_graph::{Truth, is_deployed, shows_deployment, truth};
use keytrail_model::{Confidence, Finding, SettingValue, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Django's debug page is open.
pub(crate) struct DebugPageOpen;

static META: Meta = Meta {
    id: "debug-page-open",
    title: "Django's debug page is open",
    cwe: &[489, 215],
    severity: Severity::Medium,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("debug_page_open.md"),
};

impl Rule for DebugPageOpen {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        for setting in cx.joined.settings_named("DEBUG") {
            let on = truth(&setting.value);
            if on == Truth::No || !is_deployed(&cx.joined, setting) {
                continue;
            }
            let deployed = shows_deployment(&cx.joined, setting);
            let severity = match (on, deployed) {
                (Truth::Yes, true) => Severity::High,
                (Truth::Yes, false) => Severity::Medium,
                _ => Severity::Low,
            };
            let confidence = if on == Truth::Yes && deployed {
                Confidence::Likely
            } else {
                Confidence::Possible
            };
            Draft::new(cx, &META, &setting.location)
                .path(cx.path_at(&setting.location))
                .severity(severity)
                .confidence(confidence)
                .subject(&*setting.module)
                .message(format!("DEBUG is {} in `{}`: any error shows settings and local variables to whoever caused it.", how(&setting.value), setting.module))
                .fix(format!("Set DEBUG to False in `{}`, or read it from the environment as a boolean", setting.module))
                .add(out);
        }
    }
}

fn how(value: &SettingValue) -> &'static str {
    match value {
        SettingValue::Text(_) => "a text, which is true whatever it says,",
        SettingValue::FromEnvironment { parsed: false, .. } => {
            "a text from the environment, which is true whatever it says (`\"False\"` too),"
        }
        SettingValue::FromEnvironment { .. } => "on where the environment does not switch it off",
        _ => "on",
    }
}
