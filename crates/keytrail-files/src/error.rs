//! Why a tree cannot be opened.

use std::path::{Path, PathBuf};

/// The root of the tree, or an option, is of no use.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Nothing there.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// May not be read.
    #[error("no permission to read {}", .0.display())]
    Denied(PathBuf),
    /// A socket, pipe or device.
    #[error("{} is neither a file nor a directory", .0.display())]
    Kind(PathBuf),
    /// The system says something else.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An exclude pattern that is no glob.
    #[error("exclude pattern `{pattern}` is not a glob: {source}")]
    Glob {
        /// As given.
        pattern: String,
        /// Why.
        source: ignore::Error,
    },
    /// A commit to compare with can't be had.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Why a commit to compare with can't be had.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git`, or it may not be run.
    #[error("cannot run git: {0}")]
    NotRun(std::io::Error),
    /// The path lies in no repository.
    #[error("{} is in no git repository, so there is no commit to compare with", .0.display())]
    NoRepository(PathBuf),
    /// git refuses to read another user's repository.
    #[error("git refuses to read {}: it belongs to another user", .0.display())]
    OtherOwner(PathBuf),
    /// A repository without any commit.
    #[error("the repository has no commit yet")]
    NoCommit,
    /// The name means nothing.
    #[error("there is no commit `{0}`")]
    NoSuchCommit(String),
    /// Two histories.
    #[error("`{0}` and what is checked out have no commit in common")]
    NothingInCommon(String),
    /// Not all of the commit is on this machine.
    #[error("the files of commit {0} are not all on this machine")]
    ObjectsMissing(String),
}

/// Why exports can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file that keeps how far the scan is can't be read or written.
    #[error("cannot keep how far the scan is in {}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{} does not tell how far a scan of exports is", .0.display())]
    ForeignState(PathBuf),
    /// Fingerprints in it were made under another salt.
    #[error("{} belongs to a scan under another salt", .0.display())]
    OtherState(PathBuf),
}

impl ExportError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::State { .. } => "give a file in a directory that you may write to",
            Self::ForeignState(_) => "give another file; this one is left as it is",
            Self::OtherState(_) => "use the same `keytrail.toml`, or begin anew in another file",
        }
    }
}

impl GitError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotRun(_) => "install git, or leave out --diff",
            Self::NoRepository(_) => "give a path inside a clone, or leave out --diff",
            Self::OtherOwner(_) => {
                "tell git that you trust it: `git config --global --add safe.directory DIRECTORY`"
            }
            Self::NoCommit => "commit something first, or leave out --diff",
            Self::NoSuchCommit(_) => {
                "fetch it first: `git fetch origin BRANCH`; a branch of the server is `origin/BRANCH`"
            }
            Self::NothingInCommon(_) => {
                "in a shallow clone fetch the history: `git fetch --unshallow`, in GitHub Actions `fetch-depth: 0`"
            }
            Self::ObjectsMissing(_) => "fetch them: `git fetch --refetch --no-filter`",
        }
    }
}

impl FilesError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => "check the spelling; relative paths start at the current directory",
            Self::Denied(_) => "run as a user who may read it, or give the path of a copy",
            Self::Kind(_) => "give a file or a directory",
            Self::Read { .. } => "check that the disk is mounted and sound",
            Self::Glob { .. } => "patterns are as in .gitignore: `docs/**`, `*.log`",
            Self::Git(error) => error.hint(),
        }
    }

    pub(crate) fn reading(path: &Path, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            std::io::ErrorKind::PermissionDenied => Self::Denied(path.to_owned()),
            _ => Self::Read {
                path: path.to_owned(),
                source,
            },
        }
    }
}
