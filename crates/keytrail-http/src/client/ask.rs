//! What can be asked: reading methods only, and a path on the one host that was named. There is no way to
//! say anything else in these types (law 5).

use std::collections::BTreeMap;

/// A method that reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Method {
    Get,
    Head,
    Options,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
        }
    }
}

/// As whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Who {
    /// Nobody.
    Anonymous,
    /// The identity of this number.
    Identity(usize),
    /// Somebody who is nobody: credentials of our own making.
    Wrong(Wrong),
}

/// Credentials that must not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Wrong {
    /// `Authorization:` with nothing behind it.
    Empty,
    /// `Authorization: Bearer` without a token.
    Malformed,
    /// A bearer token that nobody has.
    Unknown,
    /// Basic credentials that nobody has.
    Stranger,
    /// The token of this identity, changed.
    Token(usize, Change),
}

/// What was done to a JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Change {
    /// `alg: none`, no signature.
    NoAlgorithm,
    /// Another signature.
    Signature,
    /// Another subject under the old signature.
    Payload,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// Path and query, from the root of the host.
    pub(crate) target: String,
    pub(crate) who: Who,
    /// Headers of a probe: `Origin`, `Accept`. Never credentials.
    pub(crate) headers: BTreeMap<&'static str, String>,
    /// Over plain http on the default port, whatever the service's scheme.
    pub(crate) plain: bool,
}

impl Ask {
    pub(crate) fn new(method: Method, target: &str, who: Who) -> Self {
        Self {
            method,
            target: target.to_owned(),
            who,
            headers: BTreeMap::new(),
            plain: false,
        }
    }

    pub(crate) fn get(target: &str, who: Who) -> Self {
        Self::new(Method::Get, target, who)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }
}
