//! The paths of one run as one tree, so that code in one is joined with templates in another.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use keytrail_files::{Commit, DiskOptions, DiskTree, GitTree, Listing};
use keytrail_model::{Entry, Problem, Tree};

use crate::EngineError;

/// One or more trees. A single directory keeps its own paths; of several, each entry is named by
/// the path that it was given under.
pub(crate) struct Forest {
    trees: Vec<Box<dyn Tree>>,
    entries: Vec<Entry>,
    /// For each entry: its tree, and its number there.
    sources: Vec<(usize, usize)>,
    listing: Listing,
    /// The paths as given, and what stands before their entries.
    roots: Vec<(PathBuf, String)>,
    /// Files that have another content here than on disk.
    edited: BTreeMap<Arc<str>, Vec<u8>>,
}

impl Forest {
    /// Opens every path; fails on the first that can't be.
    pub(crate) fn open(paths: &[PathBuf], exclude: &[String]) -> Result<Self, EngineError> {
        let options = options(exclude);
        let prefixes = prefixes(paths);
        let mut listing = Listing::default();
        let mut trees: Vec<Box<dyn Tree>> = Vec::new();
        for (path, prefix) in paths.iter().zip(&prefixes) {
            let tree = DiskTree::open(path, &options)?;
            add(&mut listing, tree.listing(), prefix);
            trees.push(Box::new(tree));
        }
        Ok(Self::join(trees, paths, prefixes, listing))
    }

    /// The same paths as they were before the change that is compared with `base`, and the
    /// commits that say so.
    pub(crate) fn before_change(
        paths: &[PathBuf],
        exclude: &[String],
        base: &str,
    ) -> Result<(Self, Vec<Commit>), EngineError> {
        let options = options(exclude);
        let mut trees: Vec<Box<dyn Tree>> = Vec::new();
        let mut commits = Vec::new();
        for path in paths {
            let commit = Commit::before_change(path, base)?;
            trees.push(Box::new(GitTree::open(&commit, path, &options)?));
            commits.push(commit);
        }
        let forest = Self::join(trees, paths, prefixes(paths), Listing::default());
        Ok((forest, commits))
    }

    fn join(
        trees: Vec<Box<dyn Tree>>,
        paths: &[PathBuf],
        prefixes: Vec<String>,
        listing: Listing,
    ) -> Self {
        let mut listed: Vec<(Entry, (usize, usize))> = Vec::new();
        for (number, (tree, prefix)) in trees.iter().zip(&prefixes).enumerate() {
            let named = tree.entries().iter().enumerate().map(|(at, entry)| {
                let entry = Entry {
                    path: under(prefix, &entry.path),
                    ..entry.clone()
                };
                (entry, (number, at))
            });
            listed.extend(named);
        }
        listed.sort();
        // `keytrail scan . app` names files twice.
        listed.dedup_by(|right, left| right.0.path == left.0.path);
        let (entries, sources) = listed.into_iter().unzip();
        Self {
            trees,
            entries,
            sources,
            listing,
            roots: paths.iter().cloned().zip(prefixes).collect(),
            edited: BTreeMap::new(),
        }
    }

    /// The same with other contents of these files.
    pub(crate) fn with(mut self, edited: BTreeMap<Arc<str>, Vec<u8>>) -> Self {
        for entry in &mut self.entries {
            if let Some(bytes) = edited.get(&entry.path) {
                entry.size = bytes.len() as u64;
            }
        }
        let new = edited.keys().filter(|path| {
            let known = self.entries.binary_search_by(|entry| entry.path.cmp(path));
            known.is_err()
        });
        let new: Vec<Entry> = new
            .map(|path| Entry {
                path: Arc::clone(path),
                size: edited.get(path).map_or(0, |bytes| bytes.len() as u64),
                ignored: false,
            })
            .collect();
        for entry in new {
            let at = self
                .entries
                .partition_point(|known| known.path < entry.path);
            self.entries.insert(at, entry);
            // It is in no tree: what was edited is asked first.
            self.sources.insert(at, (usize::MAX, 0));
        }
        self.edited = edited;
        self
    }

    /// The paths as given, and what stands before their entries.
    pub(crate) fn roots(&self) -> &[(PathBuf, String)] {
        &self.roots
    }

    /// What was met and not listed.
    pub(crate) fn listing(&self) -> &Listing {
        &self.listing
    }
}

impl Tree for Forest {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.edited.get(&entry.path) {
            return Ok(bytes.clone());
        }
        let (tree, entry) = self.source(entry)?;
        tree.read(entry)
    }

    fn open(&self, entry: &Entry) -> io::Result<Box<dyn io::Read + '_>> {
        if let Some(bytes) = self.edited.get(&entry.path) {
            return Ok(Box::new(io::Cursor::new(bytes)));
        }
        let (tree, entry) = self.source(entry)?;
        tree.open(entry)
    }
}

impl Forest {
    /// The tree that holds the file, and the file there.
    fn source(&self, entry: &Entry) -> io::Result<(&dyn Tree, &Entry)> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let at = self
            .entries
            .binary_search_by(|known| known.path.cmp(&entry.path))
            .map_err(|_| missing())?;
        let &(tree, number) = self.sources.get(at).ok_or_else(missing)?;
        let tree = self.trees.get(tree).ok_or_else(missing)?.as_ref();
        Ok((tree, tree.entries().get(number).ok_or_else(missing)?))
    }
}

fn options(exclude: &[String]) -> DiskOptions {
    DiskOptions {
        exclude: exclude.to_vec(),
        ..DiskOptions::default()
    }
}

fn add(listing: &mut Listing, more: &Listing, prefix: &str) {
    listing.foreign_directories += more.foreign_directories;
    listing.symlinks += more.symlinks;
    listing.special_files += more.special_files;
    listing.ignored_files += more.ignored_files;
    let problems = more.problems.iter().map(|problem| Problem {
        path: under(prefix, &problem.path),
        ..problem.clone()
    });
    listing.problems.extend(problems);
    listing.problems.sort();
}

pub(crate) fn under(prefix: &str, path: &Arc<str>) -> Arc<str> {
    if prefix.is_empty() {
        Arc::clone(path)
    } else {
        Arc::from(format!("{prefix}/{path}"))
    }
}

/// What stands before the entries of each path: nothing for a single directory; otherwise the
/// path as it was given, or its last part where that leads outside, told apart by numbers.
fn prefixes(paths: &[PathBuf]) -> Vec<String> {
    let single = matches!(paths, [only] if only.is_dir());
    if single {
        return vec![String::new()];
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    paths
        .iter()
        .map(|path| {
            let named = prefix(path);
            if path.is_file() || inside(path) || taken.insert(named.clone()) {
                return named;
            }
            let mut number = 2;
            while !taken.insert(format!("{named}-{number}")) {
                number += 1;
            }
            format!("{named}-{number}")
        })
        .collect()
}

/// True for a relative path that stays below the current directory.
fn inside(path: &Path) -> bool {
    path.components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn prefix(path: &Path) -> String {
    // A file is listed under its own name; what stands before it is its directory.
    let directory = if path.is_file() {
        path.parent().unwrap_or(Path::new(""))
    } else {
        path
    };
    if inside(directory) {
        let parts: Vec<_> = directory
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => Some(name.to_string_lossy()),
                _ => None,
            })
            .collect();
        return parts.join("/");
    }
    let real = directory.canonicalize();
    let real = real.as_deref().unwrap_or(directory);
    real.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("a/app/x.py", "one"),
            ("b/app/x.py", "two"),
            ("b/main.tf", "three"),
        ] {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        directory
    }

    fn paths(forest: &Forest) -> Vec<&str> {
        forest.entries().iter().map(|entry| &*entry.path).collect()
    }

    #[test]
    fn one_directory_keeps_its_paths() {
        let tree = tree();
        let forest = Forest::open(&[tree.path().join("b")], &[]).unwrap();
        assert_eq!(paths(&forest), ["app/x.py", "main.tf"]);
        assert_eq!(forest.read(&forest.entries()[1]).unwrap(), b"three");
    }

    #[test]
    fn several_are_one_tree_and_told_apart() {
        let tree = tree();
        let (a, b) = (tree.path().join("a"), tree.path().join("b"));
        let forest = Forest::open(&[b.clone(), a], &[]).unwrap();
        assert_eq!(paths(&forest), ["a/app/x.py", "b/app/x.py", "b/main.tf"]);
        assert_eq!(forest.read(&forest.entries()[0]).unwrap(), b"one");
        let app = tree.path().join("a/app");
        let twice = Forest::open(&[app, b.join("app")], &[]).unwrap();
        assert_eq!(paths(&twice), ["app-2/x.py", "app/x.py"]);
    }

    #[test]
    fn a_file_is_a_tree_of_one() {
        let tree = tree();
        let forest = Forest::open(&[tree.path().join("b/main.tf")], &[]).unwrap();
        assert_eq!(paths(&forest), ["b/main.tf"]);
        assert_eq!(forest.read(&forest.entries()[0]).unwrap(), b"three");
    }

    #[test]
    fn a_path_that_is_not_there_is_refused() {
        let error = Forest::open(&[PathBuf::from("/nonexistent-keytrail")], &[])
            .err()
            .unwrap();
        assert_eq!(error.to_string(), "/nonexistent-keytrail does not exist");
        assert_eq!(error.exit_code(), 2);
    }
}
