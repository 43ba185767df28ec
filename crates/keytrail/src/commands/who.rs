//! `keytrail who TARGET`.

use std::sync::Arc;

use keytrail_engine::{Answer, Watch};
use keytrail_report::TerminalOptions;

use super::options;
use crate::cli::{Global, Who};
use crate::failure::usage;
use crate::progress::Shown;
use crate::{output, talk};

pub(super) fn run(global: &Global, who: &Who) -> anyhow::Result<u8> {
    let options = options(&who.paths, &who.reading);
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let answer = keytrail_engine::who(&options, &who.target, &watch);
    drop(shown);
    let answer = answer?;
    let Some(standings) = &answer.standings else {
        return Err(unknown(&who.target, &answer));
    };
    let layout = TerminalOptions {
        color: talk::color(global),
        width: talk::width(),
        verbose: global.verbose,
    };
    output::print(&keytrail_report::who(
        &who.target,
        standings,
        answer.sources(),
        layout,
    ))?;
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
