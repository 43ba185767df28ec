//! `keytrail scan`.

use std::sync::Arc;

use keytrail_engine::{Options, Outcome, Watch};
use keytrail_report::{TerminalOptions, Verdict};

use super::options;
use crate::cli::{Format, Global, Probe, Reading, Scan, Showing};
use crate::failure::usage;
use crate::progress::Shown;
use crate::{output, talk};

pub(super) fn run(global: &Global, scan: &Scan) -> anyhow::Result<u8> {
    let here = scan.paths.is_empty() && scan.url.is_none();
    let paths = if here {
        vec![".".into()]
    } else {
        scan.paths.clone()
    };
    if scan.url.is_none() && scan.asking.says_something(scan.validating.validate) {
        let what = "something is said about a running service, but none is named";
        return Err(usage(what, "add --url URL"));
    }
    let mut options = options(&paths, &scan.reading);
    options.aws = super::aws::asked(scan)?;
    options.trail = super::aws::trail(&scan.trail, &scan.account);
    options.diff.clone_from(&scan.diff);
    options.resume.clone_from(&scan.resume);
    options.http = scan.url.as_deref().map(|url| scan.asking.of(url));
    options.validate = scan.validating.of(&scan.asking);
    judge(global, options, &scan.showing)
}

/// `keytrail probe`: the service alone.
pub(super) fn probe(global: &Global, probe: &Probe) -> anyhow::Result<u8> {
    let reading = Reading {
        only: Vec::new(),
        exclude: Vec::new(),
        config: probe.config.clone(),
        cache_dir: None,
        workspace: None,
        no_cache: true,
    };
    let mut options = options(&[], &reading);
    options.http = Some(probe.asking.of(&probe.url));
    judge(global, options, &probe.showing)
}

/// Runs, shows, and says how it ends.
fn judge(global: &Global, mut options: Options, showing: &Showing) -> anyhow::Result<u8> {
    check_sources(&showing.require)?;
    let files = showing.output.iter().map(|further| &further.file);
    files
        .chain(&showing.file)
        .try_for_each(|file| output::check(file))?;
    if !global.quiet {
        options.tell = talk::say;
    }
    options.baseline.clone_from(&showing.baseline);
    options.new_only = showing.new_only;
    options.fail_on = showing.fail_on;
    options.require.clone_from(&showing.require);
    let service = options.http.as_ref().is_some_and(|http| http.dry_run);
    let vendors = options.validate.as_ref().is_some_and(|it| it.dry_run);
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let outcome = keytrail_engine::scan(&options, &watch);
    drop(shown);
    let outcome = outcome?;
    if service || vendors {
        return planned(&outcome, service);
    }

    // A colour or a fold is for standard output only.
    for further in &showing.output {
        output::write(
            &further.file,
            &render(global, &outcome, further.format, false),
        )?;
    }
    match &showing.file {
        Some(file) => output::write(file, &render(global, &outcome, showing.format, false))?,
        None => output::print(&render(global, &outcome, showing.format, true))?,
    }
    tell(global, &outcome);
    Ok(outcome.verdict.exit_code())
}

/// What would be sent, a request a line; a service's answers would decide on more.
fn planned(outcome: &Outcome, service: bool) -> anyhow::Result<u8> {
    let mut lines = outcome.planned.join("\n");
    if !lines.is_empty() {
        lines.push('\n');
    }
    output::print(&lines)?;
    let number = outcome.planned.len();
    talk::say(&if service {
        format!(
            "{number} requests would be sent at first; what is answered decides on further ones"
        )
    } else {
        format!("{number} requests would be sent, each with its key, to the host it names")
    });
    Ok(0)
}

fn check_sources(required: &[String]) -> anyhow::Result<()> {
    const KNOWN: [&str; 8] = [
        "code", "files", "infra", "history", "cloud", "http", "trail", "validate",
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
