//! `keytrail fix`.

mod cut;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_engine::{Change, Closes, Fixed, Fixing, Left, Store, Watch, Why};

use super::options;
use crate::cli::{Fix, FixFormat, Global, SecretStore};
use crate::failure::usage;
use crate::progress::Shown;
use crate::{output, talk};

pub(super) fn run(global: &Global, fix: &Fix) -> anyhow::Result<u8> {
    check_rules(&fix.rule)?;
    let options = options(&fix.paths, &fix.reading);
    let fixing = Fixing {
        rules: fix.rule.clone(),
        least_cut: fix.least_cut,
        allow_unsafe: fix.allow_unsafe,
        store: match fix.secrets {
            SecretStore::Env => Store::Environment,
            SecretStore::Secretsmanager => Store::SecretsManager,
            SecretStore::Ssm => Store::ParameterStore,
        },
    };
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let fixed = keytrail_engine::fix(&options, &fixing, &watch);
    drop(shown);
    let fixed = fixed?;
    if fix.apply {
        fixed.apply(fix.allow_dirty)?;
    } else if fix.format == FixFormat::Diff {
        let diffs: Vec<String> = fixed.files.iter().map(|file| fixed.diff(file)).collect();
        output::print(&diffs.concat())?;
    }
    if fix.format == FixFormat::Json {
        let form = keytrail_engine::fixes(&fixed, env!("CARGO_PKG_VERSION"), fix.apply);
        output::print(&format!("{}\n", serde_json::to_string_pretty(&form)?))?;
    }
    tell(global, fix, &fixed);
    Ok(0)
}

fn check_rules(asked: &[String]) -> anyhow::Result<()> {
    let rules = keytrail_engine::rules();
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
    match asked.iter().find(|rule| !ids.contains(&rule.as_str())) {
        None => Ok(()),
        Some(rule) => {
            let hint = keytrail_engine::nearest(rule, ids).map_or_else(
                || "`keytrail rules` lists them".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            );
            Err(usage(format!("there is no rule `{rule}`"), hint))
        }
    }
}

fn tell(global: &Global, fix: &Fix, fixed: &Fixed) {
    for change in fixed.changes() {
        talk::note(global, &described(change));
    }
    for finding in &fixed.appeared {
        talk::note(
            global,
            &format!(
                "note: the edits bring {} at {}",
                finding.rule,
                place(finding)
            ),
        );
    }
    tell_left(global, fix, &fixed.left);
    if let Some(edits) = &fixed.cut {
        cut::tell(global, edits);
    }
    let edits = fixed.changes().count();
    let files = fixed.files.len();
    let verb = if fix.apply { "made" } else { "to make" };
    let (closed, paths) = fixed.paths;
    let paths = if paths > 0 {
        format!(", {closed} of {paths} exposure paths closed")
    } else {
        String::new()
    };
    talk::note(
        global,
        &format!(
            "{edits} {} {verb} in {files} {}: findings {} → {}{paths}",
            plural(edits, "edit"),
            plural(files, "file"),
            fixed.before.len(),
            fixed.after.len()
        ),
    );
    if edits > 0 && !fix.apply {
        talk::note(global, "nothing was written; `--apply` writes");
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        noun.to_owned()
    } else {
        format!("{noun}s")
    }
}

fn described(change: &Change) -> String {
    // Several of one rule may lie on one line: tables of one module.
    let closes: BTreeSet<String> = change
        .closes
        .iter()
        .map(|finding| format!("{} at {}", finding.rule, place(finding)))
        .collect();
    let closes: Vec<String> = closes.into_iter().collect();
    let note = if change.note.is_empty() {
        String::new()
    } else {
        format!("\n    {}", change.note)
    };
    format!(
        "{}:{}: {}\n    closes {}{note}",
        change.path,
        change.line,
        change.title,
        closes.join(", ")
    )
}

fn place(finding: &Closes) -> String {
    format!("{}:{}", finding.path, finding.line)
}

/// What `--unsafe` would add one by one, the rest by reason unless all is asked for.
fn tell_left(global: &Global, fix: &Fix, left: &[Left]) {
    let mut reasons: BTreeMap<&Why, Vec<&Closes>> = BTreeMap::new();
    let unasked =
        |it: &&Left| !(matches!(it.why, Why::NotInCut) && fix.least_cut) || global.verbose;
    for one in left.iter().filter(unasked) {
        reasons.entry(&one.why).or_default().push(&one.finding);
    }
    for (why, findings) in reasons {
        const SHOWN: usize = 3;
        let shown = if global.verbose {
            findings.len()
        } else {
            SHOWN
        };
        let mut places: Vec<String> = findings
            .iter()
            .take(shown)
            .map(|finding| format!("{} at {}", finding.rule, place(finding)))
            .collect();
        if findings.len() > shown {
            places.push(format!("{} more", findings.len() - shown));
        }
        talk::note(global, &format!("left: {}: {why}", places.join(", ")));
    }
}
