//! What stands where a key should be: `changeme`, `xxxx`, `<your-key>`, `${KEY}`, the keys of
//! vendors' documentation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Words that no random key of its length holds by chance, and that placeholders do.
const FAKE: &[&str] = &[
    "example",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "your",
    "xxxx",
    "****",
    "....",
    "dummy",
    "fake",
    "redacted",
    "removed",
    "notreal",
    "not-a-real",
    "not_real",
    "not-real",
    "insert",
    "replace",
    "foobar",
    "lorem",
    "testtest",
    "goes-here",
    "goes_here",
    "deadbeef",
    "cafebabe",
    "sample",
    "secret-here",
    "-here",
    "_here",
    "todo",
    "fixme",
    "mysecret",
];

/// Words and signs of values that are looked up elsewhere.
const INDIRECT: &[&str] = &[
    "{{",
    "}}",
    "<%",
    "%s",
    "{}",
    "env(",
    "getenv",
    "environ",
    "process.",
    "settings.",
    "config.",
    "self.",
    "vault:",
    "arn:",
    "ssm:",
    "!ref",
    "!sub",
    "!getatt",
    "!findinmap",
    "!importvalue",
    "!join",
    "!select",
    "!split",
    "undefined",
    "none",
    "null",
    "not-set",
];

/// Signs that open and close what is filled in later. A random key may hold one of them.
const FILLED: &[(&str, &str)] = &[("${", "}"), ("%(", ")"), ("$(", ")")];

/// Words that make the value of a named secret a placeholder or a well-known default. Not
/// applied to tokens with a shape of their own.
const STAND_INS: &[&str] = &[
    "secret",
    "password",
    "passw0rd",
    "passwd",
    "passphrase",
    "p@ssw",
    "pa$$w",
    "letmein",
    "qwerty",
    "hunter2",
    "invalid",
    "default",
    "nil",
    "test",
    "demo",
    "mock",
    "stub",
    "abc123",
    "123456",
    "admin",
    "unsafe",
    "insecure",
    "correct",
    "horse",
    "battery",
    "staple",
    "bogus",
    "random",
    "unused",
    "unset",
    "empty",
    "string",
    "value",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "optional",
    "some-",
    "some_",
    "development",
    "localhost",
    "local-dev",
];

/// First eight bytes of the SHA-256 (of the lower case) of keys that vendors and the OAuth RFCs
/// print in their documentation. Sorted.
const DOCUMENTED: &[u64] = &[
    0x01ee_fb2a_8612_9c68,
    0x0f1a_4cf6_f786_a8e9,
    0x13e0_91b2_098d_fe55,
    0x20dd_bbe6_425b_8942,
    0x2460_fcb4_c80a_d935,
    0x2932_57ab_6495_ebb1,
    0x2ff8_b0fb_93ac_a981,
    0x3dfa_95ce_9d1c_7b15,
    0x46a0_1c02_ab28_6799,
    0x4c20_e6f5_cc11_b937,
    0x4df3_ade4_f64b_7798,
    0x4fc3_c1f8_581a_5a00,
    0x5dda_acdd_1fed_9ab3,
    0x649e_1f5c_769e_718b,
    0x6aa1_4267_d949_44e6,
    0x7178_4e6e_8e92_e4e0,
    0x7930_789b_6bd7_3b22,
    0x7bce_c6c5_b207_5085,
    0x9b4d_1fe0_7ab0_b901,
    0x9d03_b692_e941_d5ac,
    0x9fb8_0255_482a_bf64,
    0xa71b_359a_87af_de13,
    0xb87d_ad10_a32a_2d81,
    0xbb9b_1163_338b_2a51,
    0xc20f_bc2b_9618_3894,
    0xcb87_c87e_4a13_8d9a,
    0xd757_d232_8f19_55fa,
    0xf109_d3dd_ccb2_c952,
    0xf5e7_23f9_c759_8acb,
];

fn lower(value: &[u8]) -> Vec<u8> {
    value.to_ascii_lowercase()
}

fn contains(value: &[u8], word: &str) -> bool {
    memchr::memmem::find(value, word.as_bytes()).is_some()
}

/// True for what no key generator makes: a word for "example", repetition, `12345678`.
pub(crate) fn is_fake(value: &[u8]) -> bool {
    is_made_up(value) || longest_sequence(&lower(value)) >= SEQUENCE
}

/// Neighbours in the alphabet or the digits: so many are no chance.
const SEQUENCE: usize = 7;

fn is_made_up(value: &[u8]) -> bool {
    let lower = &lower(value);
    FAKE.iter().any(|word| holds_word(value, lower, word))
        || is_repetitive(lower)
        || is_documented(lower)
}

/// A short word in letters of both cases, `8MFakE65`, is chance.
fn holds_word(value: &[u8], lower: &[u8], word: &str) -> bool {
    const SHORT: usize = 4;
    if word.len() > SHORT {
        return contains(lower, word);
    }
    memchr::memmem::find_iter(lower, word.as_bytes()).any(|at| {
        let written = &value[at..at + word.len()];
        let rest = written.get(1..).unwrap_or_default();
        rest.iter().all(|byte| !byte.is_ascii_uppercase())
            || written.iter().all(|byte| !byte.is_ascii_lowercase())
    })
}

/// True where of a value only a part is made up, `a3b8f29e4d1c6a0578e23d9f41b6c8e201234567`: somebody may have
/// changed a real key a little. Worth a low sighting.
pub(crate) fn is_partly_fake(value: &[u8]) -> bool {
    let length = longest_sequence(&lower(value));
    length >= SEQUENCE
        && length * 3 < value.len()
        && !is_made_up(value)
        && crate::shape::strength_of_parts(value) == crate::shape::Strength::Strong
}

/// `p@55w0rd` is `password`.
fn plain_letters(lower: &[u8]) -> Vec<u8> {
    lower
        .iter()
        .map(|byte| match byte {
            b'@' | b'4' => b'a',
            b'5' | b'$' => b's',
            b'0' => b'o',
            b'1' | b'!' => b'i',
            b'3' => b'e',
            &other => other,
        })
        .collect()
}

/// Base64 of a text that people wrote.
fn is_encoded_text(value: &[u8]) -> bool {
    value.len() >= 12
        && STANDARD.decode(value).is_ok_and(|text| {
            text.iter()
                .all(|byte| byte.is_ascii_graphic() || *byte == b' ')
                && crate::shape::strength(&text) == crate::shape::Strength::None
        })
}

/// A pattern that describes keys.
pub(crate) fn is_pattern(value: &[u8]) -> bool {
    let value = &lower(value);
    ["[a-z", "[0-9", "(?", "\\d", "\\w", "[^"]
        .iter()
        .any(|part| contains(value, part))
}

/// True for a value that stands in for a secret, by its words.
pub(crate) fn is_stand_in(value: &[u8]) -> bool {
    if is_encoded_text(value) {
        return true;
    }
    let value = lower(value);
    let plain = plain_letters(&value);
    STAND_INS.iter().any(|word| contains(&value, word))
        || ["password", "passwort", "secret"]
            .iter()
            .any(|word| contains(&plain, word))
        || is_indirect(&value)
}

/// True for a reference, a template or a pattern.
pub(crate) fn is_indirect(value: &[u8]) -> bool {
    let value = lower(value);
    INDIRECT.iter().any(|word| contains(&value, word))
        || holds_filled(&value)
        || holds_field(&value)
        || is_pattern(&value)
        || value.starts_with(b"%")
        || (value.starts_with(b"<") && value.ends_with(b">"))
        || (value.starts_with(b"[") && value.ends_with(b"]"))
        || (value.starts_with(b"{") && value.ends_with(b"}"))
        || (value.starts_with(b"__") && value.ends_with(b"__"))
}

/// A part is filled in later: `redis://:${PASSWORD}@cache`.
pub(crate) fn holds_filled(value: &[u8]) -> bool {
    FILLED.iter().any(|(open, close)| {
        memchr::memmem::find(value, open.as_bytes())
            .is_some_and(|at| contains(&value[at + open.len()..], close))
    })
}

/// A field of a format string: `type={type},src={name}`.
fn holds_field(lower: &[u8]) -> bool {
    memchr::memchr_iter(b'{', lower).any(|open| {
        let name = &lower[open + 1..];
        let end = name
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')));
        end.is_some_and(|end| end > 0 && name[0].is_ascii_alphabetic() && name[end] == b'}')
    })
}

fn is_documented(lower: &[u8]) -> bool {
    let digest = Sha256::digest(lower);
    let head = digest
        .iter()
        .take(8)
        .fold(0, |head, &byte| (head << 8) | u64::from(byte));
    DOCUMENTED.binary_search(&head).is_ok()
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
    let up = longest_run(value, |a, b| {
        a.checked_add(1) == Some(b) || (a, b) == (b'9', b'0')
    });
    let down = longest_run(value, |a, b| b.checked_add(1) == Some(a));
    up.max(down)
}

fn longest_run(value: &[u8], joined: impl Fn(u8, u8) -> bool) -> usize {
    let mut longest = 1;
    let mut current = 1;
    for pair in value.windows(2) {
        current = if joined(pair[0], pair[1]) {
            current + 1
        } else {
            1
        };
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
    fn fields_of_format_strings() {
        assert!(is_indirect(b"source={src.name},target=x"));
        assert!(!is_indirect(b"a{9b}c"));
        assert!(!is_indirect(b"ab{cd"));
    }

    #[test]
    fn placeholders() {
        for value in [
            "xxxxxxxxxxxxxxxxxxxxxxxx",
            "your-api-key-here",
            "1234567890abcdef",
            "abcabcabcabcabc",
            "AKIAIOSFODNN7EXAMPLE",
            "0000000000000000",
            "aaaaaaaabaaaaaaa",
            "changeme",
        ] {
            assert!(is_fake(value.as_bytes()), "{value}");
        }
        for value in [
            "${SECRET}",
            "{{ api_key }}",
            "<api-key>",
            "supersecret",
            "%(password)s",
            "!GetAtt",
            "some-key",
        ] {
            assert!(is_stand_in(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn words_by_chance() {
        assert!(!is_fake(b"878MFakE65JE4nKArhrsBXH4"));
        assert!(is_fake(b"878MFake65JE4nKArhrsBXH4") && is_fake(b"878MFAKE65JE4nKArhrsBXH4"));
    }

    #[test]
    fn a_part_may_be_made_up() {
        assert!(is_partly_fake(b"a3b8f29e4d1c6a0578e23d9f41b6c8e201234567"));
        for value in [
            "1234567890abcdef1234",
            "1234567890abcdef1234567890abcdef",
            "abcdefghijklmnopqrstuvwxyz012345",
        ] {
            assert!(!is_partly_fake(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn keys_are_not_placeholders() {
        let key = crate::expand("{alnum:32}");
        assert!(!is_fake(key.as_bytes()));
        assert!(!is_fake(crate::expand("{hex:40}").as_bytes()));
        // As `startproject` makes them: any sign may stand anywhere.
        assert!(!is_indirect(b"q)%ow7x$(u&ic9l3pq"));
    }
}
