//! Batches of changes, one shard after the other, until there is nothing new.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::checkpoint::{Position, StreamCheckpoint};
use super::lineage::Lineage;
use super::record::StreamRecord;
use crate::client::{Access, Call, Client, Connection};
use crate::error::CloudError;
use crate::runtime::Runtime;

/// An open shard may answer with nothing and still have something behind it. After this many empty
/// answers in a row it counts as read up to its end, until the shards are looked up again.
const EMPTY: u32 = 5;
/// The same for a closed shard, which has an end.
const MOST_EMPTY: u32 = 1_000;
const MOST_PAGES: usize = 10_000;

/// Where to begin where there is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStart {
    /// With the oldest change that is still there: 24 hours back.
    Oldest,
    /// With what comes from now on; children of what is open now are read from their beginning.
    Now,
}

/// Some changes of one shard, in their order.
#[derive(Debug)]
pub struct StreamBatch {
    /// The shard.
    pub shard: String,
    /// The changes.
    pub records: Vec<StreamRecord>,
    /// True where changes before these were trimmed away unread.
    pub gap: bool,
    /// Records that could not be read.
    pub malformed: u64,
}

/// Reads a stream. As an iterator it ends where there is nothing new, and may be asked again later.
#[derive(Debug)]
pub struct StreamReader {
    runtime: Runtime,
    inner: Inner,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    stream: String,
    start: StreamStart,
    at: StreamCheckpoint,
    lineage: Lineage,
    /// Cursors of the shards that are being read, with the empty answers so far.
    open: BTreeMap<String, Cursor>,
    /// Shards that are read up to their end, until they are looked up again.
    resting: BTreeSet<String>,
    /// Shards of which changes were trimmed away, until that is told.
    gaps: BTreeSet<String>,
    begun: bool,
}

#[derive(Debug)]
struct Cursor {
    token: String,
    empty: u32,
    /// Whether anything was read since the iterator was made anew.
    fresh: bool,
}

impl StreamReader {
    /// Begins at the checkpoint, or at `start` for shards that it does not know.
    pub fn open(
        access: &Access,
        stream: &str,
        start: StreamStart,
        checkpoint: Option<StreamCheckpoint>,
    ) -> Result<Self, CloudError> {
        let runtime = Runtime::new()?;
        let connection = runtime.run(Connection::open(access))?;
        // The stream's own region, whatever the configuration says.
        let region = stream.split(':').nth(3).filter(|region| !region.is_empty());
        let client = connection.client(region.unwrap_or_else(|| connection.region()));
        Ok(Self {
            runtime,
            inner: Inner {
                client,
                stream: stream.to_owned(),
                start,
                at: checkpoint.unwrap_or_else(|| StreamCheckpoint::new(stream)),
                lineage: Lineage::default(),
                open: BTreeMap::new(),
                resting: BTreeSet::new(),
                gaps: BTreeSet::new(),
                begun: false,
            },
        })
    }

    /// How far everything is read that was handed out so far. Keep it when that is dealt with: what
    /// was handed out and not kept comes again.
    pub fn checkpoint(&self) -> &StreamCheckpoint {
        &self.inner.at
    }

    /// True where the stream has more shards than are read.
    pub fn is_cut(&self) -> bool {
        self.inner.lineage.cut
    }
}

impl Iterator for StreamReader {
    type Item = Result<StreamBatch, CloudError>;

    fn next(&mut self) -> Option<Self::Item> {
        let inner = &mut self.inner;
        self.runtime.run(inner.next()).transpose()
    }
}

impl Inner {
    /// The next batch; nothing where every shard is read up to its end. The shards are looked up anew
    /// each time that what is known of them is used up.
    async fn next(&mut self) -> Result<Option<StreamBatch>, CloudError> {
        if !self.begun {
            self.look_up().await?;
            self.begin().await?;
            self.begun = true;
        }
        let mut looked = false;
        loop {
            if let Some(lost) = self.lost() {
                return Ok(Some(lost));
            }
            let ready = self.lineage.ready(&self.at);
            let next = ready
                .into_iter()
                .find(|shard| !self.resting.contains(*shard));
            let Some(shard) = next.map(str::to_owned) else {
                if looked {
                    self.resting.clear();
                    return Ok(None);
                }
                let before: Vec<String> = self.lineage.ids().map(str::to_owned).collect();
                self.look_up().await?;
                looked = self.lineage.ids().eq(before.iter().map(String::as_str));
                if looked {
                    self.resting.clear();
                    return Ok(None);
                }
                continue;
            };
            if let Some(batch) = self.read(&shard).await? {
                return Ok(Some(batch));
            }
        }
    }

    /// A shard of which nothing is left but the knowledge that it was there.
    fn lost(&mut self) -> Option<StreamBatch> {
        let over = |shard: &&String| {
            !self.lineage.has(shard) || self.at.shards.get(*shard) == Some(&Position::Done)
        };
        let shard = self.gaps.iter().find(over)?.clone();
        self.gaps.remove(&shard);
        Some(StreamBatch {
            shard,
            records: Vec::new(),
            gap: true,
            malformed: 0,
        })
    }

    async fn look_up(&mut self) -> Result<(), CloudError> {
        let mut lineage = Lineage::default();
        let mut request = json!({"StreamArn": self.stream});
        for number in 0.. {
            if number == MOST_PAGES {
                return Err(CloudError::Endless {
                    call: Call::DescribeStream.name(),
                    most: MOST_PAGES,
                });
            }
            let answer = self.client.call(Call::DescribeStream, &request).await?;
            let Some(page) = answer.get("StreamDescription") else {
                return Err(CloudError::Malformed {
                    call: Call::DescribeStream.name(),
                    what: "description of a stream",
                });
            };
            lineage.add(page);
            let last = page
                .get("LastEvaluatedShardId")
                .filter(|last| last.is_string());
            match last {
                Some(last) if request.get("ExclusiveStartShardId") == Some(last) => {
                    return Err(CloudError::Repeats {
                        call: Call::DescribeStream.name(),
                    });
                }
                Some(last) if !lineage.cut => {
                    request["ExclusiveStartShardId"] = last.clone();
                }
                _ => break,
            }
        }
        let begun = self.at.shards.iter();
        let begun = begun.filter(|(_, position)| **position != Position::Done);
        let trimmed = begun.filter(|(shard, _)| !lineage.has(shard));
        self.gaps.extend(trimmed.map(|(shard, _)| shard.clone()));
        self.at.keep(|shard| lineage.has(shard));
        self.open.retain(|shard, _| lineage.has(shard));
        self.lineage = lineage;
        Ok(())
    }

    /// From now on: what is there already is passed over, shard by shard.
    async fn begin(&mut self) -> Result<(), CloudError> {
        if self.start == StreamStart::Oldest || !self.at.shards.is_empty() {
            return Ok(());
        }
        let shards: Vec<String> = self.lineage.ids().map(str::to_owned).collect();
        for shard in shards {
            let request = json!({
                "StreamArn": self.stream, "ShardId": shard, "ShardIteratorType": "LATEST",
            });
            let found = self.client.call(Call::GetShardIterator, &request).await?;
            let token = found.get("ShardIterator").and_then(Value::as_str);
            match token {
                Some(token) => {
                    let token = token.to_owned();
                    self.open.insert(
                        shard,
                        Cursor {
                            token,
                            empty: 0,
                            fresh: true,
                        },
                    );
                }
                None => drop(self.at.shards.insert(shard, Position::Done)),
            }
        }
        Ok(())
    }

    /// One answer of a shard; nothing where it held no change.
    async fn read(&mut self, shard: &str) -> Result<Option<StreamBatch>, CloudError> {
        let Some(token) = self.token(shard).await? else {
            return Ok(None);
        };
        let request = json!({"ShardIterator": token});
        let answer = match self.client.call(Call::GetRecords, &request).await {
            Ok(answer) => answer,
            Err(error) => {
                self.broken(shard, error)?;
                return Ok(None);
            }
        };
        Ok(self.take(shard, answer))
    }

    /// What an error of a shard means for it.
    fn broken(&mut self, shard: &str, error: CloudError) -> Result<(), CloudError> {
        let CloudError::Service { code, .. } = &error else {
            return Err(error);
        };
        let fresh = self.open.remove(shard).is_some_and(|open| open.fresh);
        match code.as_str() {
            // Fifteen minutes passed: begin anew after what was read. Not twice in a row.
            "ExpiredIteratorException" if !fresh => {}
            "TrimmedDataAccessException" => {
                self.gaps.insert(shard.to_owned());
                self.at.shards.remove(shard);
            }
            "ResourceNotFoundException" => self.gone(shard),
            _ => return Err(error),
        }
        Ok(())
    }

    /// A shard that was trimmed away as a whole.
    fn gone(&mut self, shard: &str) {
        self.gaps.insert(shard.to_owned());
        self.at.shards.insert(shard.to_owned(), Position::Done);
    }

    /// The iterator of a shard, made anew where there is none. Nothing for a shard that is gone.
    async fn token(&mut self, shard: &str) -> Result<Option<String>, CloudError> {
        if let Some(open) = self.open.get(shard) {
            return Ok(Some(open.token.clone()));
        }
        let mut request = json!({"StreamArn": self.stream, "ShardId": shard});
        match self.at.shards.get(shard) {
            Some(Position::After(sequence)) => {
                request["ShardIteratorType"] = json!("AFTER_SEQUENCE_NUMBER");
                request["SequenceNumber"] = json!(sequence);
            }
            _ => request["ShardIteratorType"] = json!("TRIM_HORIZON"),
        }
        let found = match self.client.call(Call::GetShardIterator, &request).await {
            Ok(found) => found,
            Err(CloudError::Service { code, .. }) if code == "TrimmedDataAccessException" => {
                let known = self.at.shards.remove(shard).is_some();
                if !known {
                    self.gone(shard);
                }
                self.gaps.insert(shard.to_owned());
                return Ok(None);
            }
            Err(CloudError::Service { code, .. }) if code == "ResourceNotFoundException" => {
                self.gone(shard);
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let Some(token) = found.get("ShardIterator").and_then(Value::as_str) else {
            self.at.shards.insert(shard.to_owned(), Position::Done);
            return Ok(None);
        };
        let token = token.to_owned();
        let open = Cursor {
            token: token.clone(),
            empty: 0,
            fresh: true,
        };
        self.open.insert(shard.to_owned(), open);
        Ok(Some(token))
    }

    /// Moves on, and hands out what was there.
    fn take(&mut self, shard: &str, mut answer: Value) -> Option<StreamBatch> {
        let told = match answer.get_mut("Records").map(Value::take) {
            Some(Value::Array(records)) => records,
            _ => Vec::new(),
        };
        let count = told.len();
        let last = told.iter().rev().find_map(|record| {
            let sequence = record.get("dynamodb")?.get("SequenceNumber")?.as_str()?;
            Some(sequence.to_owned())
        });
        let records: Vec<StreamRecord> = told.into_iter().filter_map(StreamRecord::of).collect();
        if let Some(last) = last {
            let position = Position::After(last);
            self.at.shards.insert(shard.to_owned(), position);
        }
        if let Some(next) = answer.get("NextShardIterator").and_then(Value::as_str) {
            self.go_on(shard, next, count);
        } else {
            self.open.remove(shard);
            self.at.shards.insert(shard.to_owned(), Position::Done);
        }
        let malformed = (count - records.len()) as u64;
        let gap = self.gaps.remove(shard);
        (count > 0 || gap).then(|| StreamBatch {
            shard: shard.to_owned(),
            records,
            gap,
            malformed,
        })
    }

    fn go_on(&mut self, shard: &str, next: &str, told: usize) {
        let Some(open) = self.open.get_mut(shard) else {
            return;
        };
        let enough = if self.lineage.is_closed(shard) {
            MOST_EMPTY
        } else {
            EMPTY
        };
        next.clone_into(&mut open.token);
        open.fresh = false;
        open.empty = if told == 0 { open.empty + 1 } else { 0 };
        if open.empty >= enough {
            self.resting.insert(shard.to_owned());
            open.empty = 0;
        }
    }
}
