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
