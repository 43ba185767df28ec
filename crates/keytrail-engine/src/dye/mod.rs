//! `keytrail dye`: marked canary keys are planted beside the items of a test table, the service, its logs, its
//! stream and exports are looked through for them, and they are taken away again.
//!
//! The only part of the engine that writes to an account: items of its own, under keys that nothing had, each
//! told to a journal before it is planted. Nothing that was there is changed or removed.

mod colour;
mod journal;
mod places;
mod plant;
mod run;
mod table;

pub use journal::DyeJournal;
pub use places::{DyePlace, PlaceKind};
pub use run::{Dye, Dyed, clean, dye};
