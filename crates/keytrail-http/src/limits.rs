//! Every bound of this crate, once. What runs into one is named in the coverage by [`Breach`].

use std::time::Duration;

/// Requests a second, unless the user says otherwise.
pub const RATE: u32 = 30;
/// Requests in all, unless the user says otherwise.
pub const BUDGET: u64 = 5_000;
/// Requests under way at once.
pub(crate) const IN_FLIGHT: usize = 16;
/// Requests after which expired sessions are looked for.
pub(crate) const CHUNK: usize = 48;
/// Until a connection stands.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);
/// For one answer, from the first byte sent to the last received.
pub(crate) const WHOLE: Duration = Duration::from_secs(15);
/// Bytes of a body as they come over the wire.
pub(crate) const BODY: usize = 2 << 20;
/// Bytes of a body after decompression.
pub(crate) const UNPACKED: usize = 8 << 20;
/// Bytes of a specification, packed or not.
pub(crate) const SPECIFICATION: usize = 50 << 20;
/// Bytes of all headers of an answer that are kept.
pub(crate) const HEADERS: usize = 64 << 10;
/// Times that a 429 or 503 with Retry-After is waited for.
pub(crate) const PATIENCE: u32 = 4;
/// The longest that one Retry-After is followed.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Redirects on one host that are followed.
pub(crate) const REDIRECTS: usize = 4;
/// Requests that tell whether a session holds.
pub(crate) const CANARIES: usize = 3;
/// Times that a session is renewed.
pub(crate) const RENEWALS: u32 = 20;
/// Operations that are checked.
pub(crate) const OPERATIONS: usize = 2_000;
/// Nodes of a specification, with what references bring in.
pub(crate) const NODES: usize = 2_000_000;
/// References that lead from one to the next.
pub(crate) const REFERENCES: usize = 32;
/// Levels of JSON that are looked into.
pub(crate) const DEPTH: usize = 32;
/// Values of one answer that are looked at.
pub(crate) const VALUES: usize = 20_000;
/// Links and bundles that are followed.
pub(crate) const LINKS: usize = 60;
/// Characters of a body in an exchange.
pub(crate) const EXCERPT: usize = 1_200;
/// Bytes of text that are given to pattern searches.
pub(crate) const SEARCHED: usize = 1 << 20;

/// A bound that an answer ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Breach {
    /// More bytes than [`BODY`].
    Body,
    /// More bytes than [`UNPACKED`] after decompression.
    Unpacked,
    /// Compression that can't be undone.
    Packing,
    /// More headers than [`HEADERS`], or than the HTTP library takes.
    Headers,
    /// Longer than [`WHOLE`].
    Slow,
    /// More than [`REDIRECTS`] redirects, or one that comes back.
    Redirects,
    /// 429 or 503 more often than [`PATIENCE`], or for longer than [`LONGEST_WAIT`].
    Refused,
}

impl Breach {
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Body => "the body is longer than 2 MB; what follows was not read",
            Self::Unpacked => "the body unpacks to more than 8 MB; what follows was not read",
            Self::Packing => "the body says that it is compressed, and can't be unpacked",
            Self::Headers => "the headers are longer than 64 KB, or more than a hundred",
            Self::Slow => "the answer took longer than 15 seconds",
            Self::Redirects => "the redirects lead in a circle, or are more than four",
            Self::Refused => {
                "the service asked for patience more often, or for longer, than we have it"
            }
        }
    }
}
