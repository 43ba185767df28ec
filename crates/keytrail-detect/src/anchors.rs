//! Where in a text may a key begin: literals of all providers, searched at memory speed.
//!
//! One automaton over all literals would run at 0.2–0.5 GB/s. Teddy, a vector search, runs
//! at several GB/s but takes few literals, so they are dealt into buckets, by length, since
//! a bucket looks only at as many bytes as its shortest literal has. Every bucket is one more
//! pass over the text, so as few literals as possible are searched for this way: those that
//! begin a word are looked up by [`crate::starts`].

use aho_corasick::packed::{Config, MatchKind, Searcher};
use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

/// More patterns than this make Teddy report too many candidates.
const BUCKET: usize = 32;

enum Engine {
    One(Box<memchr::memmem::Finder<'static>>),
    Teddy(Box<Searcher>),
    Automaton(Box<AhoCorasick>),
}

struct Bucket {
    engine: Engine,
    /// Index into the literals, per pattern.
    literals: Vec<usize>,
}

/// The search for all literals.
pub(crate) struct Anchors {
    buckets: Vec<Bucket>,
}

impl Anchors {
    /// None of `literals` may be a prefix of another: both begin at the same place, and only
    /// one would be reported.
    pub(crate) fn new(literals: &[Vec<u8>]) -> Self {
        let mut order: Vec<usize> = (0..literals.len()).collect();
        order.sort_by_key(|&index| (literals[index].len().min(4), literals[index].clone()));
        let mut buckets = Vec::new();
        let mut rest = order.as_slice();
        while let Some(&first) = rest.first() {
            let width = literals[first].len().min(4);
            let take = rest
                .iter()
                .take(BUCKET)
                .take_while(|&&index| literals[index].len().min(4) == width)
                .count();
            let (head, tail) = rest.split_at(take);
            buckets.extend(Bucket::new(literals, head));
            rest = tail;
        }
        Self { buckets }
    }

    /// Calls `hit(literal, position)` for each occurrence, bucket by bucket.
    pub(crate) fn each(&self, bytes: &[u8], mut hit: impl FnMut(usize, usize)) {
        for bucket in &self.buckets {
            let mut at = 0;
            while let Some((pattern, start)) = bucket.find(bytes, at) {
                hit(bucket.literals[pattern], start);
                at = start + 1;
            }
        }
    }
}

impl Bucket {
    fn new(literals: &[Vec<u8>], members: &[usize]) -> Option<Self> {
        if let [only] = members {
            let finder = memchr::memmem::Finder::new(&literals[*only]).into_owned();
            return Some(Self {
                engine: Engine::One(Box::new(finder)),
                literals: vec![*only],
            });
        }
        let patterns = || members.iter().map(|&index| &literals[index]);
        let packed = Config::new()
            .match_kind(MatchKind::LeftmostFirst)
            .builder()
            .extend(patterns())
            .build();
        let engine = match packed {
            Some(searcher) => Engine::Teddy(Box::new(searcher)),
            None => Engine::Automaton(Box::new(
                AhoCorasickBuilder::new()
                    .match_kind(aho_corasick::MatchKind::LeftmostFirst)
                    .build(patterns())
                    .ok()?,
            )),
        };
        Some(Self {
            engine,
            literals: members.to_vec(),
        })
    }

    fn find(&self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        match &self.engine {
            Engine::One(finder) => finder.find(bytes.get(at..)?).map(|found| (0, at + found)),
            Engine::Teddy(searcher) => searcher
                .find_in(
                    bytes,
                    aho_corasick::Span {
                        start: at,
                        end: bytes.len(),
                    },
                )
                .map(|found| (found.pattern().as_usize(), found.start())),
            Engine::Automaton(automaton) => automaton
                .find(aho_corasick::Input::new(bytes).range(at..))
                .map(|found| (found.pattern().as_usize(), found.start())),
        }
    }
}
