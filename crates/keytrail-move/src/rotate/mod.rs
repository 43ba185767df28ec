//! Rotating keys where an API allows it: a new key beside the old one, the new one seen in use, the old
//! one switched off and seen refused. Each step looks first whether it was done already.

mod access_key;
mod pepper;
mod record;
mod secret;

pub use access_key::AccessKey;
pub use pepper::{NewPepper, generations};
pub use record::{Record, Step};
pub use secret::{Content, SecretRotation};

use serde_json::Value;

use crate::error::MoveError;
use crate::pace::Pace;
use crate::patience;
use crate::wire::{Refusal, Wire};

/// Somebody who knows whether a key is accepted.
pub trait Judge {
    /// Whether the key is accepted now; `None` where nobody can tell.
    fn accepted(&self, key: &str) -> Result<Option<bool>, MoveError>;
}

/// What holds an AWS access key asks who it is.
pub trait Holder {
    /// The ARN of the identity, signed with this pair of keys.
    fn identity(&self, id: &str, secret: &str) -> Result<String, Refusal>;
}

/// The services, asked with patience.
#[derive(Clone, Copy)]
pub struct Services<'a> {
    /// The world.
    pub wire: &'a dyn Wire,
    /// How fast.
    pub pace: &'a Pace,
}

impl std::fmt::Debug for Services<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Services")
    }
}

impl Services<'_> {
    /// An answer, or the name under which it was refused.
    fn ask(&self, call: &'static str, request: &Value) -> Result<Result<Value, String>, MoveError> {
        patience::send(self.wire, self.pace, call, request)
    }

    /// An answer.
    fn insist(&self, call: &'static str, request: &Value) -> Result<Value, MoveError> {
        self.ask(call, request)?.map_err(|code| MoveError::Unfit {
            what: format!("{call} was refused with {code}"),
            hint: "look the code up in the service's documentation; nothing that works was switched off"
                .to_owned(),
        })
    }

    /// The version that has a label; `None` where nothing has.
    fn holder_of(&self, secret: &str, label: &str) -> Result<Option<String>, MoveError> {
        let request = serde_json::json!({"SecretId": secret});
        let answer = self.insist("secretsmanager:DescribeSecret", &request)?;
        let versions = answer.get("VersionIdsToStages").and_then(Value::as_object);
        let holds = |stages: &Value| {
            let stages = stages.as_array();
            stages.is_some_and(|stages| stages.iter().any(|stage| stage == label))
        };
        Ok(versions
            .into_iter()
            .flatten()
            .find(|(_, stages)| holds(stages))
            .map(|(id, _)| id.clone()))
    }

    /// Moves a label to a version, or takes it away; done already is well too.
    fn label(&self, secret: &str, label: &str, to: Option<&str>) -> Result<(), MoveError> {
        let holder = self.holder_of(secret, label)?;
        if holder.as_deref() == to {
            return Ok(());
        }
        let mut request = serde_json::json!({"SecretId": secret, "VersionStage": label});
        if let Some(to) = to {
            request["MoveToVersionId"] = to.into();
        }
        if let Some(holder) = holder {
            request["RemoveFromVersionId"] = holder.into();
        }
        self.insist("secretsmanager:UpdateSecretVersionStage", &request)?;
        Ok(())
    }
}

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";
const PREVIOUS: &str = "AWSPREVIOUS";

/// A step can't be made yet.
fn not_yet(what: impl Into<String>, hint: &str) -> MoveError {
    MoveError::Unfit {
        what: what.into(),
        hint: hint.to_owned(),
    }
}
