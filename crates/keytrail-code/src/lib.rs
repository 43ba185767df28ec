//! Python source → facts: parser, name resolution, call graph, data flow, Django, DRF, boto3.
//!
//! The crate reads a [`Tree`](keytrail_model::Tree) and judges nothing. How it reads, and why its answers can be
//! believed, is in `CORRECTNESS.md` beside it.

mod collect;
mod django;
mod emit;
mod fixpoint;
mod interp;
mod known;
mod limits;
mod mappers;
mod order;
mod program;
mod resolve;
mod sources;
mod symbols;
mod syntax;
mod tables;

pub use collect::collect;
pub use syntax::nests_too_deep;
