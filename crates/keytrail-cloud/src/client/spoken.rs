//! What a signed request has to know of a call, be it one that reads or one that writes.

use serde_json::Value;

use super::call::{Call, Service};
use super::send::rest_path;

/// A call as a service hears it.
pub(crate) trait Spoken: Copy {
    /// Of which service.
    fn service(self) -> Service;
    /// The operation as the service knows it.
    fn operation(self) -> &'static str;
    /// In messages.
    fn name(self) -> &'static str;
    /// The right that it needs.
    fn action(self) -> &'static str;
    /// Path with query, for services that are asked by paths.
    fn path(self, request: &Value) -> String;
}

impl Spoken for Call {
    fn service(self) -> Service {
        Call::service(self)
    }

    fn operation(self) -> &'static str {
        Call::operation(self)
    }

    fn name(self) -> &'static str {
        Call::name(self)
    }

    fn action(self) -> &'static str {
        Call::action(self)
    }

    fn path(self, request: &Value) -> String {
        rest_path(self, request)
    }
}
