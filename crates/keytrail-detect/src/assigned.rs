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
    let name_length = bytes[floor..name_end]
        .iter()
        .rev()
        .take_while(|&&byte| is_name(byte))
        .count();
    let name_quote = name_end
        .checked_sub(name_length + 1)
        .map(|at| bytes[at])
        .filter(|byte| matches!(byte, b'"' | b'\''));
    let name = std::str::from_utf8(&bytes[name_end - name_length..name_end]).ok()?;
    if let Some(quote) = name_quote {
        walk.take(b'\\');
        if !walk.take(quote) {
            return None;
        }
    }
    walk.take(b']');
    let value = if let Some(value) = walk.netrc(name, bare) {
        value
    } else if let Some(value) = walk.in_connection_string(name_end - name_length) {
        value
    } else {
        let flag = bare && name.starts_with('-') && walk.flag();
        walk.blank();
        let separator = if flag {
            b' '
        } else {
            walk.separator(name_quote.is_some())?
        };
        walk.blank();
        walk.attribute();
        walk.value(bare && separator != b',')?
    };
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

    /// `-Password value`: a value that is no variable and no other flag.
    fn flag(&self) -> bool {
        let next = self.bytes.get(self.at + 1);
        self.peek() == Some(b' ') && next.is_some_and(u8::is_ascii_alphanumeric)
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
                self.skip(
                    |byte| byte.is_ascii_alphanumeric() || b"_.[]| ".contains(&byte),
                    40,
                );
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

    /// The type before the value of a DynamoDB item: `{"S": "value"}`.
    fn attribute(&mut self) {
        for lead in [&br#"{"S": "#[..], br#"{"S":"#, br#"{\"S\":"#] {
            if self.bytes[self.at..].starts_with(lead) {
                self.at += lead.len();
                return;
            }
        }
    }

    /// `login x password value`.
    fn netrc(&mut self, name: &str, bare: bool) -> Option<(Range<usize>, bool)> {
        if !bare || name != "password" || self.peek() != Some(b' ') {
            return None;
        }
        let before = &self.bytes[self.at.saturating_sub(200)..self.at];
        memchr::memmem::find(before, b"login ")?;
        let start = self.at + 1;
        let length = self.until(start, |byte| byte.is_ascii_whitespace());
        (length > 0).then(|| (start..start + length, false))
    }

    /// `Server=x;User Id=y;Password=value;`.
    fn in_connection_string(&mut self, name_start: usize) -> Option<(Range<usize>, bool)> {
        if self.peek() != Some(b'=') {
            return None;
        }
        let before = &self.bytes[name_start.saturating_sub(200)..name_start];
        let line = before
            .rsplit(|&byte| byte == b'\n')
            .next()?
            .to_ascii_lowercase();
        let holds = |part: &[u8]| memchr::memmem::find(&line, part).is_some();
        let user = holds(b"user id=") || holds(b"uid=") || holds(b"user=") || holds(b"username=");
        if !user || !line.trim_ascii_end().ends_with(b";") {
            return None;
        }
        let start = self.at + 1;
        let length = self.until(start, |byte| {
            byte.is_ascii_whitespace() || b";\"'`<".contains(&byte)
        });
        (length > 0).then(|| (start..start + length, true))
    }

    fn until(&self, start: usize, stop: impl Fn(u8) -> bool) -> usize {
        let rest = &self.bytes[start..self.bytes.len().min(start + LONGEST_VALUE)];
        rest.iter()
            .position(|&byte| stop(byte))
            .unwrap_or(rest.len())
    }

    fn value(&mut self, bare: bool) -> Option<(Range<usize>, bool)> {
        if matches!(
            (self.peek(), self.bytes.get(self.at + 1)),
            (Some(b'b' | b'r' | b'u'), Some(b'"' | b'\''))
        ) {
            self.at += 1;
        }
        // Within another string: `\"value\"`.
        let escaped = self.peek() == Some(b'\\') && self.bytes.get(self.at + 1) == Some(&b'"');
        self.at += usize::from(escaped);
        let quote = self.peek()?;
        if matches!(quote, b'"' | b'\'' | b'`') {
            let start = self.at + 1;
            let rest = &self.bytes[start..self.bytes.len().min(start + LONGEST_VALUE)];
            let length = rest
                .iter()
                .position(|&byte| byte == quote || byte == b'\n')?;
            let value = &rest[..length];
            let length = value
                .strip_suffix(b"\\")
                .filter(|_| escaped)
                .map_or(length, <[u8]>::len);
            return (rest[value.len()] == quote).then(|| (start..start + length, true));
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
