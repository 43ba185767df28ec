//! Which key is which, and how much it opens.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::{
    FileSpan, Fingerprint, Flow, KeyIdentity, KeyPower, KeyRef, Location, Sighting, Source,
};

use crate::Joined;

/// How much a key of this name opens.
pub(crate) fn power_of_name(name: &str) -> KeyPower {
    const BROAD: &[&str] = &[
        "aws", "stripe", "github", "gitlab", "gcp", "azure", "root", "master", "admin", "database",
        "django",
    ];
    let lower = name.to_ascii_lowercase();
    let last = lower.rsplit('.').next().unwrap_or(&lower);
    let broad = last
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| BROAD.contains(&word))
        || matches!(
            last,
            "secret_key" | "secret_access_key" | "access_key_id" | "database_url"
        );
    if broad {
        KeyPower::Broad
    } else {
        KeyPower::Service
    }
}

/// How much a concrete key opens, by its provider.
pub(crate) fn power_of_provider(provider: &str) -> KeyPower {
    const BROAD: &[&str] = &[
        "aws",
        "stripe",
        "github",
        "gitlab",
        "gcp",
        "google-service-account",
        "azure",
        "django",
        "database",
        "postgres",
        "mysql",
        "mongodb",
        "private-key",
        "pem",
        "rsa",
        "npm",
        "pypi",
        "slack",
        "twilio",
        "square",
        "paypal",
        "braintree",
        "shopify",
        "vault",
        "heroku",
        "digitalocean",
        "terraform",
        "okta",
    ];
    if provider.contains("test") {
        KeyPower::Low
    } else if BROAD.iter().any(|start| provider.starts_with(start)) {
        KeyPower::Broad
    } else {
        KeyPower::Service
    }
}

/// The most telling provider for each fingerprint: a named one before `generic`.
pub(crate) fn providers<'f>(
    sightings: &[&'f Sighting],
    flows: &[&'f Flow],
) -> BTreeMap<Fingerprint, &'f str> {
    let seen = sightings
        .iter()
        .filter_map(|it| Some((it.fingerprint?, it.provider.as_str())));
    let flowing = flows.iter().filter_map(|flow| match &flow.source {
        Source::Literal {
            provider,
            fingerprint,
            ..
        } => Some(((*fingerprint)?, provider.as_str())),
        _ => None,
    });
    let mut providers: BTreeMap<Fingerprint, &str> = BTreeMap::new();
    let rank = |provider: &str| (provider.starts_with("generic"), provider.to_owned());
    for (fingerprint, provider) in seen.chain(flowing) {
        let known = providers.entry(fingerprint).or_insert(provider);
        if rank(provider) < rank(known) {
            *known = provider;
        }
    }
    providers
}

/// The node of a concrete key; equal fingerprints give equal nodes.
pub(crate) fn concrete(
    joined: &Joined<'_>,
    provider: &str,
    fingerprint: Option<Fingerprint>,
    at: &Location,
) -> KeyRef {
    match fingerprint {
        Some(print) => KeyRef::Concrete {
            provider: joined.provider_of(print).to_owned(),
            identity: KeyIdentity::Fingerprint(print),
        },
        None => KeyRef::Concrete {
            provider: provider.to_owned(),
            identity: KeyIdentity::Place(line_of(at)),
        },
    }
}

/// The line, so that two collectors that saw the same place agree on it.
fn line_of(at: &Location) -> Location {
    let span = at.span();
    Location::File {
        span: FileSpan::line(&span.path, span.line),
    }
}

/// The class of the keys in an attribute.
pub(crate) fn class(table: &Arc<str>, attribute: &str) -> KeyRef {
    KeyRef::Attribute {
        table: Arc::clone(table),
        attribute: attribute.to_owned(),
    }
}
