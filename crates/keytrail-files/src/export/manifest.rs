//! What an export says of itself: `manifest-summary.json`, and a line for each data file in
//! `manifest-files.json`. Both have their MD5 beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keytrail_model::{Entry, Problem, Tree};
use md5::{Digest as _, Md5};
use serde::Deserialize;

pub(super) const SUMMARY: &str = "manifest-summary.json";
const FILES: &str = "manifest-files.json";
/// Larger manifests are not read: a line has some 300 bytes, and one file holds some 100 MB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// An export in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The summary, to point at.
    pub(super) path: Arc<str>,
    /// The table's name.
    pub(super) table: String,
    /// Name of the export, so that what is kept of another is not taken for this one.
    pub(super) arn: String,
    pub(super) items: Option<u64>,
    /// `2020-11-04`, the day that the items are of.
    pub(super) day: Option<String>,
    /// What is said of the data files, by their last name.
    pub(super) files: BTreeMap<String, Told>,
    pub(super) problems: Vec<Problem>,
}

/// What the manifest says of a data file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) items: Option<u64>,
    pub(super) md5: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    #[serde(default)]
    export_arn: String,
    table_arn: String,
    item_count: Option<u64>,
    export_time: Option<String>,
    export_to_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    item_count: Option<u64>,
    md5_checksum: Option<String>,
    data_file_s3_key: String,
}

impl Manifest {
    /// Of the export whose summary is `entry`; `None` where that is no summary of one.
    pub(super) fn read(tree: &dyn Tree, entry: &Entry) -> Option<Self> {
        let bytes = small(tree, entry)?;
        let summary: Summary = serde_json::from_slice(&bytes).ok()?;
        let (_, table) = summary.table_arn.split_once(":table/")?;
        let table = table.split('/').next().unwrap_or(table);
        let mut manifest = Self {
            path: Arc::clone(&entry.path),
            table: table.to_owned(),
            arn: summary.export_arn,
            items: summary.item_count,
            day: summary
                .export_time
                .or(summary.export_to_time)
                .and_then(|time| day(&time)),
            files: BTreeMap::new(),
            problems: Vec::new(),
        };
        manifest.check(tree, SUMMARY, &bytes);
        manifest.files(tree);
        Some(manifest)
    }

    /// `name` in the export's directory.
    fn beside(&self, name: &str) -> String {
        let directory = self.path.strip_suffix(SUMMARY).unwrap_or_default();
        format!("{directory}{name}")
    }

    fn files(&mut self, tree: &dyn Tree) {
        let path = self.beside(FILES);
        let Some(bytes) = entry(tree, &path).and_then(|entry| small(tree, entry)) else {
            self.problem(
                &path,
                "not here, so nothing says whether the data files are whole",
            );
            return;
        };
        self.check(tree, FILES, &bytes);
        for line in bytes.split(|&byte| byte == b'\n') {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let Ok(file) = serde_json::from_slice::<File>(line) else {
                self.problem(&path, "a line of it is no description of a data file");
                return;
            };
            let key = file.data_file_s3_key;
            let name = key.rsplit('/').next().unwrap_or(&key).to_owned();
            let told = Told {
                items: file.item_count,
                md5: file.md5_checksum,
            };
            self.files.insert(name, told);
        }
    }

    /// Compares a manifest with the checksum beside it, where there is one.
    fn check(&mut self, tree: &dyn Tree, name: &str, bytes: &[u8]) {
        let path = self.beside(&name.replace(".json", ".md5"));
        let Some(told) = entry(tree, &path).and_then(|entry| small(tree, entry)) else {
            return;
        };
        let told = String::from_utf8_lossy(&told).trim().to_owned();
        if told != STANDARD.encode(Md5::digest(bytes)) {
            let path = self.beside(name);
            self.problem(&path, "not what its MD5 says: it was changed or damaged");
        }
    }

    pub(super) fn problem(&mut self, path: &str, message: impl Into<String>) {
        self.problems.push(Problem {
            path: Arc::from(path),
            line: None,
            message: message.into(),
        });
    }
}

/// `2020-11-04` of `2020-11-04T07:28:34.028Z`.
fn day(time: &str) -> Option<String> {
    let day = time.get(..10)?;
    let fits = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    fits.then(|| day.to_owned())
}

fn entry<'t>(tree: &'t dyn Tree, path: &str) -> Option<&'t Entry> {
    let entries = tree.entries();
    let at = entries.binary_search_by(|entry| (*entry.path).cmp(path));
    entries.get(at.ok()?)
}

fn small(tree: &dyn Tree, entry: &Entry) -> Option<Vec<u8>> {
    (entry.size <= LARGEST).then(|| tree.read(entry).ok())?
}
