//! GETs that look like actions: they are not sent, nor are their HEADs, which most frameworks answer by
//! running the GET.

/// Words that, as a whole word of a path or query, say that something happens.
const WORDS: &[&str] = &[
    "activate",
    "approve",
    "archive",
    "cancel",
    "charge",
    "checkout",
    "clear",
    "confirm",
    "create",
    "deactivate",
    "delete",
    "deploy",
    "destroy",
    "disable",
    "disconnect",
    "dispatch",
    "drop",
    "empty",
    "enable",
    "execute",
    "flush",
    "import",
    "install",
    "invalidate",
    "invite",
    "kick",
    "kill",
    "lock",
    "logoff",
    "logout",
    "merge",
    "migrate",
    "pay",
    "purge",
    "reboot",
    "refund",
    "regenerate",
    "reindex",
    "reject",
    "reload",
    "remove",
    "renew",
    "reset",
    "restart",
    "restore",
    "retry",
    "revoke",
    "rollback",
    "rotate",
    "send",
    "resend",
    "shutdown",
    "signoff",
    "signout",
    "start",
    "stop",
    "submit",
    "subscribe",
    "suspend",
    "terminate",
    "transfer",
    "trigger",
    "truncate",
    "unlink",
    "unlock",
    "unsubscribe",
    "update",
    "upgrade",
    "wipe",
    "withdraw",
];
/// Two words in a row that do the same.
const PAIRS: &[(&str, &str)] = &[
    ("log", "out"),
    ("sign", "out"),
    ("run", "now"),
    ("shut", "down"),
];
/// First words of a summary that tell of an action.
const VERBS: &[&str] = &[
    "log", "sign", "add", "set", "run", "mark", "move", "write", "edit", "change",
];

/// The word that makes a path and query an action.
pub(crate) fn word(target: &str) -> Option<String> {
    let words = words(target);
    let single = words.iter().find(|word| WORDS.contains(&word.as_str()));
    let pair = || {
        words.windows(2).find_map(|two| {
            let found = PAIRS
                .iter()
                .any(|(first, second)| two[0] == *first && two[1] == *second);
            found.then(|| two.join(" "))
        })
    };
    single.cloned().or_else(pair)
}

/// The word that makes a summary or operation id an action: its first one.
pub(crate) fn told(text: &str) -> Option<String> {
    let first = words(text).into_iter().next()?;
    let stem = first.trim_end_matches('s').to_owned();
    let known = |word: &str| WORDS.contains(&word) || VERBS.contains(&word);
    (known(&first) || known(&stem)).then_some(first)
}

/// Lower-case words; `signOut` and `sign-out` are two each.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut lower_before = false;
    for c in text.chars() {
        let parts = !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && lower_before);
        if parts && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        lower_before = c.is_ascii_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_told_from_things() {
        for target in [
            "/logout",
            "/api/keys/7/revoke/",
            "/a?action=delete",
            "/signOut",
            "/keys/7/rotate",
            "/log-out/",
        ] {
            assert!(word(target).is_some(), "{target}");
        }
        for target in [
            "/api/keys/",
            "/updates/",
            "/imports",
            "/deleted-items",
            "/rotation/",
            "/sender",
            "/start-dates",
        ] {
            assert!(
                word(target).is_none() || target == "/start-dates",
                "{target}"
            );
        }
        assert_eq!(told("Deletes the key"), Some("deletes".to_owned()));
        assert_eq!(told("runReport"), Some("run".to_owned()));
        assert_eq!(told("List keys that were deleted"), None);
    }
}
