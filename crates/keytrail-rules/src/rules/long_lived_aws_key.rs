//! See the page beside this file.

use keytrail_graph::is_test_file;
use keytrail_model::{Finding, SettingValue, Severity, Source, Step};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Access keys are handed to boto3 where a role would do.
pub(crate) struct LongLivedAwsKey;

static META: Meta = Meta {
    id: "long-lived-aws-key",
    title: "Access keys are handed to boto3 where a role would do",
    cwe: &[798, 1391],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("long_lived_aws_key.md"),
};

impl Rule for LongLivedAwsKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for client in &cx.joined.clients {
            let local = client
                .endpoint
                .as_deref()
                .is_some_and(|it| it.starts_with("http://"));
            if local || is_test_file(&client.location.span().path) {
                continue;
            }
            let long_lived = client.credentials.iter().find(|(source, _)| {
                matches!(
                    source,
                    Source::Literal { .. } | Source::Setting(_) | Source::Environment(_)
                )
            });
            let Some((source, steps)) = long_lived else {
                continue;
            };
            let (from, severity) = match source {
                Source::Literal { .. } => ("from the source".to_owned(), Severity::Medium),
                Source::Setting(name) => (format!("from the setting `{name}`"), Severity::Low),
                Source::Environment(name) => (format!("from the variable `{name}`"), Severity::Low),
                _ => continue,
            };
            Draft::new(cx, &META, &client.location)
                .severity(severity)
                .steps(set_at(cx, source))
                .steps(steps.iter().cloned())
                .subject(&*client.service)
                .message(format!(
                    "boto3 is handed access keys {from}: they do not expire, and work from anywhere."
                ))
                .fix("Pass no keys: let boto3 find the role of the task, function or instance")
                .add(out);
        }
    }
}

/// Where the setting has its value, deployments first.
fn set_at(cx: &Context<'_>, source: &Source) -> Vec<Step> {
    let Source::Setting(name) = source else {
        return Vec::new();
    };
    let mut settings: Vec<_> = cx
        .joined
        .settings_named(name)
        .iter()
        .filter(|setting| setting.loaded && setting.value != SettingValue::None)
        .collect();
    settings.sort_by_key(|setting| (setting.environment, &setting.location));
    settings.dedup_by_key(|setting| &setting.location);
    settings
        .into_iter()
        .map(|setting| Step::new(format!("`{name}` is set here"), setting.location.clone()))
        .collect()
}
