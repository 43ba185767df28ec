//! The live account: its flags, `keytrail drift` and `keytrail aws-policy`.

use std::sync::Arc;

use keytrail_engine::{Aws, AwsGroup, AwsItems, Date, Difference, Options, Trail, Watch};

use crate::cli::{Account, Drift, Global, Items, RulesFormat, Scan};
use crate::failure::usage;
use crate::output;
use crate::progress::Shown;

/// What `scan` is to ask, if anything.
pub(super) fn asked(scan: &Scan) -> anyhow::Result<Option<Aws>> {
    let account = &scan.account;
    if scan.aws {
        let items = (!scan.items.tables.is_empty()).then(|| items(&scan.items));
        return Ok(Some(Aws {
            items,
            ..of(account)
        }));
    }
    // A bucket with a trail needs them too.
    if scan.trail.place.is_some() {
        return Ok(None);
    }
    let named = account.profile.is_some()
        || account.all_regions
        || !account.region.is_empty()
        || !account.assume_role.is_empty();
    if named {
        let what = "an account is named, but not to be read";
        return Err(usage(what, "add --aws"));
    }
    Ok(None)
}

pub(super) fn of(account: &Account) -> Aws {
    Aws {
        profile: account.profile.clone(),
        regions: account.region.clone(),
        all_regions: account.all_regions,
        roles: account.assume_role.clone(),
        items: None,
    }
}

fn items(items: &Items) -> AwsItems {
    AwsItems {
        tables: items.tables.clone(),
        read_units: items.read_units,
        max_units: items.max_units,
        sample: items.sample,
        attributes: items.attributes.clone(),
        state: items.state.clone(),
    }
}

/// `keytrail drift`: 10 where anything differs.
pub(super) fn drift(global: &Global, drift: &Drift) -> anyhow::Result<u8> {
    let options = Options {
        paths: drift.paths.clone(),
        exclude: drift.exclude.clone(),
        aws: Some(of(&drift.account)),
        ..Options::new(env!("CARGO_PKG_VERSION"), Date::today())
    };
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let found = keytrail_engine::drift(&options, &watch);
    drop(shown);
    let found = found?;
    output::print(&match drift.format {
        RulesFormat::Terminal => lines(&found),
        RulesFormat::Json => json(&found)?,
    })?;
    Ok(if found.is_empty() { 0 } else { 10 })
}

fn lines(found: &[Difference]) -> String {
    if found.is_empty() {
        return "The account is as the templates say.\n".to_owned();
    }
    let lines: Vec<String> = found.iter().map(|one| format!("{one}\n")).collect();
    lines.concat()
}

#[cfg(feature = "aws")]
fn json(found: &[Difference]) -> anyhow::Result<String> {
    let place = |at: &Option<keytrail_engine::Location>| {
        at.as_ref().map(|at| {
            let span = at.span();
            serde_json::json!({"path": &*span.path, "line": span.line})
        })
    };
    let list: Vec<serde_json::Value> = found
        .iter()
        .map(|one| {
            serde_json::json!({
                "what": one.what,
                "setting": one.setting,
                "template": {"value": one.template, "at": place(&one.at)},
                "account": {"value": one.live, "arn": one.live_at.as_ref().map(|at| at.span().path.to_string())},
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&list)? + "\n")
}

#[cfg(not(feature = "aws"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature as with the feature"
)]
fn json(_: &[Difference]) -> anyhow::Result<String> {
    Ok("[]\n".to_owned())
}

/// The files of a trail, if any.
pub(super) fn trail(trail: &crate::cli::Trail, account: &Account) -> Option<Trail> {
    let place = trail.place.clone()?;
    Some(Trail {
        place,
        since: trail.since.clone(),
        profile: account.profile.clone(),
        region: account.region.first().cloned(),
    })
}

/// `keytrail aws-policy`.
pub(super) fn policy(items: bool, trail: bool) -> anyhow::Result<u8> {
    let mut groups = vec![AwsGroup::Account];
    groups.extend(items.then_some(AwsGroup::Items));
    groups.extend(trail.then_some(AwsGroup::Trail));
    output::print(&keytrail_engine::least_policy(&groups))?;
    Ok(0)
}
