//! Why files can't be written.

use std::io;
use std::path::PathBuf;

/// Why files can't be written. Nothing is written where one of them is met before the first write.
#[derive(Debug, thiserror::Error)]
pub enum RemedyError {
    /// The file is not what it was when it was read.
    #[error("{} changed while it was being mended; nothing was written", .0.display())]
    Changed(PathBuf),
    /// A link, a device: writing beside it and renaming would replace it.
    #[error("{} is no ordinary file; nothing was written", .0.display())]
    NoFile(PathBuf),
    /// The edit is not in version control yet, so that it could not be taken back.
    #[error("{} uncommitted changes; nothing was written", told(.0))]
    Uncommitted(Vec<String>),
    /// Version control can't be asked.
    #[error("git can't be asked whether the files are committed ({0}); nothing was written")]
    Git(io::ErrorKind),
    /// The file can't be read or written.
    #[error("cannot write {}: {}", path.display(), source.kind())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl RemedyError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Changed(_) => "run it again",
            Self::NoFile(_) => {
                "edit the file that it leads to by hand, or leave it out with `--exclude`"
            }
            Self::Uncommitted(_) | Self::Git(_) => {
                "commit or stash them first, so that the edits can be taken back; or add `--allow-dirty`"
            }
            Self::Io { .. } => "look at the rights of the file and its directory",
        }
    }
}

fn told(files: &[String]) -> String {
    const SHOWN: usize = 3;
    let names = files.iter().take(SHOWN).cloned().collect::<Vec<_>>();
    match files.len().saturating_sub(SHOWN) {
        0 if files.len() == 1 => format!("{} has", names.join(", ")),
        0 => format!("{} have", names.join(", ")),
        more => format!("{} and {more} more have", names.join(", ")),
    }
}
