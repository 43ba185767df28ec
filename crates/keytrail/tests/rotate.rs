//! `keytrail rotate` without a vault: which keys were exposed, what stays, and what somebody rotated by hand.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

/// Put together, so that nothing mistakes it for a key.
fn key() -> String {
    format!("sk{}live{}{}", "_", "_", "4eC39HqLyjWDarjtT1zdp7dcKq8mZ2Xv")
}

fn git(directory: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}");
}

fn rotate(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .arg("rotate")
        .args(arguments)
        .current_dir(directory)
        .env("KEYTRAIL_SALT", "a salt for tests only")
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    (
        output.status.code(),
        out + &String::from_utf8_lossy(&output.stderr),
    )
}

#[test]
fn what_stays_in_the_history_is_listed_until_it_is_rotated() {
    let tree = tempfile::tempdir().unwrap();
    let settings = tree.path().join("settings.py");
    std::fs::write(&settings, format!("STRIPE_KEY = \"{}\"\n", key())).unwrap();
    git(tree.path(), &["init", "-q"]);
    git(tree.path(), &["add", "."]);
    git(tree.path(), &["commit", "-qm", "one"]);
    std::fs::write(
        &settings,
        "import os\nSTRIPE_KEY = os.environ[\"STRIPE_KEY\"]\n",
    )
    .unwrap();
    git(tree.path(), &["commit", "-qam", "two"]);
    let (code, text) = rotate(tree.path(), &[".", "--no-cache"]);
    assert_eq!(code, Some(10), "{text}");
    assert!(
        text.contains("stays in: the history, settings.py"),
        "{text}"
    );
    assert!(
        text.contains("tell: whoever can read the repository"),
        "{text}"
    );
    assert!(!text.contains(&key()[12..]), "{text}");
    let print = text
        .split_once("characters) (")
        .unwrap()
        .1
        .get(..32)
        .unwrap();
    let (code, _) = rotate(tree.path(), &["--done", print]);
    assert_eq!(code, Some(0));
    let (code, text) = rotate(tree.path(), &[".", "--no-cache"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("what is left of it opens nothing"), "{text}");
}

#[test]
fn without_apply_nothing_is_asked_of_the_account() {
    let tree = tempfile::tempdir().unwrap();
    let (code, text) = rotate(tree.path(), &["--iam-user", "u", "--store", "s"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("make a second access key") && text.contains("nothing was done"),
        "{text}"
    );
    let (code, text) = rotate(tree.path(), &["--done", "no-fingerprint"]);
    assert_eq!(code, Some(2), "{text}");
}
