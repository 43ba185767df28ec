//! How far a string is from what people write.
//!
//! A table of bigrams over letters, digits and separators, learnt from identifiers, words and
//! paths of program text (`cargo run -p keytrail-detect --example train_text_model`), says how
//! probable a string is as text. Compared with how probable it is as random characters of its
//! own alphabet, it tells keys from names far better than entropy does: `get_secret_value_v2`
//! has as much entropy as a key of its length.

/// `MODEL[previous][next]`: bits of surprise, four steps a bit, as `0` + steps; one line per
/// previous symbol, the last for the start.
const MODEL: &[u8] = include_bytes!("../data/text_model.txt");

/// Number of symbols; see [`symbol`].
pub(crate) const SYMBOLS: usize = 59;

/// Lower case, upper case, one for all digits, separators, one for the rest.
pub(crate) fn symbol(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => usize::from(byte - b'a'),
        b'A'..=b'Z' => usize::from(byte - b'A') + 26,
        b'0'..=b'9' => 52,
        b'_' => 53,
        b'-' => 54,
        b'.' => 55,
        b'/' => 56,
        b'+' | b'=' => 57,
        _ => 58,
    }
}

fn surprise(previous: usize, next: usize) -> f64 {
    let code = MODEL
        .get(previous * (SYMBOLS + 1) + next)
        .copied()
        .unwrap_or(b'0');
    let bits = f64::from(code.saturating_sub(b'0')) / 4.0;
    // The table knows one symbol for ten digits and for some thirty signs.
    match next {
        52 => bits + std::f64::consts::LOG2_10,
        58 => bits + 5.0,
        57 => bits + 1.0,
        _ => bits,
    }
}

/// Bits of evidence that `value` is random characters of an alphabet of `alphabet` and not text.
pub(crate) fn randomness_bits(value: &[u8], alphabet: f64) -> f64 {
    let random = alphabet.log2();
    let mut previous = SYMBOLS;
    let mut bits = 0.0;
    for &byte in value {
        let next = symbol(byte);
        // No single pair may decide: one odd pair stands in many names.
        bits += (surprise(previous, next) - random).clamp(-5.0, 3.0);
        previous = next;
    }
    bits
}
