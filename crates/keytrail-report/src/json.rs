//! JSON v1, as published by `keytrail schema`.

use keytrail_model::v1;

use crate::{Report, baseline, grade};

/// The report in its published form.
pub fn v1(report: &Report) -> v1::Report {
    let grading = grade(&report.findings);
    let keys = baseline::keys(&report.findings);
    v1::Report {
        version: v1::VERSION,
        tool: v1::Tool {
            name: "keytrail".to_owned(),
            version: report.tool_version.clone(),
            project_salt: report.project_salt,
        },
        grade: grading.grade,
        score: grading.score,
        coverage: report.coverage.iter().map(v1::Coverage::from).collect(),
        findings: report
            .findings
            .iter()
            .zip(keys)
            .enumerate()
            .map(|(at, (finding, key))| {
                v1::Finding::new(finding, format!("F{}", at + 1), key.to_string())
            })
            .collect(),
        checks: crate::checks::checks(&report.findings, &report.coverage),
        least_cut: v1::LeastCut {
            closes: report.least_cut.closes as u64,
            of: report.least_cut.of as u64,
            edits: report.least_cut.edits.iter().map(v1::Edit::from).collect(),
        },
    }
}

/// The published schema of a lineage, likewise.
pub fn lineage_schema() -> String {
    format!("{:#}\n", v1::lineage_schema())
}

/// The published schema of `fix --format json`, likewise.
pub fn fix_schema() -> String {
    format!("{:#}\n", v1::fix_schema())
}

/// The published schema of [`json`], indented, with a final newline.
pub fn schema() -> String {
    format!("{:#}\n", v1::schema())
}

/// JSON v1, indented, with a final newline.
pub fn json(report: &Report) -> String {
    let value = v1(report);
    // Maps with text keys and plain numbers only: serialising them has no way to fail.
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use keytrail_model::{
        Actor, Confidence, Coverage, CoverageStatus, Edit, FileSpan, Finding, FixSafety, Guard,
        Location, Problem, Severity, Step, Suppression,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::{LeastCut, RuleInfo};

    pub(crate) fn code(path: &str, line: u32, columns: (u32, u32), symbol: &str) -> Location {
        Location::Code {
            span: FileSpan {
                path: Arc::from(path),
                line,
                column: columns.0,
                end_line: line,
                end_column: columns.1,
            },
            symbol: Some(Arc::from(symbol)),
        }
    }

    pub(crate) fn finding(rule: &'static str, severity: Severity) -> Finding {
        Finding::at(rule, code("app/views.py", 12, (5, 20), "app.views.show"))
            .severity(severity)
            .message("A message.")
            .build()
    }

    pub(crate) fn suppressed(rule: &'static str, severity: Severity) -> Finding {
        let mut finding = finding(rule, severity);
        finding.suppressed = Some(Suppression {
            reason: "accepted, see ADR 7".to_owned(),
            until: Some("2027-01-31".to_owned()),
        });
        finding
    }

    pub(crate) fn coverage(source: &str, status: CoverageStatus) -> Coverage {
        Coverage {
            source: source.to_owned(),
            status,
            reason: match status {
                CoverageStatus::Evaluated => String::new(),
                CoverageStatus::Partial => "one file could not be parsed".to_owned(),
                CoverageStatus::NotApplicable => "no template in the tree".to_owned(),
                CoverageStatus::NotEvaluated => "not part of this version".to_owned(),
            },
            counts: BTreeMap::from([("files".to_owned(), 3)]),
            problems: match status {
                CoverageStatus::Partial => vec![Problem {
                    path: Arc::from("app/broken.py"),
                    line: Some(7),
                    message: "a bracket is not closed; mend it and scan again".to_owned(),
                }],
                _ => Vec::new(),
            },
        }
    }

    fn key_path() -> Vec<Step> {
        vec![
            Step::new(
                "put_item stores request.data[\"api_key\"] as api_key",
                code("app/store.py", 8, (5, 44), "app.store.save"),
            ),
            Step::new(
                "index by-service projects ALL attributes",
                Location::Resource {
                    span: FileSpan {
                        path: Arc::from("infra/tables.tf"),
                        line: 21,
                        column: 3,
                        end_line: 26,
                        end_column: 4,
                    },
                    address: Arc::from("aws_dynamodb_table.keys"),
                },
            ),
            Step::new(
                "query reads whole items through by-service",
                code("app/store.py", 15, (12, 60), "app.store.of_service"),
            ),
            Step::new(
                "the items become the response",
                code("app/views.py", 12, (5, 20), "app.views.show"),
            ),
            Step::new(
                "GET /api/keys/<str:service>/ asks nobody who they are",
                code("app/urls.py", 4, (5, 60), "app.urls"),
            ),
        ]
    }

    fn the_path() -> Finding {
        let edit = Edit {
            id: "require-authentication:app.views.show".to_owned(),
            title: "Require authentication on GET /api/keys/<str:service>/".to_owned(),
            location: code("app/views.py", 10, (1, 16), "app.views.show"),
            cost: 1,
        };
        Finding::at(
            "item-in-response",
            code("app/views.py", 12, (5, 20), "app.views.show"),
        )
        .severity(Severity::Critical)
        .confidence(Confidence::Likely)
        .actor(Actor::Anonymous)
        .message("Whole items of api_metadata, with api_key in them, are sent to whoever asks.")
        .path(key_path())
        .guards(vec![
            Guard {
                present: false,
                step: Step::new(
                    "no permission class, and no default in REST_FRAMEWORK",
                    code("app/views.py", 10, (1, 16), "app.views.show"),
                ),
            },
            Guard {
                present: true,
                step: Step::new(
                    "the table is encrypted with a customer-managed key, which holds no reader off",
                    code("infra/tables.tf", 30, (3, 20), "aws_dynamodb_table.keys"),
                ),
            },
        ])
        .fix(FixSafety::Safe, "Pick the fields that the client needs")
        .fix(
            FixSafety::Unsafe,
            "Require authentication; anonymous clients stop working",
        )
        .edits(vec![edit])
        .cwe(&[200, 862])
        .subject("api_metadata.api_key")
        .build()
    }

    pub(crate) fn report() -> Report {
        let the_path = the_path();
        let edits = the_path.edits.clone();
        let mut hygiene = finding("table-unprotected", Severity::Low);
        hygiene.message = "aws_dynamodb_table.keys has no point-in-time recovery.".to_owned();
        let mut weakness = finding("scan-in-request", Severity::Medium);
        weakness.message = "A request reads the whole table.".to_owned();
        let mut report = Report {
            tool_version: "0.1.0".to_owned(),
            root: "shop".to_owned(),
            findings: vec![
                hygiene,
                suppressed("open-hosts", Severity::Medium),
                weakness,
                the_path,
            ],
            coverage: vec![
                coverage("code", CoverageStatus::Partial),
                coverage("files", CoverageStatus::Evaluated),
                coverage("infra", CoverageStatus::NotApplicable),
                coverage("cloud", CoverageStatus::NotEvaluated),
            ],
            least_cut: LeastCut {
                edits,
                closes: 1,
                first_close: vec![1],
                of: 1,
            },
            project_salt: false,
            rules: vec![rule("scan-in-request"), rule("item-in-response")],
        };
        report.sort();
        report
    }

    fn rule(id: &'static str) -> RuleInfo {
        RuleInfo {
            id,
            title: "Whole items reach a response",
            page: "## What it is\n\nA page with <b>markup</b>.\n",
            cwe: &[200],
            severity: Severity::High,
        }
    }

    fn validator() -> jsonschema::Validator {
        jsonschema::validator_for(&v1::schema()).unwrap()
    }

    #[test]
    fn a_report_fits_the_published_schema() {
        let value = serde_json::from_str(&json(&report())).unwrap();
        let validator = validator();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }

    #[test]
    fn the_schema_refuses_a_finding_without_a_place() {
        let mut value: serde_json::Value = serde_json::from_str(&json(&report())).unwrap();
        value["findings"][0]["location"]
            .as_object_mut()
            .unwrap()
            .remove("line");
        assert!(!validator().is_valid(&value));
    }

    #[test]
    fn the_shape_of_version_1() {
        insta::assert_snapshot!(json(&report()));
    }

    proptest! {
        #[test]
        fn there_and_back(severity in 0..5_usize, message in ".*", path in "[^\0]{1,20}", line in 1..9999_u32) {
            let mut report = report();
            let mut hostile = finding("x", Severity::ALL[severity]);
            hostile.message = message;
            hostile.location = code(&path, line, (1, 2), "s");
            report.findings.push(hostile);
            let read: v1::Report = serde_json::from_str(&json(&report)).unwrap();
            prop_assert_eq!(read, v1(&report));
        }
    }
}
