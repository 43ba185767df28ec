//! The text of PDF files: what the content streams show. Characters are taken as they stand; of fonts with
//! an encoding of their own nothing can be read.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::limits::Meter;

/// Streams that are looked at.
const MOST_STREAMS: usize = 100_000;
/// One stream unpacked.
const LONGEST: u64 = 32 << 20;

/// What is read of a PDF.
#[derive(Debug, Default)]
pub(super) struct Pdf {
    pub(super) text: Vec<u8>,
    pub(super) encrypted: bool,
    /// Why not all was read.
    pub(super) cut: Option<String>,
}

/// All content streams, in the order of the file.
pub(super) fn read(bytes: &[u8], meter: &Meter) -> Pdf {
    let mut pdf = Pdf {
        encrypted: memchr::memmem::find(bytes, b"/Encrypt").is_some(),
        ..Pdf::default()
    };
    if pdf.encrypted {
        return pdf;
    }
    for (count, (dictionary, stream)) in Streams::new(bytes).enumerate() {
        if count == MOST_STREAMS {
            pdf.cut = Some(format!("only its first {MOST_STREAMS} streams are read"));
            break;
        }
        // Pictures and fonts.
        if holds(dictionary, b"/Subtype")
            || holds(dictionary, b"/Length1")
            || holds(dictionary, b"/DCTDecode")
        {
            continue;
        }
        if !holds(dictionary, b"/FlateDecode") {
            show(stream, &mut pdf.text);
            continue;
        }
        let mut content = Vec::new();
        let unpacked = meter
            .count(ZlibDecoder::new(stream))
            .take(LONGEST)
            .read_to_end(&mut content);
        if let Err(error) = unpacked
            && meter.is_empty()
        {
            pdf.cut = Some(error.to_string());
            break;
        }
        show(&content, &mut pdf.text);
    }
    pdf
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

/// Dictionary and bytes of each stream.
struct Streams<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Streams<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }
}

impl<'b> Iterator for Streams<'b> {
    type Item = (&'b [u8], &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        /// No dictionary of a stream is longer.
        const DICTIONARY: usize = 2_048;
        let rest = self.bytes.get(self.at..)?;
        let open = self.at + memchr::memmem::find(rest, b"stream")?;
        let mut start = open + b"stream".len();
        start += usize::from(self.bytes.get(start) == Some(&b'\r'));
        start += usize::from(self.bytes.get(start) == Some(&b'\n'));
        let close = memchr::memmem::find(self.bytes.get(start..)?, b"endstream")?;
        self.at = start + close + b"endstream".len();
        let before = &self.bytes[open.saturating_sub(DICTIONARY)..open];
        let from = memchr::memmem::rfind(before, b" obj").unwrap_or(0);
        Some((&before[from..], &self.bytes[start..start + close]))
    }
}

/// The strings that operators of a content stream show; what moves to another line ends one.
fn show(content: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = content.get(at) {
        match byte {
            b'(' => at = literal(content, at + 1, out),
            b'<' if content.get(at + 1) != Some(&b'<') => at = hexadecimal(content, at + 1, out),
            b'%' => {
                let rest = &content[at..];
                at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'\'' | b'"' => {
                let rest = &content[at..];
                let letter =
                    |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'*' | b'\'' | b'"');
                let length = rest
                    .iter()
                    .position(|byte| !letter(byte))
                    .unwrap_or(rest.len());
                at += length.max(1);
                let ends = matches!(
                    &rest[..length],
                    b"Td" | b"TD" | b"T*" | b"Tm" | b"ET" | b"'" | b"\""
                );
                if ends && out.last().is_some_and(|&last| last != b'\n') {
                    out.push(b'\n');
                }
            }
            // `[(a) -250 (b)] TJ`: so much room is a blank.
            b'-' if is_wide(&content[at..]) => {
                out.push(b' ');
                at += 4;
            }
            _ => at += 1,
        }
    }
    if out.last().is_some_and(|&last| last != b'\n') {
        out.push(b'\n');
    }
}

fn is_wide(bytes: &[u8]) -> bool {
    bytes
        .get(1..4)
        .is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
}

/// `(text)` from behind its parenthesis; where it ends.
fn literal(content: &[u8], mut at: usize, out: &mut Vec<u8>) -> usize {
    let mut depth = 0_usize;
    while let Some(&byte) = content.get(at) {
        at += 1;
        match byte {
            b')' if depth == 0 => return at,
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'\\' => {
                let Some(&escaped) = content.get(at) else {
                    return at;
                };
                at += 1;
                match escaped {
                    b'n' | b'r' => out.push(b'\n'),
                    b't' => out.push(b'\t'),
                    b'b' | b'f' | b'\n' | b'\r' => {}
                    b'0'..=b'7' => {
                        let digits = content[at - 1..]
                            .iter()
                            .take(3)
                            .take_while(|it| (b'0'..=b'7').contains(it));
                        let (count, code) = digits.fold((0, 0_u32), |(count, code), digit| {
                            (count + 1, code * 8 + u32::from(digit - b'0'))
                        });
                        at += count - 1;
                        out.push(code.to_le_bytes()[0]);
                    }
                    other => out.push(other),
                }
                continue;
            }
            _ => {}
        }
        out.push(byte);
    }
    at
}

/// `<48656C>`; two bytes a character where the first of each is zero.
fn hexadecimal(content: &[u8], start: usize, out: &mut Vec<u8>) -> usize {
    let rest = &content[start..];
    let Some(length) = memchr::memchr(b'>', rest) else {
        return content.len();
    };
    let digits: Vec<u8> = rest[..length]
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(16))
        .map(|digit| digit.to_le_bytes()[0])
        .collect();
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
        .collect();
    out.extend(bytes.iter().filter(|&&byte| byte != 0));
    start + length + 1
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

    fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
        let mut out = format!("5 0 obj << {dictionary} >>\nstream\n").into_bytes();
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\nendstream\nendobj\n");
        out
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_shown() {
        let content = b"BT /F1 12 Tf 72 700 Td (API_) Tj (KEY=\\(x\\051) Tj T* [(ab) -20 (cd) -300 (e)] TJ ET BT <48 65> Tj ET";
        let mut pdf = b"%PDF-1.7\n".to_vec();
        pdf.extend(stream("/Filter /FlateDecode", &packed(content)));
        pdf.extend(stream(
            "/Subtype /Image /Filter /FlateDecode",
            &packed(b"(no) Tj"),
        ));
        pdf.extend(stream("", b"BT (plain) Tj ET"));
        let read = read(&pdf, &Meter::new(1_000));
        assert_eq!(
            String::from_utf8(read.text).unwrap(),
            "API_KEY=(x)\nabcd e\nHe\nplain\n"
        );
    }

    #[test]
    fn encrypted_and_broken_files_end() {
        assert!(read(b"%PDF-1.7 trailer << /Encrypt 5 0 R >>", &Meter::new(10)).encrypted);
        for bytes in [
            &b"stream"[..],
            b"stream\n(((((",
            b"stream <48 endstream",
            b"stream (\\ endstream",
        ] {
            let _ = read(bytes, &Meter::new(10));
        }
    }
}
