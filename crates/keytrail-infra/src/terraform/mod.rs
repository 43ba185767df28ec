//! Terraform: files into stacks of evaluated resources.

pub(crate) mod ast;
mod data;
mod eval;
mod expand;
mod functions;
pub(crate) mod hcl;
pub(crate) mod json;
mod names;
mod operators;
mod scope;
pub(crate) mod source;
mod stacks;
mod texts;

pub(crate) use eval::Files;
pub(crate) use stacks::stacks;
