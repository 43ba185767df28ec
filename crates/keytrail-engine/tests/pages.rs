//! Every rule's page is true: *Exposed* gives what it says, *Closed* and *Not seen* nothing.
//!
//! The files of a page go through the real collectors. Law 6 is held here for whole findings
//! too: facts in another order give the same.

use keytrail_detect::Detector;
use keytrail_files::FilesOptions;
use keytrail_graph::Graph;
use keytrail_infra::TableTarget;
use keytrail_model::{Fact, Finding, Fingerprinter, MemoryTree, Progress};
use keytrail_rules::{Context, Example, Expected, Kind, Outcome, Page, RULES, evaluate};

fn facts(example: &Example, detector: &Detector) -> Vec<Fact> {
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

fn judge(facts: &[Fact]) -> Outcome {
    let graph = Graph::build(facts);
    evaluate(&Context::new(facts, &graph).reading(Kind::Files))
}

fn expected(finding: &Finding) -> Expected {
    Expected {
        rule: finding.rule.to_owned(),
        path: finding.location.span().path.to_string(),
        line: finding.location.span().line,
        severity: finding.severity.as_str().to_owned(),
    }
}

fn shown(findings: &[Expected]) -> String {
    let lines: Vec<String> = findings
        .iter()
        .map(|it| format!("{}:{} {}", it.path, it.line, it.severity))
        .collect();
    lines.join(", ")
}

#[test]
fn pages_are_true() {
    let detector = Detector::default();
    let mut wrong = Vec::new();
    for rule in RULES {
        let id = rule.meta().id;
        let page = Page::parse(rule.meta().page).unwrap_or_else(|error| panic!("{id}: {error}"));
        let sections = [
            ("Exposed", &page.exposed),
            ("Closed", &page.closed),
            ("Not seen", &page.not_seen),
        ];
        for (section, example) in sections
            .into_iter()
            .flat_map(|(name, all)| all.iter().map(move |example| (name, example)))
        {
            let findings = judge(&facts(example, &detector)).findings;
            let mut found: Vec<Expected> = findings
                .iter()
                .filter(|finding| finding.rule == id)
                .map(expected)
                .collect();
            found.sort();
            if found != example.expected {
                wrong.push(format!(
                    "{id} / {section}\n  expected {}\n  found    {}",
                    shown(&example.expected),
                    shown(&found)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_order_of_facts_does_not_matter() {
    let detector = Detector::default();
    for rule in RULES {
        let page = Page::parse(rule.meta().page).unwrap();
        for example in &page.exposed {
            let mut facts = facts(example, &detector);
            let straight = judge(&facts);
            facts.reverse();
            let repeated = facts.first().cloned();
            facts.extend(repeated);
            assert_eq!(judge(&facts), straight, "{}", rule.meta().id);
        }
    }
}
