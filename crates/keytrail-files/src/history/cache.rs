//! Which blobs were searched before and hold nothing: they need not be decoded again.
//!
//! Law 1: what is kept are names of objects, which are hashes, with the form under which each was judged. A
//! blob with a key is not kept: it is searched anew each time. What another version of the detector searched
//! counts for nothing.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use keytrail_detect::{Detector, Format};
use rustc_hash::FxHashSet;

const MAGIC: &[u8; 8] = b"KTHIST02";
/// Name of an object, and its form.
const RECORD: usize = 21;
/// Objects that are kept; more are searched again.
const MOST: usize = 20_000_000;

/// A blob under the form it was judged by.
pub(super) type Record = [u8; RECORD];

/// What is known, and where it is kept.
#[derive(Debug, Default)]
pub(super) struct Cache {
    path: Option<PathBuf>,
    edition: u64,
    known: FxHashSet<Record>,
}

/// The record of a blob; none for a name of another length.
pub(super) fn record(id: &[u8], format: Format) -> Option<Record> {
    let mut record = [0; RECORD];
    record.get_mut(..20)?.copy_from_slice(id.get(..20)?);
    record[20] = match format {
        Format::Source => 1,
        Format::Config => 2,
        Format::Prose => 3,
        Format::Generated => 4,
    };
    (id.len() == 20).then_some(record)
}

impl Cache {
    /// What is kept in a directory; nothing where there is none, or what is there is not of this edition.
    /// `objects` are the repository's directories of objects: it has a file of its own.
    pub(super) fn open(directory: Option<&Path>, objects: &[PathBuf], detector: &Detector) -> Self {
        let Some(directory) = directory else {
            return Self::default();
        };
        let mut cache = Self {
            path: Some(directory.join(format!("history-{:016x}.cache", name(objects)))),
            edition: edition(detector),
            known: FxHashSet::default(),
        };
        if let Some(known) = cache.read() {
            cache.known = known;
        }
        cache
    }

    pub(super) fn knows(&self, record: &Record) -> bool {
        self.known.contains(record)
    }

    pub(super) fn is_kept(&self) -> bool {
        self.path.is_some()
    }

    fn read(&self) -> Option<FxHashSet<Record>> {
        let file = std::fs::File::open(self.path.as_ref()?).ok()?;
        let most = (MOST * RECORD + 16) as u64;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes).ok()?;
        let records = bytes
            .strip_prefix(MAGIC)?
            .strip_prefix(&self.edition.to_le_bytes())?;
        let (records, rest) = records.as_chunks::<RECORD>();
        rest.is_empty().then(|| records.iter().copied().collect())
    }

    /// Adds what was searched now, and writes all anew: whole, or not at all.
    pub(super) fn keep(&self, searched: impl IntoIterator<Item = Record>) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut all: Vec<Record> = self.known.iter().copied().chain(searched).collect();
        all.sort_unstable();
        all.dedup();
        all.truncate(MOST);
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let aside = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = io::BufWriter::new(std::fs::File::create(&aside)?);
        file.write_all(MAGIC)?;
        file.write_all(&self.edition.to_le_bytes())?;
        for record in &all {
            file.write_all(record)?;
        }
        file.into_inner().map_err(io::IntoInnerError::into_error)?;
        std::fs::rename(aside, path)
    }
}

/// Of the repository, by where it lies.
fn name(objects: &[PathBuf]) -> u64 {
    let first = objects.first().map_or(Path::new(""), PathBuf::as_path);
    let whole = first.canonicalize();
    let whole = whole.as_deref().unwrap_or(first);
    digest(whole.as_os_str().as_encoded_bytes().iter().copied())
}

fn digest(bytes: impl Iterator<Item = u8>) -> u64 {
    const PRIME: u64 = 0x0100_0000_01B3;
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

/// Changes with the version and with the providers.
fn edition(detector: &Detector) -> u64 {
    let parts = detector
        .providers()
        .iter()
        .map(|provider| provider.id.as_str());
    let version = std::iter::once(env!("CARGO_PKG_VERSION"));
    digest(version.chain(parts).flat_map(str::bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_for_this_edition_only() {
        let directory = tempfile::tempdir().unwrap();
        let detector = Detector::new();
        let one = record(&[7; 20], Format::Source).unwrap();
        let objects = [directory.path().to_owned()];
        let open = || Cache::open(Some(directory.path()), &objects, &detector);
        let cache = open();
        assert!(!cache.knows(&one));
        cache.keep([one]).unwrap();
        let cache = open();
        assert!(cache.knows(&one));
        assert!(!cache.knows(&record(&[7; 20], Format::Config).unwrap()));
        let file = cache.path.clone().unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[8] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        assert!(!open().knows(&one));
        std::fs::write(&file, "x").unwrap();
        assert!(!open().knows(&one));
        assert!(record(&[7; 32], Format::Source).is_none());
    }
}
