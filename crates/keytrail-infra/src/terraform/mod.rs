//! Terraform: files into stacks of evaluated resources.

pub(crate) mod ast;
mod data;
mod eval;
mod expand;
mod functions;
mod further;
pub(crate) mod hcl;
pub(crate) mod json;
mod names;
mod operators;
pub(crate) mod plan;
mod registry;
mod scope;
pub(crate) mod source;
mod stacks;
mod texts;

pub(crate) use eval::Files;
pub(crate) use stacks::stacks;
