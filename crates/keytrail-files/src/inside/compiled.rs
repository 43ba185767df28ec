//! The strings of compiled Python. Names and constants lie apart there, so that a key is known by its own
//! shape only.

/// Shorter ones are names.
const SHORTEST: usize = 8;

/// A line for each run of printable characters.
pub(super) fn text(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let printable = |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\t');
    for run in bytes.split(|byte| !printable(byte)) {
        if run.len() >= SHORTEST {
            out.extend_from_slice(run);
            out.push(b'\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings() {
        assert_eq!(
            super::text(b"\x00\xfaabcdefgh\x01short\x02x = 12345\xff"),
            b"abcdefgh\nx = 12345\n"
        );
    }
}
