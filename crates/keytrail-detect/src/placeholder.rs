//! What stands where a key should be: `changeme`, `xxxx`, `<your-key>`, `${KEY}`, the keys of
//! vendors' documentation.

use sha2::{Digest, Sha256};

/// Words that no random key of its length holds by chance, and that placeholders do.
const FAKE: &[&str] = &[
    "example", "changeme", "change-me", "change_me", "placeholder", "your", "xxxx", "****", "....",
    "dummy", "fake", "redacted", "removed", "notreal", "not-a-real", "not_real", "not-real",
    "insert", "replace", "foobar", "lorem", "testtest", "goes-here", "goes_here", "deadbeef",
    "cafebabe", "sample", "secret-here", "-here", "_here", "todo", "fixme", "mysecret",
];

/// Words and signs that make the value of a named secret a placeholder, a reference or a
/// well-known default. Not applied to tokens with a shape of their own.
const STAND_INS: &[&str] = &[
    "${", "{{", "}}", "<%", "%(", "$(", "%s", "{}", "secret", "password", "passw0rd", "passwd",
    "passphrase", "p@ssw", "pa$$w", "letmein", "qwerty", "hunter2", "invalid", "undefined",
    "default", "env(", "getenv", "environ", "process.", "settings.", "config.", "self.", "vault:",
    "arn:", "ssm:", "!ref", "!sub", "none", "null", "nil", "test", "demo", "mock", "stub", "abc123",
    "123456", "admin", "unsafe", "insecure", "correct", "horse", "battery", "staple", "bogus",
    "random", "unused", "unset", "empty", "string", "value", "token", "apikey", "api_key",
    "api-key", "not-set", "optional", "development", "localhost", "local-dev",
];

/// First eight bytes of the SHA-256 of keys that vendors print in their documentation.
const DOCUMENTED: &[[u8; 8]] = &[];

fn lower(value: &[u8]) -> Vec<u8> {
    value.to_ascii_lowercase()
}

fn contains(value: &[u8], word: &str) -> bool {
    memchr::memmem::find(value, word.as_bytes()).is_some()
}

/// True for what no key generator makes: a word for "example", repetition, `12345678`.
pub(crate) fn is_fake(value: &[u8]) -> bool {
    let value = lower(value);
    FAKE.iter().any(|word| contains(&value, word))
        || is_repetitive(&value)
        || longest_sequence(&value) >= 7
        || is_documented(&value)
}

/// True for a value that stands in for a secret, by its words.
pub(crate) fn is_stand_in(value: &[u8]) -> bool {
    let value = lower(value);
    STAND_INS.iter().any(|word| contains(&value, word))
        || value.starts_with(b"$")
        || value.starts_with(b"%")
        || (value.starts_with(b"<") && value.ends_with(b">"))
        || (value.starts_with(b"[") && value.ends_with(b"]"))
        || (value.starts_with(b"{") && value.ends_with(b"}"))
        || (value.starts_with(b"__") && value.ends_with(b"__"))
}

fn is_documented(lower: &[u8]) -> bool {
    !DOCUMENTED.is_empty() && {
        let digest = Sha256::digest(lower);
        DOCUMENTED.iter().any(|known| digest.starts_with(known))
    }
}

/// One character more than half of the time, few different ones, or a repeated part.
fn is_repetitive(value: &[u8]) -> bool {
    if value.len() < 8 {
        return value.windows(2).all(|pair| pair[0] == pair[1]);
    }
    let mut counts = [0_usize; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let different = counts.iter().filter(|&&count| count > 0).count();
    let most = counts.iter().copied().max().unwrap_or(0);
    different <= 4.min(value.len() / 3)
        || most * 2 > value.len()
        || longest_repeat(value) >= 6
        || is_periodic(value)
}

fn longest_repeat(value: &[u8]) -> usize {
    longest_run(value, |a, b| a == b)
}

/// Longest run of neighbours in the alphabet or the digits: `abcdef`, `98765`.
fn longest_sequence(value: &[u8]) -> usize {
    let up = longest_run(value, |a, b| a.checked_add(1) == Some(b) || (a, b) == (b'9', b'0'));
    let down = longest_run(value, |a, b| b.checked_add(1) == Some(a));
    up.max(down)
}

fn longest_run(value: &[u8], joined: impl Fn(u8, u8) -> bool) -> usize {
    let mut longest = 1;
    let mut current = 1;
    for pair in value.windows(2) {
        current = if joined(pair[0], pair[1]) { current + 1 } else { 1 };
        longest = longest.max(current);
    }
    longest
}

/// The value repeats its first part at least twice: `abcabcabc`.
fn is_periodic(value: &[u8]) -> bool {
    (1..=value.len() / 2).take(64).any(|period| {
        value
            .iter()
            .zip(&value[period..])
            .all(|(first, later)| first == later)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for value in [
            "xxxxxxxxxxxxxxxxxxxxxxxx", "your-api-key-here", "1234567890abcdef", "abcabcabcabcabc",
            "AKIAIOSFODNN7EXAMPLE", "0000000000000000", "aaaaaaaabaaaaaaa", "changeme",
        ] {
            assert!(is_fake(value.as_bytes()), "{value}");
        }
        for value in ["${SECRET}", "{{ api_key }}", "<api-key>", "supersecret", "%(password)s"] {
            assert!(is_stand_in(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn keys_are_not_placeholders() {
        let key = crate::expand("{alnum:32}");
        assert!(!is_fake(key.as_bytes()));
        assert!(!is_fake(crate::expand("{hex:40}").as_bytes()));
    }
}
