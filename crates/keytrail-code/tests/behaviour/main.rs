//! What the analysis says of small programs, as a user would write them.

#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    clippy::struct_field_names,
    reason = "tests put programs together from pieces; nothing of it is hot"
)]

mod access;
mod aws;
mod classes;
mod control;
mod fields;
mod functions;
mod hostile;
mod imports;
mod laws;
mod limits;
mod operations;
mod outside;
mod ownership;
mod routes;
mod sanitizers;
mod serializers;
mod sinks;
mod support;
mod views;
