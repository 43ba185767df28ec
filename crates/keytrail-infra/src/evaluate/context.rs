//! What is known of a request besides action and resource.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Request;

/// A condition key of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextValue {
    /// The request has no such key.
    Absent,
    /// Its values: one for most keys.
    Values(Vec<String>),
}

impl ContextValue {
    pub(crate) fn one(value: &str) -> Self {
        Self::Values(vec![value.to_owned()])
    }
}

/// Keys of which something is known; all others are open, unless the context is complete.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// `None`: the key may be there, with any value.
    keys: BTreeMap<String, Option<ContextValue>>,
    complete: bool,
}

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
    pub fn with_values(self, key: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        self.set(key, Some(ContextValue::Values(values)))
    }

    /// With a key that the request does not have.
    #[must_use]
    pub fn without(self, key: &str) -> Self {
        self.set(key, Some(ContextValue::Absent))
    }

    /// With a key of which nothing is known, though all else may be.
    #[must_use]
    pub fn with_unknown(self, key: &str) -> Self {
        self.set(key, None)
    }

    /// Says that what is not named is not in the request.
    #[must_use]
    pub fn complete(mut self) -> Self {
        self.complete = true;
        self
    }

    fn set(mut self, key: &str, value: Option<ContextValue>) -> Self {
        self.keys.insert(key.to_ascii_lowercase(), value);
        self
    }
}

impl Request<'_> {
    /// The value of a condition key, without regard to the case of its name; `None` where it is open.
    pub(crate) fn lookup(&self, key: &str) -> Option<Cow<'_, ContextValue>> {
        let key = key.to_ascii_lowercase();
        if let Some(value) = self.context.keys.get(&key) {
            return value.as_ref().map(Cow::Borrowed);
        }
        if key == "aws:resourceaccount"
            && let Some(account) = self.resource.account()
        {
            return Some(Cow::Owned(ContextValue::one(account)));
        }
        if let Some(value) = self.principal.key(&key) {
            return Some(Cow::Owned(value));
        }
        self.context
            .complete
            .then_some(Cow::Owned(ContextValue::Absent))
    }
}
