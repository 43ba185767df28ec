//! Which value stands here, and what name is it given: `KEY = "value"`, `"key": "value"`,
//! `key: value`, `KEY=value`, `call(key="value")`, `env("KEY", default="value")`,
//! `x["key"] = "value"`, `<key>value</key>`, `Authorization: Bearer value`, `--key value`.
//!
//! Looks back over a bounded number of bytes, so a line of any length costs the same.

use std::ops::Range;

/// A value and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    /// Without the quotes.
    pub(crate) value: Range<usize>,
    /// As written; `None` where there is none.
    pub(crate) name: Option<String>,
    /// Stands in quotes.
    pub(crate) quoted: bool,
}

/// How far a name may stand before its value.
const LOOKBACK: usize = 240;
const LONGEST_NAME: usize = 80;
const LONGEST_VALUE: usize = 1024;

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Characters of a value in quotes, as far as keys have them.
fn is_value(byte: u8) -> bool {
    byte.is_ascii_graphic() && !is_quote(byte) && !matches!(byte, b'\\' | b'<' | b'>' | b',' | b';')
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

/// The value that the run of token characters belongs to.
pub(crate) fn around(bytes: &[u8], run: &Range<usize>) -> Option<Placement> {
    // `"…?token=value"`: within the string, the nearer name counts.
    let nearer = run.start >= 2 && bytes[run.start - 1] == b'=' && is_name(bytes[run.start - 2]);
    if let Some(quoted) = quoted_around(bytes, run).filter(|_| !nearer) {
        return Some(Placement {
            name: name_before(bytes, quoted.start - 1, true),
            value: quoted,
            quoted: true,
        });
    }
    let end = bare_end(bytes, run.end);
    // `value(`, `value[`, `value.method`: an expression.
    if matches!(bytes.get(end), Some(b'(' | b'[' | b'{')) {
        return None;
    }
    let name = name_before(bytes, run.start, false)?;
    Some(Placement {
        value: run.start..end,
        name: Some(name),
        quoted: false,
    })
}

fn bare_end(bytes: &[u8], from: usize) -> usize {
    let rest = &bytes[from..bytes.len().min(from + LONGEST_VALUE)];
    let more = rest
        .iter()
        .position(|&byte| !(byte.is_ascii_alphanumeric() || b"_-+/=.~!@#$%^*".contains(&byte)))
        .unwrap_or(rest.len());
    let mut end = from + more;
    // A full stop or the like at the end belongs to the sentence.
    while end > from && matches!(bytes[end - 1], b'.' | b'!' | b'#' | b'*') {
        end -= 1;
    }
    end
}

/// The string literal round the run, when it holds nothing but value characters.
fn quoted_around(bytes: &[u8], run: &Range<usize>) -> Option<Range<usize>> {
    let floor = run.start.saturating_sub(LOOKBACK);
    let open = bytes[floor..run.start]
        .iter()
        .rposition(|&byte| !is_value(byte))
        .map(|at| floor + at)?;
    let quote = bytes[open];
    if !is_quote(quote) {
        return None;
    }
    let rest = &bytes[run.end..bytes.len().min(run.end + LONGEST_VALUE)];
    let close = rest.iter().position(|&byte| !is_value(byte))?;
    // `\"value\"` inside a string: the backslash belongs to the closing quote.
    let closes = rest[close] == quote || (rest[close] == b'\\' && rest.get(close + 1) == Some(&quote));
    closes.then(|| open + 1..run.end + close)
}

/// The name given to the value whose first byte (or opening quote) is at `at`.
pub(crate) fn name_before(bytes: &[u8], at: usize, quoted: bool) -> Option<String> {
    let floor = at.saturating_sub(LOOKBACK);
    let mut back = Back { bytes, at, floor };
    if quoted {
        back.skip_string_prefix();
    }
    back.skip_blank();
    while matches!(back.peek(), Some(b'(' | b'[' | b'{')) && back.wraps() {
        back.step();
        back.skip_blank();
    }
    let name = match back.peek()? {
        b'=' => back.assigned()?,
        b':' => {
            back.step();
            back.skip_operator();
            back.key()?
        }
        b',' if quoted => {
            back.step();
            back.skip_blank();
            back.key_in_quotes().filter(|name| name.bytes().all(is_name))?
        }
        b'(' if quoted => {
            back.step();
            back.callee()?
        }
        b'>' => {
            back.skip_operator_arrow();
            back.tag_or_key()?
        }
        _ => back.word_before(quoted)?,
    };
    if is_carrier(&name) {
        return back.carried_for().or(Some(name));
    }
    Some(name)
}

/// Names that say nothing themselves; the name stands beside or above.
fn is_carrier(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "default" | "value" | "val" | "s" | "fallback" | "defaultvalue" | "v" | "stringvalue"
            | "default_value"
    )
}

/// Walks backwards.
struct Back<'a> {
    bytes: &'a [u8],
    at: usize,
    floor: usize,
}

impl Back<'_> {
    fn peek(&self) -> Option<u8> {
        (self.at > self.floor).then(|| self.bytes[self.at - 1])
    }

    fn step(&mut self) {
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
    fn skip_string_prefix(&mut self) {
        let save = self.at;
        let count = self.skip_while(|byte| matches!(byte, b'b' | b'B' | b'r' | b'R' | b'f' | b'F' | b'u' | b'U' | b'@' | b'\\'));
        if count > 2 || self.peek().is_some_and(is_name) {
            self.at = save;
        }
    }

    /// Spaces, one line end, a line continuation.
    fn skip_blank(&mut self) {
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
    fn wraps(&self) -> bool {
        let mut ahead = Back { bytes: self.bytes, at: self.at, floor: self.floor };
        ahead.step();
        ahead.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        matches!(ahead.peek(), Some(b'=' | b':'))
    }

    fn skip_operator(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        self.skip_while(|byte| matches!(byte, b':' | b'=' | b'!' | b'?' | b'+' | b'|'));
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
    }

    fn skip_operator_arrow(&mut self) {
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
    fn assigned(&mut self) -> Option<String> {
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

    fn key(&mut self) -> Option<String> {
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

    fn key_in_quotes(&mut self) -> Option<String> {
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
    fn callee(&mut self) -> Option<String> {
        let name = self.plain()?;
        let last = name.rsplit('.').next()?.to_ascii_lowercase();
        let reads = ["get", "find", "read", "fetch", "load", "lookup", "is", "has", "test", "del", "pop", "describe"];
        (!reads.iter().any(|verb| last.starts_with(verb))).then_some(name)
    }

    /// `<name>value` or `<a name="x">value`.
    fn tag_or_key(&mut self) -> Option<String> {
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
    fn word_before(&mut self, quoted: bool) -> Option<String> {
        if quoted && !matches!(self.bytes.get(self.at), Some(b' ' | b'\t')) {
            return None;
        }
        let word = self.plain()?;
        let lower = word.to_ascii_lowercase();
        if word.starts_with("--") || word.starts_with('-') && word.len() > 2 {
            return Some(word.trim_start_matches('-').to_owned());
        }
        if matches!(lower.as_str(), "bearer" | "token" | "apikey" | "ssws") {
            return Some(if lower == "token" { lower } else { "bearer".to_owned() });
        }
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        let before = self.plain().unwrap_or_default();
        let netrc = matches!(lower.as_str(), "password" | "passwd") && !quoted;
        (matches!(before.as_str(), "ENV" | "ARG" | "setx" | "SetEnv") || netrc && before != "").then_some(word)
    }

    /// For `default`, `value`, `S`: the name beside it or of the object round it.
    fn carried_for(&mut self) -> Option<String> {
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
            "name: ", "name\": \"", "name=\"", "name = \"", "key: ", "key\": \"", "key=\"", "key = \"",
            "name':'", "name': '", "variable \"", "(\"", "('", "(",
        ];
        let before = &self.bytes[self.floor..self.at];
        let lower = before.to_ascii_lowercase();
        let name_at = |at: usize| {
            let rest = before.get(at..).unwrap_or_default();
            let rest = &rest[rest.iter().take_while(|&&byte| is_quote(byte)).count()..];
            let length = rest.iter().position(|&byte| !is_name(byte)).unwrap_or(rest.len());
            std::str::from_utf8(&rest[..length]).ok()
        };
        let name = LEADS
            .iter()
            .filter_map(|lead| {
                let at = memchr::memmem::rfind(&lower, lead.as_bytes())? + lead.len();
                name_at(at).filter(|name| name.len() > 1).map(|name| (at, name))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(text: &str) -> Option<String> {
        let start = text.find("VALUEVALUEVALUEV").unwrap();
        around(text.as_bytes(), &(start..start + 16))?.name
    }

    #[test]
    fn names_in_every_form() {
        for (text, name) in [
            ("api_key = \"VALUEVALUEVALUEV\"", "api_key"),
            ("api_key: str = 'VALUEVALUEVALUEV'", "api_key"),
            ("api_key: Optional[str] = 'VALUEVALUEVALUEV'", "api_key"),
            ("x[\"api_key\"] = b'VALUEVALUEVALUEV'", "api_key"),
            ("{\"api_key\": \"VALUEVALUEVALUEV\"}", "api_key"),
            ("{'api_key' => 'VALUEVALUEVALUEV'}", "api_key"),
            ("f(api_key='VALUEVALUEVALUEV')", "api_key"),
            ("os.environ.get(\"API_KEY\", \"VALUEVALUEVALUEV\")", "API_KEY"),
            ("env('API_KEY', default='VALUEVALUEVALUEV')", "API_KEY"),
            ("API_KEY = (\n    'VALUEVALUEVALUEV'\n)", "API_KEY"),
            ("API_KEY=VALUEVALUEVALUEV\n", "API_KEY"),
            ("  api-key: VALUEVALUEVALUEV\n", "api-key"),
            ("- name: API_KEY\n  value: VALUEVALUEVALUEV", "API_KEY"),
            ("variable \"api_key\" {\n  default = \"VALUEVALUEVALUEV\"", "api_key"),
            ("\"api_key\": {\"S\": \"VALUEVALUEVALUEV\"}", "api_key"),
            ("api_key = { S = \"VALUEVALUEVALUEV\" }", "api_key"),
            ("<apiKey>VALUEVALUEVALUEV</apiKey>", "apiKey"),
            ("Authorization: Bearer VALUEVALUEVALUEV", "bearer"),
            ("curl --api-key VALUEVALUEVALUEV", "api-key"),
            ("ENV API_KEY VALUEVALUEVALUEV", "API_KEY"),
            ("set_password('VALUEVALUEVALUEV')", "set_password"),
            ("'https://a.io/?x=1&api_key=VALUEVALUEVALUEV&y'", "api_key"),
            ("\\\"api_key\\\": \\\"VALUEVALUEVALUEV\\\"", "api_key"),
        ] {
            assert_eq!(name_of(text).as_deref(), Some(name), "{text}");
        }
    }

    #[test]
    fn expressions_and_readers_are_no_values() {
        for text in [
            "api_key = VALUEVALUEVALUEV(",
            "get_secret('VALUEVALUEVALUEV')",
            "the VALUEVALUEVALUEV word",
        ] {
            assert_eq!(name_of(text), None, "{text}");
        }
    }
}
