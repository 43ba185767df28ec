//! Any bytes as a data file of an export, in DynamoDB JSON and in Ion: the quick count and the reader agree on
//! how many records there are, whatever the file is called.
#![no_main]

use keytrail_detect::Detector;
use keytrail_files::{ExportOptions, Exports, exports};
use keytrail_model::{Fingerprinter, MemoryTree, Progress};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let summary = br#"{"tableArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/keys"}"#;
    for name in ["data/a.json", "data/a.ion"] {
        let tree = MemoryTree::new([("manifest-summary.json", &summary[..]), (name, data)]);
        let found = Exports::find(&tree);
        assert!(!found.is_empty());
        let read = exports(
            &tree,
            &found,
            &Detector::new(),
            &Fingerprinter::default(),
            &Progress::default(),
            &ExportOptions::default(),
        );
        assert!(read.is_ok());
    }
});
