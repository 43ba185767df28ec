//! Values that look like those they stand beside, and open nothing.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Identifiers of our own begin with this.
pub(super) const MARK: &str = "ktdye";

/// Characters as random as the seed, one after another.
struct Stream<'s> {
    seed: &'s [u8],
    label: String,
    block: [u8; 32],
    at: usize,
    count: u32,
}

impl<'s> Stream<'s> {
    fn new(seed: &'s [u8], label: &str) -> Self {
        Self {
            seed,
            label: label.to_owned(),
            block: [0; 32],
            at: 32,
            count: 0,
        }
    }

    fn below(&mut self, most: usize) -> usize {
        if self.at == self.block.len() {
            let mut hash = Sha256::new();
            hash.update(self.seed);
            hash.update(self.label.as_bytes());
            hash.update(self.count.to_be_bytes());
            self.block = hash.finalize().into();
            self.count += 1;
            self.at = 0;
        }
        let byte = usize::from(self.block[self.at]);
        self.at += 1;
        byte % most
    }

    fn one_of(&mut self, alphabet: &str) -> char {
        let number = self.below(alphabet.len());
        char::from(alphabet.as_bytes()[number])
    }
}

const DIGITS: &str = "0123456789";
const HEX: &str = "0123456789abcdef";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A value of the shape of `model`: its public prefix (`sk_live_`), then other characters of the same kinds.
pub(super) fn like(model: &str, seed: &[u8], label: &str) -> Zeroizing<String> {
    /// A shorter value would not be told from others.
    const SHORTEST: usize = 20;
    /// What stands before the last `_` of these is the vendor's, not the key's.
    const PREFIX: usize = 12;
    let mut stream = Stream::new(seed, label);
    let start = model
        .char_indices()
        .take_while(|(at, _)| *at < PREFIX)
        .filter(|(_, c)| matches!(c, '_' | '-'))
        .last()
        .map_or(0, |(at, _)| at + 1);
    let (prefix, rest) = model.split_at(start);
    let hex = rest.len() >= 16 && rest.bytes().all(|byte| HEX.as_bytes().contains(&byte));
    let mut value = Zeroizing::new(prefix.to_owned());
    for c in rest.chars() {
        let other = match c {
            _ if hex => stream.one_of(HEX),
            '0'..='9' => stream.one_of(DIGITS),
            'a'..='z' => stream.one_of(LOWER),
            'A'..='Z' => stream.one_of(UPPER),
            other => other,
        };
        value.push(other);
    }
    while value.chars().count() < SHORTEST {
        value.push(stream.one_of(HEX));
    }
    value
}

/// An identifier of the kind of `model` that nothing has: random, and marked where letters are allowed.
pub(super) fn identifier(model: &str, seed: &[u8], label: &str) -> String {
    let mut stream = Stream::new(seed, label);
    let digits = !model.is_empty() && model.bytes().all(|byte| byte.is_ascii_digit());
    let uuid = model.len() == 36 && model.bytes().filter(|byte| *byte == b'-').count() == 4;
    if digits {
        let mut number = String::from("9");
        while number.len() < model.len().max(12) {
            number.push(stream.one_of(DIGITS));
        }
        return number;
    }
    if uuid {
        let fill = |(at, c): (usize, char)| match (at, c) {
            (_, '-') => '-',
            (14, _) => '4',
            (19, _) => '8',
            _ => stream.one_of(HEX),
        };
        return model.char_indices().map(fill).collect();
    }
    let tail: String = (0..10).map(|_| stream.one_of(HEX)).collect();
    format!("{MARK}-{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_shape_and_nothing_else() {
        let model = format!("kt_{}_{}", "live", "0f".repeat(20));
        let one = like(&model, b"seed", "a");
        assert!(one.starts_with("kt_live_") && one.len() == model.len());
        assert!(one[8..].bytes().all(|byte| HEX.as_bytes().contains(&byte)));
        assert_ne!(*one, model);
        assert_eq!(one, like(&model, b"seed", "a"));
        assert_ne!(one, like(&model, b"seed", "b"));
        assert_ne!(one, like(&model, b"other", "a"));
        assert!(like("x", b"seed", "a").len() >= 20);
    }

    #[test]
    fn identifiers_are_of_their_kind() {
        assert!(identifier("stripe", b"s", "a").starts_with(MARK));
        let number = identifier("17", b"s", "a");
        assert!(number.len() == 12 && number.parse::<u64>().is_ok());
        let uuid = identifier("f47ac10b-58cc-4372-a567-0e02b2c3d479", b"s", "a");
        assert!(uuid.len() == 36 && uuid.as_bytes()[14] == b'4');
    }
}
