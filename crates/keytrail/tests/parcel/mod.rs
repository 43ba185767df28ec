//! The two services of `examples/exposed`, on free ports of 127.0.0.1, for as long as a test runs.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A running service; stopped when dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) url: String,
    tokens: BTreeMap<String, String>,
    log: tempfile::TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The directory of the examples.
pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/exposed")
}

/// Starts `exposed` or `sealed`.
pub(crate) fn serve(which: &str, more: &[&str]) -> Service {
    let log = tempfile::tempdir().unwrap();
    let mut child = Command::new("python3")
        .current_dir(example())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["serve.py", which, "--log"])
        .arg(log.path().join("requests"))
        .args(more)
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs the example");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let told: Value = serde_json::from_str(&line).expect("the service tells its port");
    let scheme = if more.contains(&"--tls") {
        "https"
    } else {
        "http"
    };
    let tokens = told["tokens"].as_object().unwrap();
    Service {
        child,
        url: format!("{scheme}://127.0.0.1:{}/", told["port"]),
        tokens: tokens
            .iter()
            .map(|(name, token)| (name.clone(), token.as_str().unwrap().to_owned()))
            .collect(),
        log,
    }
}

impl Service {
    /// `--as` for each of the three.
    pub(crate) fn identities(&self) -> Vec<String> {
        self.tokens
            .iter()
            .flat_map(|(name, token)| ["--as".to_owned(), format!("{name}=bearer:{token}")])
            .collect()
    }

    /// The tokens themselves, which nothing may show.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.tokens.values().map(String::as_str)
    }

    /// Runs `keytrail probe` on it, as everybody.
    pub(crate) fn probe(&self, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keytrail"));
        command
            .args(["probe", &self.url, "--fail-on", "never"])
            .args(self.identities())
            .args(if more.contains(&"--rate") {
                &[][..]
            } else {
                &["--rate", "400"]
            })
            .args(more)
            .current_dir(self.log.path());
        command.output().unwrap()
    }

    /// As [`Self::probe`], the report as JSON.
    pub(crate) fn report(&self, more: &[&str]) -> Value {
        let mut all = vec!["--format", "json"];
        all.extend(more);
        let output = self.probe(&all);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// What the service was asked, in order.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.log.path().join("requests")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// `check rule METHOD /route`, for each finding.
pub(crate) fn found(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| {
            let at = &finding["location"];
            let operation = format!("{} {}", text(&at["method"]), text(&at["route"]));
            (text(&finding["check"]), text(&finding["rule"]), operation)
        })
        .collect()
}

/// One row of the list of what is true.
pub(crate) struct True {
    pub(crate) check: String,
    pub(crate) rule: String,
    /// Empty for what is true of the service as a whole.
    pub(crate) operation: String,
    pub(crate) needs: String,
}

/// The table of `TRUTH.md`.
pub(crate) fn truth() -> Vec<True> {
    let text = std::fs::read_to_string(example().join("TRUTH.md")).unwrap();
    let rows = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| check"));
    rows.map(|line| {
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
        True {
            check: cells[1].clone(),
            rule: cells[2].clone(),
            operation: cells[3].clone(),
            needs: cells[4].clone(),
        }
    })
    .collect()
}
