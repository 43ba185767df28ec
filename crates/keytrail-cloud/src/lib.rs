//! The live AWS account, read-only: the same facts as from templates, plus items, streams and trails.
//!
//! This is the only room that speaks to AWS, and the only asynchronous one. It judges nothing. A
//! [`Client`] can only read, and never asks for the value of a secret or a parameter. What writes, or
//! reads such values, is a [`Writer`] with a list of calls of its own; it decides nothing and is opened
//! only by what was told to `--apply`.

mod account;
mod caller;
mod client;
mod drift;
mod error;
mod items;
mod policy;
mod runtime;
mod streams;
mod trail;
mod write;

pub use account::{Account, AccountOptions, collect};
pub use caller::sign_caller_identity;
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
pub use write::{WriteCall, Writer};
