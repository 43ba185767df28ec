//! Working trees and commits: which files there are, and the keys in them.
//!
//! Only reads. What cannot be read is said in the coverage; nothing is left out silently.

mod collect;
mod disk;
mod error;
mod export;
mod git;
mod history;
mod inside;
mod lines;
mod log;
mod search;
mod skip;
mod text;

pub use collect::{FilesOptions, collect};
pub use disk::{DiskOptions, DiskTree, Listing};
pub use error::{ExportError, FilesError, GitError};
pub use export::{ExportOptions, Exports, exports};
pub use git::{Commit, GitTree};
pub use history::{HistoryOptions, history};
