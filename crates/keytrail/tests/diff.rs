//! `scan --diff`: what a change adds, and nothing else.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::path::Path;
use std::process::{Command, Output};

const VIEW: &str = "import logging\nfrom django.http import HttpResponse\nlog = logging.getLogger(__name__)\n\n\ndef view(request):\n    log.info(request.POST['api_key'])\n    return HttpResponse()\n";

fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    let status = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(identity)
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&status.stderr);
    assert!(status.status.success(), "git {arguments:?}: {told}");
}

fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A repository with one view that logs a key, on `main`.
fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "-q"]);
    write(directory.path(), "app/views.py", VIEW);
    commit(directory.path());
    directory
}

fn commit(directory: &Path) {
    git(directory, &["add", "-A"]);
    git(directory, &["commit", "-q", "-m", "change"]);
}

fn scan(path: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .args(["scan", "--format", "json", "--fail-on", "low"])
        .args(arguments)
        .args(if arguments.contains(&"--only") {
            &[][..]
        } else {
            &["--only", "code"]
        })
        .arg(path)
        .output()
        .unwrap()
}

/// `rule path:line` of what is not let pass.
fn added(output: &Output) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(|finding| finding["suppressed"].is_null())
        .map(|finding| {
            let at = &finding["location"];
            format!(
                "{} {}:{}",
                finding["rule"].as_str().unwrap(),
                at["path"].as_str().unwrap(),
                at["line"]
            )
        })
        .collect()
}

#[test]
fn what_was_there_before_passes_though_its_lines_move() {
    let repository = repository();
    let root = repository.path();
    assert_eq!(added(&scan(root, &[])), ["key-in-log app/views.py:7"]);
    write(root, "app/views.py", &format!("# a comment\n\n{VIEW}"));
    let output = scan(root, &["--diff", "main"]);
    assert_eq!(added(&output), Vec::<String>::new());
    assert_eq!(output.status.code(), Some(0));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("1 findings were there already, 0 are gone"),
        "{told}"
    );
}

#[test]
fn what_the_change_adds_fails_whether_committed_or_not() {
    let repository = repository();
    let root = repository.path();
    git(root, &["checkout", "-q", "-b", "change"]);
    let second = VIEW.replace("def view", "def second");
    write(root, "app/more.py", &second);
    let output = scan(root, &["--diff", "main"]);
    assert_eq!(added(&output), ["key-in-log app/more.py:7"]);
    assert_eq!(output.status.code(), Some(10));
    commit(root);
    assert_eq!(
        added(&scan(root, &["--diff", "main"])),
        ["key-in-log app/more.py:7"]
    );
    assert_eq!(
        added(&scan(root, &["--diff", "HEAD"])),
        Vec::<String>::new()
    );
}

#[test]
fn of_two_that_are_alike_the_new_line_is_told() {
    let repository = repository();
    let root = repository.path();
    let log = "    log.info(request.POST['api_key'])\n";
    let twice = VIEW.replace(
        log,
        &format!("    log.error(request.POST['api_key'])\n{log}"),
    );
    write(root, "app/views.py", &twice);
    assert_eq!(
        added(&scan(root, &["--diff", "main"])),
        ["key-in-log app/views.py:7"]
    );
}

#[test]
fn a_way_that_another_file_opens_is_new() {
    let repository = repository();
    let root = repository.path();
    let helper = "import logging\n\n\ndef note(text):\n    return len(text)\n";
    write(root, "app/notes.py", helper);
    let view =
        "from app.notes import note\n\n\ndef third(request):\n    note(request.POST['api_key'])\n";
    write(root, "app/third.py", view);
    commit(root);
    let open = helper.replace("return len(text)", "logging.info(text)");
    write(root, "app/notes.py", &open);
    let told = added(&scan(root, &["--diff", "main"]));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("key-in-log"), "{told:?}");
}

#[test]
fn what_the_base_mends_afterwards_is_not_the_changes_fault() {
    let repository = repository();
    let root = repository.path();
    git(root, &["checkout", "-q", "-b", "change"]);
    write(root, "app/other.py", "x = 1\n");
    commit(root);
    git(root, &["checkout", "-q", "main"]);
    write(root, "app/views.py", "x = 1\n");
    commit(root);
    git(root, &["checkout", "-q", "change"]);
    assert_eq!(
        added(&scan(root, &["--diff", "main"])),
        Vec::<String>::new()
    );
}

#[test]
fn a_part_of_a_repository_and_a_single_file_are_compared() {
    let repository = repository();
    let root = repository.path();
    for path in [root.join("app"), root.join("app/views.py")] {
        assert_eq!(
            added(&scan(&path, &["--diff", "main"])),
            Vec::<String>::new()
        );
    }
    write(root, "new/views.py", VIEW);
    let told = added(&scan(&root.join("new"), &["--diff", "main"]));
    assert_eq!(told, ["key-in-log views.py:7"]);
}

#[test]
fn local_files_and_removed_ones_are_not_added() {
    let repository = repository();
    let root = repository.path();
    write(root, ".gitignore", "local_settings.py\n");
    commit(root);
    write(root, "local_settings.py", VIEW);
    assert_eq!(
        added(&scan(root, &["--diff", "main"])),
        Vec::<String>::new()
    );
    std::fs::remove_file(root.join("app/views.py")).unwrap();
    let told = String::from_utf8_lossy(&scan(root, &["--diff", "main"]).stderr).into_owned();
    assert!(told.contains("1 are gone"), "{told}");
}

#[test]
fn a_key_taken_out_is_not_added_to_the_history_but_one_that_comes_and_goes_is() {
    let repository = repository();
    let root = repository.path();
    let key = |text: &str| format!("API_KEY = \"{text}\"\n");
    write(root, "a.py", &key("q7Xw2LmR9tYbV4cN8zKdPfH3jG6sA1uE5iO0"));
    commit(root);
    git(root, &["checkout", "-q", "-b", "change"]);
    write(root, "a.py", "x = 1\n");
    commit(root);
    let scan = || added(&scan(root, &["--only", "files,history", "--diff", "main"]));
    assert_eq!(scan(), Vec::<String>::new());
    write(root, "b.py", &key("H3jG6sA1uE5iO0q7Xw2LmR9tYbV4cN8zKdPf"));
    commit(root);
    write(root, "b.py", "x = 1\n");
    commit(root);
    assert_eq!(scan(), ["key-in-history b.py:1"]);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let told = |path: &Path, base: &str| {
        let output = scan(path, &[&format!("--diff={base}")]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let repository = repository();
    let root = repository.path();
    assert!(told(root, "nowhere").contains("there is no commit `nowhere`"));
    assert!(told(root, "--output=x").contains("there is no commit `--output=x`"));
    git(root, &["checkout", "-q", "--orphan", "alone"]);
    // Within one second the same files would give the same commit.
    write(root, "alone.py", "");
    commit(root);
    assert!(told(root, "main").contains("no commit in common"));
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "views.py", VIEW);
    assert!(told(outside.path(), "main").contains("is in no git repository"));
    git(outside.path(), &["init", "-q"]);
    assert!(told(outside.path(), "main").contains("there is no commit `main`"));
}
