//! What a value looks like on its own: random, a placeholder, or something that people write.

use keytrail_model::Secret;

use crate::text_model::randomness_bits;

/// How much a value looks like a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Text, a path, a number, a placeholder.
    None,
    /// Could be one: a UUID, a short or odd string.
    Weak,
    /// Random characters.
    Strong,
}

/// Size of the alphabet that the value seems to be drawn from.
fn alphabet(value: &[u8]) -> f64 {
    let is_hex = |lower: bool| {
        value.iter().all(|byte| match byte {
            b'0'..=b'9' => true,
            b'a'..=b'f' => lower,
            b'A'..=b'F' => !lower,
            _ => false,
        })
    };
    if is_hex(true) || is_hex(false) {
        return 16.0;
    }
    let any = |test: fn(&u8) -> bool| value.iter().any(test);
    let mut size = 0.0;
    if any(u8::is_ascii_lowercase) {
        size += 26.0;
    }
    if any(u8::is_ascii_uppercase) {
        size += 26.0;
    }
    if any(u8::is_ascii_digit) {
        size += 10.0;
    }
    if any(|byte| b"_-./+=".contains(byte)) {
        size += 4.0;
    }
    if any(|byte| !byte.is_ascii_alphanumeric() && !b"_-./+=".contains(byte)) {
        size += 14.0;
    }
    f64::max(size, 2.0)
}

/// `8-4-4-4-12` hexadecimal digits.
pub(crate) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A UUID, alone or after a prefix.
pub(crate) fn holds_uuid(value: &[u8]) -> bool {
    value.windows(36).any(is_uuid)
}

/// Bits of evidence per length that make a value strong or weak.
///
/// Of random keys of 16 characters 1 in 100 stays below 8 bits, of 32 characters below 24;
/// of strings of 16–64 token characters in Python's library and npm, 5 in 100 lie above 10
/// bits, most of them digests.
fn thresholds(length: usize) -> (f64, f64) {
    let length = f64::from(u32::try_from(length).unwrap_or(u32::MAX));
    let strong = (10.0 + 0.5 * (length - 16.0)).max(9.0);
    (strong, strong / 2.0)
}

/// How random `value` is. Says nothing about placeholders.
pub(crate) fn strength(value: &[u8]) -> Strength {
    if is_uuid(value) {
        return Strength::Weak;
    }
    let value = value.strip_prefix(b"0x").unwrap_or(value);
    let letters = value
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    if letters < 3 {
        return Strength::None;
    }
    let bits = randomness_bits(value, alphabet(value));
    let (strong, weak) = thresholds(value.len());
    if bits >= strong {
        Strength::Strong
    } else if bits >= weak {
        Strength::Weak
    } else {
        Strength::None
    }
}

/// Of the whole, or of the most random of its longer parts between separators: a token with a
/// shape of its own may be made of several.
pub(crate) fn strength_of_parts(value: &[u8]) -> Strength {
    value
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|part| part.len() >= 8)
        .map(strength)
        .fold(strength(value), Ord::max)
}

/// Entropy in bits per byte.
pub(crate) fn entropy(value: &[u8]) -> f64 {
    let length = f64::from(u32::try_from(value.len().max(1)).unwrap_or(u32::MAX));
    Secret::new(value).entropy_bits() / length
}

/// Character classes present: lower, upper, digit, other.
pub(crate) fn classes(value: &[u8]) -> usize {
    [
        value.iter().any(u8::is_ascii_lowercase),
        value.iter().any(u8::is_ascii_uppercase),
        value.iter().any(u8::is_ascii_digit),
        value.iter().any(u8::is_ascii_punctuation),
    ]
    .into_iter()
    .filter(|&present| present)
    .count()
}
