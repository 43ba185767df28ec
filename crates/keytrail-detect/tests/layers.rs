//! Keys under encodings: the same keys as plain ones, at the stretch that holds them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keytrail_detect::{Detector, Layer, ScanContext, expand};
use keytrail_model::Fingerprinter;

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        use std::fmt::Write as _;
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn percent(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            letter if letter.is_ascii_alphanumeric() => letter.to_string(),
            letter => format!("%{:02X}", u32::from(letter)),
        })
        .collect()
}

#[test]
fn one_key_in_every_layer() {
    let key = expand("{alnum:20}/{alnum:19}");
    let line = format!("partner_secret_key={key}");
    let detector = Detector::new();
    let prints = Fingerprinter::default();
    let plain =
        detector.scan(line.as_bytes(), &ScanContext::for_path("a.env"))[0].fingerprint(&prints);
    assert!(plain.is_some());
    let once = STANDARD.encode(&line);
    for (text, layers) in [
        (format!("data: {once}\n"), vec![Layer::Base64]),
        (
            format!("data: {}\n", STANDARD.encode(format!("config: {once}"))),
            vec![Layer::Base64, Layer::Base64],
        ),
        (format!("data: {}\n", hex(&line)), vec![Layer::Hex]),
        (
            format!("GET /x?{} HTTP/1.1\n", line.replace('/', "%2F")),
            vec![Layer::Percent],
        ),
        (
            format!("{{\"body\": \"{}\"}}\n", line.replace('/', "\\/")),
            vec![Layer::Escape],
        ),
        (
            format!("{{\"body\": \"{}\"}}\n", line.replace('/', "\\u002f")),
            vec![Layer::Escape],
        ),
    ] {
        let hits = detector.scan(text.as_bytes(), &ScanContext::for_path("a.yml"));
        let found: Vec<_> = hits
            .iter()
            .map(|hit| (&hit.layers, hit.fingerprint(&prints)))
            .collect();
        assert_eq!(found, [(&layers, plain)], "{layers:?}");
        assert!(text.as_bytes().get(hits[0].range.clone()).is_some());
    }
}

#[test]
fn a_kubernetes_secret_is_the_key_that_it_encodes() {
    let key = expand("{alnum:40}");
    let detector = Detector::new();
    let prints = Fingerprinter::default();
    let of = |text: &str| {
        let hits = detector.scan(text.as_bytes(), &ScanContext::for_path("secret.yaml"));
        assert_eq!(hits.len(), 1, "{hits:?}");
        (hits[0].fingerprint(&prints), hits[0].name.clone())
    };
    let plain = of(&format!("stringData:\n  PARTNER_API_KEY: {key}\n"));
    assert_eq!(
        plain,
        of(&format!(
            "data:\n  PARTNER_API_KEY: {}\n",
            STANDARD.encode(&key)
        ))
    );
}

#[test]
fn a_connection_string_in_a_query() {
    let url = expand("postgres://shop:{alnum:18}@pg.acme.io/x");
    let text = format!("POST /connect?to={} HTTP/1.1", percent(&url));
    let hits = Detector::new().scan(text.as_bytes(), &ScanContext::for_path("access.log"));
    assert_eq!(hits.len(), 1, "{hits:?}");
    assert_eq!(hits[0].provider, "database-url");
}

#[test]
fn what_is_found_below_is_redacted() {
    let detector = Detector::new();
    let inner = expand("token: ghp_{crc32-base62:30}\nregion: eu");
    for text in [STANDARD.encode(&inner), hex(&inner), percent(&inner)] {
        let text = format!("sent {text} to the log");
        let shown = detector.redact(&text);
        assert!(
            detector
                .scan(text.as_bytes(), &ScanContext::for_path("a.log"))
                .len()
                == 1
        );
        assert!(
            shown.contains("characters)") && shown.ends_with("to the log"),
            "{shown}"
        );
        assert!(
            detector
                .scan(shown.as_bytes(), &ScanContext::for_path("a.log"))
                .is_empty()
        );
    }
}

#[test]
fn depth_and_bytes_are_bounded_and_what_is_left_out_is_told() {
    let detector = Detector::new();
    let mut text = expand("api_key = sk_live_{alnum:24}");
    for _ in 0..5 {
        text = STANDARD.encode(text);
    }
    assert!(
        detector
            .scan(text.as_bytes(), &ScanContext::default())
            .is_empty()
    );
    let many = format!(
        "{}\n",
        STANDARD.encode("nothing to see here, nothing at all; ".repeat(1200))
    );
    let start = std::time::Instant::now();
    let (_, left_out) =
        detector.scan_counting(many.repeat(200).as_bytes(), &ScanContext::for_path("a.txt"));
    assert!(left_out > 0);
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}
