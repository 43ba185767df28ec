//! Flags about the running service, and what they ask of the engine.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use keytrail_engine::{HTTP_BUDGET, HTTP_RATE, Http, LlmDepth};

/// How to ask a service.
#[derive(Args, Debug)]
#[command(next_help_heading = "Running service (with --url)")]
pub(crate) struct Asking {
    /// Its specification, a file or URL; looked for without
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) spec: Option<String>,
    /// As whom to ask, beside nobody; may be repeated. Also NAME=bearer:TOKEN, NAME=basic:USER:PASSWORD,
    /// NAME=cookie:NAME=VALUE
    #[arg(long = "as", value_name = "NAME=Header: value")]
    pub(crate) identities: Vec<String>,
    /// Requests a second
    #[arg(long, value_name = "N", default_value_t = HTTP_RATE, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// Requests in all
    #[arg(long, value_name = "N", default_value_t = HTTP_BUDGET)]
    pub(crate) budget: u64,
    /// Send GETs that look like actions (logout, delete, …) too
    #[arg(long)]
    pub(crate) allow_actions: bool,
    /// Send nothing; print the requests that would be sent
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Repeat one request so many times, at the allowed rate, to see whether anything limits it
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=200))]
    pub(crate) burst: u32,
    /// Send texts to endpoints with a language model
    #[arg(long, value_name = "DEPTH", value_enum, num_args = 0..=1, default_missing_value = "standard")]
    pub(crate) llm: Option<Depth>,
    /// A proxy: http://HOST:PORT or socks5://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Certificate authorities to trust beside the system's, in PEM form
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// A client certificate with its key, in PEM form
    #[arg(long, value_name = "FILE")]
    pub(crate) client_certificate: Option<PathBuf>,
    /// The address to dial, in place of what the host's name says
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) resolve: Option<IpAddr>,
}

/// How many texts.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Depth {
    /// One of each family
    Quick,
    /// Two of each
    Standard,
    /// All
    Deep,
}

impl Asking {
    /// What is asked of the service at `url`.
    pub(crate) fn of(&self, url: &str) -> Http {
        Http {
            url: url.to_owned(),
            spec: self.spec.clone(),
            identities: self.identities.iter().cloned().map(Into::into).collect(),
            rate: self.rate,
            budget: self.budget,
            allow_actions: self.allow_actions,
            dry_run: self.dry_run,
            burst: self.burst,
            llm: self.llm.map(|depth| match depth {
                Depth::Quick => LlmDepth::Quick,
                Depth::Standard => LlmDepth::Standard,
                Depth::Deep => LlmDepth::Deep,
            }),
            proxy: self.proxy.clone(),
            ca: self.ca.clone(),
            client_certificate: self.client_certificate.clone(),
            resolve: self.resolve,
            colours: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Something was said about a service that nobody named. A proxy, an authority and a dry run are for vendors of
    /// keys too.
    pub(crate) fn says_something(&self, validate: bool) -> bool {
        self.spec.is_some()
            || !self.identities.is_empty()
            || self.rate != HTTP_RATE
            || self.budget != HTTP_BUDGET
            || self.allow_actions
            || (self.dry_run && !validate)
            || self.burst > 0
            || self.llm.is_some()
            || (self.proxy.is_some() && !validate)
            || (self.ca.is_some() && !validate)
            || self.client_certificate.is_some()
            || self.resolve.is_some()
    }
}
