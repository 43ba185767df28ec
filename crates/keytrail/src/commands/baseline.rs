//! `keytrail baseline`.

use std::path::Path;
use std::sync::Arc;

use keytrail_engine::{FailOn, Watch};

use super::options;
use crate::cli::{Baseline, Global};
use crate::progress::Shown;
use crate::{output, talk};

pub(super) fn run(global: &Global, baseline: &Baseline) -> anyhow::Result<u8> {
    output::check(&baseline.file)?;
    let mut options = options(&baseline.paths, &baseline.reading);
    options.fail_on = Some(FailOn::Never);
    // What the old baseline let pass belongs into the new one too.
    options.without_baseline = true;
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let outcome = keytrail_engine::scan(&options, &watch);
    drop(shown);
    let outcome = outcome?;
    let known = keytrail_report::Baseline::of(&outcome.report.findings, outcome.sources());
    output::write(&baseline.file, &known.to_text())?;
    let count = known.len();
    let noun = if count == 1 { "finding" } else { "findings" };
    talk::note(
        global,
        &format!(
            "{count} {noun} in {}; use it with `keytrail scan --baseline {}`",
            baseline.file.display(),
            baseline.file.display()
        ),
    );
    if conflicts(&baseline.file) {
        let name = baseline.file.file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        talk::note(
            global,
            &format!(
                "two branches' baselines merge by themselves with `{name} merge=union` in .gitattributes"
            ),
        );
    }
    Ok(0)
}

/// In a repository whose `.gitattributes` say nothing about the file.
fn conflicts(file: &Path) -> bool {
    let Ok(file) = file.canonicalize() else {
        return false;
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let named = |text: &str| {
        let mut lines = text.lines();
        lines.any(|line| line.contains(&*name) && line.contains("merge=union"))
    };
    for directory in file.ancestors().skip(1) {
        let attributes = std::fs::read_to_string(directory.join(".gitattributes"));
        if attributes.is_ok_and(|text| named(&text)) {
            return false;
        }
        if directory.join(".git").exists() {
            return true;
        }
    }
    false
}
