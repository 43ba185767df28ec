//! URLs with a user or a password: found at their `@`, which is rarer than `://`.

use crate::scan::{MOST, Scan};

/// Scheme, user and password are no longer.
const LONGEST: usize = 260;

impl Scan<'_> {
    pub(crate) fn urls(&mut self) {
        let bytes = self.bytes;
        let mut done = 0;
        for at in memchr::memchr_iter(b'@', bytes) {
            if self.found.len() >= MOST {
                return;
            }
            let Some(start) = start_of_url(bytes, at).filter(|&start| start >= done) else {
                continue;
            };
            // A password may hold an `@` of its own: one URL is looked at once, from its start.
            done = start + 1;
            for &index in &self.compiled.in_urls {
                self.verify(index, start);
            }
        }
    }
}

/// The first letter of the scheme, when `at` may be the end of a URL's user information.
fn start_of_url(bytes: &[u8], at: usize) -> Option<usize> {
    let floor = at.saturating_sub(LONGEST);
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`<>{}/".contains(byte);
    let slash = bytes[floor..at]
        .iter()
        .rposition(ends)
        .map(|step| floor + step)?;
    if bytes[slash] != b'/' || !bytes[..slash].ends_with(b":/") {
        return None;
    }
    let colon = slash - 2;
    let scheme = bytes[colon.saturating_sub(24)..colon]
        .iter()
        .rev()
        .take_while(|&&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'_' | b'-'))
        .count();
    (scheme > 1).then(|| colon - scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_with_users() {
        let start = |text: &str| start_of_url(text.as_bytes(), text.rfind('@').unwrap());
        assert_eq!(start("x=postgres://u:p@h"), Some(2));
        assert_eq!(start("git+https://u@h"), Some(0));
        assert_eq!(start("see https://a.io/x@y"), None);
        assert_eq!(start("me@example"), None);
        assert_eq!(start("://u@h"), None);
    }
}
