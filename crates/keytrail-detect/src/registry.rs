//! All providers, read once from the files that are built in.

use std::sync::OnceLock;

use crate::provider::{self, Provider};

/// Name and text of each file under `providers/`, sorted. A test compares it with the folder.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("ai", include_str!("../providers/ai.toml")),
    ("aws", include_str!("../providers/aws.toml")),
    ("azure", include_str!("../providers/azure.toml")),
    ("build", include_str!("../providers/build.toml")),
    ("chat", include_str!("../providers/chat.toml")),
    ("cloud", include_str!("../providers/cloud.toml")),
    ("commerce", include_str!("../providers/commerce.toml")),
    ("data", include_str!("../providers/data.toml")),
    ("forges", include_str!("../providers/forges.toml")),
    ("frameworks", include_str!("../providers/frameworks.toml")),
    ("general", include_str!("../providers/general.toml")),
    ("hosting", include_str!("../providers/hosting.toml")),
    ("identity", include_str!("../providers/identity.toml")),
    ("mail", include_str!("../providers/mail.toml")),
    ("markets", include_str!("../providers/markets.toml")),
    ("media", include_str!("../providers/media.toml")),
    ("models", include_str!("../providers/models.toml")),
    ("monitoring", include_str!("../providers/monitoring.toml")),
    ("payments", include_str!("../providers/payments.toml")),
    ("places", include_str!("../providers/places.toml")),
    ("recent", include_str!("../providers/recent.toml")),
    ("regional", include_str!("../providers/regional.toml")),
    ("saas", include_str!("../providers/saas.toml")),
    ("security", include_str!("../providers/security.toml")),
    ("telemetry", include_str!("../providers/telemetry.toml")),
    ("work", include_str!("../providers/work.toml")),
];

/// The built-in providers, sorted by id. A file that cannot be read is left out here; the
/// registry tests make sure that none is.
pub(crate) fn providers() -> &'static [Provider] {
    static PROVIDERS: OnceLock<Vec<Provider>> = OnceLock::new();
    PROVIDERS.get_or_init(|| {
        let mut all: Vec<Provider> = FILES
            .iter()
            .filter_map(|(_, text)| provider::parse(text).ok())
            .flatten()
            .collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_can_be_read() {
        for (name, text) in FILES {
            let parsed = provider::parse(text);
            assert!(parsed.is_ok(), "{name}: {}", parsed.unwrap_err());
        }
        for provider in providers() {
            let search = &provider.search;
            for pattern in [&search.at_start, &search.anywhere, &search.whole] {
                assert!(pattern.regex().is_some(), "{}", provider.id);
            }
        }
        assert!(FILES.is_sorted_by(|a, b| a.0 < b.0));
    }
}
