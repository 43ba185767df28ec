//! `keytrail who TARGET`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keytrail_engine::{Answer, Aws, Options, Watch};
use keytrail_report::TerminalOptions;

use super::options;
use crate::cli::{Global, Who};
use crate::failure::usage;
use crate::progress::Shown;
use crate::{output, talk};

pub(super) fn run(global: &Global, who: &Who) -> anyhow::Result<u8> {
    if let Some(principal) = &who.principal {
        return reads(global, who, principal);
    }
    let options = Options {
        aws: aws(who),
        trail: super::aws::trail(&who.trail, &who.account),
        ..options(&who.paths, &who.reading)
    };
    let target = who.target.as_deref().unwrap_or_default();
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let answer = keytrail_engine::who(&options, target, &watch);
    drop(shown);
    let answer = answer?;
    if answer.standings.is_none() && answer.readers.is_empty() {
        return Err(unknown(target, &answer));
    }
    let layout = TerminalOptions {
        color: talk::color(global),
        width: talk::width(),
        verbose: global.verbose,
    };
    let standings = answer.standings.as_deref().unwrap_or_default();
    let mut told = keytrail_report::who(target, standings, answer.sources(), layout);
    if answer.standings.is_none() {
        told.push_str("No key is known to lie there.\n");
    }
    if !answer.readers.is_empty() {
        told.push('\n');
        told.push_str(&keytrail_report::readers(&answer.readers));
    }
    output::print(&told)?;
    Ok(0)
}

fn aws(who: &Who) -> Option<Aws> {
    who.aws.then(|| super::aws::of(&who.account))
}

/// What a principal may read.
fn reads(global: &Global, who: &Who, principal: &str) -> anyhow::Result<u8> {
    // Without a table the first argument is a path already.
    let (target, paths) = match &who.target {
        Some(first) if Path::new(first).exists() => (None, vec![PathBuf::from(first)]),
        other => (other.as_deref(), who.paths.clone()),
    };
    let options = Options {
        aws: aws(who),
        trail: super::aws::trail(&who.trail, &who.account),
        ..options(&paths, &who.reading)
    };
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let answer = keytrail_engine::reads(&options, principal, target, &watch);
    drop(shown);
    let answer = answer?;
    let Some(address) = &answer.principal else {
        let nearest = answer.nearest.as_deref();
        return Err(super::can::unknown(principal, nearest, &answer.known));
    };
    let told = keytrail_report::reads(address, &answer.grants, &answer.rights);
    output::print(&told)?;
    Ok(0)
}

fn unknown(target: &str, answer: &Answer) -> anyhow::Error {
    if answer.asked_with_key {
        return usage(
            "nothing here is called so, and what you gave looks like a key: it is not repeated here",
            "clear it from your shell's history; ask by table, attribute, setting or fingerprint",
        );
    }
    let hint = match (&answer.nearest, answer.known.as_slice()) {
        (Some(nearest), _) => format!("did you mean `{nearest}`?"),
        (None, []) => "no key was found in this tree".to_owned(),
        (None, known) => format!("known here: {}", known.join(", ")),
    };
    usage(format!("nothing here is called `{target}`"), hint)
}
