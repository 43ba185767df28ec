//! What an answer means. Its body is looked at and dropped.

use keytrail_detect::Validation;
use keytrail_model::{Liveness, Masked, Secret};
use serde_json::Value;

/// Longer identities are no names.
const LONGEST_IDENTITY: usize = 256;

/// Yes, no, or why neither.
pub(super) struct Meaning {
    pub(super) liveness: Liveness,
    pub(super) identity: Option<Masked>,
    pub(super) why: String,
}

/// By the code in the answer where it has one, else by its status.
pub(super) fn meaning(validation: &Validation, status: u16, body: &[u8]) -> Meaning {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let at = |pointer: &Option<String>| body.as_ref()?.pointer(pointer.as_deref()?).cloned();
    let code = at(&validation.code).and_then(|code| word(&code));
    let coded = |codes: &[String]| code.as_ref().is_some_and(|code| codes.contains(code));
    let says_so = || {
        let there = at(&validation.ok);
        validation.ok.is_none() || !matches!(there, None | Some(Value::Null | Value::Bool(false)))
    };
    let liveness = if coded(&validation.live_codes) {
        Liveness::Live
    } else if coded(&validation.refused_codes) || validation.refused.contains(&status) {
        Liveness::Refused
    } else if validation.live.contains(&status) && says_so() {
        Liveness::Live
    } else {
        Liveness::Unknown
    };
    let identity = at(&validation.identity).filter(|_| liveness == Liveness::Live);
    Meaning {
        liveness,
        identity: identity.and_then(|it| word(&it)).map(|it| masked(&it)),
        why: match liveness {
            Liveness::Unknown => unclear(validation, status),
            Liveness::Live | Liveness::Refused => String::new(),
        },
    }
}

fn unclear(validation: &Validation, status: u16) -> String {
    let host = validation.host();
    match (&validation.note, status) {
        (_, 429) => format!("{host} asks for patience (429)"),
        (_, 500..) => format!("{host} is broken at the moment ({status})"),
        (_, 300..400) => {
            format!("{host} answers with a redirect ({status}), which is not followed")
        }
        (Some(note), _) => format!("{host} answers {status}, but {note}"),
        (None, _) => format!("{host} answers {status}, which says neither"),
    }
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
    .filter(|text| !text.is_empty() && text.len() <= LONGEST_IDENTITY)
}

/// As a key is masked: at most eight characters, and never more than a quarter.
fn masked(identity: &str) -> Masked {
    Masked::of(&Secret::new(identity.as_bytes()), 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keytrail_detect::Detector;

    fn said(id: &str, status: u16, body: &str) -> (Liveness, Option<String>, String) {
        let mut all = Detector::new().providers().iter();
        let validation = all
            .find(|it| it.id == id)
            .unwrap()
            .validation
            .as_ref()
            .unwrap();
        let it = meaning(validation, status, body.as_bytes());
        (it.liveness, it.identity.map(|it| it.to_string()), it.why)
    }

    #[test]
    fn answers_as_the_vendors_describe_them() {
        use Liveness::{Live, Refused, Unknown};
        for (id, status, body, expected) in [
            ("github-token", 200, r#"{"login": "octo-cat-42"}"#, Live),
            (
                "github-token",
                401,
                r#"{"message": "Bad credentials"}"#,
                Refused,
            ),
            ("github-token", 403, "{}", Unknown),
            ("github-token", 502, "<html>", Unknown),
            (
                "slack-token",
                200,
                r#"{"ok": true, "team": "A Team"}"#,
                Live,
            ),
            (
                "slack-token",
                200,
                r#"{"ok": false, "error": "token_revoked"}"#,
                Refused,
            ),
            (
                "slack-token",
                200,
                r#"{"ok": false, "error": "ratelimited"}"#,
                Unknown,
            ),
            ("slack-token", 200, "not json", Unknown),
            (
                "gitlab-token",
                403,
                r#"{"error": "insufficient_scope"}"#,
                Live,
            ),
            (
                "gitlab-token",
                401,
                r#"{"message": "401 Unauthorized"}"#,
                Unknown,
            ),
            (
                "facebook-access-token",
                400,
                r#"{"error": {"code": 190}}"#,
                Refused,
            ),
            ("resend-key", 401, r#"{"name": "restricted_api_key"}"#, Live),
            ("linear-key", 200, r#"{"errors": []}"#, Unknown),
            (
                "linear-key",
                200,
                r#"{"data": {"viewer": {"id": "x1"}}}"#,
                Live,
            ),
            (
                "aws-secret-access-key",
                403,
                r#"{"Error": {"Code": "InvalidClientTokenId"}}"#,
                Refused,
            ),
            (
                "aws-secret-access-key",
                403,
                r#"{"Error": {"Code": "AccessDenied"}}"#,
                Unknown,
            ),
        ] {
            assert_eq!(said(id, status, body).0, expected, "{id} {status} {body}");
        }
    }

    #[test]
    fn only_a_mask_of_the_identity_is_kept() {
        let (_, identity, why) = said("github-token", 200, r#"{"login": "octo-cat-42"}"#);
        assert_eq!(identity.as_deref(), Some("oc…(11 characters)"));
        assert_eq!(why, "");
        let long = format!(r#"{{"login": "{}"}}"#, "a".repeat(300));
        assert_eq!(said("github-token", 200, &long).1, None);
        let (_, identity, why) = said("gitlab-token", 401, r#"{"username": "me"}"#);
        assert_eq!(identity, None);
        assert!(why.contains("a GitLab of one's own"), "{why}");
    }
}
