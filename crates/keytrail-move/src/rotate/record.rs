//! How far a rotation is: a small file, written whole at each step. It holds no raw key.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use keytrail_model::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::error::MoveError;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The new key is being made.
    Making,
    /// It is made and nobody uses it.
    Made,
    /// The new one is handed out; the old one works still.
    Overlap,
    /// The old one is switched off and can be switched on again.
    Off,
    /// The old one is gone, and was seen refused.
    Done,
}

/// One rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// `secret`, `access-key`, `pepper`.
    pub kind: String,
    /// Of what.
    pub name: String,
    /// How far.
    pub step: Step,
    /// The old key's id or version.
    pub old: String,
    /// The new one's.
    pub new: String,
    /// Ids that were there before.
    #[serde(default)]
    pub before: Vec<String>,
    /// The old key's fingerprint, unless it could be guessed.
    #[serde(default)]
    pub old_print: Option<Fingerprint>,
    #[serde(skip)]
    path: PathBuf,
}

impl Record {
    /// The record of this rotation; a new one where there is none, or where the last one is done.
    pub fn open(directory: &Path, kind: &str, name: &str) -> Result<Self, MoveError> {
        let wrong = |path: &Path, source| MoveError::File {
            path: path.to_owned(),
            source,
        };
        std::fs::create_dir_all(directory).map_err(|source| wrong(directory, source))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let clean: String = name
            .chars()
            .map(|c| if plain(c) { c } else { '-' })
            .collect();
        let path = directory.join(format!("{kind}.{clean}.json"));
        let fresh = Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            step: Step::Making,
            old: String::new(),
            new: String::new(),
            before: Vec::new(),
            old_print: None,
            path: path.clone(),
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(fresh),
            Err(source) => return Err(wrong(&path, source)),
        };
        let mut known: Self = serde_json::from_str(&text).map_err(|_| MoveError::Journal {
            path: path.clone(),
            why: "can't be read".to_owned(),
        })?;
        known.path = path;
        if known.name != name {
            return Err(MoveError::Journal {
                path: known.path,
                why: format!("is of {}", known.name),
            });
        }
        Ok(known)
    }

    /// A new rotation begins.
    pub(crate) fn begin(&mut self, old: &str, new: &str) -> Result<(), MoveError> {
        self.step = Step::Making;
        old.clone_into(&mut self.old);
        new.clone_into(&mut self.new);
        self.old_print = None;
        self.save()
    }

    /// Nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.step == Step::Done || self.step == Step::Making && self.old.is_empty()
    }

    pub(crate) fn reached(&mut self, step: Step) -> Result<(), MoveError> {
        self.step = step;
        self.save()
    }

    /// Written whole or not at all.
    pub(crate) fn save(&self) -> Result<(), MoveError> {
        let wrong = |source| MoveError::File {
            path: self.path.clone(),
            source,
        };
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(directory).map_err(wrong)?;
        file.write_all(text.as_bytes()).map_err(wrong)?;
        file.as_file().sync_all().map_err(wrong)?;
        file.persist(&self.path)
            .map_err(|error| wrong(error.error))?;
        Ok(())
    }
}
