//! The least policy for the code that was read, and its difference from what is granted.

mod difference;
mod needs;
mod policy;

pub(crate) use policy::of;
pub use policy::policy;
