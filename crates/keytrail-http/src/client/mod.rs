//! The client with its manners. Nothing outside of this module opens a socket to the service.

mod answer;
mod ask;
mod body;
mod build;
mod job;
mod login;
mod pace;
mod secrets;
mod send;
mod session;

pub(crate) use answer::{Answer, Outcome};
pub(crate) use ask::{Ask, Change, Method, Who, Wrong};
pub(crate) use build::{Target, loopback, plain};
pub(crate) use pace::Pace;
pub(crate) use secrets::{is_own, redact};
pub(crate) use send::Client;
