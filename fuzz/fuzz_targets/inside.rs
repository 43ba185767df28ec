//! Any bytes as an archive, stream, document, database or log; the first byte says under which name.
#![no_main]

use keytrail_detect::Detector;
use keytrail_files::{FilesOptions, collect};
use keytrail_model::{Fingerprinter, MemoryTree, Progress};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 14] = [
    "a.zip", "a.docx", "a.xlsx", "a.tar", "a.gz", "a.tar.gz", "a.bz2", "a.xz", "a.zst", "a.pdf", "a.sqlite3",
    "a.pyc", "a.map", "a.log",
];

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else {
        return;
    };
    let tree = MemoryTree::new([(NAMES[usize::from(first) % NAMES.len()], bytes)]);
    collect(
        &tree,
        &Detector::new(),
        &Fingerprinter::default(),
        &Progress::default(),
        &FilesOptions::default(),
    );
});
