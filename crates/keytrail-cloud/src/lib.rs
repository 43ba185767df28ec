//! The live AWS account, read-only: the same facts as from templates, plus items, streams and trails.
//!
//! This is the only room that speaks to AWS, and the only asynchronous one. It judges nothing, writes
//! nothing to the account, and never asks for the value of a secret or a parameter.

mod account;
mod client;
mod drift;
mod error;
mod items;
mod policy;
mod runtime;
mod streams;
mod trail;

pub use account::{Account, AccountOptions, collect};
pub use client::{Access, Call, Client, Connection, Group};
pub use drift::{Difference, Unread, drift, reconcile};
pub use error::CloudError;
pub use items::{Estimate, ItemsOptions, ItemsOutcome, items};
pub use policy::least_policy;
pub use streams::{
    StreamBatch, StreamChange, StreamCheckpoint, StreamReader, StreamRecord, StreamStart,
};
pub use trail::{
    TrailCheckpoint, TrailEvent, TrailFile, TrailOptions, TrailPlace, TrailReader, trail,
};
