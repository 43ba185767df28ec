//! What was planted, written down before it is planted: who is killed in between can be cleaned up after.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::EngineError;

const VERSION: u32 = 1;

/// The planted items. The values in it were made for this and open nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct DyeJournal {
    version: u32,
    /// Where the tables are.
    pub(super) region: String,
    pub(super) items: Vec<Planted>,
}

/// One item of our own.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Planted {
    pub(super) table: String,
    /// Its primary key, as DynamoDB writes it.
    pub(super) key: Map<String, Value>,
    /// Attributes of the item with their values: it is removed only while it has them.
    pub(super) colours: Map<String, Value>,
}

impl std::fmt::Debug for Planted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Planted({}, {} colours)", self.table, self.colours.len())
    }
}

fn broken(path: &Path, what: &str) -> EngineError {
    EngineError::Dye {
        what: format!("the journal {} {what}", path.display()),
        hint: "it tells what was planted; without it nothing is planted".to_owned(),
    }
}

impl DyeJournal {
    pub(super) fn new(region: &str, items: Vec<Planted>) -> Self {
        Self {
            version: VERSION,
            region: region.to_owned(),
            items,
        }
    }

    /// Writes a new one to the disk itself; one that is there already belongs to a run that was not cleaned up.
    pub(super) fn write(&self, path: &Path) -> Result<(), EngineError> {
        let text = serde_json::to_vec_pretty(self).map_err(|_| broken(path, "can't be made"))?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                EngineError::Dye {
                    what: format!("an earlier dye is not cleaned up: {}", path.display()),
                    hint: "run `keytrail dye --clean` first".to_owned(),
                }
            } else {
                broken(path, "can't be written")
            }
        })?;
        let written = file.write_all(&text).and_then(|()| file.sync_all());
        written.map_err(|_| broken(path, "can't be written"))?;
        // The name itself has to outlive a crash, too.
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        fs::File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(|_| broken(path, "can't be written"))
    }

    /// Reads one; `None` where there is none. One that was cut off in the middle was followed by no planting.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, EngineError> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(broken(path, "can't be read")),
        };
        let cut = Self::new("", Vec::new());
        let journal: Self = match serde_json::from_slice(&text) {
            Ok(journal) => journal,
            Err(error) if error.is_eof() => cut,
            Err(_) => return Err(broken(path, "is none of ours")),
        };
        if journal.version == VERSION {
            Ok(Some(journal))
        } else {
            Err(broken(path, "is of another version"))
        }
    }

    pub(super) fn remove(path: &Path) -> Result<(), EngineError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(broken(path, "can't be removed"))
            }
            _ => Ok(()),
        }
    }

    /// Where it is kept unless the user says otherwise.
    pub fn usual() -> PathBuf {
        PathBuf::from(".keytrail-dye.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_dye_waits_for_the_first_to_be_cleaned_up() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("j.json");
        assert!(DyeJournal::read(&path).unwrap().is_none());
        let journal = DyeJournal::new("eu-west-1", Vec::new());
        journal.write(&path).unwrap();
        assert!(
            journal
                .write(&path)
                .unwrap_err()
                .to_string()
                .contains("earlier")
        );
        assert_eq!(
            DyeJournal::read(&path).unwrap().unwrap().region,
            "eu-west-1"
        );
        fs::write(&path, "{\"version\": 1, \"reg").unwrap();
        assert!(DyeJournal::read(&path).unwrap().unwrap().items.is_empty());
        fs::write(&path, "[]").unwrap();
        assert!(DyeJournal::read(&path).is_err());
        DyeJournal::remove(&path).unwrap();
        DyeJournal::remove(&path).unwrap();
    }
}
