//! Personal data in answers: addresses, card numbers, national numbers in their context.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json;

/// What kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Email,
    Card,
    NationalNumber,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Email => "e-mail addresses",
            Self::Card => "card numbers",
            Self::NationalNumber => "national identity numbers",
        }
    }
}

/// Fields with personal data in an answer.
pub(crate) fn in_answer(value: &Value) -> BTreeSet<(Kind, String)> {
    let mut found = BTreeSet::new();
    for leaf in json::leaves(value) {
        let text = json::scalar(leaf.value);
        let name = leaf.name().to_ascii_lowercase();
        if let Some(address) = leaf.value.as_str().filter(|text| is_email(text)) {
            if !is_role(address) {
                found.insert((Kind::Email, leaf.path.clone()));
            }
        } else if is_card(&text) && !is_reference(&name) {
            found.insert((Kind::Card, leaf.path.clone()));
        } else if names_a_national_number(&name)
            && text.chars().filter(char::is_ascii_digit).count() >= 6
        {
            found.insert((Kind::NationalNumber, leaf.path.clone()));
        }
    }
    found
}

/// A whole value that is an address.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let plain = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte))
    };
    let ends = domain
        .rsplit('.')
        .next()
        .is_some_and(|end| end.len() >= 2 && end.bytes().all(|byte| byte.is_ascii_alphabetic()));
    !local.is_empty() && plain(local) && plain(domain) && domain.contains('.') && ends
}

/// Addresses of a desk, not of a person.
fn is_role(address: &str) -> bool {
    const DESKS: &[&str] = &[
        "support",
        "info",
        "contact",
        "help",
        "hello",
        "noreply",
        "no-reply",
        "sales",
        "admin",
        "security",
        "abuse",
        "postmaster",
        "webmaster",
        "billing",
        "privacy",
        "press",
        "api",
    ];
    let local = address
        .split('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    DESKS.contains(&local.as_str())
}

/// Numbers that only look like cards.
fn is_reference(name: &str) -> bool {
    [
        "id",
        "timestamp",
        "time",
        "phone",
        "number_of",
        "count",
        "imei",
        "sku",
        "order",
    ]
    .iter()
    .any(|word| name == *word || name.ends_with(&format!("_{word}")))
}

fn names_a_national_number(name: &str) -> bool {
    [
        "ssn",
        "social_security",
        "national_id",
        "passport",
        "tax_id",
        "nino",
        "personal_number",
        "identity_number",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// 13 to 19 digits of a known issuer whose check digit fits.
pub(crate) fn is_card(text: &str) -> bool {
    let usable = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b' ' || byte == b'-');
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let issuer = matches!(digits.first(), Some(2..=6));
    if !usable
        || !issuer
        || !(13..=19).contains(&digits.len())
        || digits.windows(2).all(|two| two[0] == two[1])
    {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| match (at % 2, digit * 2) {
            (0, _) => digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Addresses and card numbers out of a text for people.
pub(crate) fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        if is_email(word) {
            out.push_str("…@…");
        } else if word.len() >= 13 && is_card(word) {
            out.push_str("…(card)");
        } else {
            out.push_str(word);
        }
        word.clear();
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "._%+-@".contains(c) {
            word.push(c);
        } else {
            flush(&mut word, &mut out);
            out.push(c);
        }
    }
    flush(&mut word, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Digits with the check digit that fits, so that no real number stands here.
    fn card(start: &str) -> String {
        (0..10)
            .map(|last| format!("{start}{last}"))
            .find(|number| is_card(number))
            .unwrap()
    }

    #[test]
    fn persons_are_told_from_desks_and_ids() {
        let number = card("400000000000000");
        let found = in_answer(&json!({
            "users": [{"email": "ann@mail.example.org", "id": number.parse::<u64>().unwrap()}],
            "contact": "support@example.org", "pan": number, "ssn": "000-12-3456", "phone": "5551234",
        }));
        let names: Vec<&str> = found.iter().map(|(_, path)| path.as_str()).collect();
        assert_eq!(names, ["users.email", "pan", "ssn"]);
    }

    #[test]
    fn masks_leave_the_rest_alone() {
        let text = format!(
            r#"{{"email":"ann@mail.example.org","n":12,"pan":"{}"}}"#,
            card("400000000000000")
        );
        assert_eq!(mask(&text), r#"{"email":"…@…","n":12,"pan":"…(card)"}"#);
    }
}
