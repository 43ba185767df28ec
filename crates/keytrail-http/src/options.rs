//! What to ask, as whom, how fast and how much.

use std::net::IpAddr;
use std::path::PathBuf;

use keytrail_model::{Access, HttpMethod, Secret};

use crate::colour::Colour;
use crate::identity::Identity;
use crate::limits;

/// One run against one service.
#[derive(Debug)]
pub struct HttpOptions {
    /// The service: scheme, host, port, and the path below which it lies.
    pub url: String,
    /// A file or URL with its specification; looked for where there is none.
    pub spec: Option<String>,
    /// As whom to ask, beside nobody.
    pub identities: Vec<Identity>,
    /// How to sign in, for identities that have no credentials of their own.
    pub logins: Vec<Login>,
    /// Requests a second.
    pub rate: u32,
    /// Requests in all.
    pub budget: u64,
    /// Send GETs that look like actions.
    pub allow_actions: bool,
    /// Send nothing; list what would be sent.
    pub dry_run: bool,
    /// Ask one operation so many times in a row, at the allowed rate, to see whether anything limits it.
    pub burst: u32,
    /// How far to go with language models; not at all unless said.
    pub llm: Option<LlmDepth>,
    /// A proxy.
    pub proxy: Option<String>,
    /// A file with further certificate authorities.
    pub ca: Option<PathBuf>,
    /// A file with a client certificate and its key.
    pub client_certificate: Option<PathBuf>,
    /// The address to dial for the host, in place of what its name says.
    pub resolve: Option<IpAddr>,
    /// Routes that the code is known to have.
    pub routes: Vec<KnownRoute>,
    /// Marked values to look for in everything that is answered.
    pub colours: Vec<Colour>,
    /// Identifiers that are asked for before others, where they are known from answers.
    pub marks: Vec<String>,
}

impl HttpOptions {
    /// Politely, and anonymously.
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            spec: None,
            identities: Vec::new(),
            logins: Vec::new(),
            rate: limits::RATE,
            budget: limits::BUDGET,
            allow_actions: false,
            dry_run: false,
            burst: 0,
            llm: None,
            proxy: None,
            ca: None,
            client_certificate: None,
            resolve: None,
            routes: Vec::new(),
            colours: Vec::new(),
            marks: Vec::new(),
        }
    }
}

/// How many probes a language model is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LlmDepth {
    /// One of each family.
    Quick,
    /// A few of each.
    Standard,
    /// All.
    Deep,
}

/// A sign-in that the user describes: the one request that this crate sends with a body, beside the
/// texts for language models. It can only be made from a configuration.
#[derive(Debug)]
pub struct Login {
    /// The identity that it gives.
    pub name: String,
    /// The path, on the service's own host.
    pub path: String,
    /// `application/json`, `application/x-www-form-urlencoded`.
    pub content_type: String,
    /// What to send.
    pub body: Secret,
    /// Where in a JSON answer the token is: `data.access`. Without one, the cookies are taken.
    pub token: Option<String>,
}

/// A route that the code is known to have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownRoute {
    /// As Django writes it.
    pub pattern: String,
    /// The method.
    pub method: HttpMethod,
    /// Who may call it, as far as the code tells.
    pub access: Access,
    /// True where the handler writes, whatever its method.
    pub acts: bool,
    /// Parameters of the query that pick the item that is read, with the attribute that they are
    /// compared with, sorted.
    pub picks: Vec<(String, String)>,
}
