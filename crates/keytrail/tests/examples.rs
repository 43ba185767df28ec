//! The two examples as a user scans them: what comes out fits its published schemas.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const EXAMPLES: [&str; 2] = ["leaky", "sealed"];

fn keytrail(arguments: &[&str]) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let output = Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .args(arguments)
        .current_dir(examples)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn scan(example: &str, format: &str) -> Value {
    serde_json::from_str(&keytrail(&["scan", example, "--format", format])).unwrap()
}

fn assert_fits(schema: &Value, value: &Value, what: &str) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

/// The official schema, which the locked package `serde-sarif` carries.
fn sarif_schema() -> Value {
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
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|it| it["name"] == "serde-sarif");
    let manifest = PathBuf::from(package.unwrap()["manifest_path"].as_str().unwrap());
    let text = std::fs::read(manifest.with_file_name("src").join("schema.json")).unwrap();
    let mut schema: Value = serde_json::from_slice(&text).unwrap();
    // Its pattern of a language has a stray bracket that strict readers of regular expressions
    // refuse. Reports set no language.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"] = Value::Bool(false);
    }
    schema
}

#[test]
fn their_json_fits_the_schema_that_is_printed() {
    let schema: Value = serde_json::from_str(&keytrail(&["schema"])).unwrap();
    for example in EXAMPLES {
        assert_fits(&schema, &scan(example, "json"), example);
    }
}

#[test]
fn their_sarif_fits_the_official_schema() {
    let schema = sarif_schema();
    for example in EXAMPLES {
        assert_fits(&schema, &scan(example, "sarif"), example);
    }
}

#[test]
fn their_grades_are_those_of_the_readme() {
    let report = scan("leaky", "json");
    assert_eq!(report["grade"], "F");
    assert!(report["least_cut"]["closes"].as_u64() > Some(0));
    let report = scan("sealed", "json");
    assert_eq!(report["grade"], "A");
    for finding in report["findings"].as_array().unwrap() {
        assert!(
            finding["actor"].is_null(),
            "a path in examples/sealed: {finding:#}"
        );
        let severity = finding["severity"].as_str().unwrap();
        assert!(["info", "low"].contains(&severity), "{finding:#}");
    }
}
