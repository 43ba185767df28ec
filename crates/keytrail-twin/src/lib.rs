//! A stand-in for the AWS services that moving keys speaks to, for tests and measurements: conditions
//! are evaluated, transactions are atomic, secrets have versions and labels, and it can be told to
//! throttle, to fail before or after it has done what was asked, to lose answers and to be slow.
//!
//! It is no part of the product: nothing that is shipped depends on it. What it answers is held
//! against moto's answers to the same calls (`tests/moving_moto.rs` of keytrail).

mod condition;
mod dynamo;
mod expression;
mod faults;
mod http;
mod kms;
mod parameters;
mod reply;
mod secrets;
mod update;
mod value;
mod world;

pub use faults::{Faults, Moment};
pub use http::serve;
pub use reply::Reply;
pub use world::World;
