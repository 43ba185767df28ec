//! Cases as `keytrail can --cases` takes them, each with the answer and the page of the AWS
//! documentation that says so.

use std::collections::BTreeSet;
use std::path::Path;

use keytrail_infra::cases::answer;
use serde_json::Value;

fn all() -> Vec<(String, String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(root)
        .expect("the cases are there")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("it can be read");
        let name = file.file_stem().expect("it has a name").to_string_lossy();
        for line in text.lines() {
            let case: Value = serde_json::from_str(line).expect("a case is JSON");
            let id = case["id"].as_str().expect("it has an id");
            cases.push((format!("{name}: {id}"), line.to_owned(), case));
        }
    }
    cases
}

#[test]
fn every_case_is_answered_as_the_documentation_says() {
    let cases = all();
    assert!(cases.len() >= 300, "{}", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, line, case)| {
            let told: Value = serde_json::from_str(&answer(line, 1)).expect("an answer is JSON");
            let decision = told["decision"].as_str().unwrap_or("error");
            let expected = case["expected"].as_str().expect("it says what is right");
            (decision != expected).then(|| format!("{name}: {told}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_case_has_its_own_name_and_a_page() {
    let mut names = BTreeSet::new();
    for (name, _, case) in all() {
        let page = case["doc"].as_str().unwrap_or_default();
        assert!(
            page.starts_with("https://docs.aws.amazon.com/"),
            "{name}: {page}"
        );
        assert!(names.insert(name.clone()), "{name} stands twice");
    }
}

#[test]
fn an_answer_names_what_decided() {
    let line = r#"{"id":7,"request":{"principal":"arn:aws:iam::111122223333:role/app","action":"dynamodb:GetItem"},"identity_policies":[{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"dynamodb:*","Resource":"*"}]}],"boundaries":[{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}]}"#;
    let told: Value = serde_json::from_str(&answer(line, 1)).unwrap();
    assert_eq!(told["id"], 7);
    assert_eq!(told["statements"][0]["statement"], "Read");
    assert_eq!(told["statements"][0]["policy"], "identity_policies[0]");
    assert_eq!(told["statements"][1]["layer"], "permissions boundary");
    assert_eq!(told["remaining"], serde_json::json!([]));
}

#[test]
fn nonsense_is_told_with_its_line() {
    for line in [
        "",
        "[]",
        "7",
        "{",
        "{\"request\":7}",
        "{\"request\":{}}",
        "{\"request\":{\"principal\":\"*\"}}",
    ] {
        let told: Value = serde_json::from_str(&answer(line, 12)).unwrap();
        assert_eq!(told["line"], 12, "{line}");
        assert!(
            told["error"]
                .as_str()
                .is_some_and(|error| !error.is_empty()),
            "{line}"
        );
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let told: Value = serde_json::from_str(&answer(&deep, 1)).unwrap();
    assert!(told["error"].is_string());
}
