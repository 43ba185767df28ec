//! The words that every room of Keytrail speaks: keys, places, facts, the exposure graph's
//! parts, findings, coverage.
//!
//! This crate is pure: it reads no file, no clock, no environment and no socket, and it
//! decides nothing. What it does guarantee is held by its types: a [`Secret`] cannot be
//! printed, cloned or serialised, and a [`Finding`] cannot be built without a place.

mod calendar;
mod collected;
mod coverage;
mod fact;
mod finding;
mod graph;
mod keyring;
mod location;
mod secret;
mod tree;
pub mod v1;

pub use calendar::civil_day;
pub use collected::{Collected, Progress};
pub use coverage::{Coverage, CoverageStatus, Problem};
pub use fact::*;
pub use finding::{
    Confidence, Finding, FindingBuilder, Fix, FixSafety, Outside, Severity, Suppression,
};
pub use graph::{
    Actor, Edge, EdgeKind, Edit, ExposurePath, Guard, KeyIdentity, KeyPower, KeyRef, Node, Place,
    Rightful,
};
pub use keyring::{Kept, Keyring};
pub use location::{FileSpan, Location, Step};
pub use secret::{Fingerprint, Fingerprinter, Masked, Secret};
pub use tree::{Entry, MemoryTree, Tree};
