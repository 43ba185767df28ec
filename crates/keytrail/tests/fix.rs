//! `fix`: shows, writes, refuses, and comes to an end.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::path::Path;
use std::process::{Command, Output};

const SETTINGS: &str = "ROOT_URLCONF = \"config.urls\"\nALLOWED_HOSTS = [\"*\"]\nDEBUG = False\n";
const VIEW: &str = "import logging\n\nfrom django.http import HttpResponse\n\nlog = logging.getLogger(__name__)\n\n\ndef view(request):\n    log.info(\"got %s\", request.POST[\"api_key\"])\n    return HttpResponse()\n";
const TABLE: &str = "resource \"aws_dynamodb_table\" \"keys\" {\n  name     = \"keys\"\n  hash_key = \"owner_id\"\n}\n";

fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(["-c", "commit.gpgsign=false"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}");
}

fn project() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("config/settings.py", SETTINGS),
        (
            "config/urls.py",
            "from django.urls import path\nfrom app import views\nurlpatterns = [path(\"k/\", views.view)]\n",
        ),
        ("app/views.py", VIEW),
        ("main.tf", TABLE),
    ] {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

fn keytrail(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn read(directory: &Path, path: &str) -> String {
    std::fs::read_to_string(directory.join(path)).unwrap()
}

#[test]
fn nothing_is_written_unless_asked_for() {
    let project = project();
    let output = keytrail(project.path(), &["fix"]);
    assert_eq!(output.status.code(), Some(0));
    let diff = text(&output.stdout);
    assert!(diff.contains("-    log.info(\"got %s\", request.POST[\"api_key\"])\n+    log.info(\"got %s\", \"***\")\n"), "{diff}");
    assert!(
        diff.contains("+  deletion_protection_enabled = true\n"),
        "{diff}"
    );
    assert!(
        !diff.contains("ALLOWED_HOSTS"),
        "unsafe edits were not asked for: {diff}"
    );
    let told = text(&output.stderr);
    assert!(
        told.contains("closes key-in-log at app/views.py:9"),
        "{told}"
    );
    assert!(
        told.contains("open-hosts at config/settings.py:2: needs --unsafe"),
        "{told}"
    );
    assert_eq!(read(project.path(), "app/views.py"), VIEW);
    let patched = Command::new("patch")
        .args(["-p1", "--dry-run"])
        .current_dir(project.path())
        .stdin(std::process::Stdio::piped())
        .spawn();
    if let Ok(mut patch) = patched {
        use std::io::Write as _;
        patch
            .stdin
            .take()
            .unwrap()
            .write_all(diff.as_bytes())
            .unwrap();
        assert!(
            patch.wait().unwrap().success(),
            "the difference is one for `patch`"
        );
    }
}

#[test]
fn what_is_written_is_what_was_shown_and_a_second_run_has_nothing_to_do() {
    let project = project();
    let output = keytrail(project.path(), &["fix", "--apply", "--unsafe"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    assert!(read(project.path(), "app/views.py").contains("log.info(\"got %s\", \"***\")"));
    let settings = read(project.path(), "config/settings.py");
    assert!(
        settings.starts_with("import os\n\nROOT_URLCONF"),
        "{settings}"
    );
    let again = keytrail(project.path(), &["fix", "--unsafe"]);
    assert_eq!(text(&again.stdout), "");
    assert!(
        text(&again.stderr).contains("0 edits to make"),
        "{}",
        text(&again.stderr)
    );
}

#[test]
fn work_that_is_not_committed_is_not_mixed_with_edits() {
    let project = project();
    git(project.path(), &["init", "-q"]);
    let output = keytrail(project.path(), &["fix", "--apply"]);
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(
        told.contains("uncommitted changes; nothing was written"),
        "{told}"
    );
    assert_eq!(read(project.path(), "app/views.py"), VIEW);
    git(project.path(), &["add", "-A"]);
    git(project.path(), &["commit", "-q", "-m", "one"]);
    let output = keytrail(project.path(), &["fix", "--apply"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_ne!(read(project.path(), "app/views.py"), VIEW);
    git(project.path(), &["checkout", "-q", "."]);
    assert_eq!(read(project.path(), "app/views.py"), VIEW);
}

#[test]
fn rules_are_chosen_and_the_least_cut_is_no_more_than_all() {
    let project = project();
    let output = keytrail(project.path(), &["fix", "--unsafe", "--rule", "open-hosts"]);
    let diff = text(&output.stdout);
    assert!(
        diff.contains("ALLOWED_HOSTS") && !diff.contains("views.py"),
        "{diff}"
    );
    let cut = keytrail(project.path(), &["fix", "--least-cut"]);
    let diff = text(&cut.stdout);
    assert!(
        diff.contains("\"***\"") && !diff.contains("main.tf"),
        "{diff}"
    );
    assert!(
        text(&cut.stderr).contains("exposure paths closed"),
        "{}",
        text(&cut.stderr)
    );
    let wrong = keytrail(project.path(), &["fix", "--rule", "open-host"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("did you mean `open-hosts`?"));
}
