//! Which providers does a name, or the line before a value, speak of?

use aho_corasick::{AhoCorasick, MatchKind};

use crate::provider::Provider;

/// Shorter words stand inside other words (`here` in `there`), so they count only by themselves.
const SUBSTRING: usize = 6;

/// Shorter words of a line are too common.
const IN_LINE: usize = 5;

/// The words of all providers that are known by names.
pub(crate) struct Names {
    /// `None` without any word.
    finder: Option<AhoCorasick>,
    words: Vec<Word>,
    /// Those that must be the whole name, sorted.
    exact: Vec<Word>,
}

struct Word {
    text: String,
    /// Must be the whole name.
    exact: bool,
    provider: usize,
}

/// A provider and how well the name speaks of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    /// In the name itself rather than elsewhere on the line.
    pub(crate) in_name: bool,
    /// The longer, the more exact.
    pub(crate) word: &'a str,
    pub(crate) provider: usize,
    /// The whole name is the word.
    pub(crate) exact: bool,
}

impl Names {
    pub(crate) fn new(providers: &[Provider]) -> Self {
        let all = providers
            .iter()
            .enumerate()
            .flat_map(|(provider, of)| of.search.names.iter().map(move |word| (provider, word)));
        let (mut exact, mut words) = (Vec::new(), Vec::new());
        for (provider, word) in all {
            let (list, text, is_exact) = match word.strip_prefix('=') {
                Some(word) => (&mut exact, plain(word), true),
                None => (&mut words, snake(word), false),
            };
            list.push(Word {
                text,
                provider,
                exact: is_exact,
            });
        }
        exact.sort_by(|a, b| (&a.text, a.provider).cmp(&(&b.text, b.provider)));
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(words.iter().map(|word| word.text.as_bytes()))
            .ok();
        Self {
            finder,
            words,
            exact,
        }
    }

    /// Every provider that `name` or `line` speaks of; the same one may come twice.
    pub(crate) fn of(&self, name: &str, line: &str) -> Vec<Named<'_>> {
        let last = plain(name.rsplit('.').next().unwrap_or(name));
        let mut found: Vec<Named<'_>> = self.exact(&last).collect();
        self.each(&snake(name), |word, whole_word| {
            let long = word.text.len() >= SUBSTRING && !word.text.contains('_');
            if whole_word || long {
                found.push(word.named(true));
            }
        });
        self.each(&snake(line), |word, whole_word| {
            if whole_word && word.text.len() >= IN_LINE {
                found.push(word.named(false));
            }
        });
        found
    }

    fn exact<'a>(&'a self, last: &str) -> impl Iterator<Item = Named<'a>> {
        let from = self.exact.partition_point(|word| word.text.as_str() < last);
        self.exact[from..]
            .iter()
            .take_while(move |word| word.text == last)
            .map(|word| word.named(true))
    }

    fn each<'a>(&'a self, text: &str, mut hit: impl FnMut(&'a Word, bool)) {
        let Some(finder) = &self.finder else {
            return;
        };
        let bytes = text.as_bytes();
        let letter = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
        for found in finder.find_overlapping_iter(bytes) {
            let before = found.start().checked_sub(1).and_then(|at| bytes.get(at));
            let whole_word = !letter(before) && !letter(bytes.get(found.end()));
            if let Some(word) = self.words.get(found.pattern().as_usize()) {
                hit(word, whole_word);
            }
        }
    }
}

impl Word {
    fn named(&self, in_name: bool) -> Named<'_> {
        Named {
            in_name,
            word: &self.text,
            provider: self.provider,
            exact: self.exact,
        }
    }
}

/// Lower case without separators.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// `awsSecretKey`, `AWS-Secret.Key` and `aws_secret_key` are one name.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    let mut before = b'_';
    for byte in name.bytes() {
        if byte.is_ascii_uppercase() && before.is_ascii_lowercase() {
            out.push('_');
        }
        out.push(match byte {
            b'-' | b'.' | b' ' => '_',
            byte if byte.is_ascii() => char::from(byte.to_ascii_lowercase()),
            _ => '?',
        });
        before = byte;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::providers;

    fn ids(name: &str, line: &str) -> Vec<&'static str> {
        let mut ids: Vec<&str> = Names::new(providers())
            .of(name, line)
            .into_iter()
            .map(|named| providers()[named.provider].id.as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    #[test]
    fn words_of_names() {
        assert_eq!(ids("HERE_API_KEY", ""), ["here-key"]);
        assert_eq!(ids("there_api_key", ""), [""; 0]);
        assert_eq!(ids("myFinnhubApiKey", ""), ["finnhub-key"]);
        assert_eq!(ids("finnhubapikey", ""), ["finnhub-key"]);
        assert_eq!(
            ids("peer.PrivateKey", ""),
            ["ethereum-private-key", "wireguard-key"]
        );
        assert_eq!(ids("api_key", "client = Finnhub("), ["finnhub-key"]);
        assert_eq!(ids("api_key", "finnhubs"), [""; 0]);
    }

    #[test]
    fn one_name_in_every_case() {
        for name in [
            "awsSecretKey",
            "AWS-Secret.Key",
            "aws_secret_key",
            "AWS_SECRET_KEY",
        ] {
            assert_eq!(snake(name), "aws_secret_key");
        }
    }
}
