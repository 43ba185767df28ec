//! Reads a page of small cases: one construct of a language or library each, and what is found in it.
//!
//! `# Area`, then one `## construct` each, in it `### Exposed`, `### Closed` and `### Not seen`, each any number of times.
//! Fences are those of a rule's page. Files before the first `## ` belong to every case of the area, files before the first
//! `### ` to every case of the construct; a file of the same path replaces them.

use crate::fence::{Example, Fences, File};
use crate::page::PageError;

/// A page of cases, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Its heading.
    pub name: String,
    /// In the order of the page.
    pub cases: Vec<Case>,
}

/// One set of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The heading above it.
    pub construct: String,
    /// What it is there for.
    pub section: Section,
    /// Where its heading stands, from 1.
    pub line: usize,
    /// Its files, with those that it shares, and what they say.
    pub example: Example,
}

/// What a case shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// What is there is found.
    Exposed,
    /// Nothing is there.
    Closed,
    /// Something is there, and is known to be missed.
    NotSeen,
}

impl Section {
    /// As its heading says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exposed => "Exposed",
            Self::Closed => "Closed",
            Self::NotSeen => "Not seen",
        }
    }

    fn of_heading(heading: &str) -> Option<Self> {
        [Self::Exposed, Self::Closed, Self::NotSeen]
            .into_iter()
            .find(|section| section.as_str() == heading.trim())
    }
}

impl Area {
    /// Takes a page of cases apart.
    pub fn parse(text: &str) -> Result<Self, PageError> {
        let mut reader = Reader::default();
        for (number, line) in text.lines().enumerate() {
            reader.line(number + 1, line)?;
        }
        reader.fences.closed()?;
        reader.flush()?;
        Ok(reader.area)
    }
}

#[derive(Default)]
struct Reader {
    area: Area,
    shared: Vec<File>,
    construct: Option<(String, Vec<File>)>,
    section: Option<(Section, usize)>,
    fences: Fences,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), PageError> {
        let Some(line) = self.fences.line(number, line)? else {
            return Ok(());
        };
        if let Some(heading) = line.strip_prefix("### ") {
            self.flush()?;
            let section = Section::of_heading(heading).filter(|_| self.construct.is_some());
            self.section = Some((section.ok_or(PageError::Heading(number))?, number));
        } else if let Some(heading) = line.strip_prefix("## ") {
            self.flush()?;
            self.construct = Some((heading.trim().to_owned(), Vec::new()));
        } else if let Some(heading) = line.strip_prefix("# ") {
            heading.trim().clone_into(&mut self.area.name);
        }
        Ok(())
    }

    /// Puts what was collected where it belongs.
    fn flush(&mut self) -> Result<(), PageError> {
        let mut example = self.fences.take();
        let Some((construct, common)) = &mut self.construct else {
            self.shared = example.files;
            return Ok(());
        };
        let Some((section, line)) = self.section.take() else {
            *common = example.files;
            return Ok(());
        };
        let told = match section {
            Section::Exposed => !example.expected.is_empty(),
            Section::Closed | Section::NotSeen => {
                example.expected.is_empty() && !example.absent.is_empty()
            }
        };
        add(&mut example.files, common);
        add(&mut example.files, &self.shared);
        if !told || example.files.is_empty() {
            return Err(PageError::EmptyExample(section.as_str()));
        }
        self.area.cases.push(Case {
            construct: construct.clone(),
            section,
            line,
            example,
        });
        Ok(())
    }
}

fn add(files: &mut Vec<File>, shared: &[File]) {
    for file in shared {
        if files.iter().all(|own| own.path != file.path) {
            files.push(file.clone());
        }
    }
}
