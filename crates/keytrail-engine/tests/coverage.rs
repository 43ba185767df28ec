//! `docs/coverage.md` is true: each sentence of the article that names a danger or a remedy has
//! its rules, and each rule the finding of `examples/leaky` that shows it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::BTreeSet;

use keytrail_engine::{Watch, who};
use keytrail_model::{Actor, Finding, Location, Rightful, Severity, Step};
use keytrail_rules::find;

struct Sentence {
    text: String,
    /// Rule, file, symbol.
    shown: Vec<(String, String, Option<String>)>,
    to_come: Vec<String>,
}

fn table(path: &std::path::Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .filter(|line| !line.starts_with("sentence |") && !line.starts_with("---"))
        .map(|line| line.split(" | ").map(str::to_owned).collect())
        .collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn coverage() -> Vec<Sentence> {
    table(&support::example("../docs/coverage.md"))
        .into_iter()
        .map(|cells| {
            let [text, shown, to_come] = <[String; 3]>::try_from(cells).unwrap();
            Sentence {
                text,
                shown: shown.split("<br>").filter_map(place).collect(),
                to_come: quoted(&to_come),
            }
        })
        .collect()
}

fn place(cell: &str) -> Option<(String, String, Option<String>)> {
    let mut parts = quoted(cell).into_iter();
    Some((parts.next()?, parts.next()?, parts.next()))
}

#[test]
fn every_sentence_of_the_article_is_there() {
    let article: BTreeSet<String> = table(&support::example("leaky/ARTICLE.md"))
        .into_iter()
        .map(|cells| cells[0].clone())
        .collect();
    let covered: BTreeSet<String> = coverage().into_iter().map(|it| it.text).collect();
    assert!(article.len() > 25);
    assert_eq!(covered, article);
}

#[test]
fn every_rule_and_finding_exists() {
    let outcome = support::scanned("leaky");
    let findings = &outcome.report.findings;
    for sentence in coverage() {
        for (rule, path, symbol) in &sentence.shown {
            assert!(find(rule).is_some(), "{rule}: {}", sentence.text);
            let shown = findings.iter().any(|finding| {
                finding.rule == rule
                    && *finding.location.span().path == **path
                    && finding.location.symbol() == symbol.as_deref()
            });
            assert!(shown, "{rule} {path} {symbol:?}: {}", sentence.text);
        }
        for rule in &sentence.to_come {
            assert!(find(rule).is_none(), "{rule} exists: {}", sentence.text);
        }
        let said = !sentence.shown.is_empty() || !sentence.to_come.is_empty();
        assert!(said, "{}", sentence.text);
    }
}

#[test]
fn the_same_service_done_right_is_clean() {
    let outcome = support::scanned("sealed");
    let worse: Vec<&Finding> = outcome
        .report
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Low || finding.actor.is_some())
        .collect();
    assert!(worse.is_empty(), "{worse:?}");
    assert_eq!(outcome.report.least_cut.of, 0);
}

/// True where each is found, in this order, others between them.
fn in_order(steps: &[Step], wanted: &[(&str, &str, &str)]) -> bool {
    let mut steps = steps.iter();
    wanted.iter().all(|&(label, path, kind)| {
        steps.any(|step| {
            step.label.contains(label)
                && *step.location.span().path == *path
                && step.location.kind() == kind
        })
    })
}

const MAIN_PATH: &[(&str, &str, &str)] = &[
    ("the caller sends api_key", "vendors/views.py", "code"),
    ("put_item stores it as api_key", "vendors/store.py", "code"),
    ("index `service-index`", "terraform/keys.tf", "resource"),
    (
        "query reads `api_key` of `keyring-keys` through index `service-index`",
        "vendors/store.py",
        "code",
    ),
    ("goes into the response", "vendors/views.py", "code"),
    (
        "answers GET /api/services/<slug:service>/keys/",
        "vendors/views.py",
        "code",
    ),
    ("the URL", "vendors/urls.py", "code"),
    (
        "permission classes let in anybody",
        "vendors/views.py",
        "code",
    ),
];

#[test]
fn the_main_path_has_a_line_at_each_hop() {
    let outcome = support::scanned("leaky");
    let finding = outcome
        .report
        .findings
        .iter()
        .find(|finding| {
            finding.rule == "item-in-response"
                && finding.location.symbol() == Some("vendors.views.ServiceDirectory.get")
        })
        .unwrap();
    assert_eq!(finding.severity, Severity::Critical);
    assert_eq!(finding.actor, Some(Actor::Anonymous));
    assert!(in_order(&finding.path, MAIN_PATH), "{:#?}", finding.path);
    for step in &finding.path {
        let span = step.location.span();
        assert!(span.line > 0 && !span.path.is_empty(), "{step:?}");
        let file = std::fs::read_to_string(support::example("leaky").join(&*span.path)).unwrap();
        assert!(file.lines().count() >= span.line as usize, "{step:?}");
    }
}

#[test]
fn who_gets_the_key_of_the_table() {
    let answer = who(
        &support::options("leaky"),
        "keyring-keys.api_key",
        &Watch::default(),
    )
    .unwrap();
    let standings = answer.standings.unwrap();
    let first = standings.first().unwrap();
    assert_eq!(first.rightful, Rightful::No);
    let anonymous = |steps: &[Step]| in_order(steps, &MAIN_PATH[1..]);
    assert!(
        standings
            .iter()
            .any(|standing| { standing.actor == Actor::Anonymous && anonymous(&standing.steps) })
    );
    let wrong: BTreeSet<String> = standings
        .iter()
        .filter(|standing| standing.rightful == Rightful::No)
        .map(|standing| standing.actor.to_string())
        .collect();
    for actor in ["anonymous caller", "log reader"] {
        assert!(
            wrong.iter().any(|it| it.contains(actor)),
            "{actor}: {wrong:?}"
        );
    }
    assert!(standings.iter().any(|it| it.rightful == Rightful::Yes));
    let located = |location: &Location| !location.span().path.is_empty();
    assert!(
        standings
            .iter()
            .all(|it| it.steps.iter().all(|step| located(&step.location)))
    );
}
