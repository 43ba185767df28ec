//! Whether keys still work, from the files of a tree to the report, against a double of every vendor.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

use keytrail_detect::expand;
use keytrail_engine::{Date, Options, Outcome, Validate, Watch, scan};
use keytrail_model::{Confidence, CoverageStatus, Finding, Liveness, Severity};

/// Answers by the path and the key: `404` to what it does not know.
fn double(answers: Vec<(&'static str, String, &'static str)>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (send, asked) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut text, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                    break;
                }
                if let Some(told) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = told.trim().parse().unwrap();
                }
                text.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let fits = |(path, key, _): &&(&str, String, &str)| {
                text.contains(&format!(" {path} ")) && text.contains(key.as_str())
            };
            let answer = answers
                .iter()
                .find(fits)
                .map_or("404 Not Found\r\n\r\n{}", |it| it.2);
            let (status, body) = answer.split_once("\r\n\r\n").unwrap();
            let length = body.len();
            // Before it answers: who asked may look at once.
            let _ = send.send(text);
            let _ = write!(
                &stream,
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    (origin, asked)
}

fn options(root: &Path, origin: Option<&str>) -> Options {
    let mut options = Options::new("0", "2026-11-24".parse::<Date>().unwrap());
    options.paths = vec![root.to_owned()];
    options.salt = Some("a salt".to_owned());
    options.validate = origin.map(|origin| Validate {
        most: 50,
        rate: 1_000,
        proxy: None,
        ca: None,
        dry_run: false,
        double: Some(origin.to_owned()),
    });
    options
}

fn run(options: &Options) -> Outcome {
    scan(options, &Watch::default()).unwrap()
}

fn finding<'o>(outcome: &'o Outcome, path: &str) -> &'o Finding {
    let mut all = outcome.report.findings.iter();
    all.find(|it| &*it.location.span().path == path && it.rule == "hard-coded-key")
        .unwrap()
}

fn every_output(outcome: &Outcome) -> String {
    let report = &outcome.report;
    let terminal = keytrail_report::TerminalOptions {
        color: false,
        width: 200,
        verbose: true,
    };
    [
        keytrail_report::terminal(report, outcome.sources(), terminal),
        keytrail_report::json(report),
        keytrail_report::sarif(report),
        keytrail_report::html(report, outcome.sources()),
        keytrail_report::markdown(report, Some(&outcome.verdict)),
        keytrail_report::junit(report, outcome.fail_on),
        keytrail_report::gitlab(report),
    ]
    .join("\n")
}

/// Keys of several vendors, put together so that nobody takes them for real ones.
fn keys() -> [(&'static str, String); 4] {
    [
        ("deploy.env", example("github-token")),
        ("mail.env", example("sendgrid-key")),
        ("chat.env", example("slack-token")),
        ("pulumi.env", example("pulumi-token")),
    ]
}

/// The key of a provider's first example that is one alone.
fn example(provider: &str) -> String {
    let detector = keytrail_detect::Detector::new();
    let found = detector
        .providers()
        .iter()
        .find(|it| it.id == provider)
        .unwrap();
    let text = expand(&found.examples[0]);
    let hits = detector.scan(
        text.as_bytes(),
        &keytrail_detect::ScanContext::for_path("a.env"),
    );
    let hit = hits
        .into_iter()
        .find(|hit| hit.provider == provider)
        .unwrap();
    text[hit.range].to_owned()
}

#[test]
fn live_refused_and_unknown_stand_in_the_findings() {
    let root = tempfile::tempdir().unwrap();
    for (path, key) in keys() {
        std::fs::write(root.path().join(path), format!("SERVICE_TOKEN={key}\n")).unwrap();
    }
    // The same key twice is asked about once.
    let again = format!("OTHER={}\n", keys()[0].1);
    std::fs::write(root.path().join("again.env"), again).unwrap();
    let (origin, asked) = double(vec![
        (
            "/user",
            keys()[0].1.clone(),
            "200 OK\r\n\r\n{\"login\": \"octo-cat-42\"}",
        ),
        (
            "/v3/scopes",
            keys()[1].1.clone(),
            "401 Unauthorized\r\n\r\n{}",
        ),
        (
            "/api/auth.test",
            keys()[2].1.clone(),
            "200 OK\r\n\r\n{\"ok\": false, \"error\": \"ratelimited\"}",
        ),
    ]);
    let outcome = run(&options(root.path(), Some(&origin)));
    let requests: Vec<String> = asked.try_iter().collect();
    assert_eq!(requests.len(), 4, "{}", requests.len());

    let live = finding(&outcome, "deploy.env");
    assert_eq!(
        (live.severity, live.confidence),
        (Severity::High, Confidence::Observed)
    );
    let said = "Live: api.github.com took it on 2026-11-24 (200, as oc…(11 characters)).";
    assert!(live.message.starts_with(said), "{}", live.message);
    let again = finding(&outcome, "again.env");
    assert_eq!(again.validation, live.validation);
    let refused = finding(&outcome, "mail.env");
    assert!(
        refused
            .message
            .starts_with("Refused by api.sendgrid.com on 2026-11-24 (401): rotated already?")
    );
    let unknown = finding(&outcome, "chat.env");
    assert_eq!(
        unknown.validation.as_ref().unwrap().liveness,
        Liveness::Unknown
    );

    let told = outcome
        .report
        .coverage
        .iter()
        .find(|it| it.source == "validate")
        .unwrap();
    assert_eq!(told.status, CoverageStatus::Partial);
    let count = |name: &str| told.counts[name];
    assert_eq!(
        (
            count("asked"),
            count("live"),
            count("refused"),
            count("unknown")
        ),
        (4, 1, 1, 2)
    );

    let shown = every_output(&outcome);
    for part in [
        "Live: api.github.com",
        "Refused by api.sendgrid.com",
        "\"result\": \"live\"",
    ] {
        assert!(shown.contains(part), "{part}");
    }
    for (_, key) in keys() {
        for part in key.as_bytes().windows(12) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!shown.contains(part), "a key is shown");
        }
    }
    assert!(!shown.contains("octo-cat"));
}

#[test]
fn nobody_is_asked_unless_the_user_says_so() {
    let root = tempfile::tempdir().unwrap();
    let key = example("github-token");
    std::fs::write(root.path().join("a.env"), format!("TOKEN={key}\n")).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    assert!(
        Options::new("0", "2026-11-24".parse().unwrap())
            .validate
            .is_none()
    );
    let outcome = run(&options(root.path(), None));
    assert_eq!(finding(&outcome, "a.env").validation, None);
    assert!(
        outcome
            .report
            .coverage
            .iter()
            .all(|it| it.source != "validate")
    );

    let mut dry = options(root.path(), Some(&origin));
    if let Some(validate) = &mut dry.validate {
        validate.dry_run = true;
    }
    let outcome = run(&dry);
    assert!(listener.accept().is_err(), "somebody was asked");
    let [line] = outcome.planned.as_slice() else {
        panic!("{:?}", outcome.planned);
    };
    assert!(
        line.starts_with("GET https://api.github.com/user  with GitHub"),
        "{line}"
    );
    assert!(!line.contains(&key[6..18]));
}

#[test]
fn pairs_are_asked_with_the_id_of_their_own_file() {
    let root = tempfile::tempdir().unwrap();
    let (id, secret) = (expand("AC{hex:32}"), expand("{hex:32}"));
    let text = format!("TWILIO_ACCOUNT_SID={id}\nTWILIO_AUTH_TOKEN={secret}\n");
    std::fs::write(root.path().join("a.env"), text).unwrap();
    let path: &'static str = Box::leak(format!("/2010-04-01/Accounts/{id}.json").into_boxed_str());
    let (origin, asked) = double(vec![(
        path,
        String::new(),
        "200 OK\r\n\r\n{\"friendly_name\": \"A company\"}",
    )]);
    let outcome = run(&options(root.path(), Some(&origin)));
    assert_eq!(asked.try_iter().count(), 1);
    let live = outcome
        .report
        .findings
        .iter()
        .filter(|it| it.validation.is_some());
    let live: Vec<Liveness> = live
        .map(|it| it.validation.as_ref().unwrap().liveness)
        .collect();
    assert!(
        !live.is_empty() && live.iter().all(|it| *it == Liveness::Live),
        "{live:?}"
    );
}

#[cfg(feature = "aws")]
#[test]
fn an_aws_pair_is_signed_and_its_secret_not_sent() {
    let root = tempfile::tempdir().unwrap();
    let (id, secret) = (expand("AKIA{base32:16}"), expand("{alnum:40}"));
    let text = format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n");
    std::fs::write(root.path().join("a.env"), text).unwrap();
    let (origin, asked) = double(vec![(
        "/",
        format!("Credential={id}/"),
        "403 Forbidden\r\n\r\n{\"Error\": {\"Code\": \"InvalidClientTokenId\"}}",
    )]);
    let outcome = run(&options(root.path(), Some(&origin)));
    let requests: Vec<String> = asked.try_iter().collect();
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].contains(&secret));
    let told = outcome
        .report
        .findings
        .iter()
        .filter_map(|it| it.validation.as_ref());
    let told: Vec<Liveness> = told.map(|it| it.liveness).collect();
    assert!(
        !told.is_empty() && told.iter().all(|it| *it == Liveness::Refused),
        "{told:?}"
    );
}

#[test]
fn keys_of_the_history_are_asked_about_too() {
    let root = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .args([
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@example.com",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .current_dir(root.path())
            .output()
            .unwrap();
        assert!(done.status.success());
    };
    git(&["init", "-q"]);
    let key = example("github-token");
    std::fs::write(root.path().join("a.env"), format!("TOKEN={key}\n")).unwrap();
    git(&["add", "."]);
    git(&["commit", "-qm", "one"]);
    std::fs::write(root.path().join("a.env"), "TOKEN=\n").unwrap();
    git(&["commit", "-qam", "two"]);
    let (origin, asked) = double(vec![("/user", key, "200 OK\r\n\r\n{}")]);
    let outcome = run(&options(root.path(), Some(&origin)));
    assert_eq!(asked.try_iter().count(), 1);
    let mut all = outcome.report.findings.iter();
    let old = all.find(|it| it.rule == "key-in-history").unwrap();
    assert_eq!(old.severity, Severity::High);
    assert!(
        old.message.starts_with("Live: api.github.com took it"),
        "{}",
        old.message
    );
}
