//! Whether a condition holds.

use super::operator::{Family, Operator, Quantifier};
use super::{ContextValue, Request, value};
use crate::glob::{Atom, Fit};
use crate::text::Text;

/// One operator on one key.
#[derive(Clone, Debug)]
pub struct Condition {
    /// How it compares.
    pub operator: Operator,
    /// `dynamodb:LeadingKeys`.
    pub key: String,
    /// Any of them will do; for negated operators, none of them may.
    pub values: Vec<Text>,
}

impl Condition {
    /// One operator on one key.
    pub fn new(operator: Operator, key: &str, values: Vec<Text>) -> Self {
        Self {
            operator,
            key: key.to_owned(),
            values,
        }
    }

    /// True for a condition on this key, without regard to case.
    pub fn is_on(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }

    /// `None` where it depends on what is not known.
    pub(crate) fn holds(&self, request: &Request<'_>, variables: bool) -> Option<bool> {
        let found = request.lookup(&self.key)?;
        let operator = self.operator;
        if operator.family == Family::Null {
            return self.null(&found);
        }
        let mut values = match &*found {
            ContextValue::Absent => &[][..],
            ContextValue::Values(values) => values.as_slice(),
        };
        // For the set operators, empty text is no value.
        if operator.quantifier != Quantifier::Single && values.iter().all(String::is_empty) {
            values = &[];
        }
        if values.is_empty() {
            return Some(when_missing(operator));
        }
        let answers = values
            .iter()
            .map(|value| known(self.one(value, request, variables)));
        match operator.quantifier {
            // A negated operator without a set must hold for every value there is.
            Quantifier::Single if operator.negated => all(answers),
            Quantifier::All => all(answers),
            Quantifier::Single | Quantifier::Any => any(answers),
        }
    }

    /// `Null: {key: "true"}` holds when the key is missing, and in general the other way round.
    fn null(&self, found: &ContextValue) -> Option<bool> {
        let missing = match found {
            ContextValue::Absent => true,
            ContextValue::Values(values) => values.is_empty(),
        };
        let wanted: Option<Vec<bool>> = self
            .values
            .iter()
            .map(|value| Some(value.known()?.eq_ignore_ascii_case("true")))
            .collect();
        wanted.map(|wanted| wanted.contains(&missing))
    }

    /// One value of the request against all values of the policy.
    fn one(&self, value: &str, request: &Request<'_>, variables: bool) -> Fit {
        let family = self.operator.family;
        let variables = variables && family.has_variables();
        let wanted = self.values.iter().filter_map(|text| -> Option<Vec<Atom>> {
            if family.has_wildcards() {
                value::pattern(text, request, variables)
            } else {
                value::plain(text, request, variables)
            }
        });
        let best = wanted
            .map(|wanted| family.matches(&wanted, value))
            .max()
            .unwrap_or(Fit::No);
        if self.operator.negated {
            super::policy::inverted(best)
        } else {
            best
        }
    }
}

/// A missing key: `ForAllValues` holds (there is no value that does not fit), `ForAnyValue` does
/// not, `IfExists` does, and what must not be equal is not.
fn when_missing(operator: Operator) -> bool {
    match operator.quantifier {
        Quantifier::All => true,
        Quantifier::Any => operator.if_exists,
        Quantifier::Single => operator.if_exists || operator.negated,
    }
}

fn known(fit: Fit) -> Option<bool> {
    match fit {
        Fit::Yes => Some(true),
        Fit::No => Some(false),
        Fit::Maybe => None,
    }
}

fn all(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            None => result = None,
            Some(true) => {}
        }
    }
    result
}

fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(answers.map(|answer| answer.map(|value| !value))).map(|value| !value)
}
