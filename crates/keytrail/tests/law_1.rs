//! Law 1 over everything that leaves the process and everything that the suite keeps: no raw key,
//! nor enough of one to use it.
//!
//! The keys are those that `examples/leaky` plants. They are read from its files by the places in
//! its table of vectors, so that they stand nowhere else.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};

use keytrail_engine::{Date, Options, Watch};

/// What a mask may show at most is shorter: eight characters, and never a quarter.
const TELLING: usize = 12;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn leaky() -> PathBuf {
    repository().join("examples/leaky")
}

/// Every planted key, with the place that it was read from.
fn planted() -> &'static [(String, String)] {
    static PLANTED: OnceLock<Vec<(String, String)>> = OnceLock::new();
    PLANTED.get_or_init(read_planted)
}

fn read_planted() -> Vec<(String, String)> {
    let table = fs::read_to_string(leaky().join("VECTORS.md")).unwrap();
    let mut keys = Vec::new();
    for row in table.lines().filter(|row| {
        [
            "| `hard-coded-key`",
            "| `default-secret-key`",
            "| `long-lived-aws-key`",
        ]
        .iter()
        .any(|start| row.starts_with(start))
    }) {
        let place = row.split('`').nth(3).unwrap();
        let (path, line) = place.rsplit_once(':').unwrap();
        let text = fs::read_to_string(leaky().join(path)).unwrap();
        let line = text
            .lines()
            .nth(line.parse::<usize>().unwrap() - 1)
            .unwrap();
        keys.extend(key_in(line).map(|key| (key, place.to_owned())));
    }
    assert!(
        keys.len() >= 9,
        "only {} planted keys are known",
        keys.len()
    );
    keys
}

/// The last quoted text of a line, or what follows its equals sign; of a URL the password. Code
/// that only names a setting holds none.
fn key_in(line: &str) -> Option<String> {
    let quoted = line.split('"').skip(1).step_by(2).last();
    let bare = line
        .strip_prefix("ENV ")
        .and_then(|rest| rest.split_once('='));
    let value = quoted.or(bare.map(|(_, value)| value))?;
    let password = value
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'))
        .and_then(|(user, _)| user.split_once(':'))
        .map(|(_, password)| password);
    let key = password
        .unwrap_or(value)
        .trim_start_matches("django-insecure-");
    (key.len() >= 16).then(|| key.to_owned())
}

/// Fails where `text` holds a telling part of a planted key.
fn assert_clean(what: &str, text: &str) {
    for (key, place) in planted() {
        let parts = key.as_bytes().windows(TELLING);
        for (at, part) in parts.enumerate() {
            let part = std::str::from_utf8(part).unwrap();
            assert!(
                !text.contains(part),
                "{what} shows the key of {place} from its character {at}"
            );
        }
    }
}

fn keytrail(arguments: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("KEYTRAIL_SALT")
        .output()
        .unwrap()
}

fn assert_output_clean(arguments: &[&str], directory: &Path) -> String {
    let output = keytrail(arguments, directory);
    let what = arguments.join(" ");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_clean(&what, &stdout);
    assert_clean(&what, &String::from_utf8_lossy(&output.stderr));
    stdout
}

/// A copy of the example that may be broken.
fn copy_of_leaky() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let (name, path) = (entry.file_name(), entry.path());
            if name == ".venv" || name == "__pycache__" {
                continue;
            }
            if path.is_dir() {
                copy(&path, &to.join(name));
            } else {
                fs::copy(&path, to.join(name)).unwrap();
            }
        }
    }
    let directory = tempfile::tempdir().unwrap();
    copy(&leaky(), directory.path());
    directory
}

#[test]
fn what_is_kept_between_runs() {
    let cache = tempfile::tempdir().unwrap();
    let directory = cache.path().join("kept");
    let arguments = |format: &'static str| {
        let kept = directory.to_str().unwrap();
        ["scan", "--cache-dir", kept, "--format", format]
    };
    let first = assert_output_clean(&arguments("json"), &leaky());
    let mut entries = 0;
    for file in fs::read_dir(&directory).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        entries += usize::from(bytes.len() > 10_000);
        assert_clean("the cache", &String::from_utf8_lossy(&bytes));
    }
    assert_eq!(entries, 1, "the facts of the code are not kept");
    assert_eq!(first, assert_output_clean(&arguments("json"), &leaky()));
}

#[test]
fn every_format_of_a_scan() {
    let all = "--only=code,files,infra";
    for format in ["terminal", "json", "sarif", "html", "markdown"] {
        for more in [&["--color=always"][..], &["--verbose", "--progress"]] {
            let mut arguments = vec!["scan", ".", "--format", format, all];
            arguments.extend(more);
            let shown = assert_output_clean(&arguments, &leaky());
            assert!(
                shown.contains("hard-coded-key"),
                "{format} shows the findings at all"
            );
        }
    }
}

#[test]
fn every_file_that_a_run_writes() {
    let directory = tempfile::tempdir().unwrap();
    let out = |name: &str| directory.path().join(name).display().to_string();
    let mut arguments: Vec<String> = ["terminal", "json", "sarif", "html", "markdown"]
        .iter()
        .map(|format| format!("--output={format}={}", out(format)))
        .collect();
    arguments.extend(["scan".to_owned(), ".".to_owned(), "-v".to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    keytrail(&arguments[5..], &leaky());
    let mut ordered = vec!["scan", "."];
    ordered.extend(arguments.iter().filter(|one| one.starts_with("--output")));
    assert_output_clean(&ordered, &leaky());
    assert_output_clean(&["baseline", "-o", &out("baseline")], &leaky());
    let with_baseline = ["scan", ".", "-v", "--baseline", &out("baseline")];
    assert_output_clean(&with_baseline, &leaky());
    let mut written = 0;
    for entry in fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.is_empty());
        assert_clean(&path.display().to_string(), &text);
        written += 1;
    }
    assert_eq!(written, 6);
}

#[test]
fn every_edit_that_is_shown() {
    let shown = assert_output_clean(&["fix", ".", "--unsafe", "-v"], &leaky());
    assert!(
        shown.contains("os.environ"),
        "keys of the source are edited"
    );
    let copy = copy_of_leaky();
    let arguments = ["fix", ".", "--unsafe", "--apply", "--allow-dirty"];
    assert_output_clean(&arguments, copy.path());
}

#[test]
fn who_about_everything_that_is_known() {
    let told = keytrail(&["who", "nothing of this name"], &leaky());
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    let (_, known) = told
        .split_once("known here: ")
        .expect("the error lists what is known");
    let known: Vec<&str> = known.trim().split(", ").collect();
    assert!(known.len() > 5, "{known:?}");
    for target in known {
        let shown = assert_output_clean(&["who", target, "--verbose"], &leaky());
        assert!(shown.starts_with("Who can get "), "{target}: {shown}");
    }
}

#[test]
fn a_key_that_somebody_asks_about_is_not_repeated() {
    for (key, _) in planted() {
        let output = keytrail(&["who", key, "."], &leaky());
        assert_eq!(output.status.code(), Some(2));
        assert_clean("who", &String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_page_of_a_rule() {
    let rules = keytrail(&["rules", "--format", "json"], &leaky());
    let rules: serde_json::Value = serde_json::from_slice(&rules.stdout).unwrap();
    for rule in rules.as_array().unwrap() {
        assert_output_clean(&["explain", rule["id"].as_str().unwrap()], &leaky());
    }
    for command in ["rules", "schema", "--help"] {
        assert_output_clean(&[command], &leaky());
    }
}

/// The files that hold keys, broken in the line of the key: what a parser says of it is shown.
#[test]
fn errors_about_broken_files() {
    for broken in ["\")(", "\"\"\" {{ ${", "\u{0}\u{1}", "= = ["] {
        let directory = copy_of_leaky();
        for (_, place) in planted() {
            let (path, line) = place.rsplit_once(':').unwrap();
            let path = directory.path().join(path);
            let whole = fs::read_to_string(&path).unwrap();
            let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
            let line = &mut lines[line.parse::<usize>().unwrap() - 1];
            *line = format!("{broken}{line}{broken}");
            fs::write(&path, lines.join("\n")).unwrap();
        }
        for format in ["terminal", "json"] {
            assert_output_clean(&["scan", ".", "-v", "--format", format], directory.path());
        }
    }
}

/// The key files given as what they are not: an error must not quote them.
#[test]
fn errors_about_files_of_another_kind() {
    for (_, place) in planted() {
        let (path, _) = place.rsplit_once(':').unwrap();
        for flag in ["--config", "--baseline"] {
            let output = keytrail(&["scan", ".", flag, path], &leaky());
            assert_eq!(output.status.code(), Some(2), "{flag} {path}");
            assert_clean(flag, &String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn what_prints_itself_for_a_developer() {
    let options = Options {
        paths: vec![leaky()],
        ..Options::new("0.0.0", Date::today())
    };
    let watch = Arc::new(Watch::default());
    let outcome = keytrail_engine::scan(&options, &watch).unwrap();
    assert_clean(
        "Debug of a scan",
        &format!("{outcome:?} {options:?} {watch:?}"),
    );
    let answer = keytrail_engine::who(&options, "keyring-keys", &watch).unwrap();
    assert_clean("Debug of an answer", &format!("{answer:?}"));
}

/// Snapshots, pages, documents: whatever the suite keeps lies in the repository.
#[test]
fn every_file_of_the_repository_but_the_example_itself() {
    let mut directories = vec![repository()];
    let mut read = 0;
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if ![".git", "target", "leaky", ".venv"].contains(&name.as_str()) {
                    directories.push(path);
                }
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert_clean(&path.display().to_string(), &text);
            read += 1;
        }
    }
    assert!(read > 300, "{read} files only");
}
