//! Libraries that map classes to DynamoDB tables: what their models declare.
//!
//! What a model's calls do is in `interp/mapper*.rs`; here is only what its source says.

mod columns;
mod declared;
mod library;
mod models;

pub(crate) use columns::columns;
pub(crate) use declared::declared;
pub(crate) use library::{Library, not_followed};
pub(crate) use models::{Model, ModelAttribute, Models, Role, table_of};
