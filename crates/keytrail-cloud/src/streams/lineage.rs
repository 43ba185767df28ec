//! The shards of a stream, parents before children: an item's changes keep their order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::checkpoint::{Position, StreamCheckpoint};

/// More shards than this no stream has; what comes after is not read, and told.
pub(crate) const MOST_SHARDS: usize = 100_000;

/// Shards with their parents.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    parents: BTreeMap<String, Option<String>>,
    /// Shards to which nothing is added any more.
    closed: BTreeSet<String>,
    /// True where the stream has more than are kept.
    pub(crate) cut: bool,
}

impl Lineage {
    /// Takes in a page of `DescribeStream`.
    pub(crate) fn add(&mut self, page: &Value) {
        let shards = page.get("Shards").and_then(Value::as_array);
        for shard in shards.into_iter().flatten() {
            let Some(id) = shard.get("ShardId").and_then(Value::as_str) else {
                continue;
            };
            if self.parents.len() >= MOST_SHARDS {
                self.cut = true;
                return;
            }
            let parent = shard.get("ParentShardId").and_then(Value::as_str);
            let range = shard.get("SequenceNumberRange");
            let end = range.and_then(|range| range.get("EndingSequenceNumber"));
            if end.is_some_and(Value::is_string) {
                self.closed.insert(id.to_owned());
            }
            self.parents
                .insert(id.to_owned(), parent.map(str::to_owned));
        }
    }

    pub(crate) fn has(&self, shard: &str) -> bool {
        self.parents.contains_key(shard)
    }

    pub(crate) fn is_closed(&self, shard: &str) -> bool {
        self.closed.contains(shard)
    }

    /// All shards, sorted.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.parents.keys().map(String::as_str)
    }

    /// The shards that may be read now: not done, with a parent that is done or gone. A ring of
    /// parents, which no stream has, is read as if it had none.
    pub(crate) fn ready<'l>(&'l self, at: &'l StreamCheckpoint) -> Vec<&'l str> {
        let open = |shard: &str| at.shards.get(shard) != Some(&Position::Done);
        let waits = |shard: &str, parent: &Option<String>| match parent {
            Some(parent) => parent != shard && self.has(parent) && open(parent),
            None => false,
        };
        let all = self.parents.iter().filter(|(shard, _)| open(shard));
        let ready: Vec<&str> = all
            .clone()
            .filter(|(shard, parent)| !waits(shard, parent))
            .map(|(shard, _)| shard.as_str())
            .collect();
        if ready.is_empty() {
            return all.map(|(shard, _)| shard.as_str()).collect();
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lineage(shards: &[(&str, Option<&str>)]) -> Lineage {
        let list = shards.iter().map(|(id, parent)| match parent {
            Some(parent) => json!({"ShardId": id, "ParentShardId": parent}),
            None => json!({"ShardId": id}),
        });
        let mut lineage = Lineage::default();
        lineage.add(&json!({"Shards": list.collect::<Vec<_>>()}));
        lineage
    }

    #[test]
    fn children_wait_for_their_parents() {
        let lineage = lineage(&[
            ("b", Some("a")),
            ("a", None),
            ("c", Some("b")),
            ("d", Some("gone")),
        ]);
        let mut at = StreamCheckpoint::new("s");
        assert_eq!(lineage.ready(&at), ["a", "d"]);
        at.shards.insert("a".to_owned(), Position::Done);
        at.shards
            .insert("d".to_owned(), Position::After("7".to_owned()));
        assert_eq!(lineage.ready(&at), ["b", "d"]);
        at.shards.insert("b".to_owned(), Position::Done);
        at.shards.insert("d".to_owned(), Position::Done);
        assert_eq!(lineage.ready(&at), ["c"]);
        at.shards.insert("c".to_owned(), Position::Done);
        assert!(lineage.ready(&at).is_empty());
    }

    #[test]
    fn a_ring_ends() {
        let lineage = lineage(&[("a", Some("b")), ("b", Some("a")), ("c", Some("c"))]);
        let mut at = StreamCheckpoint::new("s");
        assert_eq!(lineage.ready(&at), ["c"]);
        at.shards.insert("c".to_owned(), Position::Done);
        assert_eq!(lineage.ready(&at), ["a", "b"]);
    }
}
