//! What is known of a request besides action and resource.

use std::borrow::Cow;
use std::collections::BTreeMap;

use keytrail_model::PrincipalKind;

use super::Request;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Role, user or group.
    pub kind: PrincipalKind,
    /// Its name, where it is known in whole.
    pub name: Option<String>,
}

/// A condition key of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextValue {
    /// The request has no such key.
    Absent,
    /// Its values: one for most keys.
    Values(Vec<String>),
}

/// Keys of which something is known; all others are open.
#[derive(Clone, Debug, Default)]
pub struct Context(BTreeMap<String, ContextValue>);

impl Context {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a key of one value.
    #[must_use]
    pub fn with(self, key: &str, value: &str) -> Self {
        self.with_values(key, &[value])
    }

    /// With a key of several values.
    #[must_use]
    pub fn with_values(mut self, key: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        self.0
            .insert(key.to_ascii_lowercase(), ContextValue::Values(values));
        self
    }

    /// With a key that the request does not have.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.0
            .insert(key.to_ascii_lowercase(), ContextValue::Absent);
        self
    }
}

impl Request<'_> {
    /// The value of a condition key, without regard to the case of its name; `None` where it is open.
    pub(crate) fn lookup(&self, key: &str) -> Option<Cow<'_, ContextValue>> {
        let key = key.to_ascii_lowercase();
        if let Some(value) = self.context.0.get(&key) {
            return Some(Cow::Borrowed(value));
        }
        let one = |value: &str| Some(Cow::Owned(ContextValue::Values(vec![value.to_owned()])));
        match (self.principal.kind, key.as_str()) {
            (PrincipalKind::User, "aws:username") => self.principal.name.as_deref().and_then(one),
            // Sessions of roles have no user name.
            (PrincipalKind::Role, "aws:username") => Some(Cow::Owned(ContextValue::Absent)),
            (PrincipalKind::Role, "aws:principaltype") => one("AssumedRole"),
            (PrincipalKind::User, "aws:principaltype") => one("User"),
            _ => None,
        }
    }
}
