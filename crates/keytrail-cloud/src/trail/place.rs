//! Where a trail's files lie: a directory or a bucket.

use std::collections::VecDeque;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use roxmltree::{Document, ParsingOptions};
use serde_json::json;

use crate::client::{Access, Call, Client, Connection};
use crate::error::CloudError;
use crate::runtime::Runtime;

/// Directories nest a dozen levels deep; what nests deeper is not read.
const DEEPEST: usize = 32;
/// A file on disk that is longer is not read.
const LONGEST: u64 = 256 * 1024 * 1024;
const MOST_PAGES: usize = 100_000;

/// Where the files lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrailPlace {
    /// Below a directory, or one file.
    Directory(PathBuf),
    /// In a bucket, below a prefix.
    Bucket {
        /// Its name.
        bucket: String,
        /// What all names begin with.
        prefix: String,
    },
}

impl TrailPlace {
    /// `s3://BUCKET/PREFIX`, or a path.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("s3://") {
            Some(rest) => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                Self::Bucket {
                    bucket: bucket.to_owned(),
                    prefix: prefix.to_owned(),
                }
            }
            None => Self::Directory(PathBuf::from(text)),
        }
    }
}

/// Lists names, a few at a time, and brings files.
#[derive(Debug)]
pub(crate) enum Shelf {
    /// One file, until it is listed.
    File(Option<PathBuf>),
    Directory {
        root: PathBuf,
        /// Directories that are still to be listed, the next one last.
        open: Vec<(PathBuf, usize)>,
    },
    Bucket(Box<Bucket>),
}

/// A bucket while it is listed.
#[derive(Debug)]
pub(crate) struct Bucket {
    runtime: Runtime,
    client: Client,
    name: String,
    prefix: String,
    /// Of the next page.
    token: Option<String>,
    ended: bool,
    pages: usize,
}

impl Shelf {
    pub(crate) fn open(place: &TrailPlace, access: &Access) -> Result<Self, CloudError> {
        match place {
            TrailPlace::Directory(file) if file.is_file() => Ok(Self::File(Some(file.clone()))),
            TrailPlace::Directory(root) => Ok(Self::Directory {
                open: vec![(root.clone(), 0)],
                root: root.clone(),
            }),
            TrailPlace::Bucket { bucket, prefix } => {
                let runtime = Runtime::new()?;
                let connection = runtime.run(Connection::open(access))?;
                Ok(Self::Bucket(Box::new(Bucket {
                    client: connection.client(connection.region()),
                    runtime,
                    name: bucket.clone(),
                    prefix: prefix.clone(),
                    token: None,
                    ended: false,
                    pages: 0,
                })))
            }
        }
    }

    /// Some more names, sorted within a directory or page; `false` at the end.
    pub(crate) fn more(&mut self, names: &mut VecDeque<String>) -> Result<bool, CloudError> {
        match self {
            Self::File(file) => {
                let Some(file) = file.take() else {
                    return Ok(false);
                };
                names.push_back(file.to_string_lossy().into_owned());
                Ok(true)
            }
            Self::Directory { root, open } => {
                let Some((directory, depth)) = open.pop() else {
                    return Ok(false);
                };
                let below = list(root, &directory, depth, names)?;
                open.extend(below.into_iter().rev());
                Ok(true)
            }
            Self::Bucket(bucket) => bucket.more(names),
        }
    }

    /// The bytes of a file.
    pub(crate) fn bring(&self, name: &str) -> Result<Vec<u8>, CloudError> {
        match self {
            Self::File(_) => read(Path::new(name)),
            Self::Directory { root, .. } => read(&root.join(name)),
            Self::Bucket(bucket) => {
                let request = json!({"Bucket": bucket.name, "Key": name});
                let found = bucket.client.bytes(Call::GetObject, &request);
                bucket.runtime.run(found)
            }
        }
    }
}

impl Bucket {
    fn more(&mut self, names: &mut VecDeque<String>) -> Result<bool, CloudError> {
        const CALL: Call = Call::ListObjectsV2;
        if self.ended {
            return Ok(false);
        }
        self.pages += 1;
        if self.pages > MOST_PAGES {
            return Err(CloudError::Endless {
                call: CALL.name(),
                most: MOST_PAGES,
            });
        }
        let request = json!({
            "Bucket": self.name, "Prefix": self.prefix, "ContinuationToken": self.token,
        });
        let answer = self.runtime.run(self.client.bytes(CALL, &request))?;
        let (found, next) = listed(&answer)?;
        if next.is_some() && next == self.token {
            return Err(CloudError::Repeats { call: CALL.name() });
        }
        names.extend(found.into_iter().filter(|name| matters(name)));
        self.ended = next.is_none();
        self.token = next;
        Ok(true)
    }
}

/// Files of events; digests and insights are none.
fn matters(name: &str) -> bool {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let events = Path::new(plain)
        .extension()
        .is_some_and(|end| end == "json");
    events
        && !name
            .split('/')
            .any(|part| matches!(part, "CloudTrail-Digest" | "CloudTrail-Insight"))
}

fn unreadable(path: &Path, error: &std::io::Error) -> CloudError {
    CloudError::Trail {
        name: path.display().to_string(),
        why: format!("can't be read ({})", error.kind()),
    }
}

/// Files of one directory go to `names`; the directories below it come back, sorted. Links are not
/// followed.
fn list(
    root: &Path,
    directory: &Path,
    depth: usize,
    names: &mut VecDeque<String>,
) -> Result<Vec<(PathBuf, usize)>, CloudError> {
    let entries = std::fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    let mut found: Vec<(PathBuf, bool)> = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(directory, &error))?;
        let kind = entry
            .file_type()
            .map_err(|error| unreadable(directory, &error))?;
        if kind.is_dir() || kind.is_file() {
            found.push((entry.path(), kind.is_dir()));
        }
    }
    found.sort();
    let mut below = Vec::new();
    for (path, is_directory) in found {
        if is_directory {
            if depth < DEEPEST {
                below.push((path, depth + 1));
            }
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
        let name = name.replace('\\', "/");
        if matters(&name) {
            names.push_back(name);
        }
    }
    Ok(below)
}

fn read(path: &Path) -> Result<Vec<u8>, CloudError> {
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut bytes = Vec::new();
    let read = file.take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(CloudError::Trail {
            name: path.display().to_string(),
            why: format!("is longer than {LONGEST} bytes"),
        });
    }
    Ok(bytes)
}

/// Keys of a page, and the token of the next.
fn listed(answer: &[u8]) -> Result<(Vec<String>, Option<String>), CloudError> {
    let bad = || CloudError::Malformed {
        call: Call::ListObjectsV2.name(),
        what: "XML",
    };
    let text = std::str::from_utf8(answer).map_err(|_| bad())?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: 1_000_000,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|_| bad())?;
    let text_of = |node: roxmltree::Node<'_, '_>, name: &str| {
        let mut children = node.children();
        let found = children.find(|child| child.tag_name().name() == name)?;
        found.text().map(str::to_owned)
    };
    let root = document.root_element();
    let entries = root.children();
    let entries = entries.filter(|child| child.tag_name().name() == "Contents");
    let names = entries.filter_map(|entry| text_of(entry, "Key")).collect();
    let more = text_of(root, "IsTruncated").as_deref() == Some("true");
    let token = text_of(root, "NextContinuationToken").filter(|_| more);
    Ok((names, token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert_eq!(
            TrailPlace::parse("s3://logs/AWSLogs/1"),
            TrailPlace::Bucket {
                bucket: "logs".to_owned(),
                prefix: "AWSLogs/1".to_owned()
            }
        );
        assert_eq!(
            TrailPlace::parse("logs"),
            TrailPlace::Directory(PathBuf::from("logs"))
        );
        assert!(matters("AWSLogs/1/CloudTrail/x/2026/11/24/f.json.gz"));
        assert!(!matters(
            "AWSLogs/1/CloudTrail-Digest/x/2026/11/24/f.json.gz"
        ));
        assert!(!matters("notes.txt"));
    }

    #[test]
    fn pages_of_a_bucket() {
        let page = b"<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
            <IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>\
            <Contents><Key>a.json.gz</Key></Contents><Contents><Key>b&amp;c.json</Key></Contents></ListBucketResult>";
        let (names, token) = listed(page).unwrap();
        assert_eq!(names, ["a.json.gz", "b&c.json"]);
        assert_eq!(token.as_deref(), Some("t"));
        assert!(listed(b"{}").is_err());
    }
}
