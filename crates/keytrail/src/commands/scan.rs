//! `keytrail scan`.

use std::sync::Arc;

use keytrail_engine::{Outcome, Watch};
use keytrail_report::{TerminalOptions, Verdict};

use super::options;
use crate::cli::{Format, Global, Scan};
use crate::failure::usage;
use crate::progress::Shown;
use crate::{output, talk};

pub(super) fn run(global: &Global, scan: &Scan) -> anyhow::Result<u8> {
    check_sources(&scan.require)?;
    let files = scan.output.iter().map(|further| &further.file);
    files
        .chain(&scan.file)
        .try_for_each(|file| output::check(file))?;
    let mut options = options(&scan.paths, &scan.reading);
    options.aws = super::aws::asked(scan)?;
    options.trail = super::aws::trail(&scan.trail, &scan.account);
    if !global.quiet {
        options.tell = talk::say;
    }
    options.baseline.clone_from(&scan.baseline);
    options.diff.clone_from(&scan.diff);
    options.new_only = scan.new_only;
    options.resume.clone_from(&scan.resume);
    options.fail_on = scan.fail_on;
    options.require.clone_from(&scan.require);
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let outcome = keytrail_engine::scan(&options, &watch);
    drop(shown);
    let outcome = outcome?;

    // A colour or a fold is for standard output only.
    for further in &scan.output {
        output::write(
            &further.file,
            &render(global, &outcome, further.format, false),
        )?;
    }
    match &scan.file {
        Some(file) => output::write(file, &render(global, &outcome, scan.format, false))?,
        None => output::print(&render(global, &outcome, scan.format, true))?,
    }
    tell(global, &outcome);
    Ok(outcome.verdict.exit_code())
}

fn check_sources(required: &[String]) -> anyhow::Result<()> {
    const KNOWN: [&str; 7] = [
        "code", "files", "infra", "history", "cloud", "http", "trail",
    ];
    for source in required {
        if !KNOWN.contains(&source.as_str()) {
            let hint = keytrail_engine::nearest(source, KNOWN).map_or_else(
                || format!("sources are {}", KNOWN.join(", ")),
                |nearest| format!("did you mean `{nearest}`?"),
            );
            return Err(usage(format!("there is no source `{source}`"), hint));
        }
    }
    Ok(())
}

fn render(global: &Global, outcome: &Outcome, format: Format, to_terminal: bool) -> String {
    let report = &outcome.report;
    match format {
        Format::Terminal => {
            let options = TerminalOptions {
                color: to_terminal && talk::color(global),
                width: talk::width(),
                verbose: global.verbose,
            };
            keytrail_report::terminal(report, outcome.sources(), options)
        }
        Format::Json => keytrail_report::json(report),
        Format::Sarif => keytrail_report::sarif(report),
        Format::Html => keytrail_report::html(report, outcome.sources()),
        Format::Markdown => keytrail_report::markdown(report, Some(&outcome.verdict)),
        Format::Junit => keytrail_report::junit(report, outcome.fail_on),
        Format::Gitlab => keytrail_report::gitlab(report),
    }
}

fn tell(global: &Global, outcome: &Outcome) {
    for note in &outcome.notes {
        talk::note(global, &format!("note: {note}"));
    }
    match &outcome.verdict {
        Verdict::Pass => {}
        Verdict::Findings(reasons) | Verdict::NotEvaluated(reasons) => {
            talk::note(global, &format!("gate: failed, {}", reasons.join("; ")));
        }
    }
}
