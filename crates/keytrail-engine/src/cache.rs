//! Facts of the code, kept from one run to the next.
//!
//! A collector is a function of the tree it is given, so its facts hold as long as all that it read does: the
//! names of all files, and the contents of those that it opened. An entry of the cache is those
//! names and contents as keyed digests, and the facts. It may be deleted, cut off or overwritten at any time: what does
//! not fit is not used. No text of a file is in it, and no key (law 1): facts hold
//! fingerprints.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use keytrail_model::{Collected, Entry, Fingerprinter, Tree};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Raised when what an entry holds changes its form without the version of the program doing so.
const FORM: &[u8] = b"1";
/// Below this size only a file that was read can matter; above, whether it was read may depend on its size.
const SMALL: u64 = 512 << 10;
/// Entries that nobody wrote for so long are removed.
const KEPT_FOR: Duration = Duration::from_hours(30 * 24);
/// Larger entries are not read.
const LARGEST: u64 = 1 << 30;

/// A keyed digest.
type Digest = [u8; 32];

/// The directory of the cache, and what makes an entry this run's.
pub(crate) struct Cache<'r> {
    directory: &'r Path,
    prints: &'r Fingerprinter,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Of the names of all files.
    listing: Digest,
    /// Files that were read, with a digest of what was in them.
    reads: Vec<(Arc<str>, Digest)>,
    collected: Collected,
}

impl<'r> Cache<'r> {
    /// The cache in `directory` for what is read of `roots` by this `version` of the program;
    /// `commits` where it is not the files on the disk.
    pub(crate) fn new(
        directory: &'r Path,
        prints: &'r Fingerprinter,
        version: &str,
        roots: &[(PathBuf, String)],
        commits: &[&str],
    ) -> Self {
        let roots: Vec<PathBuf> = roots
            .iter()
            .map(|(root, _)| fs::canonicalize(root).unwrap_or_else(|_| root.clone()))
            .collect();
        let program = program();
        let mut parts: Vec<&[u8]> = vec![FORM, version.as_bytes(), program.as_bytes()];
        parts.extend(roots.iter().map(|root| root.as_os_str().as_encoded_bytes()));
        parts.push(b"commits");
        parts.extend(commits.iter().map(|commit| commit.as_bytes()));
        let digest = prints.digest(parts);
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        Self {
            directory,
            prints,
            name: format!("code-{:032x}", u128::from_be_bytes(short)),
        }
    }

    /// What `collect` gives for `tree`: of the last run, where nothing that it read has changed.
    pub(crate) fn code(
        &self,
        tree: &dyn Tree,
        collect: impl FnOnce(&dyn Tree) -> Collected,
    ) -> Collected {
        let listing = self.listing(tree);
        if let Some(kept) = self.load()
            && kept.listing == listing
            && self.holds(&kept, tree)
        {
            return kept.collected;
        }
        let recorder = Recorder {
            tree,
            prints: self.prints,
            reads: Mutex::default(),
            incomplete: AtomicBool::new(false),
        };
        let collected = collect(&recorder);
        let Some(reads) = recorder.reads() else {
            return collected;
        };
        let kept = Kept {
            listing,
            reads,
            collected,
        };
        // A cache that can't be written costs time, nothing else.
        let _ = self.store(&kept);
        kept.collected
    }

    fn listing(&self, tree: &dyn Tree) -> Digest {
        let mut names = Vec::new();
        for entry in tree.entries() {
            names.extend_from_slice(entry.path.as_bytes());
            names.extend([0, u8::from(entry.ignored)]);
            let size = if entry.size > SMALL { entry.size } else { 0 };
            names.extend(size.to_le_bytes());
        }
        self.prints.digest([&*names])
    }

    /// True when every file that was read is as it was.
    fn holds(&self, kept: &Kept, tree: &dyn Tree) -> bool {
        let entries = tree.entries();
        kept.reads.par_iter().all(|(path, digest)| {
            let at = entries.binary_search_by(|entry| entry.path.cmp(path));
            let entry = at.ok().and_then(|at| entries.get(at));
            let bytes = entry.and_then(|entry| tree.read(entry).ok());
            bytes.is_some_and(|bytes| self.prints.digest([&*bytes]) == *digest)
        })
    }

    fn load(&self) -> Option<Kept> {
        let path = self.directory.join(&self.name);
        if fs::metadata(&path).ok()?.len() > LARGEST {
            return None;
        }
        let bytes = fs::read(path).ok()?;
        let (digest, body) = bytes.split_first_chunk::<32>()?;
        if self.prints.digest([body]) != *digest {
            return None;
        }
        postcard::from_bytes(body).ok()
    }

    fn store(&self, kept: &Kept) -> io::Result<()> {
        let body = postcard::to_stdvec(kept).map_err(io::Error::other)?;
        create(self.directory)?;
        let mut file = tempfile::NamedTempFile::new_in(self.directory)?;
        file.write_all(&self.prints.digest([&*body]))?;
        file.write_all(&body)?;
        file.persist(self.directory.join(&self.name))?;
        self.remove_old();
        Ok(())
    }

    /// Removes entries of projects and versions that are gone.
    fn remove_old(&self) {
        let Ok(listed) = fs::read_dir(self.directory) else {
            return;
        };
        for file in listed.flatten() {
            let is_entry = file.file_name().to_string_lossy().starts_with("code-");
            let written = file.metadata().and_then(|metadata| metadata.modified());
            let old = written.is_ok_and(|written| {
                SystemTime::now()
                    .duration_since(written)
                    .is_ok_and(|age| age > KEPT_FOR)
            });
            if is_entry && old {
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

/// Makes the directory, for its owner alone, and marks it as one that need not be saved.
fn create(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)?;
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n\
               # Facts that keytrail keeps between runs. May be deleted at any time.\n";
    fs::write(directory.join("CACHEDIR.TAG"), tag)
}

/// The build of the program: two builds of one version may see different things.
fn program() -> String {
    let told = std::env::current_exe().and_then(fs::metadata);
    let Ok(told) = told else { return String::new() };
    let written = told
        .modified()
        .ok()
        .and_then(|written| written.duration_since(SystemTime::UNIX_EPOCH).ok());
    format!("{} {:?}", told.len(), written)
}

/// A tree that remembers what was read of it.
struct Recorder<'t> {
    tree: &'t dyn Tree,
    prints: &'t Fingerprinter,
    reads: Mutex<BTreeMap<Arc<str>, Digest>>,
    /// Something was read that can't be asked for again.
    incomplete: AtomicBool,
}

impl Recorder<'_> {
    fn reads(self) -> Option<Vec<(Arc<str>, Digest)>> {
        let reads = self
            .reads
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        (!self.incomplete.into_inner()).then(|| reads.into_iter().collect())
    }
}

impl Tree for Recorder<'_> {
    fn entries(&self) -> &[Entry] {
        self.tree.entries()
    }

    fn read(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let bytes = self.tree.read(entry);
        match &bytes {
            Ok(bytes) => {
                let digest = self.prints.digest([&**bytes]);
                self.reads
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(Arc::clone(&entry.path), digest);
            }
            // it may be readable the next time
            Err(_) => self.incomplete.store(true, Ordering::Relaxed),
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keytrail_model::{Coverage, CoverageStatus, MemoryTree};

    /// Runs twice, over `before` and then over `after`; true when the second run collected anew.
    fn again(
        directory: &Path,
        before: &[(&str, &str)],
        after: &[(&str, &str)],
        between: impl FnOnce(&Path),
    ) -> bool {
        let prints = Fingerprinter::default();
        let roots = [(PathBuf::from("."), String::new())];
        let run = |files: &[(&str, &str)]| {
            let mut ran = false;
            let cache = Cache::new(directory, &prints, "1", &roots, &[]);
            let tree = MemoryTree::new(files.iter().copied());
            let collected = cache.code(&tree, |tree| {
                ran = true;
                read_python(tree)
            });
            assert_eq!(
                collected.coverage.counts["bytes"],
                read_python(&tree).coverage.counts["bytes"]
            );
            ran
        };
        assert!(run(before));
        between(directory);
        run(after)
    }

    /// Reads `.py` and nothing else.
    fn read_python(tree: &dyn Tree) -> Collected {
        let python = tree
            .entries()
            .iter()
            .filter(|entry| entry.extension() == "py");
        let bytes: usize = python
            .map(|entry| tree.read(entry).map_or(0, |bytes| bytes.len()))
            .sum();
        Collected {
            facts: Vec::new(),
            coverage: Coverage {
                source: "code".to_owned(),
                status: CoverageStatus::Evaluated,
                reason: String::new(),
                counts: BTreeMap::from([("bytes".to_owned(), bytes as u64)]),
                problems: Vec::new(),
            },
        }
    }

    fn fresh() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn what_has_not_changed_is_not_read_again() {
        let files = [("a.py", "x = 1"), ("README.md", "text")];
        assert!(!again(fresh().path(), &files, &files, |_| {}));
    }

    #[test]
    fn a_change_of_what_was_not_read_does_not_count() {
        let files = [("a.py", "x = 1"), ("README.md", "text")];
        let changed = [("a.py", "x = 1"), ("README.md", "other")];
        assert!(!again(fresh().path(), &files, &changed, |_| {}));
    }

    #[test]
    fn changed_added_and_removed_files_count() {
        let files = [("a.py", "x = 1"), ("b.py", "")];
        for changed in [
            &[("a.py", "x = 2"), ("b.py", "")][..],
            &[("a.py", "x = 1")],
            &[("a.py", "x = 1"), ("b.py", ""), ("c.py", "y = 3")],
            &[("a.py", "x = 1"), ("c.py", "")],
        ] {
            assert!(
                again(fresh().path(), &files, changed, |_| {}),
                "{changed:?}"
            );
        }
    }

    #[test]
    fn a_damaged_or_deleted_cache_is_not_used() {
        let files = [("a.py", "x = 1")];
        let entry = |directory: &Path| {
            let listed = fs::read_dir(directory).unwrap().flatten();
            listed
                .map(|file| file.path())
                .find(|path| path.to_string_lossy().contains("code-"))
                .unwrap()
        };
        let cut = |directory: &Path| {
            let bytes = fs::read(entry(directory)).unwrap();
            fs::write(entry(directory), &bytes[..bytes.len() / 2]).unwrap();
        };
        let flipped = |directory: &Path| {
            let mut bytes = fs::read(entry(directory)).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(entry(directory), bytes).unwrap();
        };
        let emptied = |directory: &Path| fs::write(entry(directory), "").unwrap();
        let deleted = |directory: &Path| fs::remove_dir_all(directory).unwrap();
        for damage in [&cut as &dyn Fn(&Path), &flipped, &emptied, &deleted] {
            let directory = fresh().path().join("cache");
            assert!(again(&directory, &files, &files, damage));
        }
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_no_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let files = [("a.py", "x = 1")];
        assert!(again(&file.path().join("cache"), &files, &files, |_| {}));
    }

    #[test]
    fn another_salt_or_version_has_its_own() {
        let prints = Fingerprinter::default();
        let salted = Fingerprinter::with_salt(b"salt");
        let roots = [(PathBuf::from("."), String::new())];
        let name = |prints, version, commits: &[&str]| {
            Cache::new(Path::new("c"), prints, version, &roots, commits).name
        };
        let own = name(&prints, "1", &[]);
        assert_eq!(own, name(&prints, "1", &[]));
        assert_ne!(own, name(&salted, "1", &[]));
        assert_ne!(own, name(&prints, "2", &[]));
        assert_ne!(own, name(&prints, "1", &["abc"]));
    }
}
