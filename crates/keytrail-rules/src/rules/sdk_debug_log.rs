//! See the page beside this file.

use keytrail_graph::{is_deployed, is_test_file};
use keytrail_model::{Finding, PracticeKind, SettingValue, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// The AWS SDK writes its requests into the log.
pub(crate) struct SdkDebugLog;

static META: Meta = Meta {
    id: "sdk-debug-log",
    title: "The AWS SDK writes its requests into the log",
    cwe: &[532],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("sdk_debug_log.md"),
};

impl Rule for SdkDebugLog {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let keys = cx.joined.keys.tables().next().is_some();
        let severity = if keys {
            Severity::Medium
        } else {
            Severity::Low
        };
        for practice in &cx.joined.practices {
            let PracticeKind::SdkLogsRequests { how } = &practice.kind else {
                continue;
            };
            if is_test_file(&practice.location.span().path) {
                continue;
            }
            Draft::new(cx, &META, &practice.location)
                .severity(severity)
                .subject(how.as_str())
                .message(format!(
                    "{how} makes the AWS SDK log its requests: items with their keys and authorization headers go into the log."
                ))
                .fix("Take it out, or raise the level to INFO")
                .add(out);
        }
        for setting in cx.joined.settings_named("LOGGING") {
            let Some(logger) = logger_at_debug(&setting.value) else {
                continue;
            };
            if is_deployed(&cx.joined, setting) {
                Draft::new(cx, &META, &setting.location)
                    .severity(severity)
                    .subject(logger)
                    .message(format!(
                        "LOGGING sets `{logger}` to DEBUG: items with their keys and authorization headers go into the log."
                    ))
                    .fix(format!("Set the level of `{logger}` to INFO"))
                    .add(out);
            }
        }
    }
}

fn logger_at_debug(logging: &SettingValue) -> Option<&str> {
    let SettingValue::Dict(loggers) = entry(logging, "loggers")? else {
        return None;
    };
    loggers.iter().find_map(|(name, logger)| {
        let sdk = ["boto", "botocore", "boto3"]
            .iter()
            .any(|own| name == own || name.starts_with(&format!("{own}.")));
        let debug =
            matches!(entry(logger, "level"), Some(SettingValue::Text(level)) if level == "DEBUG");
        (sdk && debug).then_some(name.as_str())
    })
}

fn entry<'s>(value: &'s SettingValue, name: &str) -> Option<&'s SettingValue> {
    match value {
        SettingValue::Dict(entries) => entries
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value),
        _ => None,
    }
}
