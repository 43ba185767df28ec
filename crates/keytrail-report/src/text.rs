//! Text from the scanned tree, made safe to show, and laid out.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// True for what could move the cursor, colour the rest or turn the reading direction round.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `text` on one line; whatever could play tricks on a terminal or a reader becomes `�`.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' => ' ',
            c if is_hostile(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Breaks cleaned `text` at spaces into lines of at most `width` columns; a word that is longer
/// gets a line of its own, so that paths can be copied whole.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in clean(text).split(' ').filter(|word| !word.is_empty()) {
        let length = word.width();
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The first `width` columns of `text`, with `…` where something was left off.
pub(crate) fn crop(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cropped = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        cropped.push(c);
    }
    cropped.push('…');
    cropped
}

/// `1 path`, `2 paths`.
pub(crate) fn count(number: usize, singular: &str, plural: &str) -> String {
    format!("{number} {}", if number == 1 { singular } else { plural })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_and_direction_marks_lose_their_power() {
        assert_eq!(
            clean("a\u{1b}[31mb\u{202e}c\td"),
            "a\u{fffd}[31mb\u{fffd}c d"
        );
    }

    #[test]
    fn wraps_at_spaces_only() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("a/very/long/path x", 4), ["a/very/long/path", "x"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(crop("abcdef", 4), "abc…");
    }

    proptest! {
        #[test]
        fn cropped_text_fits(text in "\\PC*", width in 1..40_usize) {
            prop_assert!(crop(&text, width).width() <= width);
        }
    }
}
