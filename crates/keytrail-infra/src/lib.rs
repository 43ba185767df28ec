//! Infrastructure as code into facts: the tables that there are, the principals, who may do what
//! to which table, and which environment variable carries which table's name.
//!
//! Terraform (`terraform`) and CloudFormation with SAM (`cloudformation`) each evaluate their own
//! expressions and come to the same thing: stacks of resources whose bodies are values with places.
//! From there, `tables`, `principals` and `bindings` make facts, and [`evaluate`] answers for IAM.
//!
//! This crate judges nothing. What it can't resolve is unknown, and what is unknown shows in the
//! coverage; it never becomes a grant.

mod access;
mod account;
mod actions;
mod addresses;
mod arns;
mod ask;
mod assets;
mod becoming;
mod bindings;
pub mod cases;
mod cloudformation;
mod collect;
mod decrypt;
mod endpoints;
mod error;
pub mod evaluate;
mod glob;
mod grants;
mod held;
mod json;
mod keys;
mod lines;
mod managed;
mod openings;
mod policies;
mod principals;
mod read;
mod readers;
mod rights;
mod sam_policies;
mod serverless;
mod stack;
mod tables;
mod terraform;
mod text;
mod value;

pub use access::{AccessModel, TableTarget};
pub use account::collect_account;
pub use ask::{Question, Reply, Verdict};
pub use becoming::Becoming;
pub use collect::{Infra, InfraOptions, collect, collect_with};
pub use decrypt::KeyUse;
pub use error::Error;
pub use glob::Fit;
pub use policies::parse_policy;
pub use readers::{HeldOff, Readers};
pub use text::{Piece, RefKind, Text};
