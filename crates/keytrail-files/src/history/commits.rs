//! Commits: their trees, parents and days.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};

use gix_hash::ObjectId;
use rustc_hash::FxHashMap;

use super::delta::Applied;
use super::objects::Objects;
use super::pack::{Kind, Visitor};

#[derive(Debug)]
pub(super) struct Commit {
    pub(super) object: u32,
    pub(super) tree: ObjectId,
    parents: Vec<ObjectId>,
    /// Author's, seconds since 1970.
    pub(super) written: i64,
    committed: i64,
}

/// All commits, parents before children, older ones first.
#[derive(Debug, Default)]
pub(super) struct Commits {
    pub(super) all: Vec<Commit>,
    /// By the number of the object.
    at: FxHashMap<u32, u32>,
    parents: Vec<Vec<u32>>,
    /// Tags that are objects of their own, and what they name.
    tags: FxHashMap<ObjectId, ObjectId>,
    /// Parents that are not here: the clone is shallow, or damaged.
    pub(super) parents_missing: usize,
    pub(super) unreadable: usize,
}

struct Reader {
    commits: Mutex<Vec<Commit>>,
    tags: Mutex<Vec<(u32, ObjectId)>>,
    unreadable: Mutex<usize>,
}

impl Visitor for Reader {
    type Memo = ();

    fn wants(&self, _object: u32) -> bool {
        true
    }

    fn see(&self, object: u32, bytes: &[u8], _from: Option<(&(), &Applied)>) {
        if bytes.starts_with(b"object ") {
            let target = bytes.get(7..).and_then(first_id);
            let mut tags = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
            tags.extend(target.map(|target| (object, target)));
        } else if let Some(commit) = parse(object, bytes) {
            let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
            commits.push(commit);
        } else {
            self.unreadable(object, false);
        }
    }

    fn unreadable(&self, _object: u32, _large: bool) {
        *self
            .unreadable
            .lock()
            .unwrap_or_else(PoisonError::into_inner) += 1;
    }
}

impl Commits {
    pub(super) fn read(objects: &Objects) -> Self {
        let reader = Reader {
            commits: Mutex::default(),
            tags: Mutex::default(),
            unreadable: Mutex::new(0),
        };
        objects.walk(Kind::Commit, &reader);
        objects.walk(Kind::Tag, &reader);
        let unwrap = PoisonError::into_inner;
        let commits = reader.commits.into_inner().unwrap_or_else(unwrap);
        let tags = reader
            .tags
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut sorted = sorted(objects, commits);
        sorted.tags = tags
            .into_iter()
            .map(|(object, target)| (objects.id(object), target))
            .collect();
        sorted.unreadable = reader
            .unreadable
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        sorted
    }

    /// The commit that a name leads to, through tags.
    pub(super) fn named(&self, objects: &Objects, id: ObjectId) -> Option<u32> {
        let mut id = id;
        for _ in 0..8 {
            match self.tags.get(&id) {
                Some(&target) => id = target,
                None => break,
            }
        }
        self.at.get(&objects.number(&id)?).copied()
    }

    /// Marks what can be reached from `tips`.
    pub(super) fn reach(&self, tips: impl IntoIterator<Item = u32>, seen: &mut [bool]) {
        let mut waiting: Vec<u32> = tips.into_iter().collect();
        while let Some(at) = waiting.pop() {
            if !std::mem::replace(&mut seen[at as usize], true) {
                waiting.extend(&self.parents[at as usize]);
            }
        }
    }
}

/// Kahn's order with the day of the commit as priority: clocks of committers differ, parents decide.
fn sorted(objects: &Objects, mut commits: Vec<Commit>) -> Commits {
    commits.sort_by_key(|commit| (commit.committed, objects.id(commit.object)));
    let at: FxHashMap<u32, u32> = (0..)
        .zip(&commits)
        .map(|(at, it)| (it.object, at))
        .collect();
    let mut missing = 0;
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); commits.len()];
    let mut waits: Vec<u32> = vec![0; commits.len()];
    for (child, commit) in (0_u32..).zip(&commits) {
        for parent in &commit.parents {
            match objects.number(parent).and_then(|number| at.get(&number)) {
                Some(&parent) => {
                    children[parent as usize].push(child);
                    waits[child as usize] += 1;
                }
                None => missing += 1,
            }
        }
    }
    let mut ready: BinaryHeap<Reverse<u32>> = (0..)
        .zip(&waits)
        .filter(|(_, waits)| **waits == 0)
        .map(|(at, _)| Reverse(at))
        .collect();
    let mut order = Vec::with_capacity(commits.len());
    while let Some(Reverse(next)) = ready.pop() {
        order.push(next);
        for &child in &children[next as usize] {
            waits[child as usize] -= 1;
            if waits[child as usize] == 0 {
                ready.push(Reverse(child));
            }
        }
    }
    finished(objects, commits, &order, missing)
}

fn finished(
    objects: &Objects,
    commits: Vec<Commit>,
    order: &[u32],
    parents_missing: usize,
) -> Commits {
    let mut slots: Vec<Option<Commit>> = commits.into_iter().map(Some).collect();
    let all: Vec<Commit> = order
        .iter()
        .filter_map(|&at| slots[at as usize].take())
        .collect();
    let at: FxHashMap<u32, u32> = (0..).zip(&all).map(|(at, it)| (it.object, at)).collect();
    let parents = all
        .iter()
        .map(|commit| {
            let numbers = commit.parents.iter().filter_map(|id| objects.number(id));
            numbers
                .filter_map(|number| at.get(&number).copied())
                .collect()
        })
        .collect();
    Commits {
        all,
        at,
        parents,
        parents_missing,
        ..Commits::default()
    }
}

fn parse(object: u32, bytes: &[u8]) -> Option<Commit> {
    let mut tree = None;
    let mut parents = Vec::new();
    let (mut written, mut committed) = (0, 0);
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.is_empty() {
            break;
        }
        if let Some(id) = line.strip_prefix(b"tree ") {
            tree = first_id(id);
        } else if let Some(id) = line.strip_prefix(b"parent ") {
            parents.extend(first_id(id));
        } else if line.starts_with(b"author ") {
            written = seconds(line);
        } else if line.starts_with(b"committer ") {
            committed = seconds(line);
        }
    }
    Some(Commit {
        object,
        tree: tree?,
        parents,
        written,
        committed,
    })
}

fn first_id(bytes: &[u8]) -> Option<ObjectId> {
    let end = bytes
        .iter()
        .position(|byte| !byte.is_ascii_hexdigit())
        .unwrap_or(bytes.len());
    ObjectId::from_hex(&bytes[..end]).ok()
}

/// `… 1717140000 +0200`.
fn seconds(line: &[u8]) -> i64 {
    let mut words = line.rsplit(|byte| *byte == b' ').skip(1);
    words
        .next()
        .and_then(|word| std::str::from_utf8(word).ok()?.parse().ok())
        .unwrap_or(0)
}

/// `2024-05-31`, in UTC.
pub(super) fn day(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400).clamp(-700_000, 2_900_000);
    let (year, month, day) = keytrail_model::civil_day(days);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(1_717_140_000), "2024-05-31");
        assert_eq!(day(951_782_400), "2000-02-29");
        assert_eq!(day(-1), "1969-12-31");
        let _ = (day(i64::MAX), day(i64::MIN));
    }

    #[test]
    fn commits_are_parsed_as_far_as_they_go() {
        let text = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@b> 12 +0000\ncommitter A <a@b> 34 +0000\n\nparent x\n";
        let commit = parse(7, text).unwrap();
        assert_eq!((commit.written, commit.committed), (12, 34));
        assert_eq!(commit.parents.len(), 1);
        assert!(parse(7, b"tree xyz\n").is_none());
    }
}
