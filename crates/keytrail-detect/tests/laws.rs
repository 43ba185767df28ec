//! What holds for every text: no panic, spans that lie in it, the same answer twice, and no key
//! that is found stays readable in what is shown.

use keytrail_detect::{Detector, Format, ScanContext, expand};
use proptest::prelude::*;

/// Pieces that the detector looks for, so that random texts come near its edges.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ \\t\\n\"'`=:,;{}()\\[\\]<>|\\\\#/$%@.-]{1,4}",
        2 => "[A-Za-z0-9+/_=-]{1,60}",
        1 => "\\PC{0,12}",
        2 => prop::sample::select(vec![
            "api_key", "SECRET_KEY", "password", "Authorization: Bearer ", "-----BEGIN RSA PRIVATE KEY-----",
            "-----END RSA PRIVATE KEY-----", "eyJ", "AKIA", "sk_live_", "ghp_", "postgres://u:", "@host/db",
            "os.environ.get(", "\"\"\"", "'''", "<<EOF", "EOF", "${", "}}", "{{", "\r\n", "\u{2028}", "\u{fffd}",
        ]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["sk_live_{alnum:24}", "AKIA{upperalnum:16}", "{hex:40}", "{alnum:40}"])
            .prop_map(expand),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat())
}

fn context(format: Format) -> ScanContext<'static> {
    ScanContext {
        format,
        ..ScanContext::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let detector = Detector::new();
        for format in [Format::Source, Format::Config, Format::Generated] {
            for hit in detector.scan(&bytes, &context(format)) {
                prop_assert!(bytes.get(hit.range).is_some());
            }
        }
    }

    #[test]
    fn near_keys_too_and_twice_alike(text in text()) {
        let detector = Detector::new();
        for format in [Format::Source, Format::Config, Format::Generated] {
            let hits = detector.scan(text.as_bytes(), &context(format));
            for hit in &hits {
                prop_assert!(text.as_bytes().get(hit.range.clone()).is_some());
            }
            let again = detector.scan(text.as_bytes(), &context(format));
            prop_assert_eq!(format!("{hits:?}"), format!("{again:?}"));
        }
        let _ = detector.examine(&text, Some("api_key"));
    }

    #[test]
    fn what_is_found_is_not_in_the_redacted_text(text in text()) {
        let detector = Detector::new();
        let shown = detector.redact(&text);
        for hit in detector.scan(text.as_bytes(), &context(Format::Source)) {
            let key = &text.as_bytes()[hit.range];
            // Shorter ones may stand elsewhere as an ordinary word.
            if key.len() >= 16 {
                prop_assert!(!shown.as_bytes().windows(key.len()).any(|part| part == key));
            }
        }
    }
}
