//! Reads a rule's page: fixed sections, with files and the findings that are expected of them.
//!
//! A fence with a path is a file: ```` ```python title=shop/views.py ````. A fence `expect` holds
//! one finding a line: `rule path:line severity`; it belongs to the files before it. Files
//! given under *Exposed* before the first `expect` make one example; a further `### ` heading
//! begins another.

/// A page, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// *Exposed*: the rule finds what is expected.
    pub exposed: Vec<Example>,
    /// *Closed*: the rule finds nothing.
    pub closed: Vec<Example>,
    /// *Not seen*: the rule finds nothing, and should.
    pub not_seen: Vec<Example>,
}

/// A set of files and what is found in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Example {
    /// The files.
    pub files: Vec<File>,
    /// The findings of the page's rule, sorted.
    pub expected: Vec<Expected>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative to the root.
    pub path: String,
    /// Its text.
    pub text: String,
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

/// Why a page can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageError {
    /// A section is missing, or they are out of order.
    Section(&'static str),
    /// A fence is not closed; the line where it opens.
    OpenFence(usize),
    /// A line of an `expect` fence is not `rule path:line severity`.
    Expectation(String),
    /// An example has no file, or under *Exposed* nothing is expected of it.
    EmptyExample(&'static str),
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Section(name) => write!(f, "section `{name}` is missing or out of order"),
            Self::OpenFence(line) => write!(f, "the fence of line {line} is not closed"),
            Self::Expectation(text) => {
                write!(f, "`{text}` is not of the form `rule path:line severity`")
            }
            Self::EmptyExample(section) => {
                write!(f, "an example of `{section}` lacks files or expectations")
            }
        }
    }
}

impl std::error::Error for PageError {}

impl Page {
    /// The sections that every page has, in order.
    pub const SECTIONS: [&'static str; 6] = [
        "What it is",
        "Why it matters",
        "Exposed",
        "Closed",
        "Not seen",
        "Needs",
    ];

    /// Takes a page apart.
    pub fn parse(text: &str) -> Result<Self, PageError> {
        let mut reader = Reader::default();
        for (number, line) in text.lines().enumerate() {
            reader.line(number + 1, line)?;
        }
        reader.finish()
    }
}

#[derive(Default)]
struct Reader {
    page: Page,
    section: usize,
    current: Example,
    fence: Option<Fence>,
}

struct Fence {
    opened: usize,
    kind: FenceKind,
    text: String,
}

enum FenceKind {
    File(String),
    Expect,
    Other,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), PageError> {
        if let Some(fence) = &mut self.fence {
            if line.trim_end() == "```" {
                return self.close();
            }
            fence.text.push_str(line);
            fence.text.push('\n');
            return Ok(());
        }
        if let Some(info) = line.strip_prefix("```") {
            self.fence = Some(Fence {
                opened: number,
                kind: kind_of(info),
                text: String::new(),
            });
        } else if let Some(title) = line.strip_prefix("## ") {
            self.flush()?;
            let expected = Page::SECTIONS.get(self.section).copied().unwrap_or("end");
            if title.trim() != expected {
                return Err(PageError::Section(expected));
            }
            self.section += 1;
        } else if line.starts_with("### ") {
            self.flush()?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), PageError> {
        let Some(fence) = self.fence.take() else {
            return Ok(());
        };
        match fence.kind {
            FenceKind::File(path) => self.current.files.push(File {
                path,
                text: fence.text,
            }),
            FenceKind::Expect => {
                for line in fence.text.lines().filter(|line| !line.trim().is_empty()) {
                    self.current.expected.push(expectation(line)?);
                }
                self.current.expected.sort();
            }
            FenceKind::Other => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), PageError> {
        let example = std::mem::take(&mut self.current);
        if example == Example::default() {
            return Ok(());
        }
        let name = Page::SECTIONS[self.section.saturating_sub(1)];
        let into = match name {
            "Exposed" if !example.expected.is_empty() => &mut self.page.exposed,
            "Closed" if example.expected.is_empty() => &mut self.page.closed,
            "Not seen" if example.expected.is_empty() => &mut self.page.not_seen,
            _ => return Err(PageError::EmptyExample(name)),
        };
        if example.files.is_empty() {
            return Err(PageError::EmptyExample(name));
        }
        into.push(example);
        Ok(())
    }

    fn finish(mut self) -> Result<Page, PageError> {
        if let Some(fence) = &self.fence {
            return Err(PageError::OpenFence(fence.opened));
        }
        self.flush()?;
        match Page::SECTIONS.get(self.section) {
            Some(missing) => Err(PageError::Section(missing)),
            None if self.page.exposed.is_empty() => Err(PageError::EmptyExample("Exposed")),
            None if self.page.closed.is_empty() => Err(PageError::EmptyExample("Closed")),
            None => Ok(self.page),
        }
    }
}

fn kind_of(info: &str) -> FenceKind {
    let mut words = info.split_whitespace();
    let language = words.next().unwrap_or_default();
    match words.find_map(|word| word.strip_prefix("title=")) {
        Some(path) => FenceKind::File(path.to_owned()),
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
