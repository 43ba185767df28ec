//! Which value stands here, and what name is it given: `KEY = "value"`, `"key": "value"`,
//! `key: value`, `KEY=value`, `call(key="value")`, `env("KEY", default="value")`,
//! `x["key"] = "value"`, `<key>value</key>`, `Authorization: Bearer value`, `--key value`.
//!
//! Looks back over a bounded number of bytes, so a line of any length costs the same.

use std::ops::Range;

use crate::back::{Back, is_name, is_quote};

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
const LONGEST_VALUE: usize = 1024;

/// Characters of a value in quotes, as far as keys have them.
fn is_value(byte: u8) -> bool {
    byte.is_ascii_graphic() && !is_quote(byte) && !matches!(byte, b'\\' | b'<' | b'>' | b',' | b';')
}

/// The value that the run of token characters belongs to.
///
/// `bare` says that values need no quotes here, so that one may begin before the run:
/// `KEY=abc.0123456789abcdef`.
pub(crate) fn around(bytes: &[u8], run: &Range<usize>, bare: bool) -> Option<Placement> {
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
    let at = |start: usize| {
        name_before(bytes, start, false).map(|name| Placement {
            value: start..end,
            name: Some(name),
            quoted: false,
        })
    };
    let start = if bare {
        bare_start(bytes, run.start)
    } else {
        run.start
    };
    at(start).or_else(|| at(run.start))
}

/// Where the value begins that goes on at `from`; only after `=` or a blank can that be told.
fn bare_start(bytes: &[u8], from: usize) -> usize {
    const LONGEST_HEAD: usize = 80;
    let floor = from.saturating_sub(LONGEST_HEAD);
    let head = bytes[floor..from]
        .iter()
        .rev()
        .take_while(|&&byte| byte.is_ascii_alphanumeric() || b"_-+/.~!@#$%^*:".contains(&byte))
        .count();
    let start = from - head;
    if bytes[start..from]
        .first()
        .is_some_and(|byte| b":~!@#$%^.-".contains(byte))
    {
        return from;
    }
    match start.checked_sub(1).map(|at| bytes[at]) {
        Some(b'=' | b' ') if start > floor => start,
        _ => from,
    }
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
    let closes =
        rest[close] == quote || (rest[close] == b'\\' && rest.get(close + 1) == Some(&quote));
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
            back.key_in_quotes()
                .filter(|name| name.bytes().all(is_name))?
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
        "default"
            | "value"
            | "val"
            | "s"
            | "fallback"
            | "defaultvalue"
            | "v"
            | "stringvalue"
            | "default_value"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(text: &str) -> Option<String> {
        let start = text.find("VALUEVALUEVALUEV").unwrap();
        around(text.as_bytes(), &(start..start + 16), false)?.name
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
            (
                "os.environ.get(\"API_KEY\", \"VALUEVALUEVALUEV\")",
                "API_KEY",
            ),
            ("env('API_KEY', default='VALUEVALUEVALUEV')", "API_KEY"),
            ("API_KEY = (\n    'VALUEVALUEVALUEV'\n)", "API_KEY"),
            ("API_KEY=VALUEVALUEVALUEV\n", "API_KEY"),
            ("  api-key: VALUEVALUEVALUEV\n", "api-key"),
            ("- name: API_KEY\n  value: VALUEVALUEVALUEV", "API_KEY"),
            (
                "variable \"api_key\" {\n  default = \"VALUEVALUEVALUEV\"",
                "api_key",
            ),
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
