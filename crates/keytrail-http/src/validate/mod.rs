//! Asking vendors whether keys still work: one request a key, to the one host that the provider's file names.
//!
//! Nothing of an answer is kept but its status, whether it says yes or no, and whose key it is, masked. No redirect
//! is followed, no cookie kept; names that lead to private addresses are not dialled.

mod answer;
mod client;
mod request;
mod resolve;

pub use client::{Question, Reply, ValidateOptions, Validator};
