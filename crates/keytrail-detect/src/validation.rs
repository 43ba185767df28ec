//! How a vendor is asked whether a key still works, as the provider's file says it: one request that reads, costs
//! nothing and changes nothing, to one fixed host.

use serde::Deserialize;

/// The request, and what its answers mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// An `https` URL with a fixed host. `{key}` and `{pair}` may stand in its path and query.
    pub url: String,
    /// The header with the key: `authorization: Bearer {key}`.
    pub header: Option<String>,
    /// User and password of basic authentication: `{key}:`.
    pub basic: Option<String>,
    /// Further headers; none of them has the key.
    #[serde(default)]
    pub headers: Vec<String>,
    /// A body that asks a question; with one the request is a POST, else a GET.
    pub body: Option<String>,
    /// The provider of the partner that belongs to the key: its id stands where `{pair}` does.
    pub pair: Option<String>,
    /// `aws` where the request is signed with the key in place of carrying it.
    pub signed: Option<String>,
    /// Only keys that begin so are asked about; all where there is none.
    #[serde(default)]
    pub starts: Vec<String>,
    /// Statuses that mean: it works.
    pub live: Vec<u16>,
    /// Statuses that mean: it does not, or not any more.
    #[serde(default)]
    pub refused: Vec<u16>,
    /// JSON pointer of what must be there, and neither null nor false, in an answer that means: it works.
    pub ok: Option<String>,
    /// JSON pointer of a code in the answer, which says more than the status.
    pub code: Option<String>,
    /// Codes that mean: it works.
    #[serde(default)]
    pub live_codes: Vec<String>,
    /// Codes that mean: it does not.
    #[serde(default)]
    pub refused_codes: Vec<String>,
    /// JSON pointer of whose key it is.
    pub identity: Option<String>,
    /// Why a refusal may mean nothing.
    pub note: Option<String>,
    /// Where the vendor describes the request.
    pub docs: String,
}

impl Validation {
    /// `GET` or `POST`.
    pub fn method(&self) -> &'static str {
        if self.body.is_some() { "POST" } else { "GET" }
    }

    /// The host that gets the key.
    pub fn host(&self) -> &str {
        let rest = self.url.strip_prefix("https://").unwrap_or_default();
        rest.split(['/', '?']).next().unwrap_or_default()
    }

    /// The request as it is shown: without the key.
    pub fn shown(&self) -> String {
        format!("{} {}", self.method(), self.url)
    }

    /// Whether a key of this provider is of the kind that is asked about.
    pub fn fits(&self, key: &[u8]) -> bool {
        let mut starts = self.starts.iter();
        self.starts.is_empty() || starts.any(|start| key.starts_with(start.as_bytes()))
    }
}
