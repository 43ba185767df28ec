//! Moves raw keys out of a table's items into a vault, and back, and rotates them.
//!
//! [`Machine`] is the protocol for one item: pure, so that a test can stop it at every step.
//! [`Mover`] drives it over a table through a [`Wire`], which the engine fills in; this room knows no
//! AWS SDK, no clock but for pacing, and no file but its journals. What it judges of keys it takes
//! from its settings; it looks for none.

mod error;
mod journal;
mod machine;
mod pace;
mod path;
mod patience;
mod pepper;
mod plan;
mod raw;
mod reader;
mod reference;
mod report;
mod requests;
pub mod rotate;
mod run;
mod scan;
mod seal;
mod setting;
mod table;
mod wire;

pub use error::MoveError;
pub use journal::{Head, Journal, Known, Window};
pub use machine::{Act, Entry, Heard, Job, Machine, Outcome};
pub use pace::Pace;
pub use path::{Item, Path};
pub use plan::{Plan, plan};
pub use reader::reader;
pub use reference::{Reference, Target};
pub use report::{check, outcomes, report, signed};
pub use run::{Mover, Standing, Tally};
pub use seal::Seal;
pub use setting::{Pepper, Setting};
pub use table::Table;
pub use wire::{Refusal, Wire};
