//! Trees: what blobs are called, and which trees hold a blob that matters.

use std::sync::{Arc, Mutex, PoisonError};

use gix_hash::ObjectId;
use keytrail_detect::{Format, ScanContext};
use rustc_hash::{FxHashMap, FxHashSet};

use super::delta::Applied;
use super::objects::{Objects, hash_kind};
use super::pack::{Kind, Visitor};

/// One line of a tree.
struct Line<'a> {
    directory: bool,
    file: bool,
    name: &'a [u8],
    id: ObjectId,
}

/// The lines of a tree, up to the first that is damaged.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let space = memchr::memchr(b' ', rest)?;
        let end = space + memchr::memchr(0, &rest[space..])?;
        let after = end + 1 + hash_kind().len_in_bytes();
        let line = Line {
            directory: matches!(&rest[..space], b"40000" | b"040000"),
            file: rest.starts_with(b"100"),
            name: &rest[space + 1..end],
            id: ObjectId::try_from(rest.get(end + 1..after)?).ok()?,
        };
        rest = &rest[after..];
        Some(line)
    })
}

/// What is known of all trees after one look at each.
#[derive(Default)]
pub(super) struct Trees {
    /// The name under which each blob is searched: of several that which lets most be found.
    pub(super) names: FxHashMap<u32, Arc<str>>,
    /// For each tree the trees in it.
    inner: FxHashMap<u32, Box<[u32]>>,
    /// Objects that trees name and that are not here.
    pub(super) missing: FxHashSet<ObjectId>,
    pub(super) unreadable: usize,
}

struct Reader<'a> {
    objects: &'a Objects,
    trees: Mutex<Trees>,
    interned: Mutex<FxHashSet<Arc<str>>>,
}

impl Visitor for Reader<'_> {
    type Memo = ();

    fn wants(&self, _object: u32) -> bool {
        true
    }

    fn see(&self, object: u32, bytes: &[u8], _from: Option<(&(), &Applied)>) {
        let mut inner = Vec::new();
        let mut files = Vec::new();
        let mut missing = Vec::new();
        for line in lines(bytes) {
            if !line.directory && !line.file {
                continue;
            }
            match self.objects.number(&line.id) {
                Some(number) if line.directory => inner.push(number),
                Some(number) => files.push((number, String::from_utf8_lossy(line.name))),
                None => missing.push(line.id),
            }
        }
        let mut interned = self.interned.lock().unwrap_or_else(PoisonError::into_inner);
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.missing.extend(missing);
        trees.inner.insert(object, inner.into());
        for (number, name) in files {
            let better = match trees.names.get(&number) {
                Some(held) => **held != *name && rank(&name) < rank(held),
                None => true,
            };
            if better {
                if !interned.contains(&*name) {
                    interned.insert(Arc::from(&*name));
                }
                trees
                    .names
                    .extend(interned.get(&*name).map(|name| (number, Arc::clone(name))));
            }
        }
    }

    fn unreadable(&self, _object: u32, _large: bool) {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.unreadable += 1;
    }
}

/// Less is better; ties are broken by the name, so that the order of trees does not matter.
fn rank(name: &str) -> (u8, &str) {
    let rank = match ScanContext::for_path(name).format {
        Format::Config => 0,
        Format::Source => 1,
        Format::Prose => 2,
        Format::Generated => 3,
    };
    (rank, name)
}

impl Trees {
    pub(super) fn read(objects: &Objects) -> Self {
        let reader = Reader {
            objects,
            trees: Mutex::default(),
            interned: Mutex::default(),
        };
        objects.walk(Kind::Tree, &reader);
        reader
            .trees
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The trees that hold blobs of a set, and where in them.
pub(super) struct Holding<'a> {
    objects: &'a Objects,
    /// For each tree the blobs and trees that matter, by name.
    lines: FxHashMap<u32, Vec<(String, u32)>>,
    blobs: &'a FxHashSet<u32>,
    /// Paths of blobs relative to a tree.
    found: FxHashMap<u32, Paths>,
}

pub(super) type Paths = Arc<[(Arc<str>, u32)]>;

/// A tree deeper than this is no tree of files.
const DEEPEST: u32 = 256;
/// Places in one tree beyond are not told apart.
const MOST_PATHS: usize = 20_000;

struct Direct<'a> {
    objects: &'a Objects,
    of: &'a (dyn Fn(u32) -> bool + Sync),
    lines: Mutex<FxHashMap<u32, Vec<(String, u32)>>>,
    wanted: Option<&'a FxHashSet<u32>>,
}

impl Visitor for Direct<'_> {
    type Memo = ();

    fn wants(&self, object: u32) -> bool {
        self.wanted.is_none_or(|wanted| wanted.contains(&object))
    }

    fn see(&self, object: u32, bytes: &[u8], _from: Option<(&(), &Applied)>) {
        let found: Vec<(String, u32)> = lines(bytes)
            .filter(|line| line.directory || line.file)
            .filter_map(|line| {
                let number = self.objects.number(&line.id)?;
                let name = String::from_utf8_lossy(line.name);
                (self.of)(number).then(|| (name.into_owned(), number))
            })
            .collect();
        if !found.is_empty() {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.insert(object, found);
        }
    }

    fn unreadable(&self, _object: u32, _large: bool) {}
}

fn direct(
    objects: &Objects,
    of: &(dyn Fn(u32) -> bool + Sync),
    wanted: Option<&FxHashSet<u32>>,
) -> FxHashMap<u32, Vec<(String, u32)>> {
    let reader = Direct {
        objects,
        of,
        lines: Mutex::default(),
        wanted,
    };
    objects.walk(Kind::Tree, &reader);
    reader
        .lines
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Holding<'a> {
    pub(super) fn new(objects: &'a Objects, trees: &Trees, blobs: &'a FxHashSet<u32>) -> Self {
        let holders = direct(objects, &|number| blobs.contains(&number), None);
        let mut outer: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (&tree, inner) in &trees.inner {
            for &one in inner {
                outer.entry(one).or_default().push(tree);
            }
        }
        let mut holding: FxHashSet<u32> = holders.keys().copied().collect();
        let mut waiting: Vec<u32> = holding.iter().copied().collect();
        while let Some(tree) = waiting.pop() {
            for &one in outer.get(&tree).into_iter().flatten() {
                if holding.insert(one) {
                    waiting.push(one);
                }
            }
        }
        drop(holders);
        let matters = |number: u32| blobs.contains(&number) || holding.contains(&number);
        let lines = direct(objects, &matters, Some(&holding));
        Self {
            objects,
            lines,
            blobs,
            found: FxHashMap::default(),
        }
    }

    /// Where the blobs stand below the tree.
    pub(super) fn paths(&mut self, tree: &ObjectId) -> Paths {
        match self.objects.number(tree) {
            Some(tree) => self.below(tree, 0),
            None => Paths::default(),
        }
    }

    fn below(&mut self, tree: u32, depth: u32) -> Paths {
        if let Some(found) = self.found.get(&tree) {
            return Arc::clone(found);
        }
        let mut found: Vec<(Arc<str>, u32)> = Vec::new();
        let lines = self.lines.remove(&tree).unwrap_or_default();
        for (name, number) in &lines {
            if self.blobs.contains(number) {
                found.push((Arc::from(name.as_str()), *number));
            } else if depth < DEEPEST {
                for (path, blob) in self.below(*number, depth + 1).iter() {
                    found.push((Arc::from(format!("{name}/{path}")), *blob));
                }
            }
            if found.len() >= MOST_PATHS {
                break;
            }
        }
        let found: Paths = found.into();
        self.found.insert(tree, Arc::clone(&found));
        found
    }
}
