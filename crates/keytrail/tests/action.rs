//! The steps of the GitHub Action, run as its runner does: install, scan, comment. GitHub is a double on 127.0.0.1 that
//! keeps comments and released files.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

mod github;

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use github::{BOT, GitHub, TOKEN, serve};
use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A directory of the runner's, with a pull request as the event.
struct Runner {
    directory: tempfile::TempDir,
}

impl Runner {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let event = r#"{"action": "synchronize", "pull_request": {"number": 7}}"#;
        std::fs::write(directory.path().join("event"), event).unwrap();
        Self { directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// Runs a script of the Action in `project`; outputs and summary begin empty.
    fn run(&self, script: &str, project: &Path, first: &Path, inputs: &[(&str, &str)]) -> Output {
        for file in ["output", "summary", "path"] {
            std::fs::write(self.file(file), "").unwrap();
        }
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", first.display());
        Command::new("bash")
            .arg(repository().join("scripts").join(script))
            .current_dir(project)
            .env("PATH", path)
            .env("RUNNER_TEMP", self.directory.path())
            .env("ACTION", repository())
            .env("GITHUB_OUTPUT", self.file("output"))
            .env("GITHUB_PATH", self.file("path"))
            .env("GITHUB_STEP_SUMMARY", self.file("summary"))
            .env("GITHUB_EVENT_PATH", self.file("event"))
            .env("GITHUB_REPOSITORY", "shop/api")
            .env_remove("KEYTRAIL_SALT")
            .envs(inputs.iter().copied())
            .output()
            .unwrap()
    }

    fn scan(&self, project: &Path, inputs: &[(&str, &str)]) -> Output {
        let binary = Path::new(env!("CARGO_BIN_EXE_keytrail")).parent().unwrap();
        let output = self.run("action-scan.sh", project, binary, inputs);
        assert!(output.status.success(), "{}", told(&output));
        output
    }

    fn output(&self, name: &str) -> String {
        let outputs = self.read("output");
        let prefix = format!("{name}=");
        let found = outputs.lines().find_map(|line| line.strip_prefix(&prefix));
        found
            .unwrap_or_else(|| panic!("{name} in {outputs}"))
            .to_owned()
    }

    /// The comment step, as after a scan with findings.
    fn comment(&self, github: &GitHub, more: &[(&str, &str)]) -> Output {
        let inputs = [
            ("GITHUB_API_URL", github.url.as_str()),
            ("GITHUB_TOKEN", TOKEN),
            ("FINDINGS", "1"),
            ("CODE", "10"),
        ];
        let inputs = [&inputs[..], more].concat();
        let output = self.run(
            "action-comment.sh",
            self.directory.path(),
            Path::new("/bin"),
            &inputs,
        );
        assert!(output.status.success(), "{}", told(&output));
        assert!(!told(&output).contains(TOKEN));
        output
    }

    fn report(&self, text: &str) {
        std::fs::create_dir_all(self.file("keytrail-report")).unwrap();
        std::fs::write(self.file("keytrail-report/keytrail.md"), text).unwrap();
    }
}

fn told(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A view that logs a key.
const VIEW: &str = "import logging

log = logging.getLogger(__name__)


def show(request):
    log.info(request.POST[\"api_key\"])
";

#[test]
fn one_comment_is_made_then_changed_and_never_doubled() {
    let project = tempfile::tempdir().unwrap();
    write(project.path(), "app/a.py", VIEW);
    let (runner, github) = (Runner::new(), serve());
    // others have commented, one of them like us; so many that ours is on the second page
    {
        let mut state = github.state.lock().unwrap();
        let fake = (
            "<!-- keytrail: keytrail -->\nmine".to_owned(),
            "mallory".to_owned(),
        );
        state.comments = (1..=120)
            .map(|id| (id, fake.1.clone(), fake.0.clone()))
            .collect();
    }
    let inputs = [("ONLY", "code"), ("FAIL_ON", "low")];
    runner.scan(project.path(), &inputs);
    let first = told(&runner.comment(&github, &[]));
    assert!(first.contains("comment 1001 made"), "{first}");
    write(project.path(), "app/b.py", VIEW);
    runner.scan(project.path(), &inputs);
    for _ in 0..2 {
        let next = told(&runner.comment(&github, &[]));
        assert!(next.contains("comment 1001 changed"), "{next}");
    }
    let state = github.state.lock().unwrap();
    assert_eq!(state.comments.len(), 121);
    let ours: Vec<_> = state.comments.iter().filter(|it| it.1 == BOT).collect();
    assert_eq!(ours.len(), 1);
    let body = &ours[0].2;
    assert!(
        body.starts_with("<!-- keytrail: keytrail -->\n## Keytrail: grade "),
        "{body}"
    );
    assert!(body.contains("```mermaid\nflowchart TB\n"), "{body}");
    assert!(body.contains("app/b.py"), "{body}");
    assert!(
        state
            .comments
            .iter()
            .filter(|it| it.1 != BOT)
            .all(|it| it.2.ends_with("mine"))
    );
    let asked = |what: &str| state.asked.iter().filter(|it| it.starts_with(what)).count();
    assert_eq!((asked("POST"), asked("PATCH"), asked("DELETE")), (1, 2, 0));
}

#[test]
fn two_runs_at_one_moment_leave_one_comment() {
    let (runner, github) = (Runner::new(), serve());
    runner.report("## Keytrail: grade F\n");
    let other = "<!-- keytrail: keytrail -->\nof the other run".to_owned();
    github.state.lock().unwrap().meanwhile = vec![(900, BOT.to_owned(), other)];
    runner.comment(&github, &[]);
    let state = github.state.lock().unwrap();
    assert_eq!(state.comments.len(), 1, "{:?}", state.asked);
    assert_eq!(state.comments[0].0, 900);
    assert!(state.comments[0].2.ends_with("grade F\n"));
}

#[test]
fn jobs_of_other_names_keep_their_own_and_a_long_report_is_cut() {
    let (runner, github) = (Runner::new(), serve());
    runner.report(&"ü".repeat(80_000));
    runner.comment(&github, &[("NAME", "api --> x")]);
    runner.comment(&github, &[("NAME", "worker")]);
    runner.comment(&github, &[("NAME", "worker")]);
    let state = github.state.lock().unwrap();
    assert_eq!(state.comments.len(), 2);
    assert!(
        state.comments[0]
            .2
            .starts_with("<!-- keytrail: api -- x -->\n")
    );
    assert!(
        state.comments[1]
            .2
            .ends_with("The rest is in the summary of the job.")
    );
    assert!(
        state
            .comments
            .iter()
            .all(|it| it.2.chars().count() < 65_536)
    );
}

#[test]
fn a_comment_that_may_not_be_written_fails_nothing_and_silence_needs_none() {
    let (runner, github) = (Runner::new(), serve());
    runner.report("## Keytrail: grade A\n");
    let quiet = runner.comment(&github, &[("FINDINGS", "0"), ("CODE", "0")]);
    assert!(told(&quiet).contains("no comment"), "{}", told(&quiet));
    assert!(github.state.lock().unwrap().comments.is_empty());
    github.state.lock().unwrap().refuses = 403;
    let refused = told(&runner.comment(&github, &[]));
    assert!(
        refused.contains("::warning::the comment was not written"),
        "{refused}"
    );
    std::fs::write(runner.file("event"), r#"{"ref": "refs/heads/main"}"#).unwrap();
    let pushed = told(&runner.comment(&github, &[]));
    assert!(pushed.contains("no pull request"), "{pushed}");
}

#[test]
fn twenty_thousand_findings_are_sorted_cut_and_it_is_said() {
    let project = tempfile::tempdir().unwrap();
    for module in 0..26 {
        let mut text = String::new();
        for table in 0..200 {
            let name = format!("t{module}_{table}");
            let _ = write!(
                text,
                "resource \"aws_dynamodb_table\" \"{name}\" {{\n  name     = \"{name}\"\n  hash_key = \"api_key\"\n\n  \
                 attribute {{\n    name = \"api_key\"\n    type = \"S\"\n  }}\n}}\n\n"
            );
        }
        write(project.path(), &format!("infra/m{module}.tf"), &text);
    }
    write(project.path(), "app/a.py", VIEW);
    let runner = Runner::new();
    let output = runner.scan(project.path(), &[("FAIL_ON", "low")]);
    let all: usize = runner.output("findings").parse().unwrap();
    assert!(all > 20_000, "{all}");
    let text = std::fs::read_to_string(runner.output("sarif")).unwrap();
    let log: Value = serde_json::from_str(&text).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5_000);
    let ranks: Vec<u64> = results
        .iter()
        .map(|it| it["rank"].as_u64().unwrap() / 20)
        .collect();
    assert!(ranks.is_sorted_by(|one, other| one >= other));
    // the worst of all are among them
    let json: Value =
        serde_json::from_str(&std::fs::read_to_string(runner.output("json")).unwrap()).unwrap();
    let severity = |it: &&Value| ["critical", "high"].contains(&it["severity"].as_str().unwrap());
    let worst = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(severity)
        .count();
    assert_eq!(
        ranks.iter().filter(|rank| **rank >= 3).count(),
        worst.min(5_000)
    );
    let left = format!("{} findings of lower severity are left off", all - 5_000);
    let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains(&left), "{notes}");
    assert!(told(&output).contains(&left), "{}", told(&output));
    let summary = runner.read("summary");
    let told = format!("has the worst 5000 of {all} findings");
    assert!(summary.contains(&told), "{}", &summary[..2_000]);
    assert!(summary.len() < 1_048_576);
    let packed = Command::new("gzip")
        .arg("-c")
        .arg(runner.output("sarif"))
        .output()
        .unwrap();
    assert!(
        packed.stdout.len() < 10 * 1024 * 1024,
        "{}",
        packed.stdout.len()
    );
    let marks = String::from_utf8_lossy(&output.stdout).into_owned();
    let marks = marks.lines().filter(|it| it.contains(" file="));
    assert_eq!(marks.count(), 10);
    for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
        assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 10);
    }
}

fn program(directory: &Path, path: &str, line: &str) {
    write(directory, path, &format!("#!/bin/sh\n{line}\n"));
    let rights = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(directory.join(path), rights).unwrap();
}

/// A directory with a `cargo` that only says how it was called.
fn cargo_that_tells(directory: &Path) -> PathBuf {
    program(directory, "bin/cargo", "echo \"cargo $*\"");
    directory.join("bin")
}

#[test]
fn a_release_is_used_if_its_checksum_fits_and_nothing_is_built_around_one_that_does_not() {
    let (runner, github) = (Runner::new(), serve());
    let bin = cargo_that_tells(runner.directory.path());
    let install = |more: &[(&str, &str)]| {
        let inputs = [
            ("GITHUB_SERVER_URL", github.url.as_str()),
            ("REPOSITORY", "keytrail/keytrail"),
            ("VERSION", "9.1.0"),
        ];
        runner.run(
            "action-install.sh",
            runner.directory.path(),
            &bin,
            &[&inputs[..], more].concat(),
        )
    };
    // no release: built, and said so
    let built = install(&[]);
    assert!(built.status.success(), "{}", told(&built));
    assert!(
        told(&built).contains("(404); building keytrail from the action's source"),
        "{}",
        told(&built)
    );
    assert!(told(&built).contains("cargo install --quiet --locked --path"));
    let path = github.state.lock().unwrap().asked[0]
        .split(' ')
        .nth(1)
        .unwrap()
        .to_owned();
    assert!(
        path.starts_with("/keytrail/keytrail/releases/download/v9.1.0/keytrail-9.1.0-"),
        "{path}"
    );

    let packed = runner.file("made.tar.gz");
    program(
        runner.directory.path(),
        "made/keytrail",
        "echo keytrail 9.1.0",
    );
    let made = Command::new("tar")
        .arg("-czf")
        .arg(&packed)
        .arg("-C")
        .arg(runner.file("made"))
        .arg("keytrail")
        .status();
    assert!(made.unwrap().success());
    let bytes = std::fs::read(&packed).unwrap();
    github
        .state
        .lock()
        .unwrap()
        .files
        .insert(path.clone(), bytes);
    let refused = |text: &str| {
        let output = install(&[]);
        assert!(!output.status.success());
        assert!(
            told(&output).contains(text) && !told(&output).contains("cargo install"),
            "{}",
            told(&output)
        );
        assert_eq!(runner.read("path"), "");
    };
    refused("has no checksum beside it");
    let sum_of = |text: String| {
        let file = format!("{path}.sha256");
        github
            .state
            .lock()
            .unwrap()
            .files
            .insert(file, text.into_bytes());
    };
    sum_of(format!("{}  x.tar.gz\n", "0".repeat(64)));
    refused("does not fit its checksum");
    sum_of(String::new());
    refused("does not fit its checksum");

    let sum = Command::new("sha256sum").arg(&packed).output().unwrap();
    sum_of(String::from_utf8(sum.stdout).unwrap());
    let used = install(&[]);
    assert!(used.status.success(), "{}", told(&used));
    let directory = runner.read("path");
    let run = Command::new(Path::new(directory.trim()).join("keytrail"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stdout), "keytrail 9.1.0\n");
    let hostile = install(&[("VERSION", "../../x")]);
    assert!(!hostile.status.success() && told(&hostile).contains("is no version"));
}

#[test]
fn the_action_hands_every_input_to_a_step_and_every_output_out() {
    let text = std::fs::read_to_string(repository().join("action.yml")).unwrap();
    let section = |from: &str, to: &str| {
        let (_, rest) = text.split_once(from).unwrap();
        rest.split_once(to).unwrap().0.to_owned()
    };
    let names = |section: &str| -> Vec<String> {
        let lines = section
            .lines()
            .filter(|it| it.starts_with("  ") && !it.starts_with("   "));
        lines
            .map(|it| it.trim().trim_end_matches(':').to_owned())
            .collect()
    };
    let steps = text.split_once("\nruns:").unwrap().1;
    let documents = std::fs::read_to_string(repository().join("docs/ci.md")).unwrap();
    for input in names(&section("\ninputs:\n", "\noutputs:\n")) {
        assert!(
            steps.contains(&format!("inputs.{input}")),
            "{input} is used nowhere"
        );
        assert!(
            documents.contains(&format!("| `{input}` |")),
            "{input} is not in docs/ci.md"
        );
    }
    let script = std::fs::read_to_string(repository().join("scripts/action-scan.sh")).unwrap();
    for output in names(&section("\noutputs:\n", "\nruns:")) {
        assert!(
            script.contains(&format!("echo \"{output}=")),
            "{output} is written nowhere"
        );
        assert!(
            documents.contains(&format!("| `{output}` |")),
            "{output} is not in docs/ci.md"
        );
    }
}
