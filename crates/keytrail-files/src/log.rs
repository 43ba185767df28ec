//! Who wrote the line of a log: the logger of an application, the step of a job.

use std::borrow::Cow;

use keytrail_detect::Detector;
use serde_json::Value;

/// How far back the beginning of a step is looked for, in bytes.
const BACK: usize = 64 * 1024;
/// Longer lines are not parsed as JSON.
const LONGEST_LINE: usize = 64 * 1024;
/// Characters that are shown.
const LONGEST: usize = 80;

/// What wrote the line that holds `at`, in a few words; `None` where the file is no log, `unknown` where
/// its lines do not say. Keys in it are masked.
pub(crate) fn writer(path: &str, text: &[u8], at: usize, detector: &Detector) -> Option<String> {
    if !is_log(path) {
        return None;
    }
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
    let line = String::from_utf8_lossy(&text[start..end.min(start + LONGEST_LINE)]);
    let logger = in_json(&line).or_else(|| in_line(&line));
    let before = &text[start.saturating_sub(BACK)..start];
    let told = match (logger, || step(path, before)) {
        (Some(name), _) => format!("logger {name}"),
        (None, step) => step().map_or_else(|| "unknown".to_owned(), |step| format!("step {step}")),
    };
    let told: String = detector.redact(&told).chars().take(LONGEST).collect();
    Some(told)
}

/// True for logs of applications and of jobs, by name.
pub(crate) fn is_log(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let (folder, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let rotated = || {
        name.split_once(".log.").is_some_and(|(_, rest)| {
            rest.bytes()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_'))
        })
    };
    let of_a_job = || {
        name.strip_suffix(".txt").is_some()
            && (job_step(name).is_some() || folder.ends_with("logs"))
    };
    [".log", ".jsonl", ".ndjson", ".log.json"]
        .iter()
        .any(|end| name.ends_with(end))
        || rotated()
        || of_a_job()
}

/// `3_Run tests.txt`, as GitHub names the logs of steps.
fn job_step(name: &str) -> Option<&str> {
    let (number, step) = name.strip_suffix(".txt")?.split_once('_')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !step.is_empty()).then_some(step)
}

/// `{"logger": "django.request", …}`.
fn in_json(line: &str) -> Option<String> {
    const NAMES: [&str; 8] = [
        "logger",
        "logger_name",
        "loggerName",
        "name",
        "log.logger",
        "source",
        "module",
        "service",
    ];
    // Lines of containers have a prefix: `2024-05-31T12:00:00Z stdout F {…}`.
    let object = line.get(line.find('{')?..)?;
    let Ok(Value::Object(record)) = serde_json::from_str(object.trim_end()) else {
        return None;
    };
    let mut values = NAMES.iter().filter_map(|name| record.get(*name)?.as_str());
    values.find(|value| is_name(value)).map(str::to_owned)
}

/// `… ERROR django.request: …`, `ERROR:django.request:…`, `… [main] INFO com.acme.Store - …`,
/// `… host app[123]: …`.
fn in_line(line: &str) -> Option<String> {
    const LEVELS: [&str; 9] = [
        "CRITICAL", "FATAL", "ERROR", "WARNING", "WARN", "NOTICE", "INFO", "DEBUG", "TRACE",
    ];
    let head: String = line.chars().take(200).collect();
    let words = |text: &str| -> Vec<String> {
        let ends =
            |c: char| c.is_whitespace() || matches!(c, ':' | '[' | ']' | '(' | ')' | '|' | ',');
        text.split(ends)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let level = LEVELS.iter().filter_map(|level| {
        let at = head.find(level)?;
        let whole = !head[at + level.len()..].starts_with(|c: char| c.is_alphanumeric());
        whole.then_some((at, level.len()))
    });
    if let Some((at, length)) = level.min() {
        let after = words(&head[at + length..]);
        let skipped = |word: &&String| {
            !word
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"-.,+TZ".contains(&byte))
                && word.as_str() != "in"
        };
        let first = after.iter().find(skipped)?;
        let separated = head[at + length..]
            .split_once(first.as_str())
            .is_some_and(|(_, rest)| {
                let rest = rest.trim_start_matches([']', ')', ' ']);
                rest.starts_with([':', '-', '|']) || first.contains('.')
            });
        return (separated && is_name(first)).then(|| first.clone());
    }
    // syslog: the process before its number.
    let (process, _) = head.split_once("]: ")?;
    let (process, number) = process.rsplit_once('[')?;
    let process = process.rsplit(' ').next()?;
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (numbered && is_name(process)).then(|| process.to_owned())
}

fn is_name(word: &str) -> bool {
    let named = word
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '$'));
    named && word.len() <= LONGEST && word.chars().any(char::is_alphabetic)
}

/// The last step that began before, as the services of jobs mark it.
fn step(path: &str, before: &[u8]) -> Option<String> {
    let before = String::from_utf8_lossy(before);
    let marked = before.lines().rev().find_map(|line| {
        let line = plain(line);
        let after = |mark: &str| {
            line.split_once(mark)
                .map(|(_, step)| step.trim().to_owned())
        };
        after("##[group]")
            .or_else(|| after("##[section]Starting: "))
            .or_else(|| {
                after("section_start:")
                    .map(|step| step.split(':').nth(1).unwrap_or_default().to_owned())
            })
            .or_else(|| after("[Pipeline] { (").map(|step| step.trim_end_matches(')').to_owned()))
            .or_else(|| line.starts_with("Step ").then(|| line.to_string()))
            .or_else(|| {
                line.starts_with('#')
                    .then(|| line.to_string())
                    .filter(|line| line.contains(" RUN "))
            })
            .filter(|step| !step.is_empty())
    });
    marked.or_else(|| {
        let name = path.rsplit('/').next()?;
        job_step(name).map(str::to_owned)
    })
}

/// Without colours and carriage returns.
fn plain(line: &str) -> Cow<'_, str> {
    if !line.contains(['\u{1b}', '\r']) {
        return Cow::Borrowed(line);
    }
    let mut out = String::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            let _ = rest.by_ref().find(char::is_ascii_alphabetic);
        } else if c != '\r' {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> Option<String> {
        let at = text.find("HERE").unwrap();
        writer(path, text.as_bytes(), at, &Detector::new())
    }

    #[test]
    fn loggers() {
        for (line, logger) in [
            (
                "2024-05-31 12:00:00,123 ERROR django.request: HERE",
                "django.request",
            ),
            ("ERROR:django.request:HERE", "django.request"),
            ("INFO 2024-05-31 12:00:00,123 views 4711 139 HERE", ""),
            ("[2024-05-31 12:00:00] INFO in views: HERE", "views"),
            (
                "12:00:00.123 [main] WARN  com.acme.Store - HERE",
                "com.acme.Store",
            ),
            (
                "2024-05-31 12:00:00 [INFO] vault.client: HERE",
                "vault.client",
            ),
            ("May 31 12:00:00 host gunicorn[123]: HERE", "gunicorn"),
            (
                "{\"level\": \"info\", \"logger\": \"billing.keys\", \"msg\": \"HERE\"}",
                "billing.keys",
            ),
            (
                "2024-05-31T12:00:00Z stdout F {\"name\":\"api\",\"msg\":\"HERE\"}",
                "api",
            ),
            ("plain HERE", ""),
        ] {
            let expected = if logger.is_empty() {
                "unknown".to_owned()
            } else {
                format!("logger {logger}")
            };
            assert_eq!(told("logs/app.log", line), Some(expected), "{line}");
        }
    }

    #[test]
    fn steps() {
        for (text, step) in [
            (
                "2024-05-31T12:00:00Z ##[group]Run make test\n2024 one\n2024 HERE",
                "Run make test",
            ),
            (
                "\u{1b}[0Ksection_start:1560896352:build\r\u{1b}[0K\nHERE",
                "build",
            ),
            ("[Pipeline] { (Deploy)\n[Pipeline] sh\nHERE", "Deploy"),
            (
                "Step 3/9 : RUN pip install .\nHERE",
                "Step 3/9 : RUN pip install .",
            ),
        ] {
            assert_eq!(
                told("ci/job.log", text),
                Some(format!("step {step}")),
                "{text}"
            );
        }
        assert_eq!(
            told("build/3_Run tests.txt", "HERE").as_deref(),
            Some("step Run tests")
        );
        assert_eq!(told("notes/three.txt", "HERE"), None);
        assert_eq!(told("app.py", "ERROR:a.b:HERE"), None);
    }

    #[test]
    fn names_of_logs() {
        for path in [
            "a.log",
            "var/app.log.1",
            "app.log.2024-05-31",
            "x/logs/1_build.txt",
            "a.jsonl",
        ] {
            assert!(is_log(path), "{path}");
        }
        for path in ["a.py", "changelog.txt", "a.log.py", "docs/1.txt"] {
            assert!(!is_log(path), "{path}");
        }
    }

    #[test]
    fn keys_in_a_step_are_masked() {
        let key = ["sk", "live", "kq7Zp2Vx9LmR4tYw8BnC5dFgHj3s"].join("_");
        let told = told("a.log", &format!("##[group]Run deploy --key {key}\nHERE")).unwrap();
        assert!(!told.contains("kq7Zp2Vx"), "{told}");
    }
}
