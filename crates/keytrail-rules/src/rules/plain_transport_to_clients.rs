//! See the page beside this file.

use keytrail_graph::is_deployed;
use keytrail_model::{Environment, Finding, Setting, SettingValue, Severity, Step};
use std::collections::BTreeMap;

use crate::{Context, Draft, Kind, Meta, Rule};

/// Django answers over plain HTTP.
pub(crate) struct PlainTransportToClients;

static META: Meta = Meta {
    id: "plain-transport-to-clients",
    title: "Django answers over plain HTTP",
    cwe: &[319, 614],
    severity: Severity::Low,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("plain_transport_to_clients.md"),
};

impl Rule for PlainTransportToClients {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        let mut modules: BTreeMap<&str, Vec<&Setting>> = BTreeMap::new();
        for name in SWITCHES {
            for &setting in cx.joined.settings_named(name) {
                if is_deployed(&cx.joined, setting) && is_off(&setting.value) {
                    modules.entry(&setting.module).or_default().push(setting);
                }
            }
        }
        for (module, settings) in modules {
            report(cx, module, &settings, out);
        }
    }
}

const SWITCHES: [&str; 4] = [
    "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS",
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
];

/// Django's own value is told at the start of the module.
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

/// One finding for a module, at the first switch that it sets itself.
fn report(cx: &Context<'_>, module: &str, settings: &[&Setting], out: &mut Vec<Finding>) {
    let (absent, mut off): (Vec<&Setting>, Vec<&Setting>) = settings
        .iter()
        .copied()
        .partition(|setting| is_absent(setting));
    off.sort_by_key(|setting| &setting.location);
    let Some(first) = off.first().or(absent.first()) else {
        return;
    };
    let severity = if !off.is_empty() && first.environment == Environment::Production {
        Severity::Medium
    } else {
        Severity::Low
    };
    let steps = off.iter().map(|setting| {
        Step::new(
            format!("`{}` is off", setting.name),
            setting.location.clone(),
        )
    });
    Draft::new(cx, &META, &first.location)
        .severity(severity)
        .steps(steps)
        .subject(module)
        .message(format!(
            "`{module}` {}: sessions and keys may cross the network in the clear.",
            told(&names(&off), &names(&absent))
        ))
        .fix(
            "Redirect to https, set HSTS and secure cookies (or say in a comment which proxy does)",
        )
        .add(out);
}

fn names<'s>(settings: &[&'s Setting]) -> Vec<&'s str> {
    settings.iter().map(|setting| &*setting.name).collect()
}

fn told(off: &[&str], absent: &[&str]) -> String {
    // All four are worth naming.
    let all = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (off, absent) {
        (off, []) => format!("switches off {}", all(off)),
        ([], absent) => format!("does not set {}", all(absent)),
        (off, absent) => format!("switches off {} and does not set {}", all(off), all(absent)),
    }
}
