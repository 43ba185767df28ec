//! A template with the key in it: the only place where a key becomes part of a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keytrail_detect::Validation;
use keytrail_model::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;
use zeroize::Zeroizing;

/// What may stand in a path as it is.
const IN_URL: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b':');

/// Headers that another room signed: name and value.
pub(super) type Signed<'s> = &'s [(String, Zeroizing<String>)];

/// Fills templates with a key and its partner.
pub(super) struct Filler<'f> {
    pub(super) key: &'f Secret,
    pub(super) pair: Option<&'f Secret>,
}

impl Filler<'_> {
    /// `None` for a key that is no text.
    fn filled(&self, template: &str, write: fn(&str) -> String) -> Option<Zeroizing<String>> {
        let mut out = Zeroizing::new(template.to_owned());
        for (place, secret) in [("{key}", Some(self.key)), ("{pair}", self.pair)] {
            if !out.contains(place) {
                continue;
            }
            let written = secret?.with_bytes(|bytes| {
                let text = std::str::from_utf8(bytes).ok()?;
                let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
                plain.then(|| Zeroizing::new(write(text)))
            })?;
            out = Zeroizing::new(out.replace(place, &written));
        }
        Some(out)
    }

    /// The URL; its host is that of the file, whatever the key is.
    pub(super) fn url(&self, validation: &Validation) -> Option<Url> {
        let encode = |text: &str| utf8_percent_encode(text, IN_URL).to_string();
        let text = self.filled(&validation.url, encode)?;
        let url = Url::parse(&text).ok()?;
        let fixed = url.host_str() == Some(validation.host()) && url.scheme() == "https";
        fixed.then_some(url)
    }

    /// All headers; the one with the key is marked, so that no log of a library shows it.
    pub(super) fn headers(&self, validation: &Validation, signed: Signed<'_>) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("application/json"));
        if validation
            .body
            .as_ref()
            .is_some_and(|body| body.starts_with('{'))
        {
            headers.insert("content-type", HeaderValue::from_static("application/json"));
        }
        for line in &validation.headers {
            let (name, value) = line.split_once(": ")?;
            headers.insert(named(name)?, HeaderValue::from_str(value).ok()?);
        }
        if let Some((name, value)) = validation
            .header
            .as_ref()
            .and_then(|it| it.split_once(": "))
        {
            let value = self.filled(value, str::to_owned)?;
            headers.insert(named(name)?, sensitive(&value)?);
        }
        if let Some(basic) = &validation.basic {
            let pair = self.filled(basic, str::to_owned)?;
            let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            headers.insert(named("authorization")?, sensitive(&value)?);
        }
        for (name, value) in signed {
            headers.insert(named(name)?, sensitive(value)?);
        }
        Some(headers)
    }
}

fn named(name: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).ok()
}

fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keytrail_detect::Detector;

    fn of(id: &str) -> &'static Validation {
        let mut all = Detector::new().providers().iter();
        let found = all.find(|it| it.id == id).unwrap();
        found.validation.as_ref().unwrap()
    }

    #[test]
    fn a_key_leads_to_no_other_host() {
        for hostile in [
            "@evil.example/",
            "x/../../..//evil.example",
            "\\evil.example",
            "#",
            "?a=",
            "%0d%0a",
        ] {
            let key = Secret::new(hostile.as_bytes());
            let filler = Filler {
                key: &key,
                pair: Some(&key),
            };
            for id in ["telegram-bot-token", "twilio-auth-token", "github-token"] {
                let validation = of(id);
                let url = filler.url(validation);
                assert!(
                    url.is_none_or(|url| url.host_str() == Some(validation.host())),
                    "{hostile}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_text_is_not_written() {
        for bytes in [&b"a\r\nhost: evil"[..], b"a b", b"\xff", b"a\0"] {
            let key = Secret::new(bytes);
            let filler = Filler {
                key: &key,
                pair: None,
            };
            assert!(filler.headers(of("github-token"), &[]).is_none());
            assert!(filler.headers(of("stripe-secret-key"), &[]).is_none());
            assert!(filler.url(of("telegram-bot-token")).is_none());
        }
    }

    #[test]
    fn headers_with_the_key_print_without_it() {
        let key = Secret::new(b"kq7Zp2Vx9LmR4tYw8BnC");
        let filler = Filler {
            key: &key,
            pair: None,
        };
        let headers = filler.headers(of("github-token"), &[]).unwrap();
        assert_eq!(headers["authorization"], "Bearer kq7Zp2Vx9LmR4tYw8BnC");
        assert!(!format!("{headers:?}").contains("kq7Z"));
        let headers = filler.headers(of("stripe-secret-key"), &[]).unwrap();
        assert_eq!(
            headers["authorization"],
            "Basic a3E3WnAyVng5TG1SNHRZdzhCbkM6"
        );
    }
}
