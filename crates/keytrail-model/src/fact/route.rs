//! Facts from URL configurations: which URL leads to which view, who may call it, what it reaches.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::code::Ident;
use crate::{Location, Step};

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum HttpMethod {
    /// Any method: a function view that does not look.
    Any,
    /// GET (and HEAD).
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// OPTIONS.
    Options,
}

impl HttpMethod {
    /// As on the wire; `ANY` for any.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "ANY",
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }

    /// True for methods that change things.
    pub fn writes(self) -> bool {
        !matches!(self, Self::Get | Self::Options)
    }
}

impl fmt::Display for HttpMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who passes the door of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Access {
    /// Anybody.
    Anonymous,
    /// Any signed-in user.
    Authenticated,
    /// Staff or holders of a named permission.
    Privileged,
    /// A custom check that could not be understood.
    Unknown,
}

/// A URL leads to a view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Route {
    /// The whole pattern from the root URLconf, as Django writes it: `/api/keys/<str:service>/`.
    pub pattern: String,
    /// One fact per method.
    pub method: HttpMethod,
    /// The function or method that answers.
    pub view: Ident,
    /// Where the view is defined ([`Location::Code`]).
    pub view_location: Location,
    /// Where the URL is declared ([`Location::Code`]).
    pub location: Location,
    /// Who may call it.
    pub access: Access,
    /// Why: the decorator, permission class, mixin, middleware or default setting, or the place
    /// where one is missing.
    pub access_evidence: Vec<Step>,
    /// Where CSRF protection is taken off, if it is.
    pub csrf_exempt: Option<Location>,
    /// True when a throttle applies.
    pub throttled: bool,
}

/// The view of a route reaches `function` by calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reach {
    /// [`Route::view`].
    pub view: Ident,
    /// A function that holds an operation or a flow (or the view itself).
    pub function: Ident,
    /// The calls from the view to the function, one step each; empty for the view itself.
    pub chain: Vec<Step>,
}
