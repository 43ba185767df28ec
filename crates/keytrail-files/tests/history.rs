//! Histories as git makes them: packed and loose, borrowed, shallow, damaged.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use keytrail_detect::{Detector, expand};
use keytrail_files::{HistoryOptions, history};
use keytrail_model::{
    Collected, Committed, CoverageStatus, Fact, Fingerprinter, Held, Location, Progress,
};

/// A key of no vendor's, told by its name.
const KEY: &str = "q7Xw2LmR9tYbV4cN8zKdPfH3jG6sA1uE5iO0";

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"])
        .args(arguments)
        .env("GIT_AUTHOR_DATE", "2024-05-31T10:00:00Z")
        .env("GIT_COMMITTER_DATE", "2024-05-31T10:00:00Z")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn commit(root: &Path, path: &str, text: &str) -> String {
    write(root, path, text);
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "-m", "change"]);
    git(root, &["rev-parse", "HEAD"])
}

fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "-q"]);
    directory
}

fn with_key(key: &str) -> String {
    format!("import os\n\nAPI_KEY = \"{key}\"\n")
}

fn read(root: &Path) -> Collected {
    history(
        root,
        &Detector::new(),
        &Fingerprinter::default(),
        &Progress::default(),
        &HistoryOptions::default(),
    )
}

fn keys(collected: &Collected) -> Vec<&Committed> {
    let facts = collected.facts.iter();
    facts
        .filter_map(|fact| match fact {
            Fact::Committed(committed) => Some(committed),
            _ => None,
        })
        .collect()
}

fn one(collected: &Collected) -> &Committed {
    let keys = keys(collected);
    assert_eq!(keys.len(), 1, "{keys:?} {:?}", collected.coverage);
    keys[0]
}

fn place(committed: &Committed) -> (String, u32, String) {
    match &committed.sighting.location {
        Location::Commit { span, commit } => (span.path.to_string(), span.line, commit.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_that_was_taken_out_is_found_with_its_life() {
    let repository = repository();
    let root = repository.path();
    commit(root, "README", "hello\n");
    let first = commit(root, "app/a.py", &with_key(KEY));
    let last = commit(root, "app/b.py", "x = 1\n");
    commit(root, "app/a.py", "import os\n");
    for packed in [false, true] {
        if packed {
            git(root, &["gc", "-q", "--aggressive"]);
        }
        let collected = read(root);
        let key = one(&collected);
        assert_eq!(place(key), ("app/a.py".to_owned(), 3, first.clone()));
        assert_eq!(key.sighting.context.name.as_deref(), Some("API_KEY"));
        assert_eq!(&*key.last.as_ref().unwrap().id, last);
        assert_eq!(key.first.as_ref().unwrap().date, "2024-05-31");
        assert_eq!((key.commits, &key.held), (2, &Held::Reachable));
        assert_eq!(collected.coverage.status, CoverageStatus::Evaluated);
    }
    let below = read(&root.join("app"));
    assert_eq!(place(one(&below)).0, "a.py");
    assert!(keys(&read(&root.join("README"))).is_empty());
}

#[test]
fn what_still_holds_it_is_told() {
    let repository = repository();
    let root = repository.path();
    commit(root, "a.py", &with_key(KEY));
    assert_eq!(one(&read(root)).held, Held::Head);
    git(root, &["tag", "-a", "v1", "-m", "one"]);
    git(root, &["branch", "old"]);
    commit(root, "a.py", "x = 1\n");
    let tips = Held::Tips(vec!["old".to_owned(), "v1".to_owned()]);
    assert_eq!(one(&read(root)).held, tips);
    git(root, &["tag", "-d", "v1"]);
    git(root, &["branch", "-D", "old"]);
    assert_eq!(one(&read(root)).held, Held::Reachable);
}

#[test]
fn stashes_reflogs_and_what_waits_for_the_garbage_collector() {
    let repository = repository();
    let root = repository.path();
    commit(root, "a.py", "x = 1\n");
    write(root, "a.py", &with_key(KEY));
    git(root, &["stash", "-q"]);
    assert_eq!(one(&read(root)).held, Held::Tips(vec!["stash".to_owned()]));
    git(root, &["stash", "drop", "-q"]);
    assert_eq!(one(&read(root)).held, Held::Nothing);
    git(root, &["reflog", "expire", "--expire=now", "--all"]);
    git(root, &["gc", "-q", "--prune=now"]);
    assert!(keys(&read(root)).is_empty());

    commit(root, "a.py", &with_key(KEY));
    git(root, &["reset", "-q", "--hard", "HEAD^"]);
    assert_eq!(one(&read(root)).held, Held::Reflog);

    git(root, &["reflog", "expire", "--expire=now", "--all"]);
    git(root, &["gc", "-q", "--prune=now"]);
    write(root, "b.py", &with_key(KEY));
    let blob = git(root, &["hash-object", "-w", "b.py"]);
    let collected = read(root);
    let key = one(&collected);
    assert_eq!(place(key).2, blob);
    assert_eq!((key.first.as_ref(), &key.held), (None, &Held::Nothing));
}

/// Many versions of one long file, keys coming and going: whatever the deltas, the same is found.
#[test]
fn deltas_hide_nothing() {
    let repository = repository();
    let root = repository.path();
    let mut lines: Vec<String> = (0..400).map(|at| format!("value_{at} = {at}")).collect();
    let mut state = 7_usize;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    for version in 0..60 {
        for _ in 0..3 {
            let at = random(lines.len());
            lines[at] = match random(4) {
                0 => {
                    let key: String = (0..36).map(|_| letters[random(letters.len())]).collect();
                    format!("API_KEY_{version} = \"{key}\"")
                }
                1 => String::new(),
                _ => format!("value_{at} = {version}"),
            };
        }
        if random(5) == 0 {
            let at = random(lines.len());
            lines.remove(at);
        }
        commit(root, "settings.py", &lines.join("\n"));
    }
    let loose = read(root);
    assert!(keys(&loose).len() > 20, "{}", keys(&loose).len());
    for arguments in [
        &["gc", "-q"][..],
        &[
            "repack",
            "-q",
            "-a",
            "-d",
            "-f",
            "--depth=200",
            "--window=50",
        ][..],
    ] {
        git(root, arguments);
        let packed = read(root);
        assert_eq!(packed.facts, loose.facts);
        assert!(packed.coverage.counts["bytes_searched"] < loose.coverage.counts["bytes_searched"]);
    }
}

#[test]
fn clones_that_borrow_worktrees_and_submodules_are_read() {
    let repository = repository();
    let root = repository.path();
    commit(root, "a.py", &with_key(KEY));
    commit(root, "a.py", "x = 1\n");
    let elsewhere = tempfile::tempdir().unwrap();
    let (from, to) = (root.to_str().unwrap(), elsewhere.path());
    git(to, &["clone", "-q", "--shared", from, "shared"]);
    assert_eq!(place(one(&read(&to.join("shared")))).0, "a.py");
    git(
        root,
        &[
            "worktree",
            "add",
            "-q",
            to.join("tree").to_str().unwrap(),
            "-b",
            "tree",
        ],
    );
    assert_eq!(place(one(&read(&to.join("tree")))).0, "a.py");
    git(to, &["clone", "-q", "--bare", from, "bare.git"]);
    assert_eq!(place(one(&read(&to.join("bare.git")))).0, "a.py");

    fs::create_dir(to.join("super")).unwrap();
    git(&to.join("super"), &["init", "-q"]);
    git(&to.join("super"), &["submodule", "-q", "add", from, "lib"]);
    assert_eq!(place(one(&read(&to.join("super")))).0, "lib/a.py");
}

#[test]
fn shallow_clones_say_what_they_lack() {
    let repository = repository();
    let root = repository.path();
    commit(root, "a.py", &with_key(KEY));
    commit(root, "a.py", "x = 1\n");
    let elsewhere = tempfile::tempdir().unwrap();
    let url = format!("file://{}", root.display());
    git(
        elsewhere.path(),
        &["clone", "-q", "--depth=1", &url, "shallow"],
    );
    let collected = read(&elsewhere.path().join("shallow"));
    assert!(keys(&collected).is_empty());
    assert_eq!(collected.coverage.status, CoverageStatus::Partial);
    let message = &collected.coverage.problems[0].message;
    assert!(
        message.contains("1 commits are not here; the clone is shallow"),
        "{message}"
    );
}

#[test]
fn a_damaged_object_is_named_and_the_rest_is_read() {
    let repository = repository();
    let root = repository.path();
    commit(root, "a.py", &with_key(KEY));
    commit(
        root,
        "b.py",
        &with_key(&KEY.chars().rev().collect::<String>()),
    );
    let blob = git(root, &["rev-parse", "HEAD:b.py"]);
    let path = root.join(".git/objects").join(&blob[..2]).join(&blob[2..]);
    fs::remove_file(&path).unwrap();
    fs::write(&path, b"no zlib").unwrap();
    let collected = read(root);
    assert_eq!(place(one(&collected)).0, "a.py");
    let told: Vec<&str> = collected
        .coverage
        .problems
        .iter()
        .map(|it| &*it.message)
        .collect();
    assert!(
        told.contains(&&*format!("object {blob} is damaged")),
        "{told:?}"
    );
}

#[test]
fn a_damaged_pack_gives_the_rest() {
    let repository = repository();
    let root = repository.path();
    let noise = |seed: usize| -> String {
        let numbers = (0..3_000).map(|at| (at * 7_919 + seed * 104_729) % 100_003);
        numbers.map(|number| number.to_string() + "\n").collect()
    };
    for version in 0..10 {
        commit(root, &format!("n{version}.txt"), &noise(version));
    }
    commit(root, "a.py", &with_key(KEY));
    commit(root, "a.py", "x = 1\n");
    git(root, &["gc", "-q"]);
    let packs = fs::read_dir(root.join(".git/objects/pack")).unwrap();
    let pack = packs
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "pack"))
        .unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    let whole = bytes.clone();
    let mut found = 0;
    for at in (40..whole.len() - 20).step_by(whole.len() / 40) {
        bytes.clone_from(&whole);
        for byte in &mut bytes[at..at + 8] {
            *byte ^= 0x55;
        }
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, &bytes).unwrap();
        let collected = read(root);
        found += keys(&collected).len();
        assert_eq!(
            collected.coverage.status,
            CoverageStatus::Partial,
            "at {at}"
        );
    }
    assert!(found >= 20, "{found}");
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(read(root).coverage.status, CoverageStatus::Partial);
    fs::write(pack.with_extension("idx"), b"nothing").unwrap();
    assert_eq!(read(root).coverage.status, CoverageStatus::Partial);
}

#[test]
fn outside_of_a_repository_there_is_nothing_to_read() {
    let directory = tempfile::tempdir().unwrap();
    let collected = read(directory.path());
    assert_eq!(collected.coverage.status, CoverageStatus::NotApplicable);
    git(directory.path(), &["init", "-q"]);
    let collected = read(directory.path());
    assert!(collected.facts.is_empty());
    assert_eq!(collected.coverage.status, CoverageStatus::Evaluated);
}

#[test]
fn what_was_searched_is_not_searched_again() {
    let cache = tempfile::tempdir().unwrap();
    let directory = repository();
    let root = directory.path();
    let key = expand("{alnum:32}");
    commit(root, "a.py", "x = 1\n");
    commit(root, "b.py", &with_key(&key));
    let read = || {
        let options = HistoryOptions {
            cache: Some(cache.path().to_owned()),
            ..HistoryOptions::default()
        };
        let progress = Progress::default();
        history(
            root,
            &Detector::new(),
            &Fingerprinter::default(),
            &progress,
            &options,
        )
    };
    let counts = |collected: &Collected| {
        let count = |name: &str| collected.coverage.counts.get(name).copied().unwrap_or(0);
        (count("blobs"), count("blobs_searched_before"))
    };
    let first = read();
    assert_eq!(counts(&first), (2, 0));
    let second = read();
    assert_eq!(
        counts(&second),
        (1, 1),
        "what holds a key is searched each time"
    );
    assert_eq!(second.facts, first.facts);
    let other = expand("{alnum:40}");
    commit(root, "c.py", &with_key(&other));
    let third = read();
    assert_eq!(counts(&third), (2, 1));
    assert_eq!(third.facts.len(), 2);
    git(root, &["gc", "-q"]);
    assert_eq!(read().facts, third.facts);
    for file in std::fs::read_dir(cache.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&key), "law 1");
    }
}
