//! How this room reaches the world: one call, sent once. The engine fills it in with a client that can
//! write; tests with a stand-in.

use serde_json::Value;

/// Sends one call.
pub trait Wire: Send + Sync {
    /// Sends `call`, named `service:Operation`, once. It may have been carried out even where this
    /// tells of an error.
    fn send(&self, call: &'static str, request: &Value) -> Result<Value, Refusal>;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too many calls; nothing was done.
    Throttled,
    /// The service broke, or its answer was lost: it may have been carried out.
    Broken(String),
    /// The service refuses what was asked, under this name.
    Code(String),
    /// Nothing that we send will be accepted: a right, credentials, an endpoint.
    Never {
        /// What.
        what: String,
        /// What to do.
        hint: String,
    },
}
