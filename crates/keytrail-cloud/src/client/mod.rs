//! Signed calls that read, and nothing else (law 5): what a client can send is listed in
//! [`Call`], and there is no call in it that writes.

mod body;
mod call;
mod connect;
mod endpoint;
mod pages;
mod send;
mod spoken;
mod xml;

pub(crate) use call::Service;
pub use call::{Call, Group};
pub use connect::{Access, Connection};
pub(crate) use pages::Paging;
pub use send::Client;
pub(crate) use send::{failure, parsed};
pub(crate) use spoken::Spoken;
pub(crate) use xml::json_of_xml;
