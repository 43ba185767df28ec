//! Single questions to the evaluator, each whole in itself: a line of JSON in, a line of JSON out.
//!
//! A case is a concrete request: a context key that it does not give is not in the request, as for
//! AWS's own simulator. What is really not known it says by `null`.

mod answer;
mod case;
mod document;
mod error;

pub use answer::{MOST_BYTES, answer, refused};
pub use error::CaseError;
