//! The example projects, with their own tables of what lies where: every planted key is found,
//! and the sound project has none.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::fs;
use std::path::{Path, PathBuf};

use keytrail_detect::{Detector, ScanContext};
use keytrail_model::SightingConfidence;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
}

/// File and line of each row of one rule.
fn planted(root: &Path, rule: &str) -> Vec<(String, usize)> {
    let table = fs::read_to_string(root.join("VECTORS.md")).unwrap();
    let start = format!("| `{rule}` | `");
    let rows = table.lines().filter_map(|row| row.strip_prefix(&start));
    rows.map(|row| {
        let (place, _) = row.split_once('`').unwrap();
        let (path, line) = place.rsplit_once(':').unwrap();
        (path.to_owned(), line.parse().unwrap())
    })
    .collect()
}

/// Lines on which something is found that is more than a guess.
fn found(detector: &Detector, root: &Path, path: &str) -> Vec<usize> {
    let bytes = fs::read(root.join(path)).unwrap();
    detector
        .scan(&bytes, &ScanContext::for_path(path))
        .into_iter()
        .filter(|hit| hit.confidence > SightingConfidence::Low)
        .map(|hit| {
            let before = bytes.get(..hit.range.start).unwrap();
            before.split(|&byte| byte == b'\n').count()
        })
        .collect()
}

#[test]
fn every_planted_key_is_found() {
    let detector = Detector::new();
    let root = example("leaky");
    let mut planted_keys = planted(&root, "hard-coded-key");
    assert!(planted_keys.len() >= 7, "{planted_keys:?}");
    planted_keys.extend(planted(&root, "default-secret-key"));
    for (path, line) in planted_keys {
        let lines = found(&detector, &root, &path);
        assert!(lines.contains(&line), "{path}:{line} not among {lines:?}");
    }
}

#[test]
fn the_sound_project_has_no_key() {
    let detector = Detector::new();
    let root = example("sealed");
    let mut directories = vec![root.clone()];
    let mut read = 0;
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                // What a developer's machine leaves there is none of the project.
                if !name.starts_with('.') && name != "__pycache__" {
                    directories.push(path);
                }
                continue;
            }
            let inside = path.strip_prefix(&root).unwrap().to_string_lossy();
            let lines = found(&detector, &root, &inside);
            assert!(lines.is_empty(), "{inside}: {lines:?}");
            read += 1;
        }
    }
    assert!(read > 50, "{read} files only");
}
