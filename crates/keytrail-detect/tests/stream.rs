//! A streamed text gives the same keys at the same places as one that is read whole.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::io::{self, Read};

use keytrail_detect::{Detector, ScanContext, expand};

/// Gives a few bytes at a time, as a pipe may.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.0.len()).min(7_919);
        let (head, tail) = self.0.split_at(count);
        buffer[..count].copy_from_slice(head);
        self.0 = tail;
        Ok(count)
    }
}

type Place = (usize, usize, &'static str, Option<String>);

fn streamed(text: &[u8], cx: &ScanContext<'_>) -> Vec<Place> {
    let mut found = Vec::new();
    let mut base = 0;
    Detector::new()
        .scan_stream(&mut Drip(text), cx, |window| {
            let at = |place: usize| base + place - window.own.start;
            found.extend(window.hits.iter().map(|hit| {
                (
                    at(hit.range.start),
                    at(hit.range.end),
                    hit.provider,
                    hit.name.clone(),
                )
            }));
            base += window.own.len();
            true
        })
        .unwrap();
    assert_eq!(base, text.len());
    found
}

#[test]
fn windows_join_without_loss_or_repetition() {
    let filler = "        value = self.reader.next_value(default=None)  # nothing to see\n";
    let key = "PARTNER_API_KEY = '{alnum:40}'\nx = 'sk_live_{alnum:24}'\n{pem:RSA PRIVATE KEY}\n\
               AWS = 'AKIA{base32:16}'\nother = '{base64:40}'\n";
    let mut text = String::new();
    let mut number = 0;
    // Keys at ever other places of their windows, some across each seam.
    while text.len() < 5 << 20 {
        text.push_str(&expand(&format!("# {number}\n{key}")));
        text.push_str(&filler.repeat(161 + number % 7));
        number += 1;
    }
    let cx = ScanContext::for_path("dump.txt");
    let whole: Vec<Place> = Detector::new()
        .scan(text.as_bytes(), &cx)
        .into_iter()
        .map(|hit| (hit.range.start, hit.range.end, hit.provider, hit.name))
        .collect();
    assert!(
        whole.len() > 500 && whole.len() < Detector::MOST_HITS,
        "{}",
        whole.len()
    );
    let found = streamed(text.as_bytes(), &cx);
    let differs = found.iter().zip(&whole).find(|(a, b)| a != b);
    assert!(
        found == whole,
        "{} and {}: {differs:?}",
        found.len(),
        whole.len()
    );
}

#[test]
fn short_and_empty_texts() {
    let cx = ScanContext::default();
    assert!(streamed(b"", &cx).is_empty());
    let text = expand("x = 'sk_live_{alnum:24}'");
    assert_eq!(streamed(text.as_bytes(), &cx).len(), 1);
    let exact = "y".repeat(1 << 20);
    assert!(streamed(exact.as_bytes(), &cx).is_empty());
}
