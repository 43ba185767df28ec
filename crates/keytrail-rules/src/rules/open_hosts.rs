//! See the page beside this file.

use keytrail_graph::is_deployed;
use keytrail_model::{Environment, Finding, SettingValue, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// `ALLOWED_HOSTS` accepts any name.
pub(crate) struct OpenHosts;

static META: Meta = Meta {
    id: "open-hosts",
    title: "ALLOWED_HOSTS accepts any name",
    cwe: &[644],
    severity: Severity::Low,
    needs: &[Kind::Code],
    page: include_str!("open_hosts.md"),
};

impl Rule for OpenHosts {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for setting in cx.joined.settings_named("ALLOWED_HOSTS") {
            let SettingValue::List(hosts) = &setting.value else {
                continue;
            };
            let any = hosts
                .iter()
                .any(|host| *host == SettingValue::Text("*".to_owned()));
            if !any || !is_deployed(&cx.joined, setting) {
                continue;
            }
            let severity = if setting.environment == Environment::Production {
                Severity::Medium
            } else {
                Severity::Low
            };
            Draft::new(cx, &META, &setting.location)
                .severity(severity)
                .subject(&*setting.module)
                .message(format!(
                    "ALLOWED_HOSTS of `{}` is `*`: links in mails, reset links among them, follow whatever Host header a caller sends.",
                    setting.module
                ))
                .fix("List the names that the site answers to")
                .add(out);
        }
    }
}
