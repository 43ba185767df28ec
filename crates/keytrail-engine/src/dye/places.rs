//! Where a colour came out, beside the service's answers: logs, exports, the stream.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use keytrail_cloud::{Access, StreamReader, StreamStart};
use keytrail_http::Forms;
use keytrail_model::Step;

use super::plant::Dyed;
use super::table::failed;
use crate::EngineError;

/// Bytes of one line that are looked at.
const LINE: u64 = 1 << 20;
/// Bytes of one file, unpacked.
const FILE: u64 = 1 << 30;
/// Files below a directory.
const FILES: usize = 10_000;

/// What kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlaceKind {
    /// An answer of the service.
    Answer,
    /// A log.
    Log,
    /// An export, or another file of data.
    Export,
    /// The table's stream.
    Stream,
}

impl PlaceKind {
    /// For people and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Log => "log",
            Self::Export => "export",
            Self::Stream => "stream",
        }
    }
}

/// A place where a colour came out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DyePlace {
    /// What kind.
    pub kind: PlaceKind,
    /// `table.attribute` of the item that the colour was planted in.
    pub attribute: String,
    /// `GET /api/keys/`, a file with a line, a stream.
    pub place: String,
    /// The field or header that has it; empty where it stands in a text.
    pub field: String,
    /// To whom, for answers.
    pub callers: BTreeSet<String>,
    /// How it is written there.
    pub form: &'static str,
    /// Who gets it that should not; `None` where it is only given to its owner.
    pub actor: Option<String>,
    /// Every hop from the item, each observed.
    pub steps: Vec<Step>,
}

impl DyePlace {
    pub(super) fn aside(
        kind: PlaceKind,
        dyed: &Dyed,
        place: String,
        form: &'static str,
        actor: &str,
    ) -> Self {
        Self {
            kind,
            attribute: format!("{}.{}", dyed.table, dyed.attribute),
            place,
            field: String::new(),
            callers: BTreeSet::new(),
            form,
            actor: Some(actor.to_owned()),
            steps: Vec::new(),
        }
    }
}

/// Colours in files, with their lines; what is packed with gzip is unpacked. What can't be read is told.
pub(super) fn files(
    paths: &[PathBuf],
    kind: PlaceKind,
    colours: &[(Dyed, Forms)],
    notes: &mut Vec<String>,
) -> Vec<DyePlace> {
    let mut all: Vec<PathBuf> = Vec::new();
    for path in paths {
        below(path, &mut all, notes);
    }
    all.sort();
    all.dedup();
    let actor = match kind {
        PlaceKind::Log => "log reader",
        _ => "holder of a copy",
    };
    let mut found = Vec::new();
    for path in all {
        let lines = match open(&path) {
            Ok(lines) => lines,
            Err(error) => {
                notes.push(format!("{} can't be read: {error}", path.display()));
                continue;
            }
        };
        search(lines, colours, |line, dyed, form| {
            let place = format!("{}:{line}", path.display());
            found.push(DyePlace::aside(kind, dyed, place, form, actor));
        });
    }
    found
}

fn below(path: &Path, all: &mut Vec<PathBuf>, notes: &mut Vec<String>) {
    let mut directories = vec![path.to_owned()];
    while let Some(path) = directories.pop() {
        if all.len() >= FILES {
            notes.push(format!("more than {FILES} files; the rest was not read"));
            return;
        }
        if !path.is_dir() {
            all.push(path);
            continue;
        }
        let Ok(entries) = std::fs::read_dir(&path) else {
            notes.push(format!("{} can't be listed", path.display()));
            continue;
        };
        // A link may lead back up.
        let entries = entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_symlink()));
        directories.extend(entries.map(|entry| entry.path()));
    }
}

fn open(path: &Path) -> std::io::Result<Box<dyn Read>> {
    let file = File::open(path)?;
    let packed = path.extension().is_some_and(|end| end == "gz");
    let inner: Box<dyn Read> = if packed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    Ok(Box::new(inner.take(FILE)))
}

/// Line by line, so that memory has a bound whatever the file holds; a longer line is looked at in pieces.
fn search(
    text: Box<dyn Read>,
    colours: &[(Dyed, Forms)],
    mut found: impl FnMut(u64, &Dyed, &'static str),
) {
    let mut reader = BufReader::new(text);
    let mut line = Vec::new();
    let mut number = 1;
    loop {
        line.clear();
        let read = (&mut reader).take(LINE).read_until(b'\n', &mut line);
        if !read.is_ok_and(|read| read > 0) {
            return;
        }
        for (dyed, forms) in colours {
            if let Some(form) = forms.find(&line) {
                found(number, dyed, form);
            }
        }
        number += u64::from(line.ends_with(b"\n"));
    }
}

/// A stream that is listened to from before anything is planted.
pub(super) struct Listening {
    arn: String,
    reader: StreamReader,
}

impl Listening {
    pub(super) fn begin(access: &Access, arn: &str) -> Result<Self, EngineError> {
        let mut reader = StreamReader::open(access, arn, StreamStart::Now, None)
            .map_err(|error| failed(&error))?;
        // The position is taken with the first look.
        reader.next().transpose().map_err(|error| failed(&error))?;
        Ok(Self {
            arn: arn.to_owned(),
            reader,
        })
    }

    /// What has come since.
    pub(super) fn end(self, colours: &[(Dyed, Forms)], notes: &mut Vec<String>) -> Vec<DyePlace> {
        let mut found = Vec::new();
        for batch in self.reader {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    notes.push(format!("the stream can't be read to its end: {error}"));
                    break;
                }
            };
            for record in &batch.records {
                let images = [record.new_image(), record.old_image()];
                for image in images.into_iter().flatten() {
                    let text = serde_json::to_vec(image).unwrap_or_default();
                    for (dyed, forms) in colours {
                        if let Some(form) = forms.find(&text) {
                            let place = self.arn.clone();
                            let reader = "another role of the account";
                            found.push(DyePlace::aside(
                                PlaceKind::Stream,
                                dyed,
                                place,
                                form,
                                reader,
                            ));
                        }
                    }
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }
}
