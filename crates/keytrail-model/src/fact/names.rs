//! What a name says about a value. A name alone never makes a finding; it tells which
//! attribute of an item or field of a request is the key.

/// Words that make a name one of a secret when they stand in it as words.
const SECRET_WORDS: &[&str] = &[
    "apikey",
    "secret",
    "secrets",
    "token",
    "tokens",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "credential",
    "credentials",
    "privatekey",
    "accesskey",
    "secretkey",
    "authtoken",
    "clientsecret",
    "apisecret",
    "apitoken",
    "bearer",
    "dsn",
];

/// Pairs of neighbouring words that do the same.
const SECRET_PAIRS: &[(&str, &str)] = &[
    ("api", "key"),
    ("api", "keys"),
    ("access", "key"),
    ("secret", "key"),
    ("private", "key"),
    ("signing", "key"),
    ("encryption", "key"),
    ("auth", "key"),
    ("raw", "key"),
    ("live", "key"),
    ("vendor", "key"),
    ("provider", "key"),
    ("service", "key"),
    ("master", "key"),
    ("server", "key"),
    ("license", "key"),
    ("plain", "key"),
    ("plaintext", "key"),
    ("key", "value"),
    ("key", "material"),
    ("key", "plaintext"),
    ("connection", "string"),
    ("database", "url"),
    ("webhook", "url"),
];

/// Words after (or before) a secret's word that make it a reference, a proof or a property of
/// the secret instead: `api_key_id`, `token_hash`, `secret_arn`, `csrf_token`.
const REFERENCE_WORDS: &[&str] = &[
    "id",
    "ids",
    "alias",
    "arn",
    "name",
    "names",
    "hash",
    "hashed",
    "hmac",
    "digest",
    "checksum",
    "fingerprint",
    "prefix",
    "suffix",
    "hint",
    "last4",
    "masked",
    "mask",
    "length",
    "len",
    "type",
    "kind",
    "status",
    "count",
    "created",
    "updated",
    "rotated",
    "expiry",
    "expires",
    "expired",
    "expiration",
    "ttl",
    "version",
    "label",
    "description",
    "url",
    "uri",
    "endpoint",
    "path",
    "file",
    "field",
    "header",
    "param",
    "prompt",
    "policy",
    "validator",
    "validators",
    "regex",
    "pattern",
    "format",
    "size",
    "encrypted",
    "ciphertext",
    "wrapped",
    "sealed",
    "enc",
    "public",
    "page",
    "next",
    "continuation",
    "pagination",
    "csrf",
    "csrfmiddlewaretoken",
    "xsrf",
    "sync",
    "at",
    "date",
    "time",
    "age",
    "max",
    "min",
    "usage",
    "scope",
    "scopes",
    "required",
    "enabled",
    "exists",
    "valid",
    "is",
    "has",
    "reset",
    "change",
    "owner",
    "class",
    "timeout",
    "model",
    "table",
    "index",
    "cache",
    "ref",
    "reference",
    "lookup",
    "check",
    "checks",
    "with",
    "without",
    "by",
];

/// The words of a name in lower case, one behind the other: names are asked about by the
/// hundred thousand.
struct Words {
    text: String,
    /// Where each begins and ends.
    spans: Vec<(usize, usize)>,
}

impl Words {
    /// Splits `apiKey`, `API_KEY` and `api-key` into lower-case words.
    fn of(name: &str) -> Self {
        let mut words = Self {
            text: String::with_capacity(name.len()),
            spans: Vec::with_capacity(8),
        };
        let mut previous_lower = false;
        let mut start = 0;
        for c in name.chars() {
            if !c.is_ascii_alphanumeric() {
                start = words.close(start);
                previous_lower = false;
                continue;
            }
            if c.is_ascii_uppercase() && previous_lower {
                start = words.close(start);
            }
            previous_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
            words.text.push(c.to_ascii_lowercase());
        }
        words.close(start);
        words
    }

    /// Ends the word that began at `start`; where the next one does.
    fn close(&mut self, start: usize) -> usize {
        let end = self.text.len();
        if end > start {
            self.spans.push((start, end));
        }
        end
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.spans
            .iter()
            .map(|&(start, end)| &self.text[start..end])
    }

    fn has_secret_word(&self) -> bool {
        let pairs = || self.iter().zip(self.iter().skip(1));
        self.iter().any(|word| SECRET_WORDS.contains(&word))
            || pairs().any(|pair| SECRET_PAIRS.contains(&pair))
    }

    fn refers(&self) -> bool {
        self.iter().any(|word| REFERENCE_WORDS.contains(&word))
    }
}

/// True for the name of a field, attribute or setting that holds a secret itself: `api_key`,
/// `clientSecret`, `DB_PASSWORD`; false for what only refers to one: `api_key_id`,
/// `token_hash`, `NextToken`.
pub fn names_a_secret(name: &str) -> bool {
    let words = Words::of(name.rsplit('.').next().unwrap_or(name));
    words.has_secret_word() && !words.refers()
}

/// True for the name of something that stands for a secret without giving it away:
/// `key_alias`, `api_key_hash`, `secret_arn`.
pub fn names_a_vetted_reference(name: &str) -> bool {
    let words = Words::of(name.rsplit('.').next().unwrap_or(name));
    (words.has_secret_word() || words.iter().any(|word| word == "key")) && words.refers()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in [
            "api_key",
            "apiKey",
            "API_KEY",
            "client_secret",
            "DB_PASSWORD",
            "token",
            "auth-token",
            "metadata.api_key",
            "stripe_secret_key",
            "accessToken",
            "vendor_key",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn names_of_other_things() {
        for name in [
            "api_key_id",
            "token_hash",
            "NextToken",
            "key_alias",
            "secret_arn",
            "csrf_token",
            "owner_id",
            "service",
            "key",
            "keyboard",
            "primary_key",
            "uncertainty",
            "certificate",
            "password_validators",
            "tokenizer",
            "secretary",
            "api_key_prefix",
            "get_with_secret_check",
            "check_api_key",
            "get_by_token",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
        assert!(names_a_vetted_reference("key_alias"));
        assert!(!names_a_vetted_reference("api_key"));
    }
}
