//! One client for all vendors: a rate, patience within bounds, an answer that is read to its bound.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keytrail_detect::Validation;
use keytrail_model::{Liveness, Masked, Secret};
use reqwest::Method;
use url::Url;
use zeroize::Zeroizing;

use super::answer::meaning;
use super::request::Filler;
use super::resolve::Guarded;
use crate::client::{self, Pace};
use crate::error::HttpError;

/// Bytes of an answer that are looked at.
const MOST_BYTES: usize = 64 * 1024;
/// Times that a host may fail before it is left alone.
const MOST_FAILURES: u32 = 3;
/// The longest that a host may ask to be waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How to ask.
#[derive(Clone, Debug)]
pub struct ValidateOptions {
    /// Requests a second, over all hosts.
    pub rate: u32,
    /// A proxy; it looks up the names then.
    pub proxy: Option<String>,
    /// Further certificate authorities, in PEM form.
    pub ca: Option<PathBuf>,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// How its vendor is asked.
    pub validation: &'q Validation,
    /// The key.
    pub key: &'q Secret,
    /// Its partner, where the request needs one.
    pub pair: Option<&'q Secret>,
    /// Headers of a signed request.
    pub signed: &'q [(String, Zeroizing<String>)],
}

/// What is kept of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Yes, no or neither.
    pub liveness: Liveness,
    /// The status; `None` without an answer.
    pub status: Option<u16>,
    /// Whose key it is, masked.
    pub identity: Option<Masked>,
    /// Why neither.
    pub why: String,
}

/// Asks vendors, one request after the other.
#[derive(Debug)]
pub struct Validator {
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    pace: Pace,
    double: Option<Url>,
    failures: BTreeMap<String, u32>,
}

impl Validator {
    /// Asks the hosts of the providers' files, by TLS, on public addresses.
    pub fn new(options: &ValidateOptions) -> Result<Self, HttpError> {
        Self::build(options, None)
    }

    /// Asks this origin in place of every vendor's host: a double in a test.
    pub fn against(options: &ValidateOptions, origin: &str) -> Result<Self, HttpError> {
        let origin = Url::parse(origin).map_err(|_| HttpError::Url(origin.to_owned()))?;
        Self::build(options, Some(origin))
    }

    fn build(options: &ValidateOptions, double: Option<Url>) -> Result<Self, HttpError> {
        let guard = Guarded {
            // A proxy looks names up by itself, and may well stand in the house.
            private: double.is_some() || options.proxy.is_some(),
        };
        let builder = client::plain(options.proxy.as_deref(), options.ca.as_deref(), None)?
            .https_only(double.is_none())
            .dns_resolver(Arc::new(guard));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|_| HttpError::Client)?;
        Ok(Self {
            http: builder.build().map_err(|_| HttpError::Client)?,
            runtime,
            pace: Pace::new(options.rate, u64::MAX),
            double,
            failures: BTreeMap::new(),
        })
    }

    /// Sends one request, and a second one where the host asks for patience.
    pub fn ask(&mut self, question: &Question<'_>) -> Reply {
        let host = question.validation.host().to_owned();
        if self.failures.get(&host).copied().unwrap_or(0) >= MOST_FAILURES {
            return unknown(format!(
                "{host} failed {MOST_FAILURES} times, and is left alone"
            ));
        }
        let Some(request) = self.request(question) else {
            return unknown("the key can't be written into a request".to_owned());
        };
        match self.runtime.block_on(self.exchange(request)) {
            Ok((status, body)) => {
                self.failures.remove(&host);
                let found = meaning(question.validation, status, &body);
                Reply {
                    liveness: found.liveness,
                    status: Some(status),
                    identity: found.identity,
                    why: found.why,
                }
            }
            Err(why) => {
                *self.failures.entry(host.clone()).or_default() += 1;
                unknown(format!("{host}: {why}"))
            }
        }
    }

    fn request(&self, question: &Question<'_>) -> Option<reqwest::Request> {
        let Question {
            validation,
            key,
            pair,
            signed,
        } = *question;
        let filler = Filler { key, pair };
        let mut url = filler.url(validation)?;
        if let Some(double) = &self.double {
            url.set_scheme(double.scheme()).ok()?;
            url.set_host(double.host_str()).ok()?;
            url.set_port(double.port()).ok()?;
        }
        let method = match validation.body {
            Some(_) => Method::POST,
            None => Method::GET,
        };
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = filler.headers(validation, signed)?;
        *request.body_mut() = validation.body.clone().map(Into::into);
        Some(request)
    }

    /// Status and the start of the body, or in a few words why there is none: what a library says of an error may
    /// quote the URL.
    async fn exchange(
        &self,
        request: reqwest::Request,
    ) -> Result<(u16, Zeroizing<Vec<u8>>), &'static str> {
        let again = request.try_clone();
        let response = self.send(request).await?;
        let wait = wait(&response);
        let response = match (again, wait) {
            (Some(again), Some(wait)) if wait <= LONGEST_WAIT => {
                self.pace.pause(wait);
                self.send(again).await?
            }
            _ => response,
        };
        let status = response.status().as_u16();
        Ok((status, start(response).await?))
    }

    async fn send(&self, request: reqwest::Request) -> Result<reqwest::Response, &'static str> {
        self.pace.slot().await;
        self.http
            .execute(request)
            .await
            .map_err(|error| told(&error))
    }
}

fn unknown(why: String) -> Reply {
    Reply {
        liveness: Liveness::Unknown,
        status: None,
        identity: None,
        why,
    }
}

/// How long a host asks to be waited for.
fn wait(response: &reqwest::Response) -> Option<Duration> {
    if response.status().as_u16() != 429 {
        return None;
    }
    let said = response.headers().get("retry-after");
    let seconds = said.and_then(|it| it.to_str().ok()?.trim().parse().ok());
    Some(Duration::from_secs(seconds.unwrap_or(1)))
}

async fn start(mut response: reqwest::Response) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|error| told(&error))? {
        let room = MOST_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    Ok(body)
}

fn told(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "it can't be reached"
    } else {
        "the exchange broke off"
    }
}
