//! A tree as a commit holds it: what a change is compared with.
//!
//! Asks the `git` of the machine, which knows worktrees, alternates and packs of every kind. Only
//! commands that read are used, none of them runs a filter or a hook of the repository, and no
//! object is fetched from elsewhere.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::overrides::Override;
use keytrail_model::{Entry, Tree};

use crate::disk::{DiskOptions, DiskTree, overrides};
use crate::error::{FilesError, GitError};
use crate::skip::is_foreign_name;

/// A commit of the repository that holds a path.
#[derive(Clone, Debug)]
pub struct Commit {
    directory: PathBuf,
    id: String,
}

impl Commit {
    /// The last commit that `base` and what is checked out at `path` have in common: the one that
    /// a change starts from, however far `base` has gone on since.
    pub fn before_change(path: &Path, base: &str) -> Result<Self, FilesError> {
        let directory = if path.is_dir() {
            path.to_owned()
        } else {
            match path.parent() {
                Some(parent) if parent != Path::new("") => parent.to_owned(),
                _ => PathBuf::from("."),
            }
        };
        if ask(&directory, &["rev-parse", "--show-toplevel"])?.is_none() {
            return Err(GitError::NoRepository(path.to_owned()).into());
        }
        let named =
            resolve(&directory, base)?.ok_or_else(|| GitError::NoSuchCommit(base.to_owned()))?;
        let head = resolve(&directory, "HEAD")?.ok_or(GitError::NoCommit)?;
        let id = ask(&directory, &["merge-base", &named, &head])?
            .filter(|id| !id.is_empty())
            .ok_or_else(|| GitError::NothingInCommon(base.to_owned()))?;
        Ok(Self { directory, id })
    }

    /// The commit's full name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The commit's name, short enough to be read.
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }
}

fn resolve(directory: &Path, name: &str) -> Result<Option<String>, GitError> {
    let commit = format!("{name}^{{commit}}");
    ask(
        directory,
        &[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ],
    )
}

fn git(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(directory)
        .args(["-c", "core.fsmonitor=false", "--no-optional-locks"])
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        // A hook that runs us points these at a repository that need not be the scanned one.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null());
    command
}

/// What git answers, without the last line break; `None` when it says no.
fn ask(directory: &Path, arguments: &[&str]) -> Result<Option<String>, GitError> {
    let output = git(directory)
        .args(arguments)
        .output()
        .map_err(GitError::NotRun)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("dubious ownership") {
        return Err(GitError::OtherOwner(directory.to_owned()));
    }
    Ok(output.status.success().then(|| {
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }))
}

/// The files of a commit below one path, and beside them the local files that the working tree
/// has and version control leaves out: no change adds those.
#[derive(Debug)]
pub struct GitTree {
    entries: Vec<Entry>,
    /// For each entry its object, or `None` for a local file.
    objects: Vec<Option<String>>,
    now: DiskTree,
    directory: PathBuf,
    batch: Mutex<Option<Batch>>,
}

impl GitTree {
    /// The commit's side of what [`DiskTree::open`] lists for `root` with the same `options`.
    pub fn open(commit: &Commit, root: &Path, options: &DiskOptions) -> Result<Self, FilesError> {
        let now = DiskTree::open(root, options)?;
        let only = (!root.is_dir()).then(|| root.file_name()).flatten();
        let listed = list(commit, only)?;
        let exclude = overrides(root, &options.exclude)?;
        let mut files: Vec<(Entry, Option<String>)> = kept(listed, options.foreign, &exclude)
            .map(|(entry, object)| (entry, Some(object)))
            .collect();
        let known: BTreeSet<Arc<str>> = files.iter().map(|(it, _)| Arc::clone(&it.path)).collect();
        let local = now.entries().iter().filter(|entry| entry.ignored);
        files.extend(
            local
                .filter(|entry| !known.contains(&entry.path))
                .map(|entry| (entry.clone(), None)),
        );
        files.sort();
        let (entries, objects) = files.into_iter().unzip();
        Ok(Self {
            entries,
            objects,
            now,
            directory: commit.directory.clone(),
            batch: Mutex::new(None),
        })
    }

    fn object(&self, id: &str) -> io::Result<Vec<u8>> {
        let mut slot = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = match slot.take() {
            Some(batch) => batch,
            None => Batch::start(&self.directory)?,
        };
        // After an error the answer may be half read: the next object asks a new process.
        let bytes = batch.read(id)?;
        *slot = Some(batch);
        Ok(bytes)
    }
}

impl Tree for GitTree {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let at = self
            .entries
            .binary_search_by(|known| known.path.cmp(&entry.path))
            .map_err(|_| missing())?;
        match self.objects.get(at).ok_or_else(missing)? {
            Some(id) => self.object(id),
            None => self.now.read(entry),
        }
    }
}

/// Regular files below the commit's directory, or `only` one of them, with their objects.
fn list(commit: &Commit, only: Option<&OsStr>) -> Result<Vec<(Entry, String)>, GitError> {
    let mut command = git(&commit.directory);
    command.args(["ls-tree", "-r", "-z", "-l", &commit.id]);
    if let Some(name) = only {
        command.arg("--").arg(name);
    }
    let output = command.output().map_err(GitError::NotRun)?;
    if !output.status.success() {
        return Err(GitError::ObjectsMissing(commit.id.clone()));
    }
    let lines = output.stdout.split(|byte| *byte == 0);
    Ok(lines.filter_map(listed).collect())
}

/// `100644 blob <object> <size>\t<path>`; links and submodules are no files, and a name that is
/// not UTF-8 is told about where the working tree is listed.
fn listed(line: &[u8]) -> Option<(Entry, String)> {
    let (head, path) = std::str::from_utf8(line).ok()?.split_once('\t')?;
    let mut words = head.split_ascii_whitespace();
    let regular = words.next()?.starts_with("100");
    let (_kind, object) = (words.next()?, words.next()?);
    let entry = Entry {
        path: Arc::from(path),
        size: words.next()?.parse().ok()?,
        ignored: false,
    };
    regular.then(|| (entry, object.to_owned()))
}

fn kept(
    listed: Vec<(Entry, String)>,
    foreign: bool,
    exclude: &Override,
) -> impl Iterator<Item = (Entry, String)> {
    let environments: BTreeSet<String> = listed
        .iter()
        .filter_map(|(entry, _)| {
            let (directory, name) = entry.path.rsplit_once('/')?;
            let marked = match name {
                "pyvenv.cfg" => true,
                "CACHEDIR.TAG" => Path::new(directory).ends_with("target"),
                _ => false,
            };
            marked.then(|| directory.to_owned())
        })
        .collect();
    listed.into_iter().filter(move |(entry, _)| {
        let mut directories = ancestors(&entry.path);
        let other = |directory: &str| {
            (!foreign
                && (is_foreign_name(Path::new(directory)) || environments.contains(directory)))
                || exclude.matched(directory, true).is_ignore()
        };
        !directories.any(other) && !exclude.matched(&*entry.path, false).is_ignore()
    })
}

/// `a`, `a/b` of `a/b/c.py`.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// One `git cat-file --batch`, asked object by object.
#[derive(Debug)]
struct Batch {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Batch {
    fn start(directory: &Path) -> io::Result<Self> {
        let mut child = git(directory)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
        let questions = Some(child.stdin.take().ok_or_else(missing)?);
        let answers = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        Ok(Self {
            child,
            questions,
            answers,
        })
    }

    fn read(&mut self, id: &str) -> io::Result<Vec<u8>> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let questions = self.questions.as_mut().ok_or_else(missing)?;
        writeln!(questions, "{id}")?;
        questions.flush()?;
        let mut head = String::new();
        self.answers.read_line(&mut head)?;
        // `<object> blob <size>`, or `<object> missing`
        let size = head
            .rsplit(' ')
            .next()
            .and_then(|word| word.trim().parse::<u64>().ok());
        let size = size.ok_or_else(missing)?;
        let mut bytes = Vec::new();
        self.answers.by_ref().take(size).read_to_end(&mut bytes)?;
        let mut line_break = [0];
        self.answers.read_exact(&mut line_break)?;
        Ok(bytes)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It ends when nobody asks any more; waited for, so that no zombie stays.
        drop(self.questions.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
