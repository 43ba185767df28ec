//! SARIF output against the official schema, which the `serde-sarif` package carries.

#![expect(
    clippy::disallowed_methods,
    reason = "the test reads the schema from the package's directory; the crate itself reads nothing"
)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use keytrail_model::{
    Actor, Confidence, Coverage, CoverageStatus, FileSpan, Finding, FixSafety, Location, Severity,
    Step, Suppression,
};
use keytrail_report::{LeastCut, Report, RuleInfo};
use proptest::prelude::*;

/// Asks cargo where the locked version of `serde-sarif` lies.
fn official_schema() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--offline",
            "--filter-platform=host-tuple",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata");
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "serde-sarif")
        .and_then(|package| package["manifest_path"].as_str())
        .map(PathBuf::from)
        .expect("serde-sarif is locked");
    let text = std::fs::read_to_string(manifest.with_file_name("src").join("schema.json"))
        .expect("the package carries the schema");
    let mut schema: serde_json::Value = serde_json::from_str(&text).expect("the schema is JSON");
    // The published pattern of a language has a stray bracket that strict readers of regular
    // expressions refuse. Reports set no language.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"] = serde_json::json!(false);
    }
    schema
}

fn locations(path: &str, line: u32, column: u32) -> [Location; 5] {
    let span = FileSpan {
        path: Arc::from(path),
        line,
        column,
        end_line: line,
        end_column: column,
    };
    [
        Location::Code {
            span: span.clone(),
            symbol: Some(Arc::from("app.views.show")),
        },
        Location::Resource {
            span: span.clone(),
            address: Arc::from("aws_dynamodb_table.keys"),
        },
        Location::Statement {
            span: span.clone(),
            policy: Arc::from("aws_iam_policy.app#0"),
        },
        Location::Setting {
            span: span.clone(),
            name: Arc::from("DEBUG"),
        },
        Location::File { span },
    ]
}

fn report(message: &str, path: &str, line: u32, column: u32) -> Report {
    let places = locations(path, line, column);
    let findings = places.iter().enumerate().map(|(at, place)| {
        let mut finding = Finding::at("a-rule", place.clone())
            .severity(Severity::ALL[at])
            .confidence(Confidence::Likely)
            .actor(Actor::OtherRole(Arc::from(message)))
            .message(message)
            .path(
                places
                    .iter()
                    .map(|place| Step::new(message, place.clone()))
                    .collect(),
            )
            .fix(FixSafety::Unsafe, message)
            .build();
        if at % 2 == 1 {
            finding.suppressed = Some(Suppression {
                reason: message.to_owned(),
                until: None,
            });
        }
        finding
    });
    let mut report = Report {
        tool_version: "0.1.0".to_owned(),
        root: "shop".to_owned(),
        findings: findings.collect(),
        coverage: vec![Coverage {
            source: "cloud".to_owned(),
            status: CoverageStatus::NotEvaluated,
            reason: message.to_owned(),
            counts: std::collections::BTreeMap::default(),
            problems: Vec::new(),
        }],
        least_cut: LeastCut::default(),
        project_salt: true,
        rules: vec![RuleInfo {
            id: "a-rule",
            title: "A rule",
            page: "## What it is",
            cwe: &[312, 200],
            severity: Severity::High,
        }],
    };
    report.sort();
    report
}

#[test]
fn every_report_fits_the_official_schema() {
    let validator = jsonschema::validator_for(&official_schema()).expect("a schema");
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let inputs = (".*", "[^\0]{1,30}", 0..100_000_u32, 0..500_u32);
    runner
        .run(&inputs, |(message, path, line, column)| {
            let text = keytrail_report::sarif(&report(&message, &path, line, column));
            let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            prop_assert!(errors.is_empty(), "{errors:#?}");
            let typed: Result<serde_sarif::sarif::Sarif, _> = serde_json::from_str(&text);
            prop_assert!(typed.is_ok(), "{:?}", typed.err());
            Ok(())
        })
        .expect("every report is valid SARIF");
}
