//! Which files of a trail were read. Files come minutes late and in any order within a day, so the names
//! of the last days are kept, and older days are closed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::CloudError;

const VERSION: u32 = 1;
/// Days of which the names are kept. `CloudTrail` delivers within about five minutes; a file that comes
/// later than this is passed over.
const DAYS: usize = 3;

/// Which files were read: names of files and nothing of any event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailCheckpoint {
    version: u32,
    /// By what comes before the day: account and region.
    folders: BTreeMap<String, Days>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Days {
    /// The last day that is closed.
    closed: Option<String>,
    open: BTreeMap<String, BTreeSet<String>>,
}

impl Default for TrailCheckpoint {
    fn default() -> Self {
        Self {
            version: VERSION,
            folders: BTreeMap::new(),
        }
    }
}

/// `AWSLogs/1/CloudTrail/eu-west-1`, `2026/11/24` and the file's name. The day is empty where the path
/// has none.
fn parts(name: &str) -> (&str, &str, &str) {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let number = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let cut = folder.len().checked_sub("2026/11/24".len());
    let day = cut.and_then(|cut| folder.get(cut..)).unwrap_or_default();
    let mut units = day.split('/');
    let dated = [4, 2, 2]
        .iter()
        .all(|&length| units.next().is_some_and(|part| number(part, length)));
    if dated && units.next().is_none() {
        let stem = &folder[..folder.len() - day.len()];
        return (stem.trim_end_matches('/'), day, file);
    }
    (folder, "", file)
}

/// The day of a file's name, where its path has one.
pub(crate) fn day(name: &str) -> Option<&str> {
    let (_, day, _) = parts(name);
    (!day.is_empty()).then_some(day)
}

impl TrailCheckpoint {
    /// As JSON, to be kept.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From JSON that [`Self::to_json`] wrote.
    pub fn from_json(text: &str) -> Result<Self, CloudError> {
        let refused = |why: &str| CloudError::State {
            path: "for the trail".to_owned(),
            why: why.to_owned(),
        };
        let found: Self =
            serde_json::from_str(text).map_err(|_| refused("is no checkpoint of a trail"))?;
        if found.version != VERSION {
            return Err(refused("was written by another version"));
        }
        Ok(found)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        let (stem, day, file) = parts(name);
        let Some(days) = self.folders.get(stem) else {
            return false;
        };
        let closed = !day.is_empty() && days.closed.as_deref().is_some_and(|last| day <= last);
        closed || days.open.get(day).is_some_and(|names| names.contains(file))
    }

    pub(crate) fn mark(&mut self, name: &str) {
        let (stem, day, file) = parts(name);
        let days = self.folders.entry(stem.to_owned()).or_default();
        days.open
            .entry(day.to_owned())
            .or_default()
            .insert(file.to_owned());
        while days.open.len() > DAYS {
            if let Some((day, _)) = days.open.pop_first() {
                days.closed = Some(day);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_close_behind_the_reader() {
        let name =
            |day: &str, file: &str| format!("AWSLogs/1/CloudTrail/eu-west-1/2026/11/{day}/{file}");
        let mut at = TrailCheckpoint::default();
        for day in ["20", "21", "22", "23"] {
            at.mark(&name(day, "a.json.gz"));
        }
        // The 20th is closed, whatever comes; the others know their files.
        assert!(at.has(&name("20", "late.json.gz")));
        assert!(at.has(&name("21", "a.json.gz")));
        assert!(!at.has(&name("21", "late.json.gz")));
        assert!(!at.has(&name("24", "a.json.gz")));
        assert!(!at.has("AWSLogs/1/CloudTrail/us-east-1/2026/11/20/a.json.gz"));
        let again = TrailCheckpoint::from_json(&at.to_json()).unwrap();
        assert_eq!(again, at);
        assert!(TrailCheckpoint::from_json("{}").is_err());
    }

    #[test]
    fn files_without_days_are_known_by_name() {
        let mut at = TrailCheckpoint::default();
        at.mark("events.json");
        at.mark("some/where/events.json");
        assert!(at.has("events.json") && at.has("some/where/events.json"));
        assert!(!at.has("other.json"));
        assert_eq!(day("a/2026/11/24/x"), Some("2026/11/24"));
        assert_eq!(day("a/2026/1/24/x"), None);
    }
}
