//! The host that is asked, and the connection to it: TLS by rustls, further authorities, a client
//! certificate, a proxy, an address to dial.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use url::Url;

use crate::error::HttpError;
use crate::limits;
use crate::options::HttpOptions;

/// The one service that is asked.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Scheme, host, port, no path.
    origin: Url,
    /// `/api/` or `/`; ends with a slash.
    pub(crate) base: String,
}

impl Target {
    pub(crate) fn parse(text: &str) -> Result<Self, HttpError> {
        // A password in the address would be shown wherever the address is.
        let shown = || HttpError::Url(text.rsplit('@').next().unwrap_or_default().to_owned());
        let mut url = Url::parse(text).map_err(|_| shown())?;
        let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
        if !usable || !url.username().is_empty() || url.password().is_some() {
            return Err(shown());
        }
        let mut base = url.path().to_owned();
        if !base.ends_with('/') {
            base.push('/');
        }
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self { origin: url, base })
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.origin.scheme() == "https"
    }

    pub(crate) fn host(&self) -> &str {
        self.origin.host_str().unwrap_or_default()
    }

    pub(crate) fn port(&self) -> u16 {
        self.origin.port_or_known_default().unwrap_or(443)
    }

    pub(crate) fn has_default_port(&self) -> bool {
        self.origin.port().is_none()
    }

    /// `https://api.example.com:8443`.
    pub(crate) fn shown(&self) -> &str {
        self.origin.as_str().trim_end_matches('/')
    }

    /// A URL for people.
    pub(crate) fn at(&self, target: &str) -> String {
        format!("{}{target}", self.shown())
    }

    /// What is dialled. A target that would lead to another host leads to none.
    pub(crate) fn url(&self, target: &str, plain: bool) -> Option<Url> {
        let mut url = Url::parse(&self.at(target)).ok()?;
        if plain {
            url.set_scheme("http").ok()?;
        } else if url.origin() != self.origin.origin() {
            return None;
        }
        (url.host_str() == self.origin.host_str() && url.username().is_empty()).then_some(url)
    }

    /// Path and query of a link on this host; `None` for one that leads elsewhere.
    pub(crate) fn local(&self, link: &str, from: &str) -> Option<String> {
        let from = Url::parse(&self.at(from)).ok()?;
        let url = from.join(link.trim()).ok()?;
        if url.origin() != self.origin.origin() {
            return None;
        }
        let query = url
            .query()
            .map_or_else(String::new, |query| format!("?{query}"));
        Some(format!("{}{query}", url.path()))
    }

    /// True for this machine itself.
    pub(crate) fn is_loopback(&self) -> bool {
        loopback(self.host())
    }
}

/// True for names and addresses of this machine.
pub(crate) fn loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare.ends_with(".localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A client that follows no redirect, unpacks nothing and keeps no cookie by itself.
pub(crate) fn client(options: &HttpOptions, target: &Target) -> Result<reqwest::Client, HttpError> {
    let own = options.client_certificate.as_deref();
    let mut builder = plain(options.proxy.as_deref(), options.ca.as_deref(), own)?;
    if let Some(address) = options.resolve {
        builder = builder.resolve(target.host(), SocketAddr::new(address, target.port()));
    }
    builder.build().map_err(|_| HttpError::Client)
}

/// What clients of services and of vendors have in common.
pub(crate) fn plain(
    proxy: Option<&str>,
    ca: Option<&Path>,
    client_certificate: Option<&Path>,
) -> Result<reqwest::ClientBuilder, HttpError> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(limits::CONNECT)
        .timeout(limits::WHOLE)
        .http1_only()
        .pool_max_idle_per_host(limits::IN_FLIGHT)
        .user_agent(concat!(
            "keytrail/",
            env!("CARGO_PKG_VERSION"),
            " (read-only check)"
        ))
        .tls_backend_preconfigured(tls(ca, client_certificate)?);
    // A proxy is what the user names, never what the environment happens to hold.
    let Some(proxy) = proxy else {
        return Ok(builder.no_proxy());
    };
    let refused = |_| HttpError::Proxy(proxy.rsplit('@').next().unwrap_or_default().to_owned());
    Ok(builder.proxy(reqwest::Proxy::all(proxy).map_err(refused)?))
}

fn tls(
    ca: Option<&Path>,
    client_certificate: Option<&Path>,
) -> Result<rustls::ClientConfig, HttpError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca {
        let refused = |why| HttpError::Certificates {
            path: path.to_owned(),
            why,
        };
        let certificates = certificates(path).map_err(refused)?;
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(refused("there is none in it"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| HttpError::Client)?
        .with_root_certificates(roots);
    let Some(path) = client_certificate else {
        return Ok(builder.with_no_client_auth());
    };
    let refused = |why| HttpError::Certificates {
        path: path.to_owned(),
        why,
    };
    let chain = certificates(path).map_err(refused)?;
    let key =
        PrivateKeyDer::from_pem_file(path).map_err(|_| refused("there is no private key in it"))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|_| refused("key and certificate do not fit"))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let found = CertificateDer::pem_file_iter(path).map_err(|_| "it can't be read")?;
    let all: Result<Vec<_>, _> = found.collect();
    all.map_err(|_| "it is no PEM file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_to_another_host() {
        let target = Target::parse("https://api.example.com/v1").unwrap();
        assert_eq!(target.base, "/v1/");
        assert_eq!(
            target.url("/v1/keys/?a=1", false).unwrap().as_str(),
            "https://api.example.com/v1/keys/?a=1"
        );
        for bad in [
            "@evil.example/",
            ".evil.example/",
            ":81/",
            "//x@evil.example",
        ] {
            let url = target.url(bad, false);
            assert!(
                url.is_none_or(|url| url.host_str() == Some("api.example.com")),
                "{bad}"
            );
        }
        assert_eq!(
            target.local("../keys/?b", "/v1/x/"),
            Some("/v1/keys/?b".to_owned())
        );
        assert_eq!(target.local("https://evil.example/", "/"), None);
        assert_eq!(target.local("javascript:x()", "/"), None);
    }

    #[test]
    fn an_address_with_a_password_is_refused_and_not_repeated() {
        let error = Target::parse("https://me:hunter22@api.example.com").unwrap_err();
        assert!(!error.to_string().contains("hunter22"));
        assert!(Target::parse("ftp://example.com").is_err());
    }
}
