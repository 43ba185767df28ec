//! Calls that write to the account, or read the values of secrets: a type of its own, so that nothing
//! that was given a reading [`Client`](crate::Client) can make them (law 5).

mod call;
mod writer;

pub use call::WriteCall;
pub use writer::Writer;
