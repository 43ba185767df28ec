//! What a service answers.

use serde_json::{Value, json};

/// Status and body; nothing where the answer is lost on its way.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The document.
    pub body: Value,
    /// The connection breaks in place of an answer.
    pub lost: bool,
}

/// A code, as AWS names its errors.
pub(crate) type Refused = Value;

pub(crate) fn refused(code: &str) -> Refused {
    json!({"__type": code, "message": "refused"})
}

impl Reply {
    pub(crate) fn of(result: Result<Value, Refused>) -> Self {
        match result {
            Ok(body) => Self {
                status: 200,
                body,
                lost: false,
            },
            Err(body) => Self {
                status: 400,
                body,
                lost: false,
            },
        }
    }

    pub(crate) fn broken() -> Self {
        Self {
            status: 500,
            body: refused("InternalServerError"),
            lost: false,
        }
    }

    /// The error's code, if it is one.
    pub fn code(&self) -> Option<&str> {
        self.body.get("__type")?.as_str()
    }
}
