//! JSON Web Tokens: what one says, how one is changed, and words that sign too many of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::client::Change;

/// A token that nobody has.
pub(crate) const STRANGER: &str = "keytrail-nobody-has-this-token";

/// Words that tutorials and templates sign with.
const WORDS: &[&str] = &[
    "secret",
    "changeme",
    "password",
    "your-256-bit-secret",
    "jwt-secret",
    "jwt_secret",
    "supersecret",
    "super-secret",
    "secretkey",
    "secret-key",
    "secret_key",
    "mysecret",
    "my-secret-key",
    "test",
    "dev",
    "development",
    "key",
    "private",
    "admin",
    "123456",
    "1234567890",
    "qwerty",
    "default",
    "example",
    "your-secret-key",
    "shhhhh",
    "token",
    "jwt",
    "hmac",
    "s3cr3t",
];

/// The two readable parts of a token.
pub(crate) struct Parts {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

/// Takes a token apart; `None` for what is none.
pub(crate) fn parts(token: &str) -> Option<Parts> {
    let mut fields = token.split('.');
    let (header, claims) = (json(fields.next()?)?, json(fields.next()?)?);
    fields.next()?;
    let fits = fields.next().is_none() && header.get("alg").is_some() && claims.is_object();
    fits.then_some(Parts { header, claims })
}

fn json(field: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(field.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The token with something changed that its signature no longer covers; `None` for what is no JWT.
pub(crate) fn changed(token: &str, change: Change) -> Option<String> {
    let Parts {
        mut header,
        mut claims,
    } = parts(token)?;
    let mut fields = token.split('.');
    let (first, second, third) = (fields.next()?, fields.next()?, fields.next()?);
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    Some(match change {
        Change::NoAlgorithm => {
            header["alg"] = "none".into();
            format!("{}.{second}.", encode(&header))
        }
        Change::Signature => {
            // As long as the real one, and another whatever it was.
            let other: String = third
                .chars()
                .rev()
                .map(|c| if c == 'A' { 'B' } else { 'A' })
                .collect();
            format!("{first}.{second}.{other}")
        }
        Change::Payload => {
            claims["keytrail"] = "changed".into();
            format!("{first}.{}.{third}", encode(&claims))
        }
    })
}

/// True where a word of the list signs the token; nothing is sent to find that out.
pub(crate) fn is_signed_with_a_word(token: &str) -> bool {
    let Some((signed, signature)) = token.rsplit_once('.') else {
        return false;
    };
    let hs256 = parts(token).is_some_and(|parts| parts.header["alg"] == "HS256");
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return false;
    };
    hs256
        && WORDS.iter().any(|word| {
            let word = Zeroizing::new((*word).to_owned());
            Hmac::<Sha256>::new_from_slice(word.as_bytes()).is_ok_and(|mut mac| {
                mac.update(signed.as_bytes());
                mac.verify_slice(&signature).is_ok()
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(claims: &str, word: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let head = format!(
            "{}.{}",
            encode(r#"{"alg":"HS256","typ":"JWT"}"#),
            encode(claims)
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(word.as_bytes()).unwrap();
        mac.update(head.as_bytes());
        format!(
            "{head}.{}",
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        )
    }

    #[test]
    fn a_word_as_signing_key_is_found_without_asking_anybody() {
        assert!(is_signed_with_a_word(&signed(r#"{"sub":"a"}"#, "changeme")));
        assert!(!is_signed_with_a_word(&signed(
            r#"{"sub":"a"}"#,
            "kq7Zp2Vx9LmR4tYw8BnC"
        )));
        assert!(!is_signed_with_a_word("a.b"));
    }

    #[test]
    fn changes_differ_from_the_token_and_from_one_another() {
        let token = signed(r#"{"sub":"a"}"#, "x");
        let all: Vec<String> = [Change::NoAlgorithm, Change::Signature, Change::Payload]
            .into_iter()
            .map(|change| changed(&token, change).unwrap())
            .collect();
        assert!(!all.contains(&token));
        assert_ne!(all[0], all[1]);
        assert_ne!(all[1], all[2]);
        assert!(all[0].ends_with('.'));
        assert!(changed("opaque", Change::Payload).is_none());
    }
}
