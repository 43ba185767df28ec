//! `# keytrail: ignore[rule-id] why, until 2027-01-31`: comments that let findings pass.

mod comment;

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::{Entry, FileSpan, Finding, FixSafety, Location, Severity, Suppression, Tree};
use memchr::memmem;
use rayon::prelude::*;

use crate::nearest::nearest;
use crate::{Date, config, own_rules};
use comment::Comment;

/// Larger files are generated; nobody writes comments there.
const LARGEST: u64 = 2 * 1024 * 1024;
/// What a file must hold to be looked at.
const MARK: &[u8] = b"keytrail: ignore";

/// All comments of a tree, by file.
#[derive(Debug, Default)]
pub(crate) struct Ignores(BTreeMap<Arc<str>, Vec<Comment>>);

impl Ignores {
    /// Reads every file of `tree` that may hold such comments.
    pub(crate) fn read(tree: &dyn Tree) -> Self {
        Self(
            tree.entries()
                .par_iter()
                .filter(|entry| entry.size <= LARGEST && has_comments(entry))
                .filter_map(|entry| {
                    let bytes = tree.read(entry).ok()?;
                    memmem::find(&bytes, MARK)?;
                    let comments = comment::all(&String::from_utf8_lossy(&bytes));
                    (!comments.is_empty()).then(|| (Arc::clone(&entry.path), comments))
                })
                .collect(),
        )
    }

    /// Marks the findings that a comment lets pass on `today`.
    pub(crate) fn apply(&self, findings: &mut [Finding], today: Date) {
        for finding in findings.iter_mut().filter(|one| one.suppressed.is_none()) {
            let span = finding.location.span();
            let holding = self
                .0
                .get(&span.path)
                .into_iter()
                .flatten()
                .find(|comment| {
                    comment.covers == span.line
                        && comment.names(finding.rule)
                        && comment.holds(today)
                });
            if let Some(comment) = holding {
                finding.suppressed = Some(Suppression {
                    reason: if comment.reason.is_empty() {
                        "no reason given".to_owned()
                    } else {
                        comment.reason.clone()
                    },
                    until: comment.until.map(|until| until.to_string()),
                });
            }
        }
    }

    /// What is to be said about the comments themselves.
    pub(crate) fn findings(&self, rules: &[&str], today: Date) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (path, comments) in &self.0 {
            for comment in comments {
                findings.extend(judge(path, comment, rules, today));
            }
        }
        findings
    }
}

fn judge(path: &Arc<str>, comment: &Comment, rules: &[&str], today: Date) -> Vec<Finding> {
    let place = Location::File {
        span: FileSpan {
            path: Arc::clone(path),
            line: comment.line,
            column: comment.columns.0,
            end_line: comment.line,
            end_column: comment.columns.1,
        },
    };
    let named = comment.rules.join(", ");
    let mut findings = Vec::new();
    if comment.reason.is_empty() {
        findings.push(
            Finding::at(own_rules::WITHOUT_REASON, place.clone())
                .severity(Severity::Low)
                .confidence(keytrail_model::Confidence::Likely)
                .message(format!(
                    "This comment lets findings of {named} pass and does not say why."
                ))
                .fix(
                    FixSafety::Safe,
                    "Write the reason after the bracket, best with `until` and a day",
                )
                .subject(named.clone())
                .build(),
        );
    }
    if let Some(until) = comment.until.filter(|&until| until < today) {
        findings.push(
            Finding::at(own_rules::EXPIRED, place.clone())
                .severity(Severity::Info)
                .confidence(keytrail_model::Confidence::Likely)
                .message(format!(
                    "This comment let findings of {named} pass until {until}. It holds no longer."
                ))
                .fix(
                    FixSafety::Safe,
                    "Mend the finding and remove the comment, or decide anew and move the day",
                )
                .subject(named.clone())
                .build(),
        );
    }
    if let Some(no_day) = &comment.no_day {
        findings.push(
            Finding::at(own_rules::EXPIRED, place.clone())
                .severity(Severity::Info)
                .confidence(keytrail_model::Confidence::Likely)
                .message(format!(
                    "This comment names `{no_day}`, which is no day, so it lets no finding of {named} pass."
                ))
                .fix(FixSafety::Safe, "Write the day as YYYY-MM-DD")
                .subject(named.clone())
                .build(),
        );
    }
    for unknown in comment
        .rules
        .iter()
        .filter(|rule| !rules.contains(&rule.as_str()))
    {
        let meant = nearest(unknown, rules.iter().copied())
            .map_or_else(String::new, |rule| format!(" Did you mean `{rule}`?"));
        findings.push(
            Finding::at(own_rules::UNKNOWN_RULE, place.clone())
                .severity(Severity::Info)
                .confidence(keytrail_model::Confidence::Likely)
                .message(format!(
                    "This comment names `{unknown}`, which is no rule, so it holds nothing.{meant}"
                ))
                .fix(FixSafety::Safe, "Name a rule that `keytrail rules` lists")
                .subject(unknown.clone())
                .build(),
        );
    }
    findings
}

/// Kinds of file whose comments begin with `#` or `//`.
fn has_comments(entry: &Entry) -> bool {
    const EXTENSIONS: [&str; 22] = [
        "py",
        "pyi",
        "tf",
        "tfvars",
        "hcl",
        "yml",
        "yaml",
        "toml",
        "cfg",
        "ini",
        "conf",
        "env",
        "sh",
        "bash",
        "properties",
        "js",
        "ts",
        "jsx",
        "tsx",
        "json5",
        "jsonc",
        "template",
    ];
    let name = entry.file_name();
    EXTENSIONS.contains(&entry.extension())
        || name.starts_with(".env")
        || name.starts_with("Dockerfile")
        || name == "Makefile"
}

/// Marks the findings that the configuration lets pass on `today`; returns a line for each
/// expired entry that would have let something pass.
pub(crate) fn apply_configured(
    entries: &[config::Ignore],
    findings: &mut [Finding],
    today: Date,
) -> Result<Vec<String>, globset::Error> {
    let mut expired = Vec::new();
    for entry in entries {
        let glob = entry
            .path
            .as_deref()
            .map(|path| globset::Glob::new(path).map(|glob| glob.compile_matcher()))
            .transpose()?;
        let mut matching = findings.iter_mut().filter(|finding| {
            finding.rule == entry.rule
                && finding.suppressed.is_none()
                && glob
                    .as_ref()
                    .is_none_or(|glob| glob.is_match(&*finding.location.span().path))
        });
        if let Some(until) = entry.until.filter(|&until| until < today) {
            if matching.next().is_some() {
                expired.push(format!(
                    "the ignore of {} in the configuration ended on {until}",
                    entry.rule
                ));
            }
            continue;
        }
        for finding in matching {
            finding.suppressed = Some(Suppression {
                reason: entry.reason.clone(),
                until: entry.until.map(|until| until.to_string()),
            });
        }
    }
    Ok(expired)
}

#[cfg(test)]
mod tests {
    use keytrail_model::MemoryTree;

    use super::*;

    const RULES: [&str; 2] = ["open-hosts", "raw-key-stored"];

    fn today() -> Date {
        "2026-06-15".parse().unwrap()
    }

    fn finding(rule: &'static str, line: u32) -> Finding {
        let location = Location::File {
            span: FileSpan::line(&Arc::from("app/views.py"), line),
        };
        Finding::at(rule, location).build()
    }

    fn ignores(text: &str) -> Ignores {
        Ignores::read(&MemoryTree::new([("app/views.py", text)]))
    }

    fn passes(text: &str, rule: &'static str, line: u32) -> bool {
        let mut findings = [finding(rule, line)];
        ignores(text).apply(&mut findings, today());
        findings[0].suppressed.is_some()
    }

    #[test]
    fn on_the_line_or_alone_above_it() {
        let trailing = "x = 1  # keytrail: ignore[open-hosts] behind the balancer\ny = 2\n";
        assert!(passes(trailing, "open-hosts", 1));
        assert!(!passes(trailing, "open-hosts", 2));
        assert!(!passes(trailing, "raw-key-stored", 1));
        let above =
            "# keytrail: ignore[open-hosts] a\n// keytrail: ignore[raw-key-stored] b\nx = 1\n";
        assert!(passes(above, "open-hosts", 3));
        assert!(passes(above, "raw-key-stored", 3));
        assert!(!passes(above, "open-hosts", 4));
    }

    #[test]
    fn several_rules_and_the_last_day() {
        let both = "# keytrail: ignore[open-hosts, raw-key-stored] why, until 2026-06-15\nx\n";
        assert!(passes(both, "open-hosts", 2));
        let mut findings = [finding("raw-key-stored", 2)];
        ignores(both).apply(&mut findings, today());
        let suppression = findings[0].suppressed.clone().unwrap();
        assert_eq!(suppression.reason, "why");
        assert_eq!(suppression.until.as_deref(), Some("2026-06-15"));
    }

    #[test]
    fn an_expired_one_stops_holding_and_is_told() {
        let old = "# keytrail: ignore[open-hosts] why, until 2026-06-14\nx\n";
        assert!(!passes(old, "open-hosts", 2));
        let told = ignores(old).findings(&RULES, today());
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].rule, own_rules::EXPIRED);
    }

    #[test]
    fn without_a_reason_or_with_an_unknown_rule_it_is_a_finding() {
        let told = ignores("x # keytrail: ignore[open-host]\n").findings(&RULES, today());
        let rules: Vec<_> = told.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [own_rules::WITHOUT_REASON, own_rules::UNKNOWN_RULE]);
        assert!(told[1].message.ends_with("Did you mean `open-hosts`?"));
        assert_eq!(told[0].location.to_string(), "app/views.py:1:3");
    }

    #[test]
    fn configured_ones_by_rule_and_glob() {
        let entry = |path: Option<&str>, until: Option<&str>| config::Ignore {
            rule: "open-hosts".to_owned(),
            path: path.map(str::to_owned),
            reason: "why".to_owned(),
            until: until.and_then(|until| until.parse().ok()),
        };
        let passes = |entry| {
            let mut findings = [finding("open-hosts", 1), finding("raw-key-stored", 1)];
            let told = apply_configured(&[entry], &mut findings, today()).unwrap();
            assert!(findings[1].suppressed.is_none());
            (findings[0].suppressed.is_some(), told.len())
        };
        assert_eq!(passes(entry(None, None)), (true, 0));
        assert_eq!(passes(entry(Some("app/**"), None)), (true, 0));
        assert_eq!(passes(entry(Some("config/**"), None)), (false, 0));
        assert_eq!(passes(entry(None, Some("2026-06-14"))), (false, 1));
    }
}
