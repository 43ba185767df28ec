//! Readers of `DynamoDB` Streams: shards in the order of their lineage, from a checkpoint, with what was
//! trimmed away told.

mod checkpoint;
mod lineage;
mod reader;
mod record;

pub use checkpoint::StreamCheckpoint;
pub use reader::{StreamBatch, StreamReader, StreamStart};
pub use record::{StreamChange, StreamRecord};
