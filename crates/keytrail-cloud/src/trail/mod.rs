//! Readers of `CloudTrail`'s files, from a directory or a bucket, with checkpoints; and who read which
//! table by them.

mod checkpoint;
mod event;
mod identity;
mod place;
mod reader;
mod reads;

pub use checkpoint::TrailCheckpoint;
pub use event::TrailEvent;
pub use place::TrailPlace;
pub use reader::{TrailFile, TrailReader};
pub use reads::{TrailOptions, trail};
