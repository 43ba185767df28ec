//! All objects of a repository under one numbering: packed, loose, borrowed.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::ZlibDecoder;
use gix_hash::ObjectId;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::pack::{Kind, Pack, Visitor};

/// Where an object lies.
#[derive(Clone, Copy, Debug)]
enum Place {
    Pack(u32, u64),
    Loose(u32),
}

/// The objects of a repository.
pub(super) struct Objects {
    ids: Vec<ObjectId>,
    numbers: FxHashMap<ObjectId, u32>,
    places: Vec<Place>,
    packs: Vec<Pack>,
    loose: Vec<PathBuf>,
    /// Objects larger than this, in bytes, are not decoded.
    most: usize,
    /// What can't be read at all: a file, and why.
    pub(super) problems: Vec<(PathBuf, String)>,
    /// Entries of packs that rest on bases that are not there.
    pub(super) lost: usize,
}

impl Objects {
    /// Lists what is in `directories`; an object that is there twice counts at its first place.
    pub(super) fn list(directories: &[PathBuf], most: usize) -> Self {
        let mut all = Self {
            ids: Vec::new(),
            numbers: FxHashMap::default(),
            places: Vec::new(),
            packs: Vec::new(),
            loose: Vec::new(),
            most,
            problems: Vec::new(),
            lost: 0,
        };
        for directory in directories {
            all.add_packs(&directory.join("pack"));
        }
        for directory in directories {
            all.add_loose(directory);
        }
        all
    }

    fn add_packs(&mut self, directory: &Path) {
        for path in files(directory) {
            if path.extension().is_none_or(|end| end != "idx") {
                continue;
            }
            let mut pack = match Pack::open(&path, hash_kind(), self.most) {
                Ok(pack) => pack,
                Err(why) => {
                    self.problems.push((path, why));
                    continue;
                }
            };
            let Ok(at) = u32::try_from(self.packs.len()) else {
                return;
            };
            let ids: Vec<(ObjectId, u64)> = pack.ids().collect();
            let numbers: Vec<(u32, u64)> = ids
                .into_iter()
                .filter_map(|(id, offset)| {
                    let number = self.add(id, Place::Pack(at, offset))?;
                    Some((number, offset))
                })
                .collect();
            pack.number(numbers.into_iter());
            self.lost += pack.plant();
            self.packs.push(pack);
        }
    }

    /// `None` for one that is known already.
    fn add(&mut self, id: ObjectId, place: Place) -> Option<u32> {
        let number = u32::try_from(self.ids.len()).ok()?;
        match self.numbers.entry(id) {
            std::collections::hash_map::Entry::Occupied(_) => None,
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(number);
                self.ids.push(id);
                self.places.push(place);
                Some(number)
            }
        }
    }

    fn add_loose(&mut self, directory: &Path) {
        for byte in 0..=255_u8 {
            let head = format!("{byte:02x}");
            for path in files(&directory.join(&head)) {
                let tail = path.file_name().and_then(|name| name.to_str());
                let id = tail
                    .and_then(|tail| ObjectId::from_hex(format!("{head}{tail}").as_bytes()).ok());
                let at = u32::try_from(self.loose.len()).ok();
                if let (Some(id), Some(at)) = (id, at)
                    && self.add(id, Place::Loose(at)).is_some()
                {
                    self.loose.push(path);
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn number(&self, id: &ObjectId) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub(super) fn id(&self, number: u32) -> ObjectId {
        self.ids[number as usize]
    }

    /// Shows all objects of `kind` that the visitor wants.
    pub(super) fn walk<V: Visitor>(&self, kind: Kind, visitor: &V) {
        for pack in &self.packs {
            pack.walk(kind, self.most, visitor);
        }
        self.places
            .par_iter()
            .zip(0_u32..self.places.len().try_into().unwrap_or(u32::MAX))
            .for_each(|(place, number)| {
                let Place::Loose(at) = place else { return };
                if !visitor.wants(number) {
                    return;
                }
                match read_loose(&self.loose[*at as usize], self.most) {
                    Ok((of, bytes)) if of == kind => {
                        visitor.see(number, &bytes, None);
                    }
                    Ok(_) => {}
                    Err(large) => visitor.unreadable(number, large),
                }
            });
    }

    /// Decodes one object; `None` when it can't be.
    pub(super) fn read(&self, number: u32) -> Option<Vec<u8>> {
        match *self.places.get(number as usize)? {
            Place::Pack(pack, offset) => self.packs.get(pack as usize)?.read(offset, self.most),
            Place::Loose(at) => {
                let path = self.loose.get(at as usize)?;
                read_loose(path, self.most).ok().map(|(_, bytes)| bytes)
            }
        }
    }

    /// The packs, for messages.
    pub(super) fn pack_paths(&self) -> impl Iterator<Item = &Path> {
        self.packs.iter().map(Pack::path)
    }
}

/// Repositories with SHA-256 names keep them in packs of the same form, but nobody hosts them yet.
pub(super) const fn hash_kind() -> gix_hash::Kind {
    gix_hash::Kind::Sha1
}

/// Sorted.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
        .collect();
    all.sort();
    all
}

/// Kind and content; the error tells whether it is too large.
fn read_loose(path: &Path, most: usize) -> Result<(Kind, Vec<u8>), bool> {
    let file = std::fs::File::open(path).map_err(|_| false)?;
    let mut all = Vec::new();
    // Head and content; one byte more tells that there is more than may be.
    let limit = most as u64 + 64;
    ZlibDecoder::new(std::io::BufReader::new(file))
        .take(limit + 1)
        .read_to_end(&mut all)
        .map_err(|_| false)?;
    if all.len() as u64 > limit {
        return Err(true);
    }
    let end = memchr::memchr(0, &all).ok_or(false)?;
    let head = std::str::from_utf8(&all[..end]).map_err(|_| false)?;
    let (kind, size) = head.split_once(' ').ok_or(false)?;
    let kind = match kind {
        "blob" => Kind::Blob,
        "tree" => Kind::Tree,
        "commit" => Kind::Commit,
        "tag" => Kind::Tag,
        _ => return Err(false),
    };
    let size: usize = size.parse().map_err(|_| false)?;
    let content = all.split_off(end + 1);
    (content.len() == size)
        .then_some((kind, content))
        .ok_or(false)
}
