//! What the service answers where nothing is. A service that answers 200 to everything shows nothing by
//! its 200s.

use std::collections::BTreeMap;

use crate::client::{Answer, Ask, Client, Who};
use crate::discover::html;
use crate::json;

/// A name that nothing has.
const NOTHING: &str = "keytrail-nothing-here-3f9c1a";

/// Answers to paths that are not there, by the directory they are not in.
#[derive(Debug, Default)]
pub(crate) struct Baseline {
    by_directory: BTreeMap<String, Option<Answer>>,
}

impl Baseline {
    /// True where `answer` says what any path in its directory is answered.
    pub(crate) fn is_nothing(
        &mut self,
        client: &mut Client,
        target: &str,
        answer: &Answer,
    ) -> bool {
        if matches!(answer.status, 404 | 410) {
            return true;
        }
        if !answer.is_success() {
            return false;
        }
        let directory = directory(target);
        let nothing = self.of(client, &directory);
        nothing.is_some_and(|nothing| alike(answer, nothing, target))
    }

    /// The answer to a path that is not there, in a directory.
    pub(crate) fn of(&mut self, client: &mut Client, directory: &str) -> Option<&Answer> {
        self.by_directory
            .entry(directory.to_owned())
            .or_insert_with(|| {
                let outcome =
                    client.one(Ask::get(&format!("{directory}{NOTHING}"), Who::Anonymous));
                outcome.answer().cloned()
            })
            .as_ref()
    }

    /// All answers so far, with the directories.
    pub(crate) fn known(&self) -> impl Iterator<Item = (String, &Answer)> {
        self.by_directory.iter().filter_map(|(directory, answer)| {
            Some((format!("{directory}{NOTHING}"), answer.as_ref()?))
        })
    }
}

fn directory(target: &str) -> String {
    let path = target.split('?').next().unwrap_or(target);
    let path = path.strip_suffix('/').unwrap_or(path);
    match path.rfind('/') {
        Some(at) => path[..=at].to_owned(),
        None => "/".to_owned(),
    }
}

fn alike(answer: &Answer, nothing: &Answer, target: &str) -> bool {
    if answer.status != nothing.status || answer.content_type() != nothing.content_type() {
        return false;
    }
    match (&answer.json, &nothing.json) {
        (Some(one), Some(other)) => {
            if json::structure(one) != json::structure(other) {
                return false;
            }
            // The path may be repeated in the answer; all else has to be equal.
            let own = target.trim_matches('/');
            let (one, other) = (json::content(one), json::content(other));
            let differs = |path: &String, value: &String| {
                !value.contains(own)
                    && !value.contains(NOTHING)
                    && !other.contains(&(path.clone(), value.clone()))
            };
            !one.iter().any(|(path, value)| differs(path, value))
        }
        (None, None) => {
            let plain = |answer: &Answer| {
                let text = html::text(&answer.text());
                text.replace(NOTHING, "")
                    .replace(target.trim_matches('/'), "")
            };
            plain(answer) == plain(nothing)
        }
        _ => false,
    }
}
