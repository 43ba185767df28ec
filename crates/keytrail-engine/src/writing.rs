//! The client that can write, where this build has one: opened only for `migrate` and `rotate`.

use crate::EngineError;

/// As whom to write.
#[derive(Clone, Debug, Default)]
pub struct Writes {
    /// Profile of the AWS configuration.
    pub profile: Option<String>,
    /// A role to assume.
    pub role: Option<String>,
}

impl From<keytrail_move::MoveError> for EngineError {
    fn from(error: keytrail_move::MoveError) -> Self {
        Self::Move {
            hint: error.hint(),
            what: error.to_string(),
        }
    }
}

#[cfg(feature = "aws")]
mod with {
    use keytrail_cloud::{Access, CloudError, WriteCall, Writer};
    use keytrail_move::{Refusal, Wire};
    use serde_json::Value;

    use super::Writes;
    use crate::EngineError;

    /// A signed client for one region.
    #[derive(Clone, Debug)]
    pub(crate) struct Signed(Writer);

    impl Signed {
        pub(crate) fn open(writes: &Writes, region: Option<&str>) -> Result<Self, EngineError> {
            let access = Access {
                profile: writes.profile.clone(),
                region: region.map(str::to_owned),
                role: writes.role.clone(),
            };
            Writer::open(&access)
                .map(Self)
                .map_err(|error| EngineError::Aws {
                    hint: error.hint(),
                    what: error.to_string(),
                })
        }

        pub(crate) fn region(&self) -> &str {
            self.0.region()
        }

        pub(crate) fn in_region(&self, region: &str) -> Self {
            Self(self.0.in_region(region))
        }

        /// Who holds this pair of keys, as the service says it to them.
        pub(crate) fn identity_as(&self, id: &str, secret: &str) -> Result<String, Refusal> {
            let holder = self.0.as_holder(id, secret);
            let request = serde_json::json!({});
            match holder.once(WriteCall::GetCallerIdentity, &request) {
                Ok(answer) => {
                    let arn = answer.pointer("/GetCallerIdentityResult/Arn");
                    Ok(arn.and_then(Value::as_str).unwrap_or_default().to_owned())
                }
                // Not our own credentials are refused, but theirs.
                Err(CloudError::Credentials(code)) => Err(Refusal::Code(code)),
                Err(CloudError::Denied { action }) => Err(Refusal::Code(action.to_owned())),
                Err(error) => Err(refusal(error)),
            }
        }
    }

    impl Wire for Signed {
        fn send(&self, call: &'static str, request: &Value) -> Result<Value, Refusal> {
            let Some(known) = WriteCall::named(call) else {
                return Err(Refusal::Code("NoSuchCall".to_owned()));
            };
            self.0.once(known, request).map_err(refusal)
        }
    }

    fn refusal(error: CloudError) -> Refusal {
        match error {
            CloudError::Throttled { .. } => Refusal::Throttled,
            CloudError::Service { code, .. } => Refusal::Code(code),
            CloudError::Transport { .. }
            | CloudError::TooSlow { .. }
            | CloudError::Malformed { .. } => Refusal::Broken(error.to_string()),
            CloudError::Denied { action } => Refusal::Never {
                what: error.to_string(),
                hint: format!("grant `{action}`; docs/migrate.md lists what is needed"),
            },
            _ => Refusal::Never {
                hint: error.hint(),
                what: error.to_string(),
            },
        }
    }
}

#[cfg(not(feature = "aws"))]
mod without {
    use keytrail_move::{Refusal, Wire};
    use serde_json::Value;

    use super::Writes;
    use crate::EngineError;

    /// There is none: this build asks no account.
    #[derive(Clone, Debug)]
    pub(crate) enum Signed {}

    impl Signed {
        pub(crate) fn open(_: &Writes, _: Option<&str>) -> Result<Self, EngineError> {
            Err(EngineError::Aws {
                what: "this build of keytrail can't ask it".to_owned(),
                hint: "build it with the feature `aws`, which is on by default".to_owned(),
            })
        }

        pub(crate) fn region(&self) -> &str {
            match *self {}
        }

        pub(crate) fn in_region(&self, _: &str) -> Self {
            match *self {}
        }

        pub(crate) fn identity_as(&self, _: &str, _: &str) -> Result<String, Refusal> {
            match *self {}
        }
    }

    impl Wire for Signed {
        fn send(&self, _: &'static str, _: &Value) -> Result<Value, Refusal> {
            match *self {}
        }
    }
}

#[cfg(feature = "aws")]
pub(crate) use with::Signed;
#[cfg(not(feature = "aws"))]
pub(crate) use without::Signed;
