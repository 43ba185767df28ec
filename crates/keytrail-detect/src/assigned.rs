//! Forward from a name to its value: `PASSWORD": "…"`, `password = '…'`, `DB_PASSWORD=…`.

use std::ops::Range;

/// A value that was assigned to a name.
pub(crate) struct Assigned {
    pub(crate) name: String,
    pub(crate) value: Range<usize>,
    pub(crate) quoted: bool,
}

const LONGEST_NAME: usize = 80;
const LONGEST_VALUE: usize = 200;

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// `inside` is a place within the name. `bare` allows values without quotes.
pub(crate) fn after(bytes: &[u8], inside: usize, bare: bool) -> Option<Assigned> {
    let mut walk = Walk { bytes, at: inside };
    walk.skip(is_name, LONGEST_NAME);
    let name_end = walk.at;
    let floor = inside.saturating_sub(LONGEST_NAME);
    let name_length = bytes[floor..name_end].iter().rev().take_while(|&&byte| is_name(byte)).count();
    let name_quote = name_end
        .checked_sub(name_length + 1)
        .map(|at| bytes[at])
        .filter(|byte| matches!(byte, b'"' | b'\''));
    let name = std::str::from_utf8(&bytes[name_end - name_length..name_end]).ok()?;
    if name_quote.is_some() && !walk.take(name_quote?) {
        return None;
    }
    walk.take(b']');
    walk.blank();
    let separator = walk.separator(name_quote.is_some())?;
    walk.blank();
    let value = walk.value(bare && separator != b',')?;
    Some(Assigned {
        name: name.to_owned(),
        value: value.0,
        quoted: value.1,
    })
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn skip(&mut self, test: impl Fn(u8) -> bool, most: usize) {
        let limit = self.at + most;
        while self.at < limit && self.peek().is_some_and(&test) {
            self.at += 1;
        }
    }

    fn blank(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t'), 40);
    }

    /// `=`, `:`, `:=`, `=>`, `==`; a comma after a name in quotes; `: str =`.
    fn separator(&mut self, in_quotes: bool) -> Option<u8> {
        match self.peek()? {
            b',' if in_quotes => {
                self.at += 1;
                Some(b',')
            }
            b':' => {
                self.at += 1;
                let save = self.at;
                self.blank();
                // An annotation.
                self.skip(|byte| byte.is_ascii_alphanumeric() || b"_.[]| ".contains(&byte), 40);
                if self.at == save || !self.take(b'=') {
                    self.at = save;
                    self.take(b'=');
                }
                Some(b':')
            }
            b'=' | b'!' => {
                self.skip(|byte| matches!(byte, b'=' | b'>' | b'!'), 3);
                Some(b'=')
            }
            _ => None,
        }
    }

    fn value(&mut self, bare: bool) -> Option<(Range<usize>, bool)> {
        if matches!((self.peek(), self.bytes.get(self.at + 1)), (Some(b'b' | b'r' | b'u'), Some(b'"' | b'\''))) {
            self.at += 1;
        }
        let quote = self.peek()?;
        if matches!(quote, b'"' | b'\'' | b'`') {
            let start = self.at + 1;
            let rest = &self.bytes[start..self.bytes.len().min(start + LONGEST_VALUE)];
            let length = rest.iter().position(|&byte| byte == quote || byte == b'\n')?;
            return (rest[length] == quote).then(|| (start..start + length, true));
        }
        if !bare {
            return None;
        }
        let rest = &self.bytes[self.at..self.bytes.len().min(self.at + LONGEST_VALUE)];
        let length = rest
            .iter()
            .position(|&byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`'))
            .unwrap_or(rest.len());
        (length > 0).then(|| (self.at..self.at + length, false))
    }
}
