//! SARIF 2.1.0, within GitHub's limits: paths as code flows, rules with their pages, identities
//! that survive moved lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use keytrail_model::{Confidence, CoverageStatus, FileSpan, Finding, Location, Severity, Step};
use serde_json::{Value, json};

use crate::{BaselineKey, Report, RuleInfo, baseline, grade, text};

/// GitHub keeps 5,000 results of a run, and not reliably the worst: no more are written.
pub(crate) const MOST_RESULTS: usize = 5_000;
/// Steps of one flow; GitHub keeps 1,000.
const MOST_STEPS: usize = 250;
/// Steps of all flows together: it keeps a file of the most results well below the ten megabytes that GitHub takes.
const MOST_STEPS_OF_ALL: usize = 100_000;
/// Characters of a message; GitHub shows no more.
const LONGEST_MESSAGE: usize = 1_000;
/// Where the rules' pages are read online.
const INFORMATION: &str = "https://github.com/keytrail/keytrail";

/// The report as SARIF, with a final newline.
pub fn sarif(report: &Report) -> String {
    let rules = Rules::of(report);
    let keys = baseline::keys(&report.findings);
    let mut order: Vec<usize> = (0..report.findings.len()).collect();
    order.sort_by_key(|&at| {
        let finding = &report.findings[at];
        (
            finding.suppressed.is_some(),
            std::cmp::Reverse(finding.severity),
            at,
        )
    });
    let mut room = Room::default();
    let results: Vec<Value> = order
        .iter()
        .take(MOST_RESULTS)
        .map(|&at| result(&report.findings[at], keys[at], &rules, &mut room))
        .collect();
    let grading = grade(&report.findings);
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Keytrail",
                "semanticVersion": report.tool_version,
                "informationUri": INFORMATION,
                "rules": rules.described(report),
            }},
            "automationDetails": { "id": "keytrail/" },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "SRCROOT": {
                "description": { "text": "The scanned root." }
            }},
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications(report, order.len(), &room),
            }],
            "properties": {
                "grade": grading.grade.as_str(),
                "score": grading.score,
                "leastCut": report.least_cut.edits.iter().map(|edit| &edit.title).collect::<Vec<_>>(),
            },
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

/// What the flows took so far; the worst findings come first and get theirs.
#[derive(Default)]
struct Room {
    steps: usize,
    without: usize,
}

impl Room {
    fn takes(&mut self, finding: &Finding) -> bool {
        let steps = finding.path.len().min(MOST_STEPS);
        let fits = self.steps + steps <= MOST_STEPS_OF_ALL;
        if fits {
            self.steps += steps;
        } else {
            self.without += 1;
        }
        fits
    }
}

/// The rules that this file names, with their index.
struct Rules<'a>(BTreeMap<&'a str, usize>);

impl<'a> Rules<'a> {
    fn of(report: &'a Report) -> Self {
        let mut ids: BTreeMap<&str, usize> = report.rules.iter().map(|rule| (rule.id, 0)).collect();
        ids.extend(report.findings.iter().map(|finding| (finding.rule, 0)));
        for (at, index) in ids.values_mut().enumerate() {
            *index = at;
        }
        Self(ids)
    }

    fn described(&self, report: &Report) -> Vec<Value> {
        self.0
            .keys()
            .map(|id| match report.rule(id) {
                Some(rule) => describe(rule, worst(report, id).unwrap_or(rule.severity)),
                None => json!({ "id": id }),
            })
            .collect()
    }
}

/// The worst that was found of a rule: code scanning shows a result as severe as its rule.
fn worst(report: &Report, rule: &str) -> Option<Severity> {
    report
        .findings
        .iter()
        .filter(|finding| finding.rule == rule)
        .map(|finding| finding.severity)
        .max()
}

fn describe(rule: &RuleInfo, severity: Severity) -> Value {
    let cwe = rule
        .cwe
        .iter()
        .map(|number| format!("external/cwe/cwe-{number:03}"));
    // GitHub keeps ten tags.
    let tags: Vec<String> = std::iter::once("security".to_owned())
        .chain(cwe)
        .take(10)
        .collect();
    json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.title },
        "help": { "text": rule.page, "markdown": rule.page },
        "helpUri": format!("{INFORMATION}/blob/main/docs/rules.md#{}", rule.id),
        "defaultConfiguration": { "level": level(severity) },
        "properties": { "tags": tags, "security-severity": security_severity(severity) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A number in GitHub's band for the severity; above 9.0 is critical, 7.0 high, 4.0 medium.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
        Severity::Info => "0.1",
    }
}

/// 0 to 100, for viewers that sort by it.
fn rank(finding: &Finding) -> u32 {
    let confidence = match finding.confidence {
        Confidence::Possible => 0,
        Confidence::Likely => 5,
        Confidence::Observed => 10,
    };
    20 * (finding.severity as u32) + confidence
}

fn result(finding: &Finding, key: BaselineKey, rules: &Rules<'_>, room: &mut Room) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": rules.0.get(finding.rule),
        "level": level(finding.severity),
        "rank": rank(finding),
        "message": { "text": message(finding) },
        "locations": [location(&finding.location)],
        "partialFingerprints": { "keytrailBaseline/v1": key.to_string() },
        "properties": {
            "severity": finding.severity.as_str(),
            "confidence": finding.confidence.as_str(),
            "actor": finding.actor.as_ref().map(ToString::to_string),
        },
    });
    if finding.path.len() > 1 && room.takes(finding) {
        result["codeFlows"] = json!([flow(finding)]);
    }
    if let Some(suppression) = &finding.suppressed {
        let kind = if suppression.reason == "baseline" {
            "external"
        } else {
            "inSource"
        };
        result["suppressions"] = json!([{
            "kind": kind,
            "status": "accepted",
            "justification": suppression.reason,
        }]);
    }
    result
}

/// The message with who gets the key and the first thing to do: code scanning shows little else.
fn message(finding: &Finding) -> String {
    let mut message = text::clean(&finding.message);
    if let Some(actor) = &finding.actor {
        message.push_str(&text::clean(&format!(" Reached by: {actor}.")));
    }
    if let Some(fix) = finding.fixes.first() {
        message.push_str(&text::clean(&format!(" To mend it: {}.", fix.title)));
    }
    text::crop(&message, LONGEST_MESSAGE)
}

fn flow(finding: &Finding) -> Value {
    let last = finding.path.len() - 1;
    let steps: Vec<Value> = finding
        .path
        .iter()
        .enumerate()
        .take(MOST_STEPS)
        .map(|(at, step)| {
            json!({
                "location": step_location(step),
                "importance": if at == 0 || at == last { "essential" } else { "important" },
            })
        })
        .collect();
    let to = finding
        .actor
        .as_ref()
        .map_or_else(String::new, |actor| format!(" to {actor}"));
    json!({
        "message": { "text": text::clean(&format!("From the key{to}")) },
        "threadFlows": [{ "locations": steps }],
    })
}

fn step_location(step: &Step) -> Value {
    let mut value = location(&step.location);
    value["message"] = json!({ "text": text::crop(&text::clean(&step.label), LONGEST_MESSAGE) });
    value
}

fn location(location: &Location) -> Value {
    let span = location.span();
    if let Location::Exchange { method, url, .. } = location {
        // No file: the address is the artifact, and the operation its name.
        let name = format!("{method} {}", span.path);
        return json!({
            "physicalLocation": { "artifactLocation": { "uri": web(url) } },
            "logicalLocations": [{ "fullyQualifiedName": text::clean(&name), "kind": "resource" }],
        });
    }
    let mut value = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&span.path), "uriBaseId": "SRCROOT" },
            "region": region(span),
        },
    });
    if let Some(symbol) = location.symbol() {
        let kind = match location {
            Location::Code { .. } => "function",
            _ => "resource",
        };
        value["logicalLocations"] = json!([{
            "fullyQualifiedName": text::clean(symbol),
            "kind": kind,
        }]);
    }
    value
}

/// An absolute URI; what is not plainly allowed in one is escaped.
fn web(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Lines and columns start at 1 in SARIF too; an end before the start would be refused.
fn region(span: &FileSpan) -> Value {
    let (line, column) = (span.line.max(1), span.column.max(1));
    let end_line = span.end_line.max(line);
    let least = if end_line == line { column } else { 1 };
    json!({
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": span.end_column.max(least),
    })
}

/// A relative URI: everything that is not plainly allowed in a path segment is escaped.
pub(crate) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

/// What was read in part or not at all, and what this file leaves off.
fn notifications(report: &Report, findings: usize, room: &Room) -> Vec<Value> {
    let mut notes: Vec<Value> = Vec::new();
    for record in &report.coverage {
        let what = match record.status {
            CoverageStatus::Partial => "was read in part",
            CoverageStatus::NotEvaluated => "was not evaluated",
            CoverageStatus::Evaluated | CoverageStatus::NotApplicable => continue,
        };
        let told = format!(
            "`{}` {what}: {}",
            record.source,
            text::clean(&record.reason)
        );
        let level = match record.status {
            CoverageStatus::Partial => "warning",
            _ => "note",
        };
        notes.push(json!({ "level": level, "message": { "text": told } }));
    }
    if findings > MOST_RESULTS {
        let left = findings - MOST_RESULTS;
        let told = format!("{left} findings of lower severity are left off; JSON has them all");
        notes.push(json!({ "level": "warning", "message": { "text": told } }));
    }
    if room.without > 0 {
        let without = room.without;
        let told = format!("{without} findings are without their path here; JSON has it");
        notes.push(json!({ "level": "warning", "message": { "text": told } }));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::tests::{code, finding, report};

    #[test]
    fn a_whole_report() {
        insta::assert_snapshot!(sarif(&report()));
    }

    #[test]
    fn the_worst_come_first_and_five_thousand_at_most() {
        let mut report = report();
        report
            .findings
            .extend((0..20_000).map(|_| finding("untagged-table", Severity::Low)));
        report.findings.push(finding("last", Severity::High));
        let log: Value = serde_json::from_str(&sarif(&report)).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), MOST_RESULTS);
        assert_eq!(results[1]["ruleId"], "last");
        let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
        assert!(notes.contains("15005 findings"), "{notes}");
    }

    #[test]
    fn the_longest_paths_of_the_most_results_stay_within_what_is_uploaded() {
        let mut report = report();
        report.findings.clear();
        let step = |number: usize| {
            let label = format!(
                "step {number} of {}",
                number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            );
            Step::new(label, code("app/views.py", 12, (5, 20), "app.views.show"))
        };
        for number in 0..25_000 {
            let severity = Severity::ALL[number % Severity::ALL.len()];
            let mut one = finding("untagged-table", severity);
            // some of the worst are long
            if number % 20 == 4 {
                one.path = (0..1_200).map(|at| step(number * 1_200 + at)).collect();
            }
            report.findings.push(one);
        }
        let text = sarif(&report);
        let log: Value = serde_json::from_str(&text).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), MOST_RESULTS);
        assert!(results.iter().all(|it| it["level"] == "error"));
        let steps = |it: &Value| {
            it["codeFlows"][0]["threadFlows"][0]["locations"]
                .as_array()
                .map_or(0, Vec::len)
        };
        assert_eq!(results.iter().map(steps).max(), Some(MOST_STEPS));
        assert!(results.iter().map(steps).sum::<usize>() <= MOST_STEPS_OF_ALL);
        let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
        assert!(
            notes.contains("20000 findings of lower severity are left off"),
            "{notes}"
        );
        assert!(
            notes.contains("850 findings are without their path here"),
            "{notes}"
        );
    }

    #[test]
    fn uris_are_escaped_and_regions_never_run_backwards() {
        assert_eq!(uri("a b/ü%.py"), "a%20b/%C3%BC%25.py");
        let mut place = code("a", 0, (0, 0), "s");
        if let Location::Code { span, .. } = &mut place {
            span.end_line = 0;
        }
        let region = region(place.span());
        assert_eq!(region["startLine"], 1);
        assert_eq!(region["endColumn"], 1);
    }
}
