//! Files of a trail, one after the other, those that were not read yet.

use std::collections::VecDeque;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::checkpoint::{TrailCheckpoint, day};
use super::event::{TrailEvent, each};
use super::place::{Shelf, TrailPlace};
use crate::client::Access;
use crate::error::CloudError;

/// `CloudTrail` begins a new file long before; what is longer once it is unpacked is not read.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// One file.
#[derive(Debug)]
pub struct TrailFile {
    /// Its name below the place.
    pub name: String,
    /// Its events, in its order.
    pub events: Vec<TrailEvent>,
    /// Events that could not be read.
    pub malformed: u64,
    /// Why the file, or the rest of it, could not be read.
    pub broken: Option<String>,
}

/// Reads files. As an iterator it ends where there are no more, and begins anew when asked again: for
/// what came since.
#[derive(Debug)]
pub struct TrailReader {
    place: TrailPlace,
    access: Access,
    since: Option<String>,
    at: TrailCheckpoint,
    source: Option<Shelf>,
    names: VecDeque<String>,
}

impl TrailReader {
    /// Begins with what the checkpoint does not know. `since`, a day such as `2026-11-24`, leaves out
    /// folders of days before it.
    pub fn open(
        access: &Access,
        place: TrailPlace,
        since: Option<&str>,
        checkpoint: Option<TrailCheckpoint>,
    ) -> Self {
        Self {
            place,
            access: access.clone(),
            since: since.map(|day| day.replace('-', "/")),
            at: checkpoint.unwrap_or_default(),
            source: None,
            names: VecDeque::new(),
        }
    }

    /// What was handed out so far. Keep it when that is dealt with: what was handed out and not kept
    /// comes again.
    pub fn checkpoint(&self) -> &TrailCheckpoint {
        &self.at
    }

    fn is_wanted(&self, name: &str) -> bool {
        let early = match (&self.since, day(name)) {
            (Some(since), Some(day)) => day < since.as_str(),
            _ => false,
        };
        !early && !self.at.has(name)
    }

    fn following(&mut self) -> Result<Option<TrailFile>, CloudError> {
        loop {
            while let Some(name) = self.names.pop_front() {
                if !self.is_wanted(&name) {
                    continue;
                }
                let Some(source) = &self.source else { continue };
                let file = file(&name, source.bring(&name))?;
                self.at.mark(&name);
                return Ok(Some(file));
            }
            let source = match &mut self.source {
                Some(source) => source,
                None => self.source.insert(Shelf::open(&self.place, &self.access)?),
            };
            if !source.more(&mut self.names)? {
                self.source = None;
                return Ok(None);
            }
        }
    }
}

impl Iterator for TrailReader {
    type Item = Result<TrailFile, CloudError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.following().transpose()
    }
}

/// A file that can't be read is told and passed over; that a right is missing, or that nobody
/// answers, ends it all.
fn file(name: &str, found: Result<Vec<u8>, CloudError>) -> Result<TrailFile, CloudError> {
    let mut file = TrailFile {
        name: name.to_owned(),
        events: Vec::new(),
        malformed: 0,
        broken: None,
    };
    let bytes = match found {
        Ok(bytes) => bytes,
        Err(CloudError::Trail { why, .. }) => {
            file.broken = Some(why);
            return Ok(file);
        }
        Err(error @ CloudError::TooLarge { .. }) => {
            file.broken = Some(error.to_string());
            return Ok(file);
        }
        Err(error) => return Err(error),
    };
    let (bytes, broken) = unpacked(bytes, MOST_BYTES);
    let (whole, malformed) = each(&bytes, &mut |event| file.events.push(event));
    file.malformed = malformed;
    file.broken =
        broken.or_else(|| (!whole).then(|| "is no file of events, or breaks off".to_owned()));
    Ok(file)
}

/// Unpacked where it is packed, as far as it can be.
fn unpacked(bytes: Vec<u8>, most: u64) -> (Vec<u8>, Option<String>) {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return (bytes, None);
    }
    let mut out = Vec::new();
    let mut packed = MultiGzDecoder::new(bytes.as_slice()).take(most + 1);
    let broken = match packed.read_to_end(&mut out) {
        Ok(_) if out.len() as u64 > most => {
            Some(format!("is longer than {most} bytes once it is unpacked"))
        }
        Ok(_) => None,
        Err(_) => Some("is damaged".to_owned()),
    };
    (out, broken)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_bomb_is_cut_and_told() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&vec![b' '; 100_000]).unwrap();
        let packed = packed.finish().unwrap();
        let (bytes, broken) = unpacked(packed.clone(), 50_000);
        assert_eq!(bytes.len(), 50_001);
        assert!(broken.unwrap().contains("once it is unpacked"));
        assert_eq!(unpacked(packed, 100_000).1, None);
    }
}
