//! What keeps a service from being asked at all, each cause with a hint.

use std::path::PathBuf;

/// Why nothing was asked.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The URL of the service is none.
    #[error("`{0}` is no URL of a service")]
    Url(String),
    /// An identity is not of the form that is read.
    #[error("an identity can't be read: {0}")]
    Identity(&'static str),
    /// Two identities have the same name.
    #[error("there are two identities called `{0}`")]
    TwoIdentities(String),
    /// The file with certificates can't be used.
    #[error("the certificates in {path} can't be used: {why}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// A word on the cause.
        why: &'static str,
    },
    /// The proxy's address is none.
    #[error("`{0}` is no address of a proxy")]
    Proxy(String),
    /// The service does not answer.
    #[error("{host} does not answer ({why})")]
    Unreachable {
        /// Which.
        host: String,
        /// A word on the cause.
        why: &'static str,
    },
    /// The specification can't be used.
    #[error("the specification {from} can't be used: {why}")]
    Specification {
        /// Its file or URL.
        from: String,
        /// Why.
        why: String,
    },
    /// Threads or the HTTP client can't be had.
    #[error("no HTTP client could be built")]
    Client,
}

impl HttpError {
    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Url(_) => "write it with its scheme: https://api.example.com".to_owned(),
            Self::Identity(_) => {
                "write it as NAME=Header: value, NAME=bearer:TOKEN, NAME=basic:USER:PASSWORD or \
                 NAME=cookie:NAME=VALUE"
                    .to_owned()
            }
            Self::TwoIdentities(_) => "give each identity a name of its own".to_owned(),
            Self::Certificates { .. } => "a file in PEM form is needed".to_owned(),
            Self::Proxy(_) => "write it with its scheme: http://proxy.example.com:3128".to_owned(),
            Self::Unreachable { why, .. } if *why == CERTIFICATE => {
                "name the authority that signed its certificate with --ca FILE".to_owned()
            }
            Self::Unreachable { .. } => {
                "check the address, and that the service runs; a proxy is named with --proxy"
                    .to_owned()
            }
            Self::Specification { .. } => {
                "OpenAPI 3.0 and 3.1 and Swagger 2.0 are read, as JSON or YAML, up to 50 MB"
                    .to_owned()
            }
            Self::Client => "this is a mistake of ours; please tell us what you ran".to_owned(),
        }
    }
}

/// Why a TLS connection was refused, where it was the certificate.
pub(crate) const CERTIFICATE: &str = "its certificate is not trusted";
