//! Is this value, under this name, a key? For keys without a shape of their own.

use std::borrow::Cow;
use std::cmp::Reverse;

use keytrail_model::{SightingConfidence, names_a_secret, names_a_vetted_reference};

use crate::context::{Format, ScanContext};
use crate::names::{Names, snake};
use crate::placeholder::{
    holds_filled, is_fake, is_indirect, is_partly_fake, is_pattern, is_stand_in,
};
use crate::proof::{self, Verdict};
use crate::provider::Provider;
use crate::shape::{Strength, classes, holds_uuid, strength, strength_of_parts};

/// What a judged value is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A key of the provider with this index.
    Named(usize),
    /// A key or token of an unknown provider.
    Token,
    /// A password.
    Password,
}

/// Value, name and what stands before them on the line.
pub(crate) struct Candidate<'a> {
    pub(crate) value: &'a [u8],
    pub(crate) name: &'a str,
    /// Lower case.
    pub(crate) line: &'a str,
    pub(crate) quoted: bool,
    /// On a line of an interactive example, `>>> …`, or in a docstring.
    pub(crate) illustration: bool,
}

/// `None` when it is no key.
pub(crate) fn judge(
    candidate: &Candidate<'_>,
    providers: &[Provider],
    names: &Names,
    cx: &ScanContext<'_>,
) -> Option<(Kind, SightingConfidence)> {
    if candidate.value.len() < 6 || !is_printable(candidate.value) {
        return None;
    }
    let whole = dotted_as_one(candidate.name, cx);
    let candidate = &Candidate {
        name: &whole,
        ..*candidate
    };
    // `AWS::IAM::AccessKey` is the name of a type.
    if candidate.name.contains("::") || !could_name_a_key(candidate.name) {
        return None;
    }
    let fake = is_fake(candidate.value);
    let partly = fake && is_partly_fake(candidate.value);
    let (kind, confidence) = match judge_named(candidate, providers, names) {
        Some(found) => found,
        None if is_something_else(candidate) || fake && !partly => return None,
        None => judge_generic(candidate, cx)?,
    };
    let less_sure = partly || cx.test || cx.format == Format::Prose || candidate.illustration;
    Some((
        kind,
        if less_sure {
            SightingConfidence::Low
        } else {
            confidence
        },
    ))
}

/// `vendor.api.key` of a properties file is `vendor_api_key`; in program text the last part counts.
fn dotted_as_one<'a>(name: &'a str, cx: &ScanContext<'_>) -> Cow<'a, str> {
    if cx.format == Format::Config && name.contains('.') {
        Cow::Owned(name.replace('.', "_"))
    } else {
        Cow::Borrowed(name)
    }
}

fn is_printable(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_graphic)
}

/// The quick look: most names are names of something else.
fn could_name_a_key(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "key",
        "token",
        "secret",
        "auth",
        "pass",
        "pat",
        "pwd",
        "credential",
        "bearer",
        "dsn",
        "connection",
        "database",
        "webhook",
        "private",
    ];
    name.len() >= 3 && {
        let lower = name.to_ascii_lowercase();
        WORDS.iter().any(|word| lower.contains(word))
    }
}

/// The name speaks of a secret, if not as plainly as [`names_a_secret`] asks.
fn names_something_secret(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "pat",
        "pass",
        "auth",
        "oauth",
        "authentication",
        "authorization",
    ];
    let snake = snake(name);
    names_a_secret(name)
        || (!names_a_vetted_reference(name)
            && ([
                "key",
                "token",
                "secret",
                "credential",
                "authkey",
                "authtoken",
            ]
            .iter()
            .any(|word| snake.contains(word))
                || snake.split('_').any(|part| WORDS.contains(&part))))
}

/// False where [`judge`] finds nothing under this name, whatever the value is.
pub(crate) fn may_name_a_key(name: &str, names: &Names) -> bool {
    could_name_a_key(name) && (names_something_secret(name) || !names.of(name, "").is_empty())
}

fn judge_named(
    candidate: &Candidate<'_>,
    providers: &[Provider],
    names: &Names,
) -> Option<(Kind, SightingConfidence)> {
    let name = snake(candidate.name);
    let best = names
        .of(candidate.name, candidate.line)
        .into_iter()
        .filter(|named| {
            let search = &providers[named.provider].search;
            let ruled_out = search.not_names.iter().any(|word| name.contains(word));
            !ruled_out && search.whole.is_match(candidate.value)
        })
        .max_by_key(|named| (named.in_name, named.word.len(), Reverse(named.provider)))?;
    // Without the vendor: `keycloak_region` speaks of no key.
    let rest = name.replacen(best.word, "", 1);
    let secret = best.exact || word_of_a_secret(best.word) || names_something_secret(&rest);
    if !secret || is_fake(candidate.value) && !is_partly_fake(candidate.value) {
        return None;
    }
    let provider = &providers[best.provider];
    let mut confidence = provider.confidence;
    if let Some(kind) = provider.search.proof {
        match proof::examine(kind, candidate.value, candidate.value) {
            Verdict::Refuted => return None,
            Verdict::Limited(most) => confidence = confidence.min(most),
            Verdict::Open | Verdict::Proved(_) | Verdict::Other(..) => {}
        }
    }
    let value = candidate.value;
    let random = !provider.search.random
        || holds_uuid(value)
        || strength_of_parts(value) >= least_strength(value, best.in_name);
    (random && !is_reference(candidate) && !is_pattern(candidate.value))
        .then_some((Kind::Named(best.provider), confidence))
}

/// The provider's own word says it: `app_key`, `bootstrap_token`.
fn word_of_a_secret(word: &str) -> bool {
    word.ends_with("key")
        || word
            .split('_')
            .any(|part| matches!(part, "key" | "token" | "secret"))
}

/// The vendor's name and the exact form speak for it already; a value without digits could
/// still be a word.
fn least_strength(value: &[u8], in_name: bool) -> Strength {
    let mixed = classes(value) >= 2 && value.iter().any(u8::is_ascii_digit);
    if in_name && mixed && value.len() >= 20 {
        Strength::Weak
    } else {
        Strength::Strong
    }
}

/// A value that names, locates or proves something instead of opening it.
fn is_something_else(candidate: &Candidate<'_>) -> bool {
    let value = candidate.value;
    let starts = |words: &[&str]| {
        words.iter().any(|word| {
            value
                .get(..word.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
        })
    };
    is_reference(candidate)
        || is_dotted_path(value)
        || starts(&[
            "sha1-",
            "sha256-",
            "sha384-",
            "sha512-",
            "sha256:",
            "md5:",
            "ssh-rsa",
            "ssh-ed25519",
            "ecdsa-",
            "data:",
            "http",
            "urn:",
            "arn:",
            "projects/",
            "/",
            "./",
            "../",
            "#",
            "pk_",
            "pk.",
            "pbkdf2",
            "bcrypt",
            "argon2",
            "$2",
            "$6$",
            "$5$",
            "$1$",
            "scrypt",
            "{sha",
            "mii",
        ])
        || memchr::memmem::find(value, b"://").is_some()
        || memchr::memmem::find(value, b"::").is_some()
        || memchr::memmem::find(value, b"->").is_some()
}

/// `django.contrib.auth.hashers.PBKDF2PasswordHasher`.
fn is_dotted_path(value: &[u8]) -> bool {
    let is_identifier = |part: &[u8]| {
        part.first().is_some_and(u8::is_ascii_alphabetic)
            && part
                .iter()
                .all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && strength(part) < Strength::Strong
    };
    memchr::memchr_iter(b'.', value).count() >= 2
        && value.split(|&byte| byte == b'.').all(is_identifier)
}

/// Code or a template variable rather than a value.
fn is_reference(candidate: &Candidate<'_>) -> bool {
    let value = candidate.value;
    let holds = |word: &[u8]| memchr::memmem::find(value, word).is_some();
    let variable = value.strip_prefix(b"$").is_some_and(|name| {
        name.iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    let wrapped =
        |open: u8, close: u8| value.first() == Some(&open) && value.last() == Some(&close);
    variable
        || [&b"%("[..], b"${", b"$("]
            .iter()
            .any(|open| value.starts_with(open))
        || holds_filled(value)
        || holds(b"{{")
        || wrapped(b'{', b'}')
        || wrapped(b'<', b'>')
        || wrapped(b'%', b'%')
        || (!candidate.quoted && is_expression(value))
}

/// `get_secret(…`, `os.environ[…`, `{name}`. Random characters may hold a parenthesis, too, but
/// rarely after nothing but letters.
fn is_expression(value: &[u8]) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
    memchr::memchr2(b'[', b'{', value).is_some()
        || memchr::memchr(b'(', value)
            .is_some_and(|at| value.len() < 24 || value[..at].iter().all(name))
}

/// `PASSWORD`, `DB_PASSWD`, `passphrase`: made by people, so not random as a rule.
fn names_a_password(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["password", "passwd", "pwd", "passphrase"]
        .iter()
        .any(|word| lower.contains(word))
}

fn judge_generic(
    candidate: &Candidate<'_>,
    cx: &ScanContext<'_>,
) -> Option<(Kind, SightingConfidence)> {
    let value = candidate.value;
    let strength = strength(value);
    let strength = if names_a_secret(candidate.name) {
        strength.max(strength_of_digits(value))
    } else {
        strength
    };
    if !names_a_secret(candidate.name) {
        let hints = names_something_secret(candidate.name)
            && strength == Strength::Strong
            && value.len() >= 24
            && !is_stand_in(value)
            && !names_public(candidate.name);
        let mixed = classes(value) >= 3 || value.len() >= 32 && classes(value) == 2;
        let sure = names_a_vendors_key(candidate.name, cx) && mixed;
        let confidence = if sure {
            SightingConfidence::Medium
        } else {
            SightingConfidence::Low
        };
        return hints.then_some((Kind::Token, confidence));
    }
    if names_a_password(candidate.name) {
        return password(value, strength).map(|confidence| (Kind::Password, confidence));
    }
    if value.len() < 12 {
        return None;
    }
    if is_stand_in(value) {
        return None;
    }
    match strength {
        Strength::Strong if value.len() >= 16 && classes(value) >= 2 && has_long_part(value) => {
            Some((Kind::Token, SightingConfidence::Medium))
        }
        Strength::Strong | Strength::Weak => Some((Kind::Token, SightingConfidence::Low)),
        Strength::None => None,
    }
}

/// Of hexadecimal digits behind a prefix of somebody's own: `acme_live_4f8a…`. As a whole they look like
/// few of many characters.
fn strength_of_digits(value: &[u8]) -> Strength {
    let at = value.iter().rposition(|byte| matches!(byte, b'_' | b'-'));
    let (prefix, digits) = at.map_or((&value[..0], value), |at| (&value[..at], &value[at + 1..]));
    let own = !prefix.is_empty() && prefix.len() <= 16 && prefix.iter().all(u8::is_ascii_graphic);
    if own && digits.len() >= 32 && digits.iter().all(u8::is_ascii_hexdigit) {
        crate::shape::strength(digits)
    } else {
        Strength::None
    }
}

/// Names are made of short parts, keys of one long one as a rule.
fn has_long_part(value: &[u8]) -> bool {
    value
        .split(|byte| matches!(byte, b'-' | b'_' | b'.' | b'/'))
        .any(|part| part.len() >= 10)
}

/// `STRIPE_KEY`, `house_stripe_key` in configuration: somebody's key, though the name does not say
/// that it is secret.
fn names_a_vendors_key(name: &str, cx: &ScanContext<'_>) -> bool {
    let constant = name.bytes().any(|byte| byte.is_ascii_uppercase())
        && !name.bytes().any(|byte| byte.is_ascii_lowercase());
    let lower = name.to_ascii_lowercase();
    (constant || cx.format == Format::Config)
        && (lower.ends_with("_key") || lower.ends_with("-key"))
}

fn names_public(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "public", "primary", "foreign", "cache", "hash", "digest", "sort", "index",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Mixed characters, no word for a password in it.
fn password(value: &[u8], strength: Strength) -> Option<SightingConfidence> {
    let looks_like_text = value.iter().all(u8::is_ascii_alphabetic)
        || value.contains(&b'_') && strength == Strength::None
        || value.ends_with(b":")
        || value.contains(&b'{');
    // `USER_PASSWORD` is the name of a constant.
    let constant = value.contains(&b'_')
        && value
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    if constant || is_indirect(value) || looks_like_text && strength != Strength::Strong {
        return None;
    }
    // `Passw0rd!2024` is a bad password, and one all the same.
    if is_stand_in(value) {
        return (classes(value) >= 3).then_some(SightingConfidence::Low);
    }
    let mixed = classes(value) >= 3 && value.len() >= 8 && strength >= Strength::Weak;
    Some(
        if mixed || strength == Strength::Strong && value.len() >= 10 {
            SightingConfidence::Medium
        } else {
            SightingConfidence::Low
        },
    )
}
