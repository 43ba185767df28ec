//! Values → facts. Law 1: a text that may be a key leaves this module only masked.

use keytrail_detect::Detector;
use std::sync::Arc;

use keytrail_detect::ScanContext;
use keytrail_model::{Fingerprinter, Masked, Proof, Secret, SettingValue, names_a_secret};
use rustc_hash::FxHashSet;

use super::classes::OWN_NAME;
use super::value::{Located, Val};

const DEEPEST: u32 = 12;
const INSECURE: &str = "django-insecure-";

/// Turns values into what a fact may hold.
pub(super) struct Emitter<'a> {
    pub(super) detector: &'a Detector,
    pub(super) prints: &'a Fingerprinter,
    /// The dotted name of a class or function of the tree.
    pub(super) name_of: &'a dyn Fn(&Val) -> Option<String>,
    /// See [`partners`].
    pub(super) partners: FxHashSet<Arc<str>>,
}

/// Longer texts were cut while parsing.
const LONGEST: usize = 1000;

/// Texts that are known to be keys only by what stands near them: the secret of an AWS key id.
pub(super) fn partners(detector: &Detector, settings: &[(&str, &Located)]) -> FxHashSet<Arc<str>> {
    let mut texts = Vec::new();
    for (name, value) in settings {
        collect(name, &value.val, &mut texts, 0);
    }
    let mut source = String::new();
    let mut ends = Vec::with_capacity(texts.len());
    for (name, text) in &texts {
        source.push_str(name);
        source.push_str(" = \"");
        source.push_str(text);
        source.push_str("\"\n");
        ends.push(source.len());
    }
    let hits = detector.scan(source.as_bytes(), &ScanContext::default());
    hits.iter()
        .filter(|hit| hit.proofs.contains(&Proof::Pair))
        .filter_map(|hit| texts.get(ends.partition_point(|end| *end <= hit.range.start)))
        .map(|(_, text)| Arc::clone(text))
        .collect()
}

fn collect<'v>(name: &'v str, val: &'v Val, texts: &mut Vec<(&'v str, Arc<str>)>, depth: u32) {
    if depth > DEEPEST {
        return;
    }
    match val {
        Val::Text(text) if text.len() <= LONGEST => texts.push((name, Arc::clone(text))),
        Val::List(list) => list
            .items
            .iter()
            .for_each(|item| collect(name, &item.val, texts, depth + 1)),
        Val::Dict(dict) => dict
            .entries
            .iter()
            .for_each(|(key, item)| collect(key, &item.val, texts, depth + 1)),
        Val::Env(read) => read
            .default
            .iter()
            .for_each(|default| collect(name, &default.val, texts, depth + 1)),
        _ => {}
    }
}

impl Emitter<'_> {
    pub(super) fn value(&self, name: &str, located: &Located) -> SettingValue {
        self.value_at(name, name, &located.val, 0)
    }

    /// `setting` is the setting's own name, `name` that of the part.
    fn value_at(&self, setting: &str, name: &str, val: &Val, depth: u32) -> SettingValue {
        if depth > DEEPEST {
            return SettingValue::Unknown;
        }
        match val {
            Val::None => SettingValue::None,
            Val::Bool(value) => SettingValue::Bool(*value),
            Val::Int(value) => SettingValue::Number(*value),
            Val::Text(text) => self.text(name, text),
            Val::List(list) => SettingValue::List(
                list.items
                    .iter()
                    .map(|item| self.value_at(setting, name, &item.val, depth + 1))
                    .collect(),
            ),
            Val::Dict(dict) => SettingValue::Dict(
                dict.entries
                    .iter()
                    .map(|(key, item)| {
                        (
                            self.key(key),
                            self.value_at(setting, key, &item.val, depth + 1),
                        )
                    })
                    .collect(),
            ),
            Val::Env(read) => {
                let variable = read.variable.replace(OWN_NAME, setting);
                let named = if is_secret_name(name) || !is_secret_name(&variable) {
                    name
                } else {
                    &variable
                };
                SettingValue::FromEnvironment {
                    default: read
                        .default
                        .as_ref()
                        .map(|default| {
                            Box::new(self.value_at(setting, named, &default.val, depth + 1))
                        })
                        .filter(|default| **default != SettingValue::Unknown),
                    parsed: read.parsed,
                    name: variable,
                }
            }
            Val::Vault => SettingValue::FromVault,
            Val::Function(_) | Val::Class(_) | Val::External(_) => {
                (self.name_of)(val).map_or(SettingValue::Unknown, SettingValue::Text)
            }
            _ => SettingValue::Unknown,
        }
    }

    /// A key of a dictionary that is itself a credential is cut to what may be seen.
    fn key(&self, key: &str) -> String {
        match self.detector.examine(key, None) {
            Some(hit) => hit.masked.to_string(),
            None => key.to_owned(),
        }
    }

    fn text(&self, name: &str, text: &str) -> SettingValue {
        if let Some(rest) = text.strip_prefix(INSECURE) {
            // the prefix is public, the rest is the key
            let secret = Secret::new(text.as_bytes());
            let masked = Masked::of(&secret, if rest.len() > 24 { 8 } else { 0 });
            return self.secret(&secret, masked, text);
        }
        if let Some(hit) = self.detector.examine(text, Some(name)) {
            let length = hit
                .secret
                .with_bytes(|bytes| String::from_utf8_lossy(bytes).chars().count());
            return SettingValue::Secret {
                fingerprint: hit.fingerprint(self.prints),
                masked: hit.masked,
                length,
                insecure_prefix: false,
            };
        }
        if let Some((start, end)) = password_in_url(text) {
            let password = &text[start..end];
            if is_placeholder(password) || text[..start - 1].ends_with(&format!("/{password}")) {
                return SettingValue::Text(format!("{}***{}", &text[..start], &text[end..]));
            }
            return self.whole(password);
        }
        let private = text.contains("-----BEGIN") && text.contains("PRIVATE KEY");
        let named = is_secret_name(name) && !is_placeholder(text) && !is_reference(name, text);
        if private || named || self.partners.contains(text) {
            return self.whole(text);
        }
        if text.len() > LONGEST {
            return SettingValue::Unknown;
        }
        SettingValue::Text(self.detector.redact(text).into_owned())
    }

    fn whole(&self, text: &str) -> SettingValue {
        let secret = Secret::new(text.as_bytes());
        let masked = Masked::of(&secret, 0);
        self.secret(&secret, masked, text)
    }

    fn secret(&self, secret: &Secret, masked: Masked, text: &str) -> SettingValue {
        SettingValue::Secret {
            fingerprint: self.prints.fingerprint(secret),
            masked,
            length: text.chars().count(),
            insecure_prefix: text.starts_with(INSECURE),
        }
    }
}

fn is_secret_name(name: &str) -> bool {
    name == "SECRET_KEY" || names_a_secret(name)
}

/// What nobody takes for a key; it stays readable, so that a rule can tell.
fn is_placeholder(text: &str) -> bool {
    let lower = text.trim().to_ascii_lowercase();
    let bytes = lower.as_bytes();
    let one_character = bytes
        .first()
        .is_none_or(|first| bytes.iter().all(|byte| byte == first));
    let wrapped = |open: char, close: char| lower.starts_with(open) && lower.ends_with(close);
    one_character
        || wrapped('<', '>')
        || wrapped('{', '}')
        || wrapped('[', ']')
        || lower.starts_with('$')
        || lower.starts_with("%(")
        || lower.starts_with("your")
        || [
            "changeme",
            "change-me",
            "change_me",
            "change me",
            "change this",
            "placeholder",
            "replace",
            "example",
            "xxxx",
            "not-set",
            "notset",
            "not set",
            "dummy",
            "todo",
            "fixme",
            "insert",
            "fill-in",
            "redacted",
            "your-",
            "your_",
            "your ",
            "-here",
            "_here",
            "should be",
            "override",
        ]
        .iter()
        .any(|word| lower.contains(word))
        || matches!(
            lower.as_str(),
            "none"
                | "null"
                | "unset"
                | "undefined"
                | "default"
                | "test"
                | "secret"
                | "password"
                | "token"
                | "key"
                | "fake"
                | "mock"
                | "empty"
                | "n/a"
                | "na"
                | "true"
                | "false"
        )
}

/// A name, path or address of something: the name of a secret in a vault, a class, a variable;
/// a sentence, but for passwords.
fn is_reference(name: &str, text: &str) -> bool {
    if name == "SECRET_KEY" {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    let of_people = ["password", "passwd", "passphrase", "pwd"]
        .iter()
        .any(|word| lower.contains(word));
    let part = |part: &str| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        !part.is_empty()
            && part.len() <= 40
            && digits * 4 <= part.len()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    let words = |separator: char, least: usize| {
        text.split(separator).count() >= least
            && text.split(separator).all(|word| {
                part(word) && (word.len() < 20 || word.contains(['_', '-']) || is_camel(word))
            })
    };
    let is_name = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            && text.contains('_')
            && text.len() <= 60
    };
    !of_people
        && text.contains(' ')
        && text
            .split(' ')
            .all(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()))
        || text.starts_with("arn:")
        || text.starts_with('/') && words_of_path(text)
        || text.starts_with("http://")
        || text.starts_with("https://")
        || text.contains('/') && words('/', 2)
        || text.contains('.') && words('.', 2)
        || !of_people && is_name(text)
}

fn words_of_path(text: &str) -> bool {
    text.trim_matches('/').split('/').all(|part| {
        part.len() <= 40
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    })
}

/// `PBKDF2PasswordHasher`: a class's name rather than random letters.
fn is_camel(word: &str) -> bool {
    let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    capitals * 2 <= word.len() && digits <= 4
}

/// Where the password of `scheme://user:password@host` stands.
fn password_in_url(text: &str) -> Option<(usize, usize)> {
    let authority = text.find("://")? + 3;
    let rest = &text[authority..];
    let end = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
    let at = rest[..end].rfind('@')?;
    let colon = rest[..at].find(':')?;
    (colon + 1 < at).then_some((authority + colon + 1, authority + at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_no_keys() {
        for text in [
            "keyring/staging/pepper",
            "django.contrib.auth.hashers.PBKDF2PasswordHasher",
            "arn:aws:kms:x",
            "alias/app",
            "https://vault.example/x",
            "STRIPE_SECRET_KEY",
            "/run/secrets/db",
            "rest_framework_simplejwt.tokens.AccessToken",
        ] {
            assert!(is_reference("API_SECRET", text), "{text}");
        }
        for text in [
            "{alnum:22}",
            "{base64:40}",
            "{alnum:20}/{alnum:19}",
            "Postgres1234",
            "postgres",
        ] {
            assert!(
                !is_reference("API_SECRET", &keytrail_detect::expand(text)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_a_person_types_is_no_reference() {
        assert!(is_reference("TOKEN_ERROR", "no such token"));
        assert!(!is_reference("EMAIL_PASSWORD", "correct horse"));
        assert!(!is_reference("SECRET_KEY", "a/b"));
    }

    #[test]
    fn passwords_in_addresses() {
        let password =
            |text: &'static str| password_in_url(text).map(|(start, end)| &text[start..end]);
        assert_eq!(password("postgres://app:s3cr3t@db:5432/x"), Some("s3cr3t"));
        assert_eq!(password("redis://:pw@cache:6379/0"), Some("pw"));
        assert_eq!(password("postgres://app@db/x"), None);
        assert_eq!(password("https://example.com/a:b@c"), None);
    }

    #[test]
    fn placeholders() {
        for text in [
            "", "---", "changeme", "<secret>", "your-key", "test", "${KEY}",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        assert!(!is_placeholder("Postgres1234"));
    }
}
