//! Conditions in plain words.

use super::Condition;
use super::operator::{Compare, Family, Quantifier};

/// A clause: `every dynamodb:LeadingKeys is "a", or none is sent`.
pub(crate) fn condition(condition: &Condition) -> String {
    let key = &condition.key;
    let operator = condition.operator;
    if operator.family == Family::Null {
        let missing = condition.values.iter().any(|value| {
            value
                .known()
                .is_some_and(|text| text.eq_ignore_ascii_case("true"))
        });
        let word = if missing { "is not sent" } else { "is sent" };
        return format!("{key} {word}");
    }
    let verb = verb(operator.family, operator.negated);
    let values = values(condition);
    match (operator.quantifier, operator.if_exists) {
        (Quantifier::All, _) => format!("every {key} {verb} {values}, or none is sent"),
        (Quantifier::Any, _) => format!("some {key} {verb} {values}"),
        (Quantifier::Single, true) => format!("{key} {verb} {values}, or is not sent"),
        (Quantifier::Single, false) => format!("{key} {verb} {values}"),
    }
}

fn verb(family: Family, negated: bool) -> &'static str {
    match (family, negated) {
        (Family::Like | Family::Arn, false) => "is like",
        (Family::Like | Family::Arn, true) => "is not like",
        (Family::Ip, false) => "is in",
        (Family::Ip, true) => "is not in",
        (Family::Numeric(Compare::Less), _) => "is less than",
        (Family::Numeric(Compare::LessEqual), _) => "is at most",
        (Family::Numeric(Compare::Greater), _) => "is more than",
        (Family::Numeric(Compare::GreaterEqual), _) => "is at least",
        (Family::Date(Compare::Less), _) => "is before",
        (Family::Date(Compare::LessEqual), _) => "is not after",
        (Family::Date(Compare::Greater), _) => "is after",
        (Family::Date(Compare::GreaterEqual), _) => "is not before",
        (_, false) => "is",
        (_, true) => "is not",
    }
}

fn values(condition: &Condition) -> String {
    const MOST: usize = 8;
    let mut texts: Vec<String> = condition
        .values
        .iter()
        .take(MOST)
        .map(|value| format!("`{}`", value.shown()))
        .collect();
    if condition.values.len() > MOST {
        texts.push(format!("{} more", condition.values.len() - MOST));
    }
    let last = texts.pop().unwrap_or_else(|| "nothing".to_owned());
    if texts.is_empty() {
        last
    } else {
        format!("{} or {last}", texts.join(", "))
    }
}
