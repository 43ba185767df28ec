//! Operators on values: what is not known stays so, unless one side settles it.

use super::ast::Operator;
use crate::value::{Node, Value, number_text};

pub(super) fn binary(operator: Operator, left: &Node, right: &Node) -> Value {
    let truth = |value: Option<bool>| value.map_or(Value::Unknown(None), Value::Bool);
    match operator {
        Operator::Equal => truth(equal(left, right)),
        Operator::NotEqual => truth(equal(left, right).map(|value| !value)),
        Operator::And => truth(match (left.as_bool(), right.as_bool()) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }),
        Operator::Or => truth(match (left.as_bool(), right.as_bool()) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        }),
        _ => match (left.as_number(), right.as_number()) {
            (Some(left), Some(right)) => arithmetic(operator, left, right),
            _ => Value::Unknown(None),
        },
    }
}

fn arithmetic(operator: Operator, left: f64, right: f64) -> Value {
    match operator {
        Operator::Less => Value::Bool(left < right),
        Operator::LessEqual => Value::Bool(left <= right),
        Operator::Greater => Value::Bool(left > right),
        Operator::GreaterEqual => Value::Bool(left >= right),
        Operator::Plus => Value::Number(left + right),
        Operator::Minus => Value::Number(left - right),
        Operator::Times => Value::Number(left * right),
        Operator::Divide if right != 0.0 => Value::Number(left / right),
        Operator::Modulo if right != 0.0 => Value::Number(left % right),
        _ => Value::Unknown(None),
    }
}

/// `None` where it depends on what is not known.
pub(crate) fn equal(left: &Node, right: &Node) -> Option<bool> {
    match (&left.value, &right.value) {
        (Value::Null, Value::Null) => Some(true),
        (Value::OneOf(items), _) => all_agree(items.iter().map(|item| equal(item, right))),
        (_, Value::OneOf(items)) => all_agree(items.iter().map(|item| equal(left, item))),
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::Null, _) | (_, Value::Null) => Some(false),
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        (Value::Number(left), Value::Number(right)) => {
            Some(number_text(*left) == number_text(*right))
        }
        (Value::Text(left), Value::Text(right)) => match (left.known(), right.known()) {
            (Some(left), Some(right)) => Some(left == right),
            _ => None,
        },
        (Value::List(left), Value::List(right)) if left.len() != right.len() => Some(false),
        (Value::Map(left), Value::Map(right)) if !left.open && !right.open => {
            (left.fields.len() != right.fields.len()).then_some(false)
        }
        (Value::Number(_) | Value::Bool(_), Value::Text(_))
        | (Value::Text(_), Value::Number(_) | Value::Bool(_)) => {
            let (left, right) = (left.as_text()?, right.as_text()?);
            Some(left.known()? == right.known()?)
        }
        _ => None,
    }
}

fn all_agree(mut answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let first = answers.next()??;
    answers.all(|answer| answer == Some(first)).then_some(first)
}
