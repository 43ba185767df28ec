//! Facts about what stands in front of functions: API Gateway and function URLs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Access, HttpMethod};
use crate::{Location, Step};

/// A URL of API Gateway, or of a function itself, leads to a function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// The path as declared: `/keys/{id}`; `/*` for whatever no other takes.
    pub path: String,
    /// One fact per method.
    pub method: HttpMethod,
    /// The function: its address.
    pub function: Arc<str>,
    /// The code that answers, `web.handler`, where the template names it.
    pub handler: Option<String>,
    /// The directory of the code as dotted names, where the template names it.
    pub code: Option<String>,
    /// Who may call it.
    pub access: Access,
    /// The setting that decides, or the place where it is missing.
    pub evidence: Vec<Step>,
    /// Where it is declared.
    pub location: Location,
}
