//! `keytrail policy`.

use std::sync::Arc;

use keytrail_engine::Watch;
use keytrail_report::PolicyPlace;

use super::options;
use crate::cli::{Global, Policy, PolicyFormat};
use crate::failure::usage;
use crate::progress::Shown;
use crate::{output, talk};

pub(super) fn run(global: &Global, policy: &Policy) -> anyhow::Result<u8> {
    let options = options(&policy.paths, &policy.reading);
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let least = keytrail_engine::policy(&options, policy.caller_tag.as_deref(), &watch);
    drop(shown);
    let least = least?;
    if policy.diff {
        output::print(&match policy.format {
            Some(PolicyFormat::Json) => keytrail_report::policy_difference_json(&least),
            _ => keytrail_report::policy_difference(&least),
        })?;
        return Ok(0);
    }
    if least.statements.is_empty() {
        return Err(usage(
            "no call of DynamoDB was found in this tree",
            "give the directory of the application's code",
        ));
    }
    let place = PolicyPlace {
        partition: &policy.partition,
        region: &policy.region,
        account: &policy.account,
    };
    output::print(&match policy.format.unwrap_or(PolicyFormat::Json) {
        PolicyFormat::Json => keytrail_report::policy_json(&least, place),
        PolicyFormat::Terraform => keytrail_report::policy_terraform(&least, place),
        PolicyFormat::Cloudformation => keytrail_report::policy_cloudformation(&least, place),
    })?;
    talk::note(
        global,
        keytrail_report::policy_difference(&least).trim_end(),
    );
    Ok(0)
}
