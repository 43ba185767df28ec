//! How far a scan is, on disk: a line of JSON for each page, so that a kill at any moment loses at most
//! the page that was under way in each segment.
//!
//! Law 1: a page's last key is a primary key of an item. It is written only where nothing in it looks like
//! a key; else the page counts when a later page of the segment can be marked, or when the segment ends.
//! The file can be read by its owner only. See docs/decisions.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use keytrail_detect::{PageStats, TableStats};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::CloudError;

/// A line longer than this was not written by us.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// The first line for a table.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: u32,
    pub(crate) table: String,
    pub(crate) segments: u64,
    pub(crate) read: u64,
    /// Fingerprint of a fixed text, so that fingerprints under another salt are not mixed in.
    pub(crate) salt: String,
    pub(crate) attributes: Vec<String>,
}

/// A page.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    t: String,
    s: u64,
    u: f64,
    /// The last key; absent where it may not be written or the segment ended.
    k: Option<Map<String, Value>>,
    done: bool,
    p: PageStats,
}

/// Where a segment stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Standing {
    pub(crate) done: bool,
    pub(crate) last: Option<Map<String, Value>>,
}

/// What a file knew of one table.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) segments: BTreeMap<u64, Standing>,
    pub(crate) stats: TableStats,
    pub(crate) units: f64,
}

/// The file, or none.
#[derive(Debug)]
pub(crate) struct State {
    file: Option<Mutex<File>>,
    path: PathBuf,
}

fn refused(path: &Path, why: impl Into<String>) -> CloudError {
    CloudError::State {
        path: path.display().to_string(),
        why: why.into(),
    }
}

impl State {
    /// Keeps nothing.
    pub(crate) fn none() -> Self {
        Self {
            file: None,
            path: PathBuf::new(),
        }
    }

    /// Opens the file, and tells what it knows of these tables.
    pub(crate) fn open(
        path: &Path,
        headers: &[Header],
    ) -> Result<(Self, BTreeMap<String, Known>), CloudError> {
        let mut file = private(path)
            .map_err(|error| refused(path, format!("can't be opened ({})", error.kind())))?;
        let (known, length) = read(path, &mut file, headers)?;
        // A line that a kill cut short goes, so that the next one stands by itself.
        file.set_len(length)
            .map_err(|error| refused(path, format!("can't be written ({})", error.kind())))?;
        let state = Self {
            file: Some(Mutex::new(file)),
            path: path.to_owned(),
        };
        for header in headers
            .iter()
            .filter(|header| !known.contains_key(&header.table))
        {
            state.write(&serde_json::json!({"header": header}))?;
        }
        Ok((state, known))
    }

    /// Writes a page down, in one piece.
    pub(crate) fn page(
        &self,
        table: &str,
        segment: u64,
        units: f64,
        standing: &Standing,
        stats: &PageStats,
    ) -> Result<(), CloudError> {
        if self.file.is_none() {
            return Ok(());
        }
        let line = serde_json::json!({
            "t": table, "s": segment, "u": units, "k": standing.last, "done": standing.done, "p": stats,
        });
        self.write(&line)
    }

    fn write(&self, line: &Value) -> Result<(), CloudError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let mut text = line.to_string();
        text.push('\n');
        let written = file
            .lock()
            .map_err(|_| refused(&self.path, "is in use"))?
            .write_all(text.as_bytes());
        written.map_err(|error| refused(&self.path, format!("can't be written ({})", error.kind())))
    }
}

/// For its owner only, whatever the process's mask says.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// What the file knows, and how many bytes of it are whole lines.
fn read(
    path: &Path,
    file: &mut File,
    headers: &[Header],
) -> Result<(BTreeMap<String, Known>, u64), CloudError> {
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let mut pending: BTreeMap<(String, u64), (PageStats, f64)> = BTreeMap::new();
    let mut length = 0_u64;
    let mut lines = BufReader::new(file);
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = lines
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut text);
        let read =
            read.map_err(|error| refused(path, format!("can't be read ({})", error.kind())))?;
        if read == 0 || text.last() != Some(&b'\n') {
            return Ok((known, length));
        }
        let Ok(line) = serde_json::from_slice::<Value>(&text) else {
            return Err(refused(path, "is no state of a scan"));
        };
        length += read as u64;
        if let Some(header) = line.get("header") {
            begin(path, header, headers, &mut known)?;
        } else {
            let line: Line =
                serde_json::from_value(line).map_err(|_| refused(path, "is no state of a scan"))?;
            page(line, &mut known, &mut pending);
        }
    }
}

fn begin(
    path: &Path,
    header: &Value,
    headers: &[Header],
    known: &mut BTreeMap<String, Known>,
) -> Result<(), CloudError> {
    let header: Header = serde_json::from_value(header.clone())
        .map_err(|_| refused(path, "is of another version"))?;
    let Some(ours) = headers.iter().find(|ours| ours.table == header.table) else {
        return Ok(());
    };
    // The table may have grown: the cut into segments is the file's, the rest must agree.
    let same = Header {
        segments: header.segments,
        read: header.read,
        ..ours.clone()
    };
    if same != header {
        return Err(refused(
            path,
            "belongs to a scan with other settings or another salt",
        ));
    }
    known.entry(header.table).or_default();
    Ok(())
}

fn page(
    line: Line,
    known: &mut BTreeMap<String, Known>,
    pending: &mut BTreeMap<(String, u64), (PageStats, f64)>,
) {
    let Some(table) = known.get_mut(&line.t) else {
        return;
    };
    table.units += line.u;
    let (held, _) = pending.entry((line.t, line.s)).or_default();
    merge(held, line.p);
    if line.done || line.k.is_some() {
        table.stats.add(std::mem::take(held));
        let standing = table.segments.entry(line.s).or_default();
        standing.done = line.done;
        standing.last = line.k;
    }
}

fn merge(into: &mut PageStats, page: PageStats) {
    into.items += page.items;
    into.cut += page.cut;
    for (name, count) in page.values {
        *into.values.entry(name).or_default() += count;
    }
    into.seen.extend(page.seen);
}

/// The number of segments that a file has for a table, where it has any.
pub(crate) fn segments(path: &Path, table: &str) -> Option<u64> {
    let file = File::open(path).ok()?;
    let lines = BufReader::new(file.take(LONGEST_LINE)).lines();
    lines.map_while(Result::ok).take(64).find_map(|line| {
        let line: Value = serde_json::from_str(&line).ok()?;
        let header: Header = serde_json::from_value(line.get("header")?.clone()).ok()?;
        (header.table == table).then_some(header.segments)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            version: 1,
            table: "keys".to_owned(),
            segments: 2,
            read: 2,
            salt: "x".to_owned(),
            attributes: Vec::new(),
        }
    }

    fn stats(items: u64) -> PageStats {
        PageStats {
            items,
            ..PageStats::default()
        }
    }

    fn key(id: &str) -> Option<Map<String, Value>> {
        serde_json::json!({"id": {"S": id}}).as_object().cloned()
    }

    fn standing(last: Option<Map<String, Value>>, done: bool) -> Standing {
        Standing { done, last }
    }

    #[test]
    fn a_kill_loses_the_page_under_way_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        let (state, known) = State::open(&path, &[header()]).unwrap();
        assert!(known.is_empty());
        state
            .page("keys", 0, 1.0, &standing(key("a"), false), &stats(10))
            .unwrap();
        state
            .page("keys", 1, 1.0, &standing(None, true), &stats(5))
            .unwrap();
        // Two pages whose last key may not be written, then one that may; and one more of the other kind.
        state
            .page("keys", 0, 1.0, &standing(None, false), &stats(1))
            .unwrap();
        state
            .page("keys", 0, 1.0, &standing(key("b"), false), &stats(2))
            .unwrap();
        state
            .page("keys", 0, 1.0, &standing(None, false), &stats(100))
            .unwrap();
        drop(state);
        let whole = std::fs::metadata(&path).unwrap().len();
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"{\"t\": \"keys\", \"s\":")
            .unwrap();
        let (_, known) = State::open(&path, &[header()]).unwrap();
        let known = &known["keys"];
        assert_eq!(known.stats.items, 18, "the last page is read again");
        assert_eq!(known.segments[&0], standing(key("b"), false));
        assert_eq!(known.segments[&1], standing(None, true));
        assert!((known.units - 5.0).abs() < 1e-9, "what was spent was spent");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), whole);
    }

    #[test]
    fn a_state_of_another_scan_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        drop(State::open(&path, &[header()]).unwrap());
        let other = Header {
            salt: "y".to_owned(),
            ..header()
        };
        let told = State::open(&path, &[other]).unwrap_err().to_string();
        assert!(told.contains("another salt"), "{told}");
        std::fs::write(&path, "hello\n").unwrap();
        assert!(State::open(&path, &[header()]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        std::fs::write(&path, "").unwrap();
        drop(State::open(&path, &[header()]).unwrap());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
