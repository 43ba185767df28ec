//! See the page beside this file.

use keytrail_graph::is_deployed;
use keytrail_model::{Environment, Finding, SettingValue, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// `SECRET_KEY` is one that others know.
pub(crate) struct DefaultSecretKey;

static META: Meta = Meta {
    id: "default-secret-key",
    title: "SECRET_KEY is one that others know",
    cwe: &[798, 1394],
    severity: Severity::Medium,
    needs: &[Kind::Code],
    page: include_str!("default_secret_key.md"),
};

impl Rule for DefaultSecretKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for setting in cx.joined.settings_named("SECRET_KEY") {
            if !is_insecure(&setting.value) || !is_deployed(&cx.joined, setting) {
                continue;
            }
            let fallback = matches!(setting.value, SettingValue::FromEnvironment { .. });
            let severity = match (fallback, setting.environment) {
                (false, Environment::Production | Environment::Staging) => Severity::High,
                _ => Severity::Medium,
            };
            let what = if fallback {
                "has a fallback in the source that is used when the variable is unset"
            } else {
                "is one that is in the source, made to be replaced"
            };
            Draft::new(cx, &META, &setting.location)
                .severity(severity)
                .subject(&*setting.module)
                .message(format!(
                    "SECRET_KEY of `{}` {what}: whoever knows it signs sessions and reset links of any user.",
                    setting.module
                ))
                .unsafe_fix("Generate a new one, load it from the environment or a vault, and let the process fail without it")
                .add(out);
        }
    }
}

/// A key made by `startproject`, a short one, or a fallback of either kind.
pub(super) fn is_insecure(value: &SettingValue) -> bool {
    const SHORT: usize = 32;
    match value {
        SettingValue::Secret {
            insecure_prefix,
            length,
            ..
        } => *insecure_prefix || *length < SHORT,
        SettingValue::Text(text) => !text.is_empty(),
        SettingValue::FromEnvironment {
            default: Some(default),
            ..
        } => match &**default {
            SettingValue::Secret { .. } => true,
            SettingValue::Text(text) => !text.is_empty(),
            _ => false,
        },
        _ => false,
    }
}
