//! Reads a rule's page: fixed sections, with files and the findings that are expected of them.
//!
//! A fence with a path is a file: ```` ```python title=shop/views.py ````. A fence `expect` holds
//! one finding a line: `rule path:line severity`; it belongs to the files before it. Files
//! given under *Exposed* before the first `expect` make one example; a further `### ` heading
//! begins another.

use crate::fence::{Example, Fences};

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
    /// A heading of a page of cases that is not one of its own; its line.
    Heading(usize),
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
            Self::Heading(line) => write!(f, "the heading of line {line} is out of place"),
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
    fences: Fences,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), PageError> {
        let Some(line) = self.fences.line(number, line)? else {
            return Ok(());
        };
        if let Some(title) = line.strip_prefix("## ") {
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

    fn flush(&mut self) -> Result<(), PageError> {
        let example = self.fences.take();
        if example == Example::default() {
            return Ok(());
        }
        // a page is about its own rule: what it does not find needs no name
        if let Some(rule) = example.absent.first() {
            return Err(PageError::Expectation(rule.clone()));
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
        self.fences.closed()?;
        self.flush()?;
        match Page::SECTIONS.get(self.section) {
            Some(missing) => Err(PageError::Section(missing)),
            None if self.page.exposed.is_empty() => Err(PageError::EmptyExample("Exposed")),
            None if self.page.closed.is_empty() => Err(PageError::EmptyExample("Closed")),
            None => Ok(self.page),
        }
    }
}
