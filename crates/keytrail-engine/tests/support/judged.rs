//! Examples of pages, through the real collectors and rules.

use keytrail_detect::Detector;
use keytrail_files::FilesOptions;
use keytrail_graph::Graph;
use keytrail_infra::TableTarget;
use keytrail_model::{Fact, Finding, Fingerprinter, MemoryTree, Progress};
use keytrail_rules::{Context, Example, Expected, Kind, Outcome, evaluate};

/// What the collectors make of an example.
pub(crate) fn facts(example: &Example, detector: &Detector) -> Vec<Fact> {
    let files = example
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.text.as_str()));
    let tree = MemoryTree::new(files);
    let prints = Fingerprinter::default();
    let progress = Progress::default();
    let mut facts = keytrail_code::collect(&tree, detector, &prints, &progress).facts;
    let options = FilesOptions::default();
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
    facts
}

/// What the rules make of the facts.
pub(crate) fn judge(facts: &[Fact]) -> Outcome {
    let graph = Graph::build(facts);
    evaluate(&Context::new(facts, &graph).reading(Kind::Files))
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
