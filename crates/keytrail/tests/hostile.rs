//! Broken, strange and hostile trees: a clear message, the right exit code, the rest still read.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const KEY_NAME: &str = "PAYMENT_API_KEY";

/// A key that no push protection knows as one, put together so that it stands in no source file.
fn planted_key() -> String {
    ["kq7Zp2Vx", "9LmR4tYw", "8BnC3sDf", "6GhJ1kQe"].concat()
}

fn scan(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .arg("scan")
        .arg(directory)
        .args(arguments)
        .env_remove("KEYTRAIL_SALT")
        .output()
        .unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn write(directory: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = directory.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn settings(directory: &Path) {
    let text = format!(
        "DEBUG = True\nROOT_URLCONF = \"app.urls\"\n{KEY_NAME} = \"{}\"\n",
        planted_key()
    );
    write(directory, "app/settings.py", text);
    write(
        directory,
        "manage.py",
        "import os\nos.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"app.settings\")\n",
    );
}

#[test]
fn an_empty_directory_is_nothing_to_check() {
    let directory = tempfile::tempdir().unwrap();
    let output = scan(directory.path(), &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: nothing to check"));
}

#[test]
fn the_rest_is_read_beside_broken_files() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    settings(root);
    write(root, "app/broken.py", "def f(:\n    return (\n\x00 \"\"\"");
    write(
        root,
        "infra/broken.tf",
        "resource \"aws_dynamodb_table\" \"x\" {\n  name = \"${\n",
    );
    write(
        root,
        "infra/broken.yaml",
        "Resources:\n  T:\n   - [\n  x: {{{\nAWSTemplateFormatVersion: '2010-09-09'\n",
    );
    write(root, "app/latin.py", b"# caf\xe9\nX = 1\n");
    let output = scan(root, &["--format", "json", "--fail-on", "never"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report = json(&output);
    let text = report.to_string();
    assert!(text.contains("app/settings.py"), "the sound file is read");
    assert!(text.contains("app/broken.py"), "the broken one is told");
    assert!(text.contains("infra/broken.tf"));
}

#[test]
fn a_line_of_fifty_megabytes_is_survived() {
    let directory = tempfile::tempdir().unwrap();
    settings(directory.path());
    let mut line = b"X = \"".to_vec();
    line.resize(50 * 1024 * 1024, b'a');
    write(directory.path(), "app/long.py", &line);
    let output = scan(
        directory.path(),
        &["--format", "json", "--fail-on", "never"],
    );
    assert_eq!(output.status.code(), Some(0));
    assert!(json(&output).to_string().contains("app/settings.py"));
}

#[test]
fn deep_nesting_in_templates_is_survived() {
    let directory = tempfile::tempdir().unwrap();
    settings(directory.path());
    let deep = "[".repeat(100_000);
    write(directory.path(), "infra/deep.tf", format!("x = {deep}"));
    write(
        directory.path(),
        "infra/deep.json",
        format!("{{\"Resources\": {deep}"),
    );
    write(
        directory.path(),
        "infra/deep.yaml",
        format!("Resources: {deep}"),
    );
    survives(directory.path());
}

#[test]
fn deep_nesting_in_python_is_survived() {
    let directory = tempfile::tempdir().unwrap();
    settings(directory.path());
    let (open, closed) = ("[".repeat(50_000), "]".repeat(50_000));
    write(directory.path(), "app/open.py", "(".repeat(200_000));
    write(
        directory.path(),
        "app/deep.py",
        format!("x = {open}1{closed}"),
    );
    let minus = "-".repeat(100_000);
    write(directory.path(), "app/minus.py", format!("x = {minus}1"));
    let sum = "1+".repeat(100_000);
    write(directory.path(), "app/sum.py", format!("x = {sum}1"));
    let dots = ".b".repeat(100_000);
    write(directory.path(), "app/dots.py", format!("x = a{dots}"));
    let chain = "elif x:\n  pass\n".repeat(50_000);
    write(
        directory.path(),
        "app/chain.py",
        format!("if x:\n  pass\n{chain}"),
    );
    survives(directory.path());
}

fn survives(directory: &Path) {
    let output = scan(directory, &["--format", "json", "--fail-on", "never"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(json(&output).to_string().contains("app/settings.py"));
}

#[cfg(unix)]
#[test]
fn loops_of_links_and_unreadable_files_are_told() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    settings(root);
    symlink("..", root.join("app/loop")).unwrap();
    write(root, "app/closed.py", "x = 1\n");
    fs::set_permissions(
        root.join("app/closed.py"),
        fs::Permissions::from_mode(0o000),
    )
    .unwrap();
    let output = scan(root, &["--format", "json", "--fail-on", "never"]);
    assert_eq!(output.status.code(), Some(0));
    // Root reads everything; only where the file is really closed must it be told.
    if fs::read(root.join("app/closed.py")).is_err() {
        assert!(
            json(&output)["coverage"]
                .to_string()
                .contains("app/closed.py")
        );
    }
}

#[test]
fn law_1_no_output_holds_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    settings(root);
    write(root, ".env", format!("{KEY_NAME}={}\n", planted_key()));
    write(
        root,
        "app/views.py",
        format!(
            "from django.http import JsonResponse\nimport boto3\n\n\ndef show(request):\n    \
             boto3.resource(\"dynamodb\").Table(\"keys\").put_item(Item={{\"api_key\": \"{}\"}})\n    \
             print(\"{}\")\n    return JsonResponse({{\"api_key\": \"{}\"}})\n",
            planted_key(),
            planted_key(),
            planted_key()
        ),
    );
    for format in ["terminal", "json", "sarif", "html", "markdown"] {
        let output = scan(
            root,
            &["--format", format, "--verbose", "--fail-on", "never"],
        );
        assert_eq!(output.status.code(), Some(0));
        for stream in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(stream);
            assert!(!text.contains(&planted_key()), "{format} shows the key");
            assert!(
                !text.contains(&planted_key()[..16]),
                "{format} shows half the key"
            );
        }
    }
    let found = json(&scan(root, &["--format", "json"]));
    assert!(
        !found["findings"].as_array().unwrap().is_empty(),
        "the key was found at all"
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/leaky");
    for format in ["json", "sarif", "html", "markdown"] {
        let first = scan(&examples, &["--format", format]);
        for threads in ["1", "2", "7"] {
            let again = Command::new(env!("CARGO_BIN_EXE_keytrail"))
                .arg("scan")
                .arg(&examples)
                .args(["--format", format])
                .env("RAYON_NUM_THREADS", threads)
                .output()
                .unwrap();
            assert_eq!(
                first.stdout, again.stdout,
                "{format} with {threads} threads"
            );
        }
    }
}

#[test]
fn a_baseline_lets_today_pass_and_moved_lines_too() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    settings(root);
    let file = root.join("known.txt");
    let written = Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .arg("baseline")
        .arg(root)
        .arg("-o")
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(written.status.code(), Some(0));
    let text = fs::read_to_string(root.join("app/settings.py")).unwrap();
    write(root, "app/settings.py", format!("# moved\n\n\n{text}"));
    let output = scan(
        root,
        &["--fail-on", "info", "--baseline", file.to_str().unwrap()],
    );
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn several_outputs_of_one_run_agree() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    settings(root);
    let out = tempfile::tempdir().unwrap();
    let file = |name: &str| out.path().join(name);
    let outputs: Vec<String> = ["json", "sarif", "html", "markdown", "terminal"]
        .iter()
        .map(|format| format!("--output={format}={}", file(format).display()))
        .collect();
    let mut arguments: Vec<&str> = outputs.iter().map(String::as_str).collect();
    arguments.extend(["--format", "json", "--quiet"]);
    let output = scan(root, &arguments);
    assert!(output.stderr.is_empty());
    assert_eq!(output.stdout, fs::read(file("json")).unwrap());
    let grade = json(&output)["grade"].as_str().unwrap().to_owned();
    for (format, told) in [
        ("html", format!("grade {grade}")),
        ("markdown", format!("grade {grade}")),
        ("terminal", format!("Grade {grade}")),
        ("sarif", format!("\"grade\": \"{grade}\"")),
    ] {
        let text = fs::read_to_string(file(format)).unwrap();
        assert!(text.contains(&told), "{format} lacks {told}");
        assert!(!text.contains('\u{1b}'), "{format} has colour");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_ordinary_file_is_survived_and_told() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    settings(root);
    // Whoever opens a pipe that nobody writes to waits for ever.
    for name in ["app/pipe.py", "app/pipe.tf", ".env"] {
        let made = Command::new("mkfifo").arg(root.join(name)).status();
        assert!(made.unwrap().success());
    }
    let _socket = std::os::unix::net::UnixListener::bind(root.join("app/socket.py")).unwrap();
    let huge = fs::File::create(root.join("app/huge.py")).unwrap();
    huge.set_len(6 << 30).unwrap();
    let name = OsStr::from_bytes(b"na\xefve.py");
    fs::write(root.join("app").join(name), "x = 1\n").unwrap();
    write(root, "app/colour\u{1b}[31m\n.py", "x = 1 +\n");
    let output = scan(root, &["--verbose", "--fail-on", "never"]);
    assert_eq!(output.status.code(), Some(0));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("app/settings.py"));
    assert!(shown.contains("huge.py: "), "{shown}");
    assert!(shown.contains("the name is not valid UTF-8"), "{shown}");
    assert!(!shown.contains('\u{1b}'));
}

#[test]
fn an_output_that_cannot_be_written_is_told_before_the_work() {
    let directory = tempfile::tempdir().unwrap();
    settings(directory.path());
    let told = |file: &Path| {
        let output = scan(directory.path(), &["-o", file.to_str().unwrap()]);
        assert!(output.stdout.is_empty());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("hint: "), "{told}");
        (output.status.code(), told)
    };
    let (code, text) = told(directory.path());
    assert_eq!(code, Some(2));
    assert!(text.contains("it is a directory"), "{text}");
    let (code, text) = told(Path::new("/nonexistent-keytrail/report"));
    assert_eq!(code, Some(2));
    assert!(text.contains("there is no directory"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let directory = tempfile::tempdir().unwrap();
    settings(directory.path());
    let output = scan(directory.path(), &["--quiet", "-o", "/dev/full"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.starts_with("error: cannot write /dev/full: "),
        "{told}"
    );
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .arg("scan")
        .arg(directory.path())
        .stdout(full)
        .stderr(std::process::Stdio::null())
        .status();
    assert_eq!(status.unwrap().code(), Some(1));
}

/// A gate in a pipe, `keytrail scan | head`, still fails where it should.
#[test]
fn a_closed_pipe_changes_no_verdict_and_is_no_error() {
    let directory = tempfile::tempdir().unwrap();
    settings(directory.path());
    let mut child = Command::new(env!("CARGO_BIN_EXE_keytrail"))
        .arg("scan")
        .arg(directory.path())
        .args(["--quiet", "--format", "html", "--fail-on", "info"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(10));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_run_that_is_killed_leaves_the_old_file_or_a_whole_one() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/leaky");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("report.json");
    for round in 0..12 {
        fs::write(&file, "\"old\"").unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_keytrail"))
            .arg("scan")
            .arg(&examples)
            .args(["--quiet", "--format", "json", "-o"])
            .arg(&file)
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(round * 60));
        // It may have ended by itself already.
        let _ = child.kill();
        child.wait().unwrap();
        let left = fs::read(&file).unwrap();
        serde_json::from_slice::<serde_json::Value>(&left).unwrap();
    }
}
