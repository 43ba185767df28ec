//! Is a place in a Python file inside a docstring? Values there are examples as a rule.

/// True between the quotes of a docstring; a triple-quoted string that is assigned or passed on
/// is none.
pub(crate) fn holds(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[..at.min(bytes.len())];
    [&b"\"\"\""[..], b"'''"].iter().any(|quotes| {
        let mut count = 0_usize;
        let mut last = 0;
        for found in memchr::memmem::find_iter(before, quotes) {
            count += 1;
            last = found;
        }
        count % 2 == 1 && begins_a_statement(&before[..last])
    })
}

/// Only an indent, or a prefix such as `r`, stands before it on its line.
fn begins_a_statement(before: &[u8]) -> bool {
    let line = before
        .rsplit(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let text = line.trim_ascii();
    let above = before[..before.len() - line.len()].trim_ascii_end();
    if is_documentation(text) {
        return true;
    }
    // The argument of a call or the value of a bracket may stand on a line of its own, too.
    matches!(text, b"" | b"r" | b"R" | b"u" | b"b")
        && !matches!(above.last(), Some(b'(' | b'[' | b',' | b'=' | b'\\'))
}

/// `EXAMPLES = r`: modules of Ansible and others keep their documentation in such strings.
fn is_documentation(text: &[u8]) -> bool {
    const NAMES: [&[u8]; 7] = [
        b"DOCUMENTATION",
        b"EXAMPLES",
        b"EXAMPLE",
        b"RETURN",
        b"USAGE",
        b"HELP",
        b"__doc__",
    ];
    let Some(equals) = memchr::memchr(b'=', text) else {
        return false;
    };
    let prefix = text[equals + 1..].trim_ascii();
    NAMES.contains(&text[..equals].trim_ascii()) && matches!(prefix, b"" | b"r" | b"u" | b"R")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docstrings_and_other_strings() {
        let at = |text: &str| holds(text.as_bytes(), text.find("KEY").unwrap());
        assert!(at("def f():\n    \"\"\"Say KEY.\"\"\"\n"));
        assert!(at("r'''\nKEY\n'''"));
        assert!(at("EXAMPLES = r'''\n- token: KEY\n'''\n"));
        assert!(!at("x = \"\"\"\nKEY\n\"\"\"\n"));
        assert!(!at("load(\n    \"\"\"\nKEY\n\"\"\")\n"));
        assert!(!at("def f():\n    \"\"\"Say.\"\"\"\n    KEY\n"));
    }
}
