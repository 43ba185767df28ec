//! Every rule's page is true: *Exposed* gives what it says, *Closed* and *Not seen* nothing.
//!
//! The files of a page go through the real collectors. Law 6 is held here for whole findings
//! too: facts in another order give the same.

#[path = "support/judged.rs"]
mod judged;

use judged::{expected, facts, judge};
use keytrail_detect::Detector;
use keytrail_rules::{Expected, Page, RULES};

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
