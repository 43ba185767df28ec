//! What can be wrong with a case.

use thiserror::Error as ThisError;

use crate::evaluate::NoPrincipal;

/// One cause each. Texts name the place and never repeat a value.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum CaseError {
    /// No JSON.
    #[error("is no JSON (column {0})")]
    Json(usize),
    /// Longer than any policy can be.
    #[error("is longer than {} MB", crate::cases::answer::MOST_BYTES / 1024 / 1024)]
    TooLong,
    /// Not UTF-8.
    #[error("is not UTF-8 text")]
    NotUtf8,
    /// JSON, but not an object.
    #[error("is no JSON object")]
    NoObject,
    /// A field that every case needs.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A field of another type.
    #[error("`{0}` has to be {1}")]
    Type(String, &'static str),
    /// The principal.
    #[error(transparent)]
    Principal(#[from] NoPrincipal),
    /// AWS would refuse this policy document.
    #[error("malformed policy document: `{place}` {problem}")]
    Document {
        /// `identity_policies[0].Statement[1]`.
        place: String,
        /// What is wrong there.
        problem: String,
    },
}

impl CaseError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Json(_) | Self::NoObject | Self::TooLong | Self::NotUtf8 => {
                "write one JSON object a line"
            }
            Self::Missing(_) | Self::Type(..) => "see `keytrail can --help` for the form of a case",
            Self::Principal(_) => "give an ARN, an account, a service or `*`",
            Self::Document { .. } => "AWS would refuse this policy too; mend it",
        }
    }
}
