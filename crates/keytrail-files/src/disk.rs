//! A tree on disk.

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};
use keytrail_model::{Entry, Problem, Tree};

use crate::error::FilesError;
use crate::skip::{is_foreign, matters_though_ignored};

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct DiskOptions {
    /// Globs as in `.gitignore` of what to leave out.
    pub exclude: Vec<String>,
    /// Also list installed packages, virtual environments and caches.
    pub foreign: bool,
}

/// What the walk met and did not list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Directories of installed packages, virtual environments, caches, version control.
    pub foreign_directories: u64,
    /// Symbolic links; none is followed, so no loop can hold the walk.
    pub symlinks: u64,
    /// Sockets, pipes, devices.
    pub special_files: u64,
    /// Listed though version control leaves them out.
    pub ignored_files: u64,
    /// What could not be listed, sorted.
    pub problems: Vec<Problem>,
}

/// A listed tree on disk.
#[derive(Debug)]
pub struct DiskTree {
    root: PathBuf,
    entries: Vec<Entry>,
    listing: Listing,
}

impl Tree for DiskTree {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(entry.size).unwrap_or(0) + 1);
        self.limited(entry)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn open(&self, entry: &Entry) -> io::Result<Box<dyn io::Read + '_>> {
        Ok(Box::new(self.limited(entry)?))
    }
}

impl DiskTree {
    /// A file that grows while it is read is read as long as it was, and a little more.
    fn limited(&self, entry: &Entry) -> io::Result<io::Take<std::fs::File>> {
        let file = std::fs::File::open(self.root.join(&*entry.path))?;
        Ok(file.take(entry.size.saturating_add(64 * 1024)))
    }
}

impl DiskTree {
    /// Lists the files under `root`, or `root` itself when it is a file.
    pub fn open(root: &Path, options: &DiskOptions) -> Result<Self, FilesError> {
        let metadata = std::fs::metadata(root).map_err(|error| FilesError::reading(root, error))?;
        if metadata.is_file() {
            return Self::single(root, metadata.len());
        }
        if !metadata.is_dir() {
            return Err(FilesError::Kind(root.to_owned()));
        }
        std::fs::read_dir(root).map_err(|error| FilesError::reading(root, error))?;
        Ok(Walk::new(root, options)?.run())
    }

    /// What was met and not listed.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    fn single(path: &Path, size: u64) -> Result<Self, FilesError> {
        std::fs::File::open(path).map_err(|error| FilesError::reading(path, error))?;
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            return Err(FilesError::Kind(path.to_owned()));
        };
        Ok(Self {
            root: path.parent().unwrap_or(Path::new("")).to_owned(),
            entries: vec![Entry {
                path: Arc::from(name),
                size,
                ignored: false,
            }],
            listing: Listing::default(),
        })
    }
}

#[derive(Default)]
struct Seen {
    entries: Vec<Entry>,
    directories: Vec<PathBuf>,
    problems: Vec<Problem>,
}

struct Walk<'a> {
    root: &'a Path,
    foreign: bool,
    exclude: Override,
    seen: Mutex<Seen>,
    foreign_directories: Arc<AtomicU64>,
    symlinks: AtomicU64,
    special_files: AtomicU64,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Path, options: &DiskOptions) -> Result<Self, FilesError> {
        Ok(Self {
            root,
            foreign: options.foreign,
            exclude: overrides(root, &options.exclude)?,
            seen: Mutex::default(),
            foreign_directories: Arc::default(),
            symlinks: AtomicU64::new(0),
            special_files: AtomicU64::new(0),
        })
    }

    fn run(self) -> DiskTree {
        let (foreign, counter) = (self.foreign, Arc::clone(&self.foreign_directories));
        let walk = WalkBuilder::new(self.root)
            .hidden(false)
            // Rules of other tools, of the machine and of folders above the root: the same tree
            // must give the same list everywhere.
            .ignore(false)
            .git_global(false)
            .parents(false)
            .require_git(false)
            .follow_links(false)
            .overrides(self.exclude.clone())
            .filter_entry(move |entry| foreign || !skips(entry, &counter))
            .build_parallel();
        walk.run(|| {
            let mut batch = Batch {
                walk: &self,
                seen: Seen::default(),
            };
            Box::new(move |entry| {
                batch.visit(entry);
                WalkState::Continue
            })
        });
        self.finish()
    }

    fn finish(self) -> DiskTree {
        let mut seen = self
            .seen
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        seen.entries.sort();
        seen.directories.sort();
        let ignored = ignored_that_matter(self.root, &self.exclude, &mut seen);
        let listing = Listing {
            foreign_directories: self.foreign_directories.load(Ordering::Relaxed),
            symlinks: self.symlinks.into_inner(),
            special_files: self.special_files.into_inner(),
            ignored_files: ignored.len() as u64,
            problems: {
                seen.problems.sort();
                seen.problems
            },
        };
        seen.entries.extend(ignored);
        seen.entries.sort();
        DiskTree {
            root: self.root.to_owned(),
            entries: seen.entries,
            listing,
        }
    }
}

/// `exclude`, as the walk understands it.
pub(crate) fn overrides(root: &Path, exclude: &[String]) -> Result<Override, FilesError> {
    let mut builder = OverrideBuilder::new(root);
    for pattern in exclude {
        let glob = |source| FilesError::Glob {
            pattern: pattern.clone(),
            source,
        };
        builder.add(&format!("!{pattern}")).map_err(glob)?;
    }
    builder.build().map_err(|source| FilesError::Glob {
        pattern: exclude.join(" "),
        source,
    })
}

fn skips(entry: &DirEntry, counter: &AtomicU64) -> bool {
    let directory = entry.file_type().is_some_and(|kind| kind.is_dir());
    let skip = directory && entry.depth() > 0 && is_foreign(entry.path());
    if skip {
        counter.fetch_add(1, Ordering::Relaxed);
    }
    skip
}

/// What one thread of the walk has seen; handed over when the thread ends.
struct Batch<'a> {
    walk: &'a Walk<'a>,
    seen: Seen,
}

impl Batch<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return self.failed(&error),
        };
        let Some(kind) = entry.file_type() else {
            return;
        };
        if kind.is_dir() {
            self.seen.directories.push(entry.path().to_owned());
        } else if kind.is_symlink() {
            self.walk.symlinks.fetch_add(1, Ordering::Relaxed);
        } else if !kind.is_file() {
            self.walk.special_files.fetch_add(1, Ordering::Relaxed);
        } else if let Some(path) = self.relative(entry.path()) {
            match entry.metadata() {
                Ok(metadata) => self.seen.entries.push(Entry {
                    path,
                    size: metadata.len(),
                    ignored: false,
                }),
                Err(error) => self.failed(&error),
            }
        }
    }

    fn relative(&mut self, path: &Path) -> Option<Arc<str>> {
        let result = relative(self.walk.root, path);
        result
            .map_err(|problem| self.seen.problems.push(problem))
            .ok()
    }

    fn failed(&mut self, error: &ignore::Error) {
        let (path, message) = describe(error);
        let shown = path
            .strip_prefix(self.walk.root)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        self.seen.problems.push(Problem {
            path: Arc::from(shown.as_str()),
            line: None,
            message,
        });
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut all = self
            .walk
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.entries.append(&mut self.seen.entries);
        all.directories.append(&mut self.seen.directories);
        all.problems.append(&mut self.seen.problems);
    }
}

/// `/`-separated; names that are no Unicode are a problem.
fn relative(root: &Path, path: &Path) -> Result<Arc<str>, Problem> {
    let inner = path.strip_prefix(root).unwrap_or(path);
    let Some(text) = inner.to_str() else {
        return Err(Problem {
            path: Arc::from(inner.to_string_lossy().as_ref()),
            line: None,
            message: "not read: the name is not valid UTF-8; rename the file to have it read"
                .to_owned(),
        });
    };
    Ok(if std::path::MAIN_SEPARATOR == '/' {
        Arc::from(text)
    } else {
        Arc::from(text.replace(std::path::MAIN_SEPARATOR, "/"))
    })
}

fn describe(error: &ignore::Error) -> (PathBuf, String) {
    match error {
        ignore::Error::WithPath { path, err } => (path.clone(), describe(err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            describe(err)
        }
        ignore::Error::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            (PathBuf::new(), "not read: no permission".to_owned())
        }
        ignore::Error::Io(error) => (PathBuf::new(), format!("not read: {error}")),
        ignore::Error::Glob { glob, .. } => {
            let pattern = glob.as_deref().unwrap_or_default();
            (
                PathBuf::new(),
                format!("ignore rule left out, it is not a glob: `{pattern}`"),
            )
        }
        other => (PathBuf::new(), format!("not read: {other}")),
    }
}

/// Files of the listed directories that version control leaves out and that matter all the same.
fn ignored_that_matter(root: &Path, exclude: &Override, seen: &mut Seen) -> Vec<Entry> {
    let listed: BTreeSet<Arc<str>> = seen
        .entries
        .iter()
        .map(|entry| Arc::clone(&entry.path))
        .collect();
    let mut ignored = Vec::new();
    for directory in &seen.directories {
        let Ok(files) = std::fs::read_dir(directory) else {
            continue;
        };
        for file in files.flatten() {
            if !file
                .file_name()
                .to_str()
                .is_some_and(matters_though_ignored)
            {
                continue;
            }
            let path = file.path();
            let Ok(name) = relative(root, &path) else {
                continue;
            };
            let excluded = exclude.matched(&path, false).is_ignore();
            let regular = file.file_type().is_ok_and(|kind| kind.is_file());
            if regular && !excluded && !listed.contains(&name) {
                let size = file.metadata().map_or(0, |metadata| metadata.len());
                ignored.push(Entry {
                    path: name,
                    size,
                    ignored: true,
                });
            }
        }
    }
    ignored
}
