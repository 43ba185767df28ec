//! Debug pages and traces of frameworks, parsed into what they tell: names of settings, routes, frames.
//! Values are never kept; keys in them are found by the detector, from the answer's text.

mod django;
mod environment;
mod traces;

use std::fmt::Write as _;

use crate::client::Answer;

pub(crate) use environment::environment;

/// What a debug page tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// `Django 5.1`, `Werkzeug`.
    pub(crate) framework: String,
    /// True for a framework's own page, which shows more than a trace.
    pub(crate) full: bool,
    /// `KeyError`.
    pub(crate) exception: String,
    /// URL patterns, as written.
    pub(crate) routes: Vec<String>,
    /// Names of settings, sorted.
    pub(crate) settings: Vec<String>,
    /// `shop/views.py:12 in get`.
    pub(crate) frames: Vec<String>,
    /// Names of local variables, sorted.
    pub(crate) locals: Vec<String>,
}

impl Page {
    /// In a clause, without the framework's name.
    pub(crate) fn told(&self) -> String {
        let counts = [
            (self.routes.len(), "route", "routes"),
            (self.settings.len(), "setting", "settings"),
            (self.frames.len(), "frame", "frames"),
            (self.locals.len(), "local variable", "local variables"),
        ];
        let parts: Vec<String> = counts
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        let mut told = parts.join(", ");
        for (names, title) in [(&self.frames, "frames"), (&self.settings, "settings")] {
            if let Some(first) = names.first() {
                let more: Vec<&str> = names.iter().skip(1).take(2).map(String::as_str).collect();
                let more = if more.is_empty() {
                    String::new()
                } else {
                    format!(", {}", more.join(", "))
                };
                let _ = write!(told, "; {title}: {first}{more}");
            }
        }
        told
    }
}

/// The debug page or trace in an answer.
pub(crate) fn page(answer: &Answer) -> Option<Page> {
    let text = answer.text();
    django::page(&text).or_else(|| traces::page(&text, answer.json.as_ref()))
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}
