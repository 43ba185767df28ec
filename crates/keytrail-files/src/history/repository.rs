//! Where a repository keeps its objects and names.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use gix_hash::ObjectId;

/// Alternates of alternates are followed this far, as git does.
const DEEPEST_ALTERNATE: u32 = 5;
/// Names beyond are not read; a repository has thousands at most.
const MOST_REFS: usize = 200_000;
/// Lists of names and reflogs beyond this size are not read.
const LARGEST_LIST: u64 = 64 * 1024 * 1024;

/// A repository that holds a path.
#[derive(Debug)]
pub(super) struct Repository {
    /// Directories of objects: its own, then those it borrows from.
    pub(super) objects: Vec<PathBuf>,
    /// The path inside the repository, `/`-separated, without a slash at the end; empty for all.
    pub(super) prefix: String,
    pub(super) head: Option<ObjectId>,
    /// Branches, tags, stashes, by name.
    pub(super) refs: BTreeMap<String, ObjectId>,
    /// What only reflogs still name.
    pub(super) reflog: Vec<ObjectId>,
    pub(super) shallow: bool,
    /// Blobs were left out when it was cloned.
    pub(super) partial: bool,
    /// Git directories of its submodules.
    pub(super) modules: Vec<PathBuf>,
}

impl Repository {
    /// The repository whose working tree holds `path`, or which `path` itself is.
    pub(super) fn holding(path: &Path) -> Option<Self> {
        let real = path.canonicalize().ok()?;
        for directory in real.ancestors() {
            let git = git_directory(directory).or_else(|| bare(directory));
            if let Some(git) = git {
                let inside = real.strip_prefix(directory).unwrap_or(Path::new(""));
                let parts = inside.components().filter_map(|part| match part {
                    Component::Normal(name) => name.to_str(),
                    _ => None,
                });
                return Some(Self::open(&git, parts.collect::<Vec<_>>().join("/")));
            }
        }
        None
    }

    /// By its git directory.
    pub(super) fn open(git: &Path, prefix: String) -> Self {
        let common = small(&git.join("commondir"))
            .map_or_else(|| git.to_owned(), |text| git.join(text.trim()));
        let mut objects = Vec::new();
        add_objects(&common.join("objects"), 0, &mut objects);
        let mut names = Names::new(&common);
        names.logs(git);
        names.logs(&common);
        for worktree in directories(&common.join("worktrees")) {
            names.logs(&worktree);
            names.detached(&worktree);
        }
        let head = small(&git.join("HEAD")).and_then(|text| names.resolve(text.trim(), 0));
        Self {
            objects,
            prefix,
            head,
            refs: names.refs,
            reflog: names.logged,
            shallow: common.join("shallow").is_file(),
            partial: small(&common.join("config"))
                .is_some_and(|text| text.to_ascii_lowercase().contains("partialclone")),
            modules: modules(&common),
        }
    }
}

/// `.git`, a directory or a file that names one.
fn git_directory(directory: &Path) -> Option<PathBuf> {
    let git = directory.join(".git");
    if git.is_dir() {
        return git.join("HEAD").is_file().then_some(git);
    }
    let text = small(&git)?;
    let named = directory.join(text.strip_prefix("gitdir:")?.trim());
    named.join("HEAD").is_file().then_some(named)
}

fn bare(directory: &Path) -> Option<PathBuf> {
    let has = |name: &str| directory.join(name).exists();
    (has("HEAD") && has("objects") && has("refs")).then(|| directory.to_owned())
}

fn modules(common: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = directories(&common.join("modules"));
    // Names of submodules may have slashes.
    while let Some(directory) = waiting.pop() {
        if found.len() > 1_000 {
            break;
        }
        if bare(&directory).is_some() {
            found.push(directory);
        } else {
            waiting.extend(directories(&directory));
        }
    }
    found.sort();
    found
}

fn add_objects(directory: &Path, depth: u32, out: &mut Vec<PathBuf>) {
    let directory = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_owned());
    if depth > DEEPEST_ALTERNATE || out.contains(&directory) {
        return;
    }
    let alternates = small(&directory.join("info/alternates")).unwrap_or_default();
    out.push(directory.clone());
    for line in alternates.lines().map(str::trim) {
        if !line.is_empty() && !line.starts_with('#') {
            add_objects(&directory.join(line), depth + 1, out);
        }
    }
}

/// Sorted.
fn directories(of: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(of)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    all.sort();
    all
}

fn small(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    // A pipe would hold us for ever.
    if !metadata.is_file() || metadata.len() > LARGEST_LIST {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

struct Names {
    refs: BTreeMap<String, ObjectId>,
    logged: Vec<ObjectId>,
}

impl Names {
    fn new(common: &Path) -> Self {
        let mut names = Self {
            refs: BTreeMap::new(),
            logged: Vec::new(),
        };
        for line in small(&common.join("packed-refs"))
            .unwrap_or_default()
            .lines()
        {
            if let Some((id, name)) = line.split_once(' ') {
                names.add(name, id);
            }
        }
        names.loose(&common.join("refs"), "refs", 0);
        names
    }

    fn add(&mut self, name: &str, id: &str) {
        if self.refs.len() < MOST_REFS
            && name.starts_with("refs/")
            && let Ok(id) = ObjectId::from_hex(id.trim().as_bytes())
        {
            self.refs.insert(name.to_owned(), id);
        }
    }

    /// Loose names win over packed ones.
    fn loose(&mut self, directory: &Path, name: &str, depth: u32) {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let file = entry.file_name();
            let Some(file) = file.to_str() else { continue };
            let name = format!("{name}/{file}");
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < 16 => {
                    self.loose(&entry.path(), &name, depth + 1);
                }
                Ok(kind) if kind.is_file() => {
                    if let Some(id) = small(&entry.path()) {
                        self.add(&name, &id);
                    }
                }
                _ => {}
            }
        }
    }

    fn resolve(&self, text: &str, depth: u32) -> Option<ObjectId> {
        match text.strip_prefix("ref:") {
            Some(name) if depth < 5 => self.refs.get(name.trim()).copied(),
            _ => ObjectId::from_hex(text.as_bytes()).ok(),
        }
    }

    fn detached(&mut self, worktree: &Path) {
        let head = small(&worktree.join("HEAD")).unwrap_or_default();
        self.logged.extend(self.resolve(head.trim(), 0));
    }

    /// Both sides of every line of every reflog.
    fn logs(&mut self, git: &Path) {
        let mut waiting = vec![git.join("logs")];
        while let Some(path) = waiting.pop() {
            for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                    Ok(kind) if kind.is_file() => self.log(&entry.path()),
                    _ => {}
                }
            }
        }
        self.logged.sort_unstable();
        self.logged.dedup();
    }

    fn log(&mut self, path: &Path) {
        for line in small(path).unwrap_or_default().lines() {
            let ids = line.split(' ').take(2);
            let ids = ids.filter_map(|id| ObjectId::from_hex(id.as_bytes()).ok());
            self.logged.extend(ids.filter(|id| !id.is_null()));
        }
    }
}
