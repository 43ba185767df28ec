//! Examples of pages, through the real collectors and rules.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use keytrail_detect::Detector;
use keytrail_files::{ExportOptions, Exports, FilesOptions};
use keytrail_graph::Graph;
use keytrail_infra::TableTarget;
use keytrail_model::{Fact, Finding, Fingerprinter, MemoryTree, Progress};
use keytrail_rules::{Context, Example, Expected, Kind, Outcome, evaluate};

#[path = "../../../keytrail-http/tests/support/script.rs"]
mod script;

/// What the collectors make of an example.
pub(crate) fn facts(example: &Example, detector: &Detector) -> Vec<Fact> {
    let files = example
        .files
        .iter()
        .filter(|file| file.commit == 0)
        .map(|file| (file.path.as_str(), file.text.as_str()));
    let tree = MemoryTree::new(files);
    let prints = Fingerprinter::default();
    let progress = Progress::default();
    let mut facts = keytrail_code::collect(&tree, detector, &prints, &progress).facts;
    let exports = Exports::find(&tree);
    let read = ExportOptions::default();
    let items = keytrail_files::exports(&tree, &exports, detector, &prints, &progress, &read);
    facts.extend(items.unwrap().facts);
    let options = FilesOptions {
        exports,
        ..FilesOptions::default()
    };
    facts.extend(keytrail_files::collect(&tree, detector, &prints, &progress, &options).facts);
    let infra = keytrail_infra::collect(&tree, &progress);
    facts.extend(infra.collected.facts);
    let mut targets: Vec<TableTarget> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Table(table) => Some(TableTarget::of_table(table)),
            _ => None,
        })
        .collect();
    targets.sort_unstable();
    targets.dedup();
    facts.extend(infra.access.grants(&targets).into_iter().map(Fact::Grant));
    facts.extend(history(example, detector, &prints));
    facts.extend(service(example, detector, &prints));
    facts
}

/// What the service of the example answers, where it has a script of one.
fn service(example: &Example, detector: &Detector, prints: &Fingerprinter) -> Vec<Fact> {
    let scripts = example
        .files
        .iter()
        .filter(|file| file.path.ends_with("service.http"));
    scripts
        .flat_map(|file| {
            let options = script::Script::parse(&file.text).serve();
            let progress = Progress::default();
            keytrail_http::collect(options, detector, prints, &progress)
                .unwrap()
                .facts
        })
        .collect()
}

/// The commits of the example, made by git in a directory that is gone afterwards.
fn history(example: &Example, detector: &Detector, prints: &Fingerprinter) -> Vec<Fact> {
    let mut commits: Vec<u32> = example.files.iter().map(|file| file.commit).collect();
    commits.sort_unstable();
    commits.dedup();
    commits.retain(|&commit| commit > 0);
    if commits.is_empty() {
        return Vec::new();
    }
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    git(root, &["init", "-q"]);
    // The tree as it is comes last.
    for commit in commits.into_iter().chain([0]) {
        git(root, &["rm", "-rqf", "--ignore-unmatch", "."]);
        for file in example.files.iter().filter(|file| file.commit == commit) {
            let path = root.join(&file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &file.text).unwrap();
        }
        git(root, &["add", "-A"]);
        git(root, &["commit", "-q", "--allow-empty", "-m", "change"]);
    }
    let options = keytrail_files::HistoryOptions::default();
    keytrail_files::history(root, detector, prints, &Progress::default(), &options).facts
}

fn git(directory: &std::path::Path, arguments: &[&str]) {
    let output = std::process::Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(["-c", "commit.gpgsign=false"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}");
}

/// What the rules make of the facts.
pub(crate) fn judge(facts: &[Fact]) -> Outcome {
    let graph = Graph::build(facts);
    let cx = Context::new(facts, &graph).reading(Kind::Files);
    evaluate(&cx.reading(Kind::History))
}

/// A finding as a page names it.
pub(crate) fn expected(finding: &Finding) -> Expected {
    Expected {
        rule: finding.rule.to_owned(),
        path: finding.location.span().path.to_string(),
        line: finding.location.span().line,
        severity: finding.severity.as_str().to_owned(),
    }
}
