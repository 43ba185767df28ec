//! A tree of files as collectors see it: on disk in a scan, in memory in a rule page.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Relative to the root, `/`-separated.
    pub path: Arc<str>,
    /// Size in bytes when the tree was listed.
    pub size: u64,
    /// True where the version control of the tree leaves this file out (`.gitignore`): local, not committed.
    pub ignored: bool,
}

impl Entry {
    /// The last part of the path.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// What follows the last dot of the file name, in the case it is written; empty without one.
    pub fn extension(&self) -> &str {
        self.file_name().rsplit_once('.').map_or("", |(_, end)| end)
    }
}

/// A listed tree whose files can be read. Nothing here can write.
pub trait Tree: Sync {
    /// All files, sorted by path.
    fn entries(&self) -> &[Entry];

    /// The bytes of one listed file.
    fn read(&self, entry: &Entry) -> io::Result<Vec<u8>>;

    /// The same, a part at a time, for files that are too large to be held.
    fn open(&self, entry: &Entry) -> io::Result<Box<dyn io::Read + '_>> {
        Ok(Box::new(io::Cursor::new(self.read(entry)?)))
    }
}

/// A tree in memory.
#[derive(Debug, Default)]
pub struct MemoryTree {
    entries: Vec<Entry>,
    files: BTreeMap<Arc<str>, Vec<u8>>,
}

impl MemoryTree {
    /// From pairs of path and content; a later pair replaces an earlier one of the same path.
    pub fn new<P: AsRef<str>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        let files: BTreeMap<Arc<str>, Vec<u8>> = files
            .into_iter()
            .map(|(path, bytes)| (Arc::from(path.as_ref()), bytes.into()))
            .collect();
        let entries = files
            .iter()
            .map(|(path, bytes)| Entry {
                path: Arc::clone(path),
                size: bytes.len() as u64,
                ignored: false,
            })
            .collect();
        Self { entries, files }
    }
}

impl Tree for MemoryTree {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        self.files
            .get(&entry.path)
            .cloned()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}
