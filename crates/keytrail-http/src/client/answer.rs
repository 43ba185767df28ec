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

    /// With content: 2xx, and no page that asks for a sign-in in place of what was asked for.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status) && !self.asks_to_sign_in()
    }

    /// 401 or 403, or led to where people sign in.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.status, 401 | 403) || self.asks_to_sign_in()
    }

    fn asks_to_sign_in(&self) -> bool {
        self.redirects.iter().any(|to| is_sign_in(to))
    }

    /// The content of another path than the one that was asked for, where a redirect led.
    pub(crate) fn is_of_another(&self, target: &str) -> bool {
        let path = |target: &str| {
            let path = target.split('?').next().unwrap_or(target);
            path.trim_end_matches('/').to_owned()
        };
        let last = self.redirects.last();
        last.is_some_and(|last| path(last) != path(target))
    }

    /// The body as text, bad bytes replaced, cut where pattern searches stop.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        let end = self.body.len().min(crate::limits::SEARCHED);
        String::from_utf8_lossy(&self.body[..end])
    }
}

/// Where frameworks send those who have not signed in: by the path's words, or by the way back in the query.
fn is_sign_in(target: &str) -> bool {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let lower = path.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let named = ["login", "signin", "logon", "sso", "authenticate"];
    let by_path = words.any(|word| named.contains(&word))
        || lower.contains("sign-in")
        || lower.contains("sign_in")
        || lower.contains("log-in");
    let back = ["next", "return_to", "returnurl", "redirect_uri", "continue"];
    by_path
        || query.split('&').any(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let local = value.starts_with('/') || value.to_ascii_lowercase().starts_with("%2f");
            back.contains(&name.to_ascii_lowercase().as_str()) && local
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn led(to: &str) -> Answer {
        Answer {
            status: 200,
            redirects: vec![to.to_owned()],
            ..Answer::default()
        }
    }

    #[test]
    fn a_page_to_sign_in_is_a_refusal() {
        for to in [
            "/accounts/login/?next=/console/",
            "/sso/start",
            "/u/sign-in",
            "/start?next=%2Fkeys%2F",
        ] {
            assert!(led(to).is_refused() && !led(to).is_success(), "{to}");
        }
        let slash = led("/keys/");
        assert!(slash.is_success() && !slash.is_of_another("/keys"));
        assert!(led("/docs/").is_of_another("/"));
        assert!(led("/blog/logins-of-the-week").is_success());
    }
}
