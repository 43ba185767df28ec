//! Exchanges for people: redacted, cut, with the one `curl` line that repeats them.

use std::fmt::Write as _;

use keytrail_model::{Exchange, Location};

use crate::client::{Answer, Ask, Client, Method, Who, Wrong};
use crate::limits;
use crate::token;

/// Headers of answers that tell something; the others are noise.
const TELLING: &[&str] = &[
    "content-type",
    "location",
    "server",
    "x-powered-by",
    "www-authenticate",
    "allow",
    "set-cookie",
    "retry-after",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "strict-transport-security",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "ratelimit-limit",
    "deprecation",
    "sunset",
];

impl Client {
    /// Text without credentials, keys and personal data.
    pub(crate) fn redact(&self, text: &str) -> String {
        crate::client::redact(&self.identities, &self.detector, text)
    }

    /// The place of an answer. The route's own name stays the same whatever was asked.
    pub(crate) fn location(&self, route: &str, ask: &Ask) -> Location {
        self.location_of(ask.method.as_str(), route, ask)
    }

    /// As [`Self::location`], of an operation with another method.
    pub(crate) fn location_of(&self, method: &str, route: &str, ask: &Ask) -> Location {
        let url = self.target.at(&self.redact(&ask.target));
        Location::exchange(method, route, &url)
    }

    /// A text that was sent to a language model, and what it said.
    pub(crate) fn exchange_of_text(&self, ask: &Ask, answer: &Answer, text: &str) -> Exchange {
        let mut exchange = self.exchange(ask, answer);
        exchange.request[0] = format!("POST {}", self.redact(&ask.target));
        exchange.request.push(format!("(a text) {text}"));
        let body = serde_json::json!({ "message": text }).to_string();
        exchange.curl = format!(
            "curl -sS -i {} -H 'content-type: application/json' -d {}",
            single(&self.shown_url(ask)),
            single(&body)
        );
        exchange
    }

    /// Request and answer, for people.
    pub(crate) fn exchange(&self, ask: &Ask, answer: &Answer) -> Exchange {
        let url = self.shown_url(ask);
        let mut request = vec![format!(
            "{} {}",
            ask.method.as_str(),
            self.redact(&ask.target)
        )];
        request.push(format!("Host: {}", self.target.host()));
        let credentials = self.credentials(ask.who);
        request.extend(credentials.iter().cloned());
        request.extend(
            ask.headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        let mut response = vec![format!("HTTP {}", answer.status)];
        for (name, value) in &answer.headers {
            if TELLING.contains(&name.to_ascii_lowercase().as_str()) {
                response.push(format!("{name}: {}", self.header_value(name, value)));
            }
        }
        Exchange {
            curl: curl(ask, &url, &credentials),
            body: self.excerpt(answer),
            request,
            response,
        }
    }

    /// Cookies keep their names and flags, not their values.
    fn header_value(&self, name: &str, value: &str) -> String {
        if !name.eq_ignore_ascii_case("set-cookie") {
            return self.redact(value);
        }
        let (pair, rest) = value.split_once(';').unwrap_or((value, ""));
        let name = pair.split('=').next().unwrap_or_default();
        format!("{name}=…;{}", self.redact(rest))
    }

    fn excerpt(&self, answer: &Answer) -> String {
        // Keys are found in the whole text, so that none is cut in two and missed.
        let text = answer.text();
        let end = text
            .char_indices()
            .nth(limits::EXCERPT * 8)
            .map_or(text.len(), |(at, _)| at);
        let mut redacted = text[..end].to_owned();
        for (value, mask) in crate::keys::raw(self, answer) {
            redacted = redacted.replace(value.as_str(), &mask);
        }
        let redacted = self.redact(&redacted);
        let mut shown: String = redacted
            .chars()
            .filter(|c| !c.is_control() || *c == '\n')
            .take(limits::EXCERPT)
            .collect();
        if redacted.chars().count() > limits::EXCERPT {
            shown.push('…');
        }
        shown
    }

    fn shown_url(&self, ask: &Ask) -> String {
        let url = self.target.at(&self.redact(&ask.target));
        if ask.plain {
            url.replacen("https://", "http://", 1)
        } else {
            url
        }
    }

    fn credentials(&self, who: Who) -> Vec<String> {
        match who {
            Who::Anonymous => Vec::new(),
            Who::Identity(number) => {
                let identity = &self.identities[number];
                identity
                    .headers
                    .iter()
                    .map(|(name, _)| format!("{name}: ${}", identity.variable()))
                    .collect()
            }
            Who::Wrong(wrong) => vec![match wrong {
                Wrong::Empty => "Authorization:".to_owned(),
                Wrong::Malformed => "Authorization: Bearer".to_owned(),
                Wrong::Unknown => format!("Authorization: Bearer {}", token::STRANGER),
                Wrong::Stranger => "Authorization: Basic a2V5dHJhaWw6bm9ib2R5".to_owned(),
                Wrong::Token(number, _) => {
                    format!(
                        "Authorization: Bearer ${}_CHANGED",
                        self.identities[number].variable()
                    )
                }
            }],
        }
    }
}

fn curl(ask: &Ask, url: &str, credentials: &[String]) -> String {
    let mut line = match ask.method {
        Method::Get => "curl -sS -i".to_owned(),
        Method::Head => "curl -sS -I".to_owned(),
        Method::Options => "curl -sS -i -X OPTIONS".to_owned(),
    };
    let _ = write!(line, " {}", single(url));
    for header in credentials {
        // Double quotes, so that the shell puts the credential in.
        let _ = write!(line, " -H \"{header}\"");
    }
    for (name, value) in &ask.headers {
        let _ = write!(line, " -H {}", single(&format!("{name}: {value}")));
    }
    line
}

/// In single quotes for a shell.
fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
