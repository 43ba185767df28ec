//! How far reading exports is, on disk: a line of JSON for each data file that was read to its end, so that
//! a kill at any moment loses no more than the files that were under way.
//!
//! Law 1: what is kept of a file are counts, masks and fingerprints. Its owner only can read it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use keytrail_model::{Fingerprinter, Secret};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::data::Data;
use crate::error::ExportError;

/// A line longer than this was not written by us.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// The first line.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
struct Header {
    exports: u32,
    /// Fingerprint of a fixed text, so that fingerprints under another salt are not mixed in.
    salt: String,
}

/// A data file.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Name of the export.
    pub(super) export: String,
    pub(super) file: String,
    pub(super) size: u64,
}

#[derive(Debug, Deserialize)]
struct Line {
    #[serde(flatten)]
    key: Key,
    data: Data,
}

/// The file, or none.
pub(super) struct State {
    file: Option<Mutex<File>>,
    path: PathBuf,
}

pub(super) type Known = BTreeMap<Key, Data>;

impl State {
    /// Opens the file, and tells what it knows.
    pub(super) fn open(
        path: Option<&Path>,
        prints: &Fingerprinter,
    ) -> Result<(Self, Known), ExportError> {
        let Some(path) = path else {
            let none = Self {
                file: None,
                path: PathBuf::new(),
            };
            return Ok((none, Known::new()));
        };
        let io = |source| ExportError::State {
            path: path.to_owned(),
            source,
        };
        let mut file = private(path).map_err(io)?;
        let header = header(prints);
        let (known, length) = read(path, &mut file, &header)?;
        // A line that a kill cut short goes, so that the next one stands by itself.
        file.set_len(length).map_err(io)?;
        let state = Self {
            file: Some(Mutex::new(file)),
            path: path.to_owned(),
        };
        if length == 0 {
            state.write(&serde_json::json!({"header": header}))?;
        }
        Ok((state, known))
    }

    /// Writes a data file down, in one piece.
    pub(super) fn done(&self, key: &Key, data: &Data) -> Result<(), ExportError> {
        if self.file.is_none() {
            return Ok(());
        }
        let line = serde_json::json!({
            "export": key.export, "file": key.file, "size": key.size, "data": data,
        });
        self.write(&line)
    }

    fn write(&self, line: &Value) -> Result<(), ExportError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let mut text = line.to_string();
        text.push('\n');
        let mut file = file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(text.as_bytes())
            .map_err(|source| ExportError::State {
                path: self.path.clone(),
                source,
            })
    }
}

fn header(prints: &Fingerprinter) -> Header {
    let fixed = Secret::new(b"keytrail state of a scan of items, version 1");
    let salt = prints.fingerprint(&fixed).map(|print| print.to_string());
    Header {
        exports: 1,
        salt: salt.unwrap_or_default(),
    }
}

/// For its owner only, whatever the process's mask says.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// What the file knows, and how many bytes of it are whole lines.
fn read(path: &Path, file: &mut File, header: &Header) -> Result<(Known, u64), ExportError> {
    let foreign = || ExportError::ForeignState(path.to_owned());
    let mut known = Known::new();
    let mut length = 0_u64;
    let mut lines = BufReader::new(file);
    let mut text = Vec::new();
    loop {
        text.clear();
        let line = lines
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut text);
        let read = line.map_err(|source| ExportError::State {
            path: path.to_owned(),
            source,
        })?;
        if read == 0 || text.last() != Some(&b'\n') {
            return Ok((known, length));
        }
        let line: Value = serde_json::from_slice(&text).map_err(|_| foreign())?;
        if let Some(theirs) = line.get("header").filter(|_| length == 0) {
            let theirs: Header = serde_json::from_value(theirs.clone()).map_err(|_| foreign())?;
            if theirs != *header {
                return Err(ExportError::OtherState(path.to_owned()));
            }
        } else if length == 0 {
            return Err(foreign());
        } else {
            let line: Line = serde_json::from_value(line).map_err(|_| foreign())?;
            known.insert(line.key, line.data);
        }
        length += read as u64;
    }
}
