//! What came back.

use serde_json::Value;

use crate::limits::Breach;

/// One answer, within its bounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Bounds that it ran into.
    pub(crate) breaches: Vec<Breach>,
    /// JSON, read once.
    pub(crate) json: Option<Value>,
    /// Where redirects led, from the first on.
    pub(crate) redirects: Vec<String>,
    /// It came after the service had asked for patience.
    pub(crate) waited: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn content_type(&self) -> &str {
        self.header("content-type")
            .and_then(|value| value.split(';').next())
            .unwrap_or_default()
            .trim()
    }

    pub(crate) fn is_html(&self) -> bool {
        self.content_type().contains("html")
    }

    /// With content: 2xx.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// 401 or 403.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.status, 401 | 403)
    }

    /// The body as text, bad bytes replaced, cut where pattern searches stop.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        let end = self.body.len().min(crate::limits::SEARCHED);
        String::from_utf8_lossy(&self.body[..end])
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Answer(Answer),
    /// No answer came; a word on why.
    Failed(&'static str),
    /// It looks like an action, is over the budget, would be sent in a dry run, or as an identity whose
    /// session ended.
    NotSent,
}

impl Outcome {
    pub(crate) fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answer(answer) => Some(answer),
            _ => None,
        }
    }

    pub(crate) fn success(&self) -> Option<&Answer> {
        self.answer().filter(|answer| answer.is_success())
    }
}
