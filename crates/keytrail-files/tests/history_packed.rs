//! Archives, packed logs and databases in the history: read as in a working tree.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;

use flate2::{Compression, write::GzEncoder};
use keytrail_detect::Detector;
use keytrail_files::{HistoryOptions, history};
use keytrail_model::{Collected, Committed, Fact, Fingerprinter, Held, Progress};
use zip::write::SimpleFileOptions;

fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(["-c", "commit.gpgsign=false", "-c", "gc.auto=0"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}");
}

fn commit(root: &Path, path: &str, bytes: &[u8]) {
    fs::write(root.join(path), bytes).unwrap();
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "-m", "change"]);
}

/// Keys are put together so that no push protection cries.
fn line(part: &str) -> String {
    format!("API_KEY = \"{}\"\n", [part, "8BnC5dFgHj3s"].concat())
}

fn zip(inner: &str, text: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [(inner, text), ("notes.txt", "nothing here\n")] {
        writer
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn read(root: &Path, cache: Option<&Path>) -> Collected {
    let options = HistoryOptions {
        cache: cache.map(Path::to_owned),
        ..HistoryOptions::default()
    };
    let prints = Fingerprinter::default();
    history(
        root,
        &Detector::new(),
        &prints,
        &Progress::default(),
        &options,
    )
}

fn places(collected: &Collected) -> Vec<(String, u64, bool)> {
    let facts = collected.facts.iter();
    let committed = facts.filter_map(|fact| match fact {
        Fact::Committed(committed) => Some(committed),
        _ => None,
    });
    let place = |it: &Committed| {
        let span = it.sighting.location.span();
        let path = format!("{}:{}", span.path, span.line);
        (path, it.commits, it.held == Held::Head)
    };
    committed.map(place).collect()
}

#[test]
fn keys_in_archives_of_old_commits() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    git(root, &["init", "-q"]);
    let old = zip("conf/settings.py", &line("kq7Zp2Vx9LmR4tYw"));
    commit(root, "bundle.zip", &old);
    commit(
        root,
        "app.log.gz",
        &gzip(&format!("start\n{}", line("Zw5Rt8Yq2Mn6Vb3K"))),
    );
    // The same version under another name, then gone from both.
    fs::copy(root.join("bundle.zip"), root.join("other.whl")).unwrap();
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "-m", "again"]);
    commit(
        root,
        "bundle.zip",
        &zip("conf/settings.py", "API_KEY = None\n"),
    );
    git(root, &["rm", "-q", "other.whl"]);
    git(root, &["commit", "-q", "-m", "gone"]);
    let expected = vec![
        ("app.log.gz:2".to_owned(), 4, true),
        ("bundle.zip!conf/settings.py:1".to_owned(), 3, false),
        ("other.whl!conf/settings.py:1".to_owned(), 2, false),
    ];
    let cache = tempfile::tempdir().unwrap();
    for packed in [false, true] {
        if packed {
            git(root, &["gc", "-q", "--aggressive"]);
        }
        for _ in 0..2 {
            let collected = read(root, Some(cache.path()));
            let mut found = places(&collected);
            found.sort();
            assert_eq!(found, expected, "packed: {packed}");
            assert!(
                collected.coverage.problems.is_empty(),
                "{:?}",
                collected.coverage
            );
        }
    }
    assert!(read(root, None).coverage.counts["files_inside"] >= 4);
}

#[test]
fn damaged_archives_are_told_once() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    git(root, &["init", "-q"]);
    let mut broken = zip("a.py", &line("kq7Zp2Vx9LmR4tYw"));
    broken.truncate(broken.len() - 30);
    commit(root, "a.zip", &broken);
    broken.truncate(broken.len() - 5);
    commit(root, "a.zip", &broken);
    let problems = read(root, None).coverage.problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(&*problems[0].path, "a.zip");
}
