//! The running API from outside, read-only: its operations, what they answer to whom, and what twelve checks
//! see in that, as facts.
//!
//! Only GET, HEAD and OPTIONS can be said in the types of `client` (law 5); a body is sent in two cases, each
//! with a type of its own: a sign-in that the configuration describes ([`Login`]), and texts for a language
//! model where the user asks for that. One host is asked, at a bounded rate, within a budget, and no GET that
//! looks like an action. Credentials are secrets; exchanges are redacted where they are made (law 1).
//!
//! [`Validator`] is another client with another purpose: it asks vendors whether keys that were found still work,
//! where the user wants that; the hosts come from the providers' files and from nowhere else.
//!
//! Nothing here judges: a check says what it saw and what it compared; rules say what that means. Why its
//! observations can be believed is told in `CORRECTNESS.md`.

mod actions;
mod checks;
mod client;
mod collect;
mod colour;
mod debug;
mod discover;
mod error;
mod evidence;
mod fill;
mod identity;
mod json;
mod keys;
mod limits;
mod operation;
mod options;
mod personal;
mod scan;
mod token;
mod told;
mod validate;

pub use collect::{HttpCollected, collect};
pub use colour::{Colour, Coloured, Forms};
pub use error::HttpError;
pub use identity::Identity;
pub use limits::{BUDGET, RATE};
pub use options::{HttpOptions, KnownRoute, LlmDepth, Login};
pub use validate::{Question, Reply, ValidateOptions, Validator};
