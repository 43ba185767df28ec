//! See the page beside this file.

use keytrail_graph::is_deployed;
use keytrail_model::{Environment, Finding, Setting, SettingValue, Severity};
use std::collections::BTreeMap;

use crate::{Context, Draft, Kind, Meta, Rule};

/// Django answers over plain HTTP.
pub(crate) struct PlainTransportToClients;

static META: Meta = Meta {
    id: "plain-transport-to-clients",
    title: "Django answers over plain HTTP",
    cwe: &[319, 614],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("plain_transport_to_clients.md"),
};

impl Rule for PlainTransportToClients {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let mut absent: BTreeMap<&str, (&Setting, Vec<&str>)> = BTreeMap::new();
        for name in SWITCHES {
            for setting in cx.joined.settings_named(name) {
                if !is_deployed(&cx.joined, setting) || !is_off(&setting.value) {
                    continue;
                }
                if is_absent(setting) {
                    let entry = absent
                        .entry(&setting.module)
                        .or_insert((setting, Vec::new()));
                    entry.1.push(name);
                } else {
                    report(cx, setting, &[name], out);
                }
            }
        }
        for (setting, names) in absent.into_values() {
            report(cx, setting, &names, out);
        }
    }
}

const SWITCHES: [&str; 4] = [
    "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS",
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
];

/// An absent setting is told at the start of its module.
fn is_absent(setting: &Setting) -> bool {
    let span = setting.location.span();
    setting.value == SettingValue::None || (span.line, span.column) == (1, 1)
}

fn is_off(value: &SettingValue) -> bool {
    matches!(
        value,
        SettingValue::None | SettingValue::Bool(false) | SettingValue::Number(0)
    )
}

/// One finding for what a module leaves out, one for each switch that is set to off.
fn report(cx: &Context<'_>, setting: &Setting, names: &[&str], out: &mut Vec<Finding>) {
    let explicit = !is_absent(setting);
    let severity = if explicit && setting.environment == Environment::Production {
        Severity::Medium
    } else {
        Severity::Low
    };
    let verb = if explicit {
        "switches off"
    } else {
        "does not set"
    };
    Draft::new(cx, &META, &setting.location)
        .severity(severity)
        .subject(names.join(","))
        .message(format!(
            "`{}` {verb} {}: sessions and keys may cross the network in the clear.",
            setting.module,
            crate::context::list(names)
        ))
        .fix(
            "Redirect to https, set HSTS and secure cookies (or say in a comment which proxy does)",
        )
        .add(out);
}
