//! "Did you mean …": the known word that is nearest to a mistyped one.

/// The word of `known` that is most like `word`, if any is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase().replace('_', "-");
    known
        .into_iter()
        .map(|candidate| {
            let shape = candidate.replace('_', "-");
            (strsim::damerau_levenshtein(&word, &shape), candidate)
        })
        .min()
        .filter(|&(distance, candidate)| {
            distance <= (candidate.len() / 3).max(1)
                || (word.len() >= 4 && candidate.contains(&word))
        })
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_only() {
        let known = ["fail_on", "exclude", "salt", "raw-key-stored"];
        assert_eq!(nearest("fail-on", known), Some("fail_on"));
        assert_eq!(nearest("exlude", known), Some("exclude"));
        assert_eq!(nearest("raw-key-stord", known), Some("raw-key-stored"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
