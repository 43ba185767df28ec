//! The items of a table: read in parallel within a budget, resumable, in bounded memory.

mod budget;
mod estimate;
mod page;
mod plan;
mod scan;
mod state;

pub use estimate::Estimate;
pub use plan::ItemsOptions;
pub use scan::{ItemsOutcome, items};
