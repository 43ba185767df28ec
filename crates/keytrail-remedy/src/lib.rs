//! Findings → edits of the files in which they lie, and the only crate that writes to the world.
//!
//! [`plan`] proposes edits and decides nothing about them, [`edited`] makes them in memory and
//! reads every result back, [`write()`] puts them on disk. What keeps an edit from breaking a file is
//! told in `CORRECTNESS.md` beside the crate.

mod case;
mod change;
mod diff;
mod edited;
mod error;
mod facts;
mod git;
mod hcl;
mod plan;
mod python;
mod remedies;
mod store;
mod template;
mod text;
mod variables;
mod write;

pub use change::{Change, Closes, Import, Left, Piece, Why};
pub use diff::{Shown, diff};
pub use edited::{Edited, Made, edited};
pub use error::RemedyError;
pub use git::uncommitted;
pub use plan::{Least, Plan, Wishes, plan};
pub use remedies::{LEAST_SERVICES, names, rules};
pub use store::Store;
pub use write::{Target, write};
