//! The gate over time and between branches: what is known stays known when lines move and when
//! branches meet; what is new fails. And the script of the GitHub Action, run as its runner does.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args([
            "-c",
            "commit.gpgsign=false",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(["-c", "gc.auto=0"])
        .args(arguments)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {told}");
}

fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn commit(directory: &Path, message: &str) {
    git(directory, &["add", "-A"]);
    git(directory, &["commit", "-q", "-m", message]);
}

fn keytrail(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("KEYTRAIL_SALT")
        .output()
        .unwrap()
}

/// A module with a view that logs a key, after so many lines of something else.
fn view(name: &str, lines: usize) -> String {
    let mut text = String::from("import logging\n\nlog = logging.getLogger(__name__)\n");
    for line in 0..lines {
        let _ = writeln!(text, "LINE_{line} = {line}");
    }
    let _ = write!(
        text,
        "\n\ndef {name}(request):\n    log.info(request.POST[\"api_key\"])\n"
    );
    text
}

fn judged(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let all = [&["scan", "--only", "code", "--fail-on", "low"], arguments].concat();
    let output = keytrail(directory, &all);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), told)
}

#[test]
fn a_baseline_outlives_three_hundred_commits_that_move_lines() {
    let project = tempfile::tempdir().unwrap();
    let root = project.path();
    git(root, &["init", "-q"]);
    let names = ["create", "update", "show", "remove"];
    for name in names {
        write(root, &format!("app/{name}.py"), &view(name, 0));
    }
    assert!(
        keytrail(root, &["baseline", "--only", "code"])
            .status
            .success()
    );
    let baseline = std::fs::read_to_string(root.join("keytrail-baseline.txt")).unwrap();
    assert_eq!(baseline.lines().count(), 1 + names.len(), "{baseline}");
    commit(root, "begin");
    for number in 1..=300_usize {
        let name = names[number % names.len()];
        // lines come and go above the finding
        let lines = (number * 7919) % 97;
        write(root, &format!("app/{name}.py"), &view(name, lines));
        git(
            root,
            &["commit", "-q", "-a", "--allow-empty", "-m", "move lines"],
        );
        if number % 60 == 0 {
            let (code, told) = judged(root, &["--new-only"]);
            assert_eq!(code, 0, "after {number} commits: {told}");
            assert!(told.contains("4 known findings are left out"), "{told}");
            assert!(!told.contains("not needed any more"), "{told}");
        }
    }
    write(root, "app/more.py", &view("more", 3));
    let (code, told) = judged(root, &["--new-only"]);
    assert_eq!(code, 10);
    assert!(
        told.contains("gate: failed, 1 finding of severity low or above"),
        "{told}"
    );
}

#[test]
fn baselines_of_two_branches_meet_without_a_conflict() {
    let project = tempfile::tempdir().unwrap();
    let root = project.path();
    git(root, &["init", "-q"]);
    for number in 0..6 {
        write(
            root,
            &format!("app/v{number}.py"),
            &view(&format!("v{number}"), 0),
        );
    }
    write(
        root,
        ".gitattributes",
        "keytrail-baseline.txt merge=union\n",
    );
    assert!(
        keytrail(root, &["baseline", "--only", "code"])
            .status
            .success()
    );
    commit(root, "begin");
    for (branch, mended) in [("left", "v0"), ("right", "v1")] {
        git(root, &["checkout", "-q", "-b", branch, "main"]);
        std::fs::remove_file(root.join(format!("app/{mended}.py"))).unwrap();
        for number in 0..5 {
            let name = format!("{branch}{number}");
            write(root, &format!("app/{name}.py"), &view(&name, 0));
        }
        assert!(
            keytrail(root, &["baseline", "--only", "code"])
                .status
                .success()
        );
        commit(root, branch);
    }
    git(root, &["checkout", "-q", "main"]);
    git(root, &["merge", "-q", "-m", "one", "left"]);
    git(root, &["merge", "-q", "-m", "other", "right"]);
    let (code, told) = judged(root, &["--new-only"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("14 known findings are left out"), "{told}");
}

#[test]
fn new_only_needs_something_to_compare_with() {
    let project = tempfile::tempdir().unwrap();
    write(project.path(), "app/a.py", &view("a", 0));
    let (code, told) = judged(project.path(), &["--new-only"]);
    assert_eq!(code, 2);
    assert!(
        told.contains("keytrail-baseline.txt") && told.contains("hint: write one"),
        "{told}"
    );
}

#[test]
fn servers_that_show_tests_get_one_for_each_rule() {
    let project = tempfile::tempdir().unwrap();
    write(project.path(), "app/a.py", &view("a", 0));
    let arguments = [
        "scan",
        "--only",
        "code",
        "--fail-on",
        "medium",
        "--output",
        "junit=j.xml",
        "--output",
        "gitlab=g.json",
    ];
    keytrail(project.path(), &arguments);
    let junit = std::fs::read_to_string(project.path().join("j.xml")).unwrap();
    assert!(
        junit.contains("<testcase classname=\"keytrail\" name=\"key-in-log\">"),
        "{junit}"
    );
    let gitlab = std::fs::read_to_string(project.path().join("g.json")).unwrap();
    let gitlab: serde_json::Value = serde_json::from_str(&gitlab).unwrap();
    assert_eq!(gitlab[0]["location"]["path"], "app/a.py");
}

/// What the runner of GitHub gives the script of the Action.
struct Runner {
    directory: tempfile::TempDir,
}

impl Runner {
    fn run(&self, project: &Path, inputs: &[(&str, &str)]) -> (Output, String, String) {
        let file = |name: &str| self.directory.path().join(name);
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scripts/action-scan.sh");
        let binary = Path::new(env!("CARGO_BIN_EXE_keytrail")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        std::fs::write(file("output"), "").unwrap();
        std::fs::write(file("summary"), "").unwrap();
        let output = Command::new("bash")
            .arg(script)
            .current_dir(project)
            .env("PATH", path)
            .env("RUNNER_TEMP", self.directory.path())
            .env("GITHUB_OUTPUT", file("output"))
            .env("GITHUB_STEP_SUMMARY", file("summary"))
            .envs(inputs.iter().copied())
            .output()
            .unwrap();
        let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
        (output, read("output"), read("summary"))
    }
}

fn value<'o>(outputs: &'o str, name: &str) -> &'o str {
    let prefix = format!("{name}=");
    let mut lines = outputs.lines();
    lines.find_map(|line| line.strip_prefix(&prefix)).unwrap()
}

#[test]
fn the_action_tells_grade_counts_and_summary_and_marks_lines() {
    let project = tempfile::tempdir().unwrap();
    write(project.path(), "app/a, b.py", &view("a", 0));
    let runner = Runner {
        directory: tempfile::tempdir().unwrap(),
    };
    let inputs = [("ONLY", "code"), ("FAIL_ON", "low"), ("PATHS", "app\n")];
    let (output, outputs, summary) = runner.run(project.path(), &inputs);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(value(&outputs, "code"), "10");
    assert_eq!(value(&outputs, "findings"), "1");
    assert_eq!(value(&outputs, "critical"), "0");
    assert!("ABCDEF".contains(value(&outputs, "grade")));
    assert!(value(&outputs, "score").parse::<u32>().unwrap() <= 100);
    assert!(summary.starts_with("## Keytrail: grade "), "{summary}");
    let sarif: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(value(&outputs, "sarif")).unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1);
    let marks = String::from_utf8_lossy(&output.stdout).into_owned();
    let mark = marks.lines().find(|line| line.starts_with("::")).unwrap();
    assert!(
        mark.contains("file=a%2C b.py,line=7,title=key-in-log::"),
        "{mark}"
    );

    // a baseline lets it pass; a mistake is told and leaves no outputs but the code
    assert!(
        keytrail(project.path(), &["baseline", "app", "--only", "code"])
            .status
            .success()
    );
    let known = [
        &inputs[..],
        &[("BASELINE", "keytrail-baseline.txt"), ("NEW_ONLY", "true")],
    ]
    .concat();
    let (_, outputs, _) = runner.run(project.path(), &known);
    assert_eq!(value(&outputs, "code"), "0");
    assert_eq!(value(&outputs, "findings"), "0");
    let (_, outputs, summary) = runner.run(project.path(), &[("PATHS", "nowhere")]);
    assert_eq!(outputs, "code=2\n");
    assert_eq!(summary, "");
}
