//! As whom requests are sent. Credentials are [`Secret`]s: they are written into a request and nowhere
//! else; people see `$KEYTRAIL_NAME`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keytrail_model::Secret;
use zeroize::Zeroizing;

use crate::error::HttpError;

/// A caller with credentials.
#[derive(Debug)]
pub struct Identity {
    /// What the user calls it.
    pub name: String,
    /// Headers with their values.
    pub(crate) headers: Vec<(String, Secret)>,
}

impl Identity {
    /// Reads `NAME=Header: value`, `NAME=bearer:TOKEN`, `NAME=basic:USER:PASSWORD`,
    /// `NAME=cookie:NAME=VALUE`. Messages never repeat what follows the name.
    pub fn parse(text: &str) -> Result<Self, HttpError> {
        let (name, value) = text
            .split_once('=')
            .ok_or(HttpError::Identity("it has no `=` behind its name"))?;
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(named) {
            return Err(HttpError::Identity(
                "its name may have letters, digits, `_` and `-`",
            ));
        }
        let header = header(value)?;
        Ok(Self {
            name: name.to_owned(),
            headers: vec![header],
        })
    }

    /// An identity that has yet to sign in.
    pub(crate) fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            headers: Vec::new(),
        }
    }

    /// Adds the headers of another mention of the same name.
    pub(crate) fn join(&mut self, other: Self) {
        self.headers.extend(other.headers);
    }

    /// `KEYTRAIL_ALICE`, for `curl` lines.
    pub(crate) fn variable(&self) -> String {
        let name: String = self
            .name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_uppercase()
                } else {
                    '_'
                }
            })
            .collect();
        format!("KEYTRAIL_{name}")
    }

    /// The bearer token, lent; `None` where the identity has none.
    pub(crate) fn with_bearer<R>(&self, use_it: impl FnOnce(&str) -> R) -> Option<R> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
        value.with_bytes(|bytes| {
            let text = std::str::from_utf8(bytes).ok()?;
            let (scheme, token) = text.split_once(' ')?;
            let carries = ["bearer", "token", "jwt"]
                .iter()
                .any(|known| scheme.eq_ignore_ascii_case(known));
            carries.then(|| use_it(token.trim()))
        })
    }
}

fn header(value: &str) -> Result<(String, Secret), HttpError> {
    let secret = |text: Zeroizing<String>| Secret::new(text.as_bytes());
    if let Some(token) = value.strip_prefix("bearer:") {
        let line = Zeroizing::new(format!("Bearer {}", token.trim()));
        return Ok(("Authorization".to_owned(), checked(secret(line))?));
    }
    if let Some(pair) = value.strip_prefix("basic:") {
        let line = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair)));
        return Ok(("Authorization".to_owned(), checked(secret(line))?));
    }
    if let Some(cookie) = value.strip_prefix("cookie:") {
        let line = Zeroizing::new(cookie.trim().to_owned());
        return Ok(("Cookie".to_owned(), checked(secret(line))?));
    }
    let (name, value) = value
        .split_once(':')
        .ok_or(HttpError::Identity("it has no header with a value"))?;
    let usable = http::HeaderName::from_bytes(name.trim().as_bytes()).is_ok();
    if !usable {
        return Err(HttpError::Identity(
            "its header has no name that HTTP takes",
        ));
    }
    let value = checked(Secret::new(value.trim().as_bytes()))?;
    Ok((name.trim().to_owned(), value))
}

fn checked(secret: Secret) -> Result<Secret, HttpError> {
    let usable = secret
        .with_bytes(|bytes| !bytes.is_empty() && http::HeaderValue::from_bytes(bytes).is_ok());
    if usable {
        Ok(secret)
    } else {
        Err(HttpError::Identity(
            "its value is empty, or can't stand in a header",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (String, String) {
        let identity = Identity::parse(text).unwrap();
        let (name, value) = &identity.headers[0];
        let value = value.with_bytes(|bytes| String::from_utf8_lossy(bytes).into_owned());
        (name.clone(), value)
    }

    #[test]
    fn the_four_forms() {
        let same = ("Authorization".to_owned(), "Bearer t0ken".to_owned());
        assert_eq!(shown("alice=bearer:t0ken"), same);
        assert_eq!(shown("alice=Authorization: Bearer t0ken"), same);
        assert_eq!(shown("a=basic:u:p").1, "Basic dTpw");
        assert_eq!(
            shown("a=cookie:sid=1"),
            ("Cookie".to_owned(), "sid=1".to_owned())
        );
    }

    #[test]
    fn mistakes_do_not_repeat_the_credential() {
        for text in [
            "s3cr3tvalue",
            "a b=bearer:s3cr3tvalue",
            "a=s3cr3tvalue",
            "a=X:",
            "a=X: s3cr3t\nvalue",
        ] {
            let error = Identity::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
        }
        assert!(!format!("{:?}", Identity::parse("a=bearer:s3cr3t")).contains("s3cr3t"));
    }
}
