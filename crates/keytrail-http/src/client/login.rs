//! Signing in as the configuration describes, and what a session is made of.

use keytrail_model::Secret;
use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::Answer;
use crate::options::Login;

/// The header that the answer of a sign-in gives; `None` where there is nothing in it.
pub(crate) fn credential(login: &Login, answer: &Answer) -> Option<(String, Secret)> {
    if answer.status >= 400 {
        return None;
    }
    if let Some(path) = &login.token {
        let token = Zeroizing::new(at(answer.json.as_ref()?, path)?.to_owned());
        let line = Zeroizing::new(format!("Bearer {}", *token));
        Some(("Authorization".to_owned(), Secret::new(line.as_bytes())))
    } else {
        let cookies: Vec<&str> = answer
            .all("set-cookie")
            .filter_map(|line| line.split(';').next())
            .collect();
        let line = Zeroizing::new(cookies.join("; "));
        (!cookies.is_empty()).then(|| ("Cookie".to_owned(), Secret::new(line.as_bytes())))
    }
}

/// `data.access` in a JSON document.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    path.split('.')
        .try_fold(value, |value, name| value.get(name))?
        .as_str()
}
