//! Python source → compact representation. The only module that knows the parser; its syntax
//! tree is dropped before the next file of the same thread is read.

mod depth;
pub(crate) mod ir;
mod lines;
mod lower;
mod lower_stmt;

pub use depth::nests_too_deep;
pub(crate) use lines::LineIndex;
pub(crate) use lower::{SyntaxProblem, parse};
