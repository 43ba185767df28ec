//! One pack: its objects in the order in which they lie there, each decoded once.
//!
//! An object that is told as a delta is decoded when its base is at hand, so that no base is
//! decoded twice and only the objects of one chain are in memory.

use std::path::{Path, PathBuf};

use gix_pack::data::entry::Header;
use rayon::prelude::*;

use super::delta::{Applied, apply};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

const NONE: u32 = u32::MAX;

/// Somebody who is shown objects.
pub(super) trait Visitor: Sync {
    /// What it wants to know of an object when it is shown another that is told by it.
    type Memo: Send;

    /// True when `object` is to be shown.
    fn wants(&self, object: u32) -> bool;

    /// `from` has what was made of the base, when the base was shown, and how it was changed.
    fn see(&self, object: u32, bytes: &[u8], from: Option<(&Self::Memo, &Applied)>) -> Self::Memo;

    /// `object` can't be decoded, nor what is told by it.
    fn unreadable(&self, object: u32, large: bool);
}

/// A pack and the forest of its deltas.
pub(super) struct Pack {
    path: PathBuf,
    data: gix_pack::data::File,
    index: gix_pack::index::File,
    /// Sorted.
    offsets: Vec<u64>,
    /// The number of the object in the whole repository, for each offset.
    pub(super) objects: Vec<u32>,
    /// The entry it is told by.
    bases: Vec<u32>,
    roots: Vec<(u32, Kind)>,
    /// Entries told by an entry: `children[starts[at]..starts[at + 1]]`.
    starts: Vec<u32>,
    children: Vec<u32>,
}

impl Pack {
    /// Opens the pack whose index is at `path`; an error is a clause for the coverage.
    pub(super) fn open(path: &Path, hash: gix_hash::Kind, most: usize) -> Result<Self, String> {
        let index = gix_pack::index::File::at(path, hash)
            .map_err(|error| format!("the index can't be read: {error}"))?;
        let data = gix_pack::data::File::at(path.with_extension("pack"), hash)
            .map_err(|error| format!("the pack can't be read: {error}"))?
            .with_alloc_limit_bytes(Some(most));
        let mut offsets = index.sorted_offsets();
        offsets.dedup();
        Ok(Self {
            path: path.to_owned(),
            data,
            index,
            offsets,
            objects: Vec::new(),
            bases: Vec::new(),
            roots: Vec::new(),
            starts: Vec::new(),
            children: Vec::new(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = (gix_hash::ObjectId, u64)> + '_ {
        self.index
            .iter()
            .map(|entry| (entry.oid, entry.pack_offset))
    }

    /// Gives the object at `offset` its number.
    pub(super) fn number(&mut self, numbers: impl Iterator<Item = (u32, u64)>) {
        self.objects = vec![NONE; self.offsets.len()];
        for (number, offset) in numbers {
            if let Ok(at) = self.offsets.binary_search(&offset) {
                self.objects[at] = number;
            }
        }
    }

    /// Reads the heads of all entries, and how they rest on each other. Returns how many rest on
    /// nothing that is here.
    pub(super) fn plant(&mut self) -> usize {
        let heads: Vec<(u32, Option<Kind>)> = (0..self.offsets.len())
            .into_par_iter()
            .map(|at| self.head(at))
            .collect();
        let mut counts = vec![0_u32; heads.len() + 1];
        for &(base, _) in &heads {
            if base != NONE {
                counts[base as usize + 1] += 1;
            }
        }
        for at in 1..counts.len() {
            counts[at] += counts[at - 1];
        }
        let mut next = counts.clone();
        let mut children = vec![NONE; counts.last().map_or(0, |&all| all as usize)];
        let mut lost = 0;
        for (at, &(base, kind)) in (0_u32..).zip(&heads) {
            match kind {
                Some(kind) => self.roots.push((at, kind)),
                None if base == NONE => lost += 1,
                None => {
                    let slot = &mut next[base as usize];
                    children[*slot as usize] = at;
                    *slot += 1;
                }
            }
        }
        self.bases = heads.into_iter().map(|(base, _)| base).collect();
        self.starts = counts;
        self.children = children;
        lost
    }

    /// The entry that it rests on, or its kind; neither when its head is damaged.
    fn head(&self, at: usize) -> (u32, Option<Kind>) {
        let Ok(entry) = self.data.entry(self.offsets[at]) else {
            return (NONE, None);
        };
        let offset = match entry.header {
            Header::Commit => return (NONE, Some(Kind::Commit)),
            Header::Tree => return (NONE, Some(Kind::Tree)),
            Header::Blob => return (NONE, Some(Kind::Blob)),
            Header::Tag => return (NONE, Some(Kind::Tag)),
            Header::OfsDelta { base_distance } => entry.checked_base_pack_offset(base_distance),
            Header::RefDelta { base_id } => self
                .index
                .lookup(base_id)
                .map(|at| self.index.pack_offset_at_index(at)),
        };
        let base = offset.and_then(|offset| self.offsets.binary_search(&offset).ok());
        let base = base.filter(|&base| base != at);
        (
            base.and_then(|at| u32::try_from(at).ok()).unwrap_or(NONE),
            None,
        )
    }

    fn told_by(&self, at: u32) -> &[u32] {
        let range = self.starts[at as usize] as usize..self.starts[at as usize + 1] as usize;
        self.children.get(range).unwrap_or_default()
    }

    /// Shows all objects of `kind` that the visitor wants, trees of deltas in parallel.
    pub(super) fn walk<V: Visitor>(&self, kind: Kind, most: usize, visitor: &V) {
        let needed = self.needed(visitor);
        self.roots
            .par_iter()
            .filter(|(at, of)| *of == kind && needed[*at as usize])
            .for_each_init(gix_zlib::Inflate::default, |inflate, &(root, _)| {
                Walk {
                    pack: self,
                    needed: &needed,
                    most,
                    visitor,
                    inflate,
                }
                .tree(root);
            });
    }

    /// Entries that are wanted, or by which a wanted one is told.
    fn needed<V: Visitor>(&self, visitor: &V) -> Vec<bool> {
        let mut needed: Vec<bool> = self
            .objects
            .iter()
            .map(|&object| object != NONE && visitor.wants(object))
            .collect();
        // A base lies before what rests on it, but for a few packs that other tools write.
        for _ in 0..64 {
            let mut more = false;
            for at in (0..needed.len()).rev() {
                let base = self.bases[at] as usize;
                if needed[at] && needed.get(base) == Some(&false) {
                    needed[base] = true;
                    more |= base > at;
                }
            }
            if !more {
                return needed;
            }
        }
        vec![true; needed.len()]
    }

    /// Decodes one object; `None` when it can't be.
    pub(super) fn read(&self, offset: u64, most: usize) -> Option<Vec<u8>> {
        let mut at = u32::try_from(self.offsets.binary_search(&offset).ok()?).ok()?;
        let mut chain = Vec::new();
        while self.bases[at as usize] != NONE {
            chain.push(at);
            at = self.bases[at as usize];
            if chain.len() > self.bases.len() {
                return None;
            }
        }
        let mut inflate = gix_zlib::Inflate::default();
        let mut bytes = self.inflated(at, &mut inflate, most).ok()?;
        for at in chain.into_iter().rev() {
            let delta = self.inflated(at, &mut inflate, most).ok()?;
            bytes = apply(&bytes, &delta, most)?.bytes;
        }
        Some(bytes)
    }

    /// What the entry holds, an object or a delta; the error tells whether it is too large.
    fn inflated(
        &self,
        at: u32,
        inflate: &mut gix_zlib::Inflate,
        most: usize,
    ) -> Result<Vec<u8>, bool> {
        let offset = self.offsets.get(at as usize).ok_or(false)?;
        let entry = self.data.entry(*offset).map_err(|_| false)?;
        let size = usize::try_from(entry.decompressed_size).map_err(|_| true)?;
        if size > most {
            return Err(true);
        }
        let mut bytes = vec![0; size];
        self.data
            .decompress_entry(&entry, inflate, &mut bytes)
            .map_err(|_| false)?;
        Ok(bytes)
    }
}

struct Walk<'a, V> {
    pack: &'a Pack,
    needed: &'a [bool],
    most: usize,
    visitor: &'a V,
    inflate: &'a mut gix_zlib::Inflate,
}

/// A decoded object some of whose deltas wait.
struct Base<'a, M> {
    bytes: Vec<u8>,
    memo: Option<M>,
    waiting: std::slice::Iter<'a, u32>,
}

impl<'a, V: Visitor> Walk<'a, V> {
    fn tree(&mut self, root: u32) {
        let bytes = match self.pack.inflated(root, self.inflate, self.most) {
            Ok(bytes) => bytes,
            Err(large) => return self.lost(root, large),
        };
        let object = self.pack.objects[root as usize];
        let memo = self
            .wanted(object)
            .then(|| self.visitor.see(object, &bytes, None));
        let mut stack = vec![self.base(root, bytes, memo)];
        while let Some(base) = stack.last_mut() {
            let Some(&at) = base.waiting.next() else {
                stack.pop();
                continue;
            };
            if !self.needed[at as usize] {
                continue;
            }
            let delta = match self.pack.inflated(at, self.inflate, self.most) {
                Ok(delta) => delta,
                Err(large) => {
                    self.lost(at, large);
                    continue;
                }
            };
            let Some(applied) = apply(&base.bytes, &delta, self.most) else {
                self.lost(at, false);
                continue;
            };
            let object = self.pack.objects[at as usize];
            let from = base.memo.as_ref().map(|memo| (memo, &applied));
            let memo = self
                .wanted(object)
                .then(|| self.visitor.see(object, &applied.bytes, from));
            if !self.pack.told_by(at).is_empty() {
                let base = self.base(at, applied.bytes, memo);
                stack.push(base);
            }
        }
    }

    fn wanted(&self, object: u32) -> bool {
        object != NONE && self.visitor.wants(object)
    }

    fn base(&self, at: u32, bytes: Vec<u8>, memo: Option<V::Memo>) -> Base<'a, V::Memo> {
        Base {
            bytes,
            memo,
            waiting: self.pack.told_by(at).iter(),
        }
    }

    /// What can't be decoded takes with it all that is told by it.
    fn lost(&self, at: u32, large: bool) {
        let mut waiting = vec![at];
        while let Some(at) = waiting.pop() {
            let object = self.pack.objects[at as usize];
            if self.wanted(object) {
                self.visitor.unreadable(object, large);
            }
            waiting.extend(self.pack.told_by(at));
        }
    }
}
