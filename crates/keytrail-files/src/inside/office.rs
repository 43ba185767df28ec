//! The text of Office documents: XML without its tags.

/// Parts that hold what people wrote; the others are styles, pictures and relations.
pub(super) fn is_text(name: &str) -> bool {
    let xml = name
        .rsplit_once('.')
        .is_some_and(|(_, end)| end.eq_ignore_ascii_case("xml"));
    let of = |folder: &str, parts: &[&str]| {
        name.strip_prefix(folder)
            .is_some_and(|part| parts.iter().any(|begin| part.starts_with(begin)))
    };
    xml && (of(
        "word/",
        &[
            "document",
            "header",
            "footer",
            "footnotes",
            "endnotes",
            "comments",
        ],
    ) || of(
        "xl/",
        &["sharedStrings", "worksheets/", "comments", "connections"],
    ) || of("ppt/", &["slides/", "notesSlides/", "comments"])
        || matches!(name, "content.xml" | "docProps/custom.xml"))
}

/// A line for each paragraph, cell or row; a key that is cut into runs of different looks is whole again.
pub(super) fn text(xml: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(xml.len() / 4);
    let mut rest = xml;
    while let Some(open) = memchr::memchr(b'<', rest) {
        unescape(&rest[..open], &mut out);
        let tag = &rest[open..];
        let Some(close) = memchr::memchr(b'>', tag) else {
            return out;
        };
        out.extend_from_slice(after(&tag[1..close]));
        rest = &tag[close + 1..];
    }
    unescape(rest, &mut out);
    out
}

/// What stands for a tag.
fn after(tag: &[u8]) -> &'static [u8] {
    let name = tag.strip_suffix(b"/").unwrap_or(tag);
    let length = name.iter().position(u8::is_ascii_whitespace);
    match &name[..length.unwrap_or(name.len())] {
        b"/w:p" | b"/a:p" | b"/text:p" | b"/text:h" | b"/si" | b"/row" | b"/c"
        | b"/table:table-row" | b"w:br" | b"w:cr" | b"a:br" | b"text:line-break" | b"/comment" => {
            b"\n"
        }
        b"w:tab" | b"text:tab" | b"text:s" | b"/table:table-cell" | b"/w:tc" | b"/v" => b" ",
        _ => b"",
    }
}

fn unescape(text: &[u8], out: &mut Vec<u8>) {
    const ENTITIES: [(&[u8], u8); 5] = [
        (b"&amp;", b'&'),
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&quot;", b'"'),
        (b"&apos;", b'\''),
    ];
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let known = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
        let (length, byte) = known.map_or((1, b'&'), |(entity, byte)| (entity.len(), *byte));
        out.push(byte);
        rest = &rest[length..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_joined_and_paragraphs_are_lines() {
        let xml = br#"<?xml version="1.0"?><w:p><w:r><w:t>API_</w:t></w:r><w:r><w:t xml:space="preserve">KEY=&quot;a&amp;b&quot; &nbsp;</w:t></w:r></w:p><w:p><w:t>two</w:t><w:br/>three</w:p>"#;
        assert_eq!(text(xml), b"API_KEY=\"a&b\" &nbsp;\ntwo\nthree\n");
        assert_eq!(text(b"<a"), b"");
    }

    #[test]
    fn parts_that_hold_text() {
        assert!(
            is_text("word/document.xml")
                && is_text("xl/sharedStrings.xml")
                && is_text("content.xml")
        );
        assert!(
            !is_text("word/styles.xml")
                && !is_text("word/media/a.png")
                && !is_text("[Content_Types].xml")
        );
    }
}
