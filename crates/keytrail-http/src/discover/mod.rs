//! Which operations there are: from the specification, the code, pages, scripts, answers, usual places.

pub(crate) mod baseline;
pub(crate) mod graphql;
pub(crate) mod html;
pub(crate) mod openapi;
pub(crate) mod places;
mod routes;
mod specification;
mod survey;
mod yaml;

pub(crate) use baseline::Baseline;
pub(crate) use routes::route_of_pattern;
pub(crate) use survey::{Survey, survey};
