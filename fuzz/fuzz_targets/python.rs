//! Any bytes as a Python file, and what follows a line of `#---` as a second one that the first may import.
#![no_main]

use std::sync::LazyLock;

use keytrail_detect::Detector;
use keytrail_model::{Fingerprinter, MemoryTree, Progress};
use libfuzzer_sys::fuzz_target;

static DETECTOR: LazyLock<Detector> = LazyLock::new(Detector::new);

fuzz_target!(|data: &[u8]| {
    let mark = b"\n#---\n";
    let at = data.windows(mark.len()).position(|part| part == mark);
    let (one, two) = at.map_or((data, &[][..]), |at| {
        (&data[..at], &data[at + mark.len()..])
    });
    let tree = MemoryTree::new([("app/views.py", one), ("app/store.py", two)]);
    keytrail_code::collect(
        &tree,
        &DETECTOR,
        &Fingerprinter::default(),
        &Progress::default(),
    );
});
