//! In which files and commits the keys were, and whether they still are.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_detect::{Detector, Hit};
use keytrail_model::{CommitRef, Committed, Fingerprinter, Held, Keyring, Location, Sighting};
use rustc_hash::{FxHashMap, FxHashSet};

use super::HistoryOptions;
use super::commits::{Commits, day};
use super::objects::Objects;
use super::packed;
use super::repository::Repository;
use super::scan::key_of;
use super::trees::{Holding, Trees};
use crate::collect::{context, keep, sighting};
use crate::lines::Lines;
use crate::text::decode;

/// Commits × places looked at; a hostile history could make more.
const MOST_LOOKS: usize = 200_000_000;
/// Names of tips told.
const MOST_TIPS: usize = 5;

/// A key in one file of the history.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    path: Arc<str>,
    key: u64,
}

/// Since when, until when. Numbers of commits are in the order of [`Commits`].
#[derive(Clone, Debug)]
struct Life {
    /// The version of the file in the first commit.
    blob: u32,
    first: u32,
    last: u32,
    commits: u64,
    head: bool,
    reachable: bool,
    logged: bool,
    tips: Vec<String>,
}

/// Versions of files, with the keys in each.
type Texts = BTreeMap<(u32, Arc<str>), Vec<(u64, Option<Life>)>>;

pub(super) struct Attribution<'a> {
    repository: &'a Repository,
    objects: &'a Objects,
    commits: &'a Commits,
    trees: &'a Trees,
    detector: &'a Detector,
    /// The keys of each blob that has any.
    found: FxHashMap<u32, Vec<u64>>,
    /// Only commits from which this one comes, and itself.
    until: Option<&'a str>,
    keyring: Option<&'a Keyring>,
    /// True when there was too much to tell.
    pub(super) cut: bool,
}

impl<'a> Attribution<'a> {
    pub(super) fn new(
        repository: &'a Repository,
        objects: &'a Objects,
        commits: &'a Commits,
        trees: &'a Trees,
        found: FxHashMap<u32, Vec<u64>>,
        detector: &'a Detector,
        options: &'a HistoryOptions,
    ) -> Self {
        Self {
            until: options.until.as_deref(),
            keyring: options.keyring.as_deref(),
            repository,
            objects,
            commits,
            trees,
            detector,
            found,
            cut: false,
        }
    }

    /// One fact for each key and file. `shown` stands before the paths.
    pub(super) fn facts(&mut self, prints: &Fingerprinter, shown: &str) -> Vec<Committed> {
        if self.found.is_empty() {
            return Vec::new();
        }
        let blobs: FxHashSet<u32> = self.found.keys().copied().collect();
        let (lives, held) = self.lives(&blobs);
        let mut texts = Texts::new();
        for (place, life) in lives {
            texts
                .entry((life.blob, place.path))
                .or_default()
                .push((place.key, Some(life)));
        }
        if self.repository.prefix.is_empty() && self.until.is_none() {
            for blob in blobs.difference(&held) {
                let name = self.trees.names.get(blob).cloned();
                let path = name.unwrap_or_else(|| Arc::from("file of an unknown name"));
                let keys = self.found[blob].iter().map(|key| (*key, None));
                texts.insert((*blob, path), keys.collect());
            }
        }
        let mut facts = Vec::new();
        for ((blob, path), keys) in texts {
            self.confirm(blob, &path, &keys, prints, shown, &mut facts);
        }
        facts
    }

    /// For every commit the places in its tree; also the blobs that any tree of a commit holds.
    fn lives(&mut self, blobs: &FxHashSet<u32>) -> (BTreeMap<Place, Life>, FxHashSet<u32>) {
        let mut holding = Holding::new(self.objects, self.trees, blobs);
        let commits = self.commits;
        let standing = Standing::of(self.repository, self.objects, commits, self.until);
        let mut lives: BTreeMap<Place, Life> = BTreeMap::new();
        let mut held = FxHashSet::default();
        let mut looks = 0_usize;
        for (at, commit) in (0_u32..).zip(&commits.all) {
            if !standing.counts(at) {
                continue;
            }
            let paths = holding.paths(&commit.tree);
            for (path, blob) in paths.iter() {
                held.insert(*blob);
                let Some(path) = self.inside(path) else {
                    continue;
                };
                for &key in &self.found[blob] {
                    looks += 1;
                    let place = Place {
                        path: Arc::clone(&path),
                        key,
                    };
                    let life = lives.entry(place).or_insert_with(|| Life::new(*blob, at));
                    life.see(at, &standing);
                }
            }
            if looks > MOST_LOOKS {
                self.cut = true;
                break;
            }
        }
        (lives, held)
    }

    fn inside(&self, path: &Arc<str>) -> Option<Arc<str>> {
        if self.repository.prefix.is_empty() {
            return Some(Arc::clone(path));
        }
        let rest = path.strip_prefix(&*self.repository.prefix)?;
        if rest.is_empty() {
            // a single file is searched, and is called by its own name
            return path.rsplit('/').next().map(Arc::from);
        }
        rest.strip_prefix('/').map(Arc::from)
    }

    /// Searches the version of the file anew, knowing what it is called: what stands in a test or
    /// in a lock file is judged as the same would be in the working tree.
    fn confirm(
        &self,
        blob: u32,
        path: &Arc<str>,
        keys: &[(u64, Option<Life>)],
        prints: &Fingerprinter,
        shown: &str,
        out: &mut Vec<Committed>,
    ) {
        let Some(bytes) = self.objects.read(blob) else {
            return;
        };
        let named: Arc<str> = Arc::from(format!("{shown}{path}"));
        let sightings = if packed::is_packed(path) {
            let at = (&named, bytes.as_slice());
            let part = packed::read(at, self.detector, prints, self.keyring);
            let all = part.sightings.into_iter();
            all.map(|it| (packed::key_of(&it), it)).collect()
        } else {
            self.sightings(path, &named, &bytes, prints)
        };
        let mut told = FxHashSet::default();
        for (key, mut sighting) in sightings {
            let Some((_, life)) = keys.iter().find(|(held, _)| *held == key) else {
                continue;
            };
            if !told.insert(key) {
                continue;
            }
            let at = life.as_ref().map(|life| self.commit(life.first));
            let commit = match &at {
                Some(commit) => Arc::clone(&commit.id),
                None => Arc::from(self.objects.id(blob).to_string()),
            };
            let span = sighting.location.span().clone();
            sighting.location = Location::Commit { span, commit };
            out.push(Committed {
                sighting,
                first: at,
                last: life.as_ref().map(|life| self.commit(life.last)),
                commits: life.as_ref().map_or(0, |life| life.commits),
                held: life.as_ref().map_or(Held::Nothing, Life::held),
            });
        }
    }

    /// The keys of a text, each with what tells it from others.
    fn sightings(
        &self,
        path: &str,
        named: &Arc<str>,
        bytes: &[u8],
        prints: &Fingerprinter,
    ) -> Vec<(u64, Sighting)> {
        let Some(text) = decode(bytes) else {
            return Vec::new();
        };
        let cx = context(path, &text);
        let mut lines = Lines::new(&text);
        let hits: Vec<Hit> = self.detector.scan(&text, &cx);
        let each = hits.into_iter().map(|hit| {
            let span = lines.span(named, &hit.range);
            keep(self.keyring, &hit, prints, &span.path);
            let location = Location::File { span };
            let key = key_of(&hit);
            (key, sighting(hit, location, cx.test, false, prints))
        });
        each.collect()
    }

    fn commit(&self, at: u32) -> CommitRef {
        let commit = &self.commits.all[at as usize];
        CommitRef {
            id: Arc::from(self.objects.id(commit.object).to_string()),
            date: day(commit.written),
        }
    }
}

impl Life {
    fn new(blob: u32, at: u32) -> Self {
        Self {
            blob,
            first: at,
            last: at,
            commits: 0,
            head: false,
            reachable: false,
            logged: false,
            tips: Vec::new(),
        }
    }

    fn see(&mut self, at: u32, standing: &Standing) {
        self.last = at;
        self.commits += 1;
        self.head |= standing.head == Some(at);
        self.reachable |= standing.reachable[at as usize];
        self.logged |= standing.logged[at as usize];
        for name in standing.tips.get(&at).into_iter().flatten() {
            if self.tips.len() < MOST_TIPS && !self.tips.contains(name) {
                self.tips.push(name.clone());
            }
        }
    }

    fn held(&self) -> Held {
        if self.head {
            Held::Head
        } else if !self.tips.is_empty() {
            let mut tips = self.tips.clone();
            tips.sort();
            Held::Tips(tips)
        } else if self.reachable {
            Held::Reachable
        } else if self.logged {
            Held::Reflog
        } else {
            Held::Nothing
        }
    }
}

/// What names each commit.
struct Standing {
    head: Option<u32>,
    tips: FxHashMap<u32, Vec<String>>,
    reachable: Vec<bool>,
    logged: Vec<bool>,
    counting: Option<Vec<bool>>,
}

impl Standing {
    fn of(
        repository: &Repository,
        objects: &Objects,
        commits: &Commits,
        until: Option<&str>,
    ) -> Self {
        let named = |id| commits.named(objects, id);
        let mut tips: FxHashMap<u32, Vec<String>> = FxHashMap::default();
        for (name, id) in &repository.refs {
            if let Some(at) = named(*id) {
                tips.entry(at).or_default().push(short(name));
            }
        }
        let head = repository.head.and_then(named);
        let mut reachable = vec![false; commits.all.len()];
        commits.reach(tips.keys().copied().chain(head), &mut reachable);
        let mut logged = vec![false; commits.all.len()];
        let logs = repository.reflog.iter().filter_map(|id| named(*id));
        commits.reach(logs, &mut logged);
        let counting = until.map(|until| {
            let mut counting = vec![false; commits.all.len()];
            let id = gix_hash::ObjectId::from_hex(until.as_bytes()).ok();
            commits.reach(id.and_then(named), &mut counting);
            counting
        });
        Self {
            head,
            tips,
            reachable,
            logged,
            counting,
        }
    }

    fn counts(&self, at: u32) -> bool {
        let counting = self.counting.as_ref();
        counting.is_none_or(|counting| counting[at as usize])
    }
}

/// `refs/heads/main` → `main`, `refs/remotes/origin/main` → `origin/main`.
fn short(name: &str) -> String {
    ["refs/heads/", "refs/remotes/", "refs/tags/", "refs/"]
        .iter()
        .find_map(|start| name.strip_prefix(start))
        .unwrap_or(name)
        .to_owned()
}
