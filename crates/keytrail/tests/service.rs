//! A running service, from outside: what is true of it is found, of its sealed twin nothing is, and its own
//! log says how it was asked.

mod parcel;

use std::collections::BTreeSet;

use parcel::{found, serve, truth};
use serde_json::Value;

/// Rows that are not found, and findings that are in no row.
fn compare(report: &Value, without: &str) -> (Vec<String>, Vec<String>) {
    let found = found(report);
    let expected: Vec<_> = truth()
        .into_iter()
        .filter(|row| {
            without.is_empty() || !row.needs.split(' ').any(|need| without.contains(need))
        })
        .collect();
    let fits = |row: &parcel::True, one: &(String, String, String)| {
        row.check == one.0
            && row.rule == one.1
            && (row.operation.is_empty() || row.operation == one.2)
    };
    let missed = expected
        .iter()
        .filter(|row| !found.iter().any(|one| fits(row, one)))
        .map(|row| format!("{} {} {}", row.check, row.rule, row.operation))
        .collect();
    let all = truth();
    let more = found
        .iter()
        .filter(|one| !all.iter().any(|row| fits(row, one)))
        .map(|one| format!("{one:?}"))
        .collect();
    (missed, more)
}

#[test]
fn everything_that_is_true_is_found_and_nothing_else() {
    let service = serve("exposed", &[]);
    let report = service.report(&["--llm", "deep"]);
    let (missed, more) = compare(&report, "");
    assert!(
        missed.is_empty() && more.is_empty(),
        "missed {missed:#?}\nmore {more:#?}"
    );
    let checks: BTreeSet<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["check"].as_str())
        .collect();
    assert_eq!(checks.len(), 12, "{checks:?}");
}

#[test]
fn without_a_specification_what_needs_none_is_found() {
    let service = serve("exposed", &["--mode", "nospec"]);
    let report = service.report(&[]);
    let (missed, more) = compare(&report, "spec llm");
    assert!(missed.is_empty(), "{missed:#?}");
    // By links alone more is known: an order is linked, by its number.
    let surprising: Vec<_> = more
        .iter()
        .filter(|one| !one.contains("/api/v2/orders/101/"))
        .collect();
    assert!(surprising.is_empty(), "{surprising:#?}");
}

#[test]
fn nothing_is_found_in_the_sealed_twin() {
    let modes: [&[&str]; 4] = [
        &[],
        &["--mode", "nospec"],
        &["--mode", "everything"],
        &["--mode", "limited"],
    ];
    for mode in modes {
        let service = serve("sealed", mode);
        let report = service.report(&["--llm", "deep"]);
        assert_eq!(report["findings"], Value::Array(Vec::new()), "{mode:?}");
        assert!(
            report["coverage"]
                .as_array()
                .unwrap()
                .iter()
                .any(|record| record["source"] == "http")
        );
    }
}

#[test]
fn a_service_that_answers_everything_gives_nothing_away_by_it() {
    let service = serve("exposed", &["--mode", "everything"]);
    let report = service.report(&[]);
    let (missed, more) = compare(&report, "llm");
    assert!(
        missed.is_empty() && more.is_empty(),
        "missed {missed:#?}\nmore {more:#?}"
    );
}

#[test]
fn manners_by_the_services_own_log() {
    let service = serve("exposed", &[]);
    let output = service.probe(&["--format", "json", "--rate", "100", "--budget", "250"]);
    assert!(output.status.success());
    let requests = service.requests();
    assert!(
        requests.len() <= 250 && requests.len() > 100,
        "{}",
        requests.len()
    );
    for request in &requests {
        let method = request["method"].as_str().unwrap();
        assert!(["GET", "HEAD", "OPTIONS"].contains(&method), "{method}");
        let path = request["path"].as_str().unwrap();
        let acts = path.contains("logout") || path.contains("cancel");
        assert!(!acts || method == "OPTIONS", "{path}");
        assert!(request["host"].as_str().unwrap().starts_with("127.0.0.1:"));
    }
    // No second has more than the rate; one more may fall on its edge.
    let at: Vec<f64> = requests
        .iter()
        .map(|request| request["at"].as_f64().unwrap())
        .collect();
    let mut sorted = at.clone();
    sorted.sort_by(f64::total_cmp);
    for (number, start) in sorted.iter().enumerate() {
        let within = sorted[number..]
            .iter()
            .take_while(|time| **time < start + 1.0)
            .count();
        assert!(within <= 110, "{within} in a second");
    }
}

#[test]
fn a_429_is_waited_for() {
    let service = serve("exposed", &["--mode", "limited"]);
    let report = service.report(&["--budget", "120"]);
    let requests = service.requests();
    let refused = requests
        .iter()
        .filter(|request| request["status"] == 429)
        .count();
    // Each refusal stops everybody for a second, so that there are few.
    assert!(
        refused > 0 && refused < requests.len() / 3,
        "{refused} of {}",
        requests.len()
    );
    let rules = found(&report);
    assert!(rules.iter().all(|(_, rule, _)| rule != "no-throttle"));
}

#[test]
fn a_session_that_ends_is_renewed_or_told() {
    // Which requests come before the end depends on what is answered first: a few are enough for each.
    let service = serve("exposed", &["--expire", "3"]);
    let report = service.report(&[]);
    let told = report["coverage"].to_string();
    assert!(told.contains("ended and could not be renewed"), "{told}");

    let service = serve("exposed", &["--expire", "6"]);
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("keytrail.toml");
    let login = |name: &str| {
        format!(
            "[[login]]\nname = \"{name}\"\nurl = \"/api/login/\"\nbody = '{{\"user\": \"{name}\", \"password\": \"${}_WORD\"}}'\ntoken = \"access\"\n",
            name.to_uppercase()
        )
    };
    std::fs::write(&config, login("alice") + &login("bob")).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .args([
            "probe",
            &service.url,
            "--rate",
            "400",
            "--fail-on",
            "never",
            "--format",
            "json",
            "--config",
        ])
        .arg(&config)
        .env("ALICE_WORD", "alice-word")
        .env("BOB_WORD", "bob-word")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        !report["coverage"].to_string().contains("ended"),
        "{}",
        report["coverage"]
    );
    assert!(
        found(&report)
            .iter()
            .any(|(_, rule, _)| rule == "unowned-lookup")
    );
    let logins = service
        .requests()
        .iter()
        .filter(|request| request["path"] == "/api/login/")
        .count();
    assert!(logins > 2, "{logins}");
}

#[test]
fn no_credential_and_no_key_is_shown_anywhere() {
    let service = serve("exposed", &[]);
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).display().to_string();
    let outputs: Vec<String> = ["json", "sarif", "html", "markdown"]
        .iter()
        .flat_map(|format| ["--output".to_owned(), format!("{format}={}", file(format))])
        .collect();
    let mut arguments: Vec<&str> = outputs.iter().map(String::as_str).collect();
    arguments.push("--verbose");
    let output = service.probe(&arguments);
    let mut shown = String::from_utf8_lossy(&output.stdout).into_owned();
    shown.push_str(&String::from_utf8_lossy(&output.stderr));
    for format in ["json", "sarif", "html", "markdown"] {
        shown.push_str(&std::fs::read_to_string(directory.path().join(format)).unwrap());
    }
    for secret in service.secrets() {
        assert!(!shown.contains(secret));
        assert!(!shown.contains(secret.rsplit('.').next().unwrap()));
    }
    let keys = std::process::Command::new("python3")
        .current_dir(parcel::example())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-c", "import data; print(data.key(1), data.key(2), data.key(3), data.stripe_like(1), data.card('400000000000000'))"])
        .output()
        .unwrap();
    for key in String::from_utf8_lossy(&keys.stdout).split_whitespace() {
        assert!(
            key.len() > 12 && !shown.contains(key),
            "a planted value is shown"
        );
    }
    assert!(!shown.contains("alice.ash@mail.example.org"));
    assert!(shown.contains("$KEYTRAIL_ALICE") && shown.contains("curl -sS"));
}

#[test]
fn a_dry_run_sends_nothing_and_tells_what_it_would() {
    let service = serve("exposed", &[]);
    let output = service.probe(&["--dry-run"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.lines().count() > 50
            && text.lines().all(|line| line.starts_with("GET ")
                || line.starts_with("HEAD ")
                || line.starts_with("OPTIONS "))
    );
    assert!(!std::path::Path::new(&service.url).exists());
    assert!(service.requests().is_empty());
}

#[test]
fn without_a_second_identity_and_without_texts_that_is_told() {
    let service = serve("exposed", &[]);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .args([
            "scan",
            "--url",
            &service.url,
            "--rate",
            "400",
            "--fail-on",
            "never",
            "--format",
            "json",
        ])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let record = |source: &str| {
        let records = report["coverage"].as_array().unwrap();
        records
            .iter()
            .find(|record| record["source"] == source)
            .unwrap()
            .clone()
    };
    assert!(
        record("http/object-level")["reason"]
            .as_str()
            .unwrap()
            .contains("second --as")
    );
    assert_eq!(record("http/llm")["status"], "not_evaluated");
    assert_eq!(record("code")["status"], "not_evaluated");
    assert!(
        record("code")["reason"]
            .as_str()
            .unwrap()
            .contains("no path was given")
    );
    assert!(
        service
            .requests()
            .iter()
            .all(|request| request["method"] != "POST")
    );
}
