//! What can go wrong while templates are read. None of it stops the rest.

use std::sync::Arc;

use keytrail_model::Problem;
use thiserror::Error as ThisError;

/// One cause each; [`Error::hint`] says what to do.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum Error {
    /// The file could not be opened.
    #[error("could not be read")]
    Unreadable,
    /// Larger than any template.
    #[error("is larger than {} MB and was not read", .0 / 1024 / 1024)]
    TooLarge(u64),
    /// Binary, or in another encoding.
    #[error("is not UTF-8 text")]
    NotUtf8,
    /// Not HCL from here on.
    #[error("is no valid HCL here ({0})")]
    Hcl(String),
    /// Not JSON from here on.
    #[error("is no valid JSON here")]
    Json,
    /// Not YAML from here on.
    #[error("is no valid YAML here ({0})")]
    Yaml(String),
    /// Nesting, aliases or sizes beyond what a template needs.
    #[error("nests or repeats more than a template may")]
    TooComplex,
    /// An expression needs itself.
    #[error("`{0}` is defined by itself")]
    Cycle(String),
    /// A module calls itself.
    #[error("modules call each other in a ring, or too deep")]
    ModuleCycle,
    /// Names and calls nest too deep.
    #[error("expressions nest too deep")]
    TooDeep,
    /// The root used up its share of work.
    #[error("needs more work to evaluate than a template may")]
    TooMuchWork,
    /// `count` or `for_each` is very large.
    #[error("has more instances than are looked at")]
    TooManyInstances,
    /// A statement touches `DynamoDB` but its resource is not known.
    #[error("the statement allows {0} on a resource that could not be resolved")]
    UnresolvedResource(String),
    /// Something reads a stream, but not known of which table.
    #[error("the stream that is read here could not be tied to a table")]
    UnresolvedStream,
    /// A module that is not in the tree, and that by its source makes tables or rights.
    #[error(
        "the module called here lies outside the tree ({0}); the tables and rights it makes are not seen"
    )]
    RemoteModule(String),
    /// A policy that can't be read.
    #[error("the policy attached here could not be resolved")]
    UnresolvedPolicy,
}

/// Larger files are no templates.
pub(crate) const MOST_BYTES: u64 = 4 * 1024 * 1024;
/// Larger plans and states are not read: their values would need ten times their size.
pub(crate) const MOST_PLAN_BYTES: u64 = 32 * 1024 * 1024;

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable => "check its permissions",
            Self::TooLarge(_) => "split it, or leave it out of the scan",
            Self::NotUtf8 => "save it as UTF-8, or leave it out of the scan",
            Self::Hcl(_) => "run `terraform validate`; the rest of the module was read",
            Self::Json | Self::Yaml(_) => "mend the syntax; other files were read",
            Self::TooComplex | Self::TooDeep | Self::TooMuchWork | Self::TooManyInstances => {
                "what lies beyond is treated as unknown"
            }
            Self::Cycle(_) | Self::ModuleCycle => {
                "break the ring; its values are treated as unknown"
            }
            Self::UnresolvedResource(_) => {
                "give its variables a default or a .tfvars file; it counts for no table until then"
            }
            Self::RemoteModule(_) => "vendor it, or scan the plan instead",
            Self::UnresolvedStream => "refer to the table, or give the parameter a default",
            Self::UnresolvedPolicy => "give its variables a default, or scan the plan instead",
        }
    }

    pub(crate) fn problem(&self, path: &Arc<str>, line: Option<u32>) -> Problem {
        Problem {
            path: Arc::clone(path),
            line,
            message: format!("{self}; {}", self.hint()),
        }
    }
}
