//! One small case for each construct that the code analysis knows: what is there is found, and what
//! is nearly there is not.
//!
//! A page below `constructs` is an area; how it is written is told in `keytrail_rules::Area`. Its expectations are findings,
//! `rule path:line severity`, and rules that find nothing, `none: rule`. Only the rules that a case names are looked at.

#[path = "support/judged.rs"]
mod judged;

use std::collections::BTreeSet;
use std::path::Path;

use judged::{expected, facts, judge};
use keytrail_detect::Detector;
use keytrail_rules::{Area, Case, Expected, Section, find};

/// Cases over all areas: no fewer than this.
const LEAST: usize = 950;

/// The areas, by file name.
fn areas() -> Vec<(String, Area)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/constructs");
    let mut areas: Vec<(String, Area)> = std::fs::read_dir(folder)
        .expect("the folder of areas")
        .map(|entry| entry.expect("an area").path())
        .filter(|path| path.extension().is_some_and(|it| it == "md"))
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(&path).expect("an area's text");
            let area = Area::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, area)
        })
        .collect();
    areas.sort_by(|a, b| a.0.cmp(&b.0));
    areas
}

/// The rules that a case speaks of.
fn named(case: &Case) -> BTreeSet<&str> {
    let expected = case.example.expected.iter().map(|it| it.rule.as_str());
    expected
        .chain(case.example.absent.iter().map(String::as_str))
        .collect()
}

/// What the rules that the case names find in it.
fn found(case: &Case, detector: &Detector) -> Vec<Expected> {
    let rules = named(case);
    let outcome = judge(&facts(&case.example, detector));
    let findings = outcome.findings.iter().map(expected);
    let mut found: Vec<Expected> = findings
        .filter(|finding| rules.contains(finding.rule.as_str()))
        .collect();
    found.sort();
    found
}

fn shown(findings: &[Expected]) -> String {
    if findings.is_empty() {
        return "nothing".to_owned();
    }
    let lines: Vec<String> = findings
        .iter()
        .map(|it| format!("{} {}:{} {}", it.rule, it.path, it.line, it.severity))
        .collect();
    lines.join(", ")
}

#[test]
fn cases_are_true() {
    let detector = Detector::default();
    let mut wrong = Vec::new();
    for (file, area) in areas() {
        for case in &area.cases {
            let found = found(case, &detector);
            if found != case.example.expected {
                wrong.push(format!(
                    "{file}:{} {} / {}\n  expected {}\n  found    {}",
                    case.line,
                    case.construct,
                    case.section.as_str(),
                    shown(&case.example.expected),
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

/// A case that finds nothing must stand beside one of its construct, or at least of its area, in which the same rule
/// finds something: else nothing shows that it could fail.
#[test]
fn every_case_could_fail() {
    for (file, area) in areas() {
        for case in &area.cases {
            let place = format!("{file}:{} {}", case.line, case.construct);
            for rule in named(case) {
                assert!(find(rule).is_some(), "{place}: no rule `{rule}`");
            }
            for rule in &case.example.absent {
                let finds = |other: &Case| other.example.expected.iter().any(|it| it.rule == *rule);
                let near = area.cases.iter().any(finds);
                assert!(near, "{place}: `{rule}` finds nothing in the whole area");
            }
        }
    }
}

#[test]
fn constructs_have_names_of_their_own() {
    for (file, area) in areas() {
        let mut seen = BTreeSet::new();
        assert!(!area.name.is_empty(), "{file}: no heading");
        let mut last = "";
        for case in &area.cases {
            if case.construct != last {
                let name = case.construct.to_lowercase();
                assert!(seen.insert(name), "{file}: twice `{}`", case.construct);
                last = &case.construct;
            }
        }
    }
}

/// Positives and negatives are about half each.
#[test]
fn enough_of_each() {
    let areas = areas();
    let cases: Vec<&Case> = areas.iter().flat_map(|(_, area)| &area.cases).collect();
    let exposed = cases
        .iter()
        .filter(|case| case.section == Section::Exposed)
        .count();
    let share = exposed * 100 / cases.len().max(1);
    assert!(cases.len() >= LEAST, "{} cases", cases.len());
    assert!((40..=60).contains(&share), "{share} % are exposed");
}
