//! From a value back to its name, a step at a time, over a bounded number of bytes.

use std::ops::Range;

const LONGEST_NAME: usize = 80;

pub(crate) fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

pub(crate) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

/// Walks backwards.
pub(crate) struct Back<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
    /// No further back than this.
    pub(crate) floor: usize,
}

impl Back<'_> {
    pub(crate) fn peek(&self) -> Option<u8> {
        (self.at > self.floor).then(|| self.bytes[self.at - 1])
    }

    pub(crate) fn step(&mut self) {
        self.at = self.at.saturating_sub(1).max(self.floor);
    }

    fn skip_while(&mut self, test: impl Fn(u8) -> bool) -> usize {
        let from = self.at;
        while self.peek().is_some_and(&test) {
            self.step();
        }
        from - self.at
    }

    /// `b"…"`, `rb'…'`, `f"…"`, `@"…"`.
    pub(crate) fn skip_string_prefix(&mut self) {
        let save = self.at;
        let count = self.skip_while(|byte| {
            matches!(
                byte,
                b'b' | b'B' | b'r' | b'R' | b'f' | b'F' | b'u' | b'U' | b'@' | b'\\'
            )
        });
        if count > 2 || self.peek().is_some_and(is_name) {
            self.at = save;
        }
    }

    /// Spaces, one line end, a line continuation.
    pub(crate) fn skip_blank(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        let save = self.at;
        if self.peek() == Some(b'\n') {
            self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\\'));
            // Only after an operator or a bracket does the next line go on.
            if !matches!(self.peek(), Some(b'=' | b'(' | b',' | b'[' | b':' | b'{')) {
                self.at = save;
            }
        }
    }

    /// The bracket before the value only wraps it: `= (`, `: [`, `= {`.
    pub(crate) fn wraps(&self) -> bool {
        let mut ahead = Back {
            bytes: self.bytes,
            at: self.at,
            floor: self.floor,
        };
        ahead.step();
        ahead.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        matches!(ahead.peek(), Some(b'=' | b':'))
    }

    pub(crate) fn skip_operator(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        self.skip_while(|byte| matches!(byte, b':' | b'=' | b'!' | b'?' | b'+' | b'|'));
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
    }

    pub(crate) fn skip_operator_arrow(&mut self) {
        let save = self.at;
        self.step();
        if matches!(self.peek(), Some(b'=' | b'-')) {
            self.step();
            self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        } else {
            self.at = save;
        }
    }

    /// After `=`: a plain name, one with an annotation, a subscript, a key in quotes.
    pub(crate) fn assigned(&mut self) -> Option<String> {
        self.skip_operator();
        if self.peek() == Some(b']') {
            return self.subscript_or_generic();
        }
        let name = self.key()?;
        self.annotated().or(Some(name))
    }

    /// `name: type = value`: having read `type`, reads `name`.
    fn annotated(&mut self) -> Option<String> {
        let save = self.at;
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        if self.peek() == Some(b':') {
            self.step();
            if let Some(name) = self.plain() {
                return Some(name);
            }
        }
        self.at = save;
        None
    }

    /// `x["name"] =` or `name: Optional[str] =`.
    fn subscript_or_generic(&mut self) -> Option<String> {
        self.step();
        if self.peek().is_some_and(is_quote) {
            return self.key_in_quotes();
        }
        self.skip_while(|byte| byte != b'[' && byte != b'\n');
        self.step();
        self.skip_while(is_name);
        self.annotated()
    }

    pub(crate) fn key(&mut self) -> Option<String> {
        if self.peek().is_some_and(is_quote) {
            self.key_in_quotes()
        } else {
            self.plain()
        }
    }

    fn plain(&mut self) -> Option<String> {
        let end = self.at;
        let length = self.skip_while(is_name);
        self.text(end - length..end)
    }

    pub(crate) fn key_in_quotes(&mut self) -> Option<String> {
        let quote = self.peek().filter(|&byte| is_quote(byte))?;
        self.step();
        if self.peek() == Some(b'\\') {
            self.step();
        }
        let end = self.at;
        let length = self.skip_while(|byte| byte != quote && byte != b'\n');
        let start = end - length;
        self.step();
        if self.peek() == Some(b'\\') {
            self.step();
        }
        self.text(start..end)
    }

    /// The function whose first argument the value is; readers of secrets are none that take them.
    pub(crate) fn callee(&mut self) -> Option<String> {
        let name = self.plain()?;
        let last = name.rsplit('.').next()?.to_ascii_lowercase();
        let reads = [
            "get", "find", "read", "fetch", "load", "lookup", "is", "has", "test", "del", "pop",
            "describe",
        ];
        (!reads.iter().any(|verb| last.starts_with(verb))).then_some(name)
    }

    /// `<name>value` or `<a name="x">value`.
    pub(crate) fn tag_or_key(&mut self) -> Option<String> {
        if self.peek() != Some(b'>') {
            return self.key();
        }
        let end = self.at;
        let length = self.skip_while(|byte| byte != b'<' && byte != b'\n');
        if self.peek() != Some(b'<') {
            return None;
        }
        let tag = self.bytes.get(end - length..end)?;
        let length = tag.iter().position(|&byte| !is_name(byte))?;
        self.text(end - tag.len()..end - tag.len() + length)
    }

    /// `Bearer value`, `--key value`, `ENV NAME value`, `password value`.
    pub(crate) fn word_before(&mut self, quoted: bool) -> Option<String> {
        if quoted && !matches!(self.bytes.get(self.at), Some(b' ' | b'\t')) {
            return None;
        }
        let word = self.plain()?;
        let lower = word.to_ascii_lowercase();
        if word.starts_with("--") || word.starts_with('-') && word.len() > 2 {
            return Some(word.trim_start_matches('-').to_owned());
        }
        if matches!(lower.as_str(), "bearer" | "token" | "apikey" | "ssws") {
            return Some(if lower == "token" {
                lower
            } else {
                "bearer".to_owned()
            });
        }
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        let before = self.plain().unwrap_or_default();
        let netrc = matches!(lower.as_str(), "password" | "passwd") && !quoted;
        (matches!(before.as_str(), "ENV" | "ARG" | "setx" | "SetEnv")
            || netrc && !before.is_empty())
        .then_some(word)
    }

    /// For `default`, `value`, `S`: the name beside it or of the object round it.
    pub(crate) fn carried_for(&mut self) -> Option<String> {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        match self.peek()? {
            b'{' => {
                self.step();
                self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
                if matches!(self.peek(), Some(b':' | b'=')) {
                    self.skip_operator();
                }
                self.key()
            }
            _ => self.sibling(),
        }
    }

    /// The nearest `name: X`, `variable "X"` or `call("X"` before.
    fn sibling(&self) -> Option<String> {
        const LEADS: &[&str] = &[
            "name: ",
            "name\": \"",
            "name=\"",
            "name = \"",
            "key: ",
            "key\": \"",
            "key=\"",
            "key = \"",
            "name':'",
            "name': '",
            "variable \"",
            "(\"",
            "('",
            "(",
        ];
        let before = &self.bytes[self.floor..self.at];
        let lower = before.to_ascii_lowercase();
        let name_at = |at: usize| {
            let rest = before.get(at..).unwrap_or_default();
            let rest = &rest[rest.iter().take_while(|&&byte| is_quote(byte)).count()..];
            let length = rest
                .iter()
                .position(|&byte| !is_name(byte))
                .unwrap_or(rest.len());
            std::str::from_utf8(&rest[..length]).ok()
        };
        let name = LEADS
            .iter()
            .filter_map(|lead| {
                let at = memchr::memmem::rfind(&lower, lead.as_bytes())? + lead.len();
                name_at(at)
                    .filter(|name| name.len() > 1)
                    .map(|name| (at, name))
            })
            .max()?
            .1;
        (name.len() <= LONGEST_NAME).then(|| name.to_owned())
    }

    fn text(&self, range: Range<usize>) -> Option<String> {
        let name = std::str::from_utf8(self.bytes.get(range)?).ok()?;
        let fits = !name.is_empty() && name.len() <= LONGEST_NAME;
        (fits && name.bytes().any(|byte| byte.is_ascii_alphabetic())).then(|| name.to_owned())
    }
}
