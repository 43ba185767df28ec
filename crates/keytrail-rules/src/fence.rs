//! The fences of a page: files, and what is expected of them.
//!
//! ```` ```python title=shop/views.py ```` is a file; with `commit=1` behind it, a file of the first commit, and gone from
//! the tree unless it is told once more without. In a fence `expect` a line is a finding, `rule path:line severity`,
//! or says that a rule finds nothing: `none: rule`.

use crate::page::PageError;

/// A set of files and what is found in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Example {
    /// The files.
    pub files: Vec<File>,
    /// The findings, sorted.
    pub expected: Vec<Expected>,
    /// Rules that find nothing, sorted.
    pub absent: Vec<String>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative to the root.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The commit of the history that it belongs to, from 1; 0 for the tree as it is.
    pub commit: u32,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// The rule.
    pub rule: String,
    /// The file.
    pub path: String,
    /// The line.
    pub line: u32,
    /// As in JSON v1.
    pub severity: String,
}

/// Collects fences into an example.
#[derive(Default)]
pub(crate) struct Fences {
    current: Example,
    open: Option<Fence>,
}

struct Fence {
    opened: usize,
    kind: FenceKind,
    text: String,
}

enum FenceKind {
    File { path: String, commit: u32 },
    Expect,
    Other,
}

impl Fences {
    /// Takes a line in; gives it back when it is outside of every fence.
    pub(crate) fn line<'l>(
        &mut self,
        number: usize,
        line: &'l str,
    ) -> Result<Option<&'l str>, PageError> {
        if let Some(fence) = &mut self.open {
            if line.trim_end() == "```" {
                return self.close().map(|()| None);
            }
            fence.text.push_str(line);
            fence.text.push('\n');
            return Ok(None);
        }
        let Some(info) = line.strip_prefix("```") else {
            return Ok(Some(line));
        };
        self.open = Some(Fence {
            opened: number,
            kind: kind_of(info),
            text: String::new(),
        });
        Ok(None)
    }

    fn close(&mut self) -> Result<(), PageError> {
        let Some(fence) = self.open.take() else {
            return Ok(());
        };
        match fence.kind {
            FenceKind::File { path, commit } => self.current.files.push(File {
                path,
                text: fence.text,
                commit,
            }),
            FenceKind::Expect => {
                for line in fence.text.lines().filter(|line| !line.trim().is_empty()) {
                    match line.strip_prefix("none:") {
                        Some(rule) => self.current.absent.push(rule.trim().to_owned()),
                        None => self.current.expected.push(expectation(line)?),
                    }
                }
                self.current.expected.sort();
                self.current.absent.sort();
            }
            FenceKind::Other => {}
        }
        Ok(())
    }

    /// What was collected since the last time.
    pub(crate) fn take(&mut self) -> Example {
        std::mem::take(&mut self.current)
    }

    /// Fails when a fence is open at the end.
    pub(crate) fn closed(&self) -> Result<(), PageError> {
        match &self.open {
            Some(fence) => Err(PageError::OpenFence(fence.opened)),
            None => Ok(()),
        }
    }
}

fn kind_of(info: &str) -> FenceKind {
    let mut words = info.split_whitespace();
    let language = words.next().unwrap_or_default();
    let words: Vec<&str> = words.collect();
    let value = |name: &str| words.iter().find_map(|word| word.strip_prefix(name));
    let commit = value("commit=").and_then(|number| number.parse().ok());
    match value("title=") {
        Some(path) => FenceKind::File {
            path: path.to_owned(),
            commit: commit.unwrap_or(0),
        },
        None if language == "expect" => FenceKind::Expect,
        None => FenceKind::Other,
    }
}

fn expectation(line: &str) -> Result<Expected, PageError> {
    let bad = || PageError::Expectation(line.to_owned());
    let [rule, place, severity] = line.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err(bad());
    };
    let (path, number) = place.rsplit_once(':').ok_or_else(bad)?;
    let known: Result<keytrail_model::Severity, _> = severity.parse();
    known.map_err(|_| bad())?;
    Ok(Expected {
        rule: rule.to_owned(),
        path: path.to_owned(),
        line: number.parse().map_err(|_| bad())?,
        severity: severity.to_owned(),
    })
}
