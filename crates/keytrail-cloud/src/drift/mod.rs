//! Template against account: what was declared, what is there, and where they part.
//!
//! Both sides are facts made by the same code, so what differs here differs in the world. What a
//! template leaves unknown (`*`) agrees with everything.

mod compare;
mod names;
mod reconcile;
mod rights;
mod tables;

pub use compare::{Difference, Unread, drift};
pub use reconcile::reconcile;
