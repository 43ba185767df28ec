//! What people may see of requests and answers: credentials by the name of a variable, keys masked.

use std::borrow::Cow;

use keytrail_detect::Detector;
use keytrail_model::Secret;

use super::ask::Who;
use crate::identity::Identity;

/// A shorter credential may be an ordinary word.
const SHORTEST: usize = 6;

/// `text` with the identities' own credentials replaced by the names of their variables.
pub(crate) fn hide(identities: &[Identity], text: &str) -> String {
    let mut shown = text.to_owned();
    for identity in identities {
        let variable = format!("${}", identity.variable());
        for (_, secret) in &identity.headers {
            shown = without(&shown, secret, &variable);
        }
    }
    shown
}

/// Whole values first, then the token behind a scheme and the values of cookies.
fn without(text: &str, secret: &Secret, variable: &str) -> String {
    secret.with_bytes(|bytes| {
        let Ok(whole) = std::str::from_utf8(bytes) else {
            return text.to_owned();
        };
        let mut shown = text.to_owned();
        let parts = whole
            .split([' ', ';'])
            .flat_map(|part| [Some(part), part.split_once('=').map(|(_, value)| value)])
            .flatten();
        for part in std::iter::once(whole).chain(parts) {
            if part.len() >= SHORTEST
                && !part.eq_ignore_ascii_case("bearer")
                && shown.contains(part)
            {
                shown = shown.replace(part, variable);
            }
        }
        shown
    })
}

/// As [`hide`], and without any key or personal address.
pub(crate) fn redact(identities: &[Identity], detector: &Detector, text: &str) -> String {
    let hidden = hide(identities, text);
    let redacted = match detector.redact(&hidden) {
        Cow::Borrowed(same) => same.to_owned(),
        Cow::Owned(masked) => masked,
    };
    crate::personal::mask(&redacted)
}

/// True where `value` is the credential that this caller sent itself; another's is none of its own.
pub(crate) fn is_own(identities: &[Identity], who: Who, value: &str) -> bool {
    let Who::Identity(number) = who else {
        return false;
    };
    value.len() >= SHORTEST
        && identities
            .get(number)
            .into_iter()
            .flat_map(|identity| &identity.headers)
            .any(|(_, secret)| {
                secret.with_bytes(|bytes| {
                    std::str::from_utf8(bytes)
                        .is_ok_and(|whole| whole.split([' ', ';', '=']).any(|part| part == value))
                })
            })
}
