//! Conditions of a template, where the chosen value of a parameter settles them. Other
//! parameters may be given anything at deployment, so their defaults settle nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::intrinsics::Resolver;
use crate::error::Error;
use crate::value::{Node, Value};

const MOST_DEEP: u8 = 32;

/// Answers that are known, being worked out (`Err`), or not known.
pub(super) type Answers = RefCell<BTreeMap<String, Result<Option<bool>, ()>>>;

impl Resolver<'_> {
    /// Whether a condition holds; `None` where that is open.
    pub(super) fn condition(&self, name: &str) -> Option<bool> {
        match self.answers.borrow().get(name) {
            Some(Ok(answer)) => return *answer,
            Some(Err(())) => {
                let place = self.root.get("Conditions").and_then(|all| all.get(name));
                let span = place.map_or(&self.root.span, |node| &node.span);
                self.tell(Error::Cycle(name.to_owned()), span);
                return None;
            }
            None => {}
        }
        self.answers.borrow_mut().insert(name.to_owned(), Err(()));
        let node = self.root.get("Conditions").and_then(|all| all.get(name));
        let before = self.deciding.replace(true);
        let answer = node.and_then(|node| self.truth(node, 0));
        self.deciding.set(before);
        self.answers
            .borrow_mut()
            .insert(name.to_owned(), Ok(answer));
        answer
    }

    fn truth(&self, node: &Node, depth: u8) -> Option<bool> {
        if depth > MOST_DEEP {
            self.tell(Error::TooDeep, &node.span);
            return None;
        }
        let map = node.as_map()?;
        let (name, field) = map.fields.iter().next()?;
        let items = field
            .node
            .as_list()
            .unwrap_or(std::slice::from_ref(&field.node));
        match name.as_str() {
            "Condition" => self.condition(field.node.as_str()?),
            "Fn::Equals" => match items {
                [left, right] => same(&self.resolve(left), &self.resolve(right)),
                _ => None,
            },
            "Fn::Not" => self.truth(items.first()?, depth + 1).map(|truth| !truth),
            "Fn::And" | "Fn::Or" => {
                let settles = name == "Fn::Or";
                let answers: Vec<Option<bool>> = items
                    .iter()
                    .map(|item| self.truth(item, depth + 1))
                    .collect();
                if answers.contains(&Some(settles)) {
                    Some(settles)
                } else if answers.contains(&None) {
                    None
                } else {
                    Some(!settles)
                }
            }
            _ => None,
        }
    }
}

fn same(left: &Node, right: &Node) -> Option<bool> {
    match (&left.value, &right.value) {
        (Value::OneOf(_), _) | (_, Value::OneOf(_)) => None,
        _ => {
            let (left, right) = (left.as_text()?, right.as_text()?);
            Some(left.known()? == right.known()?)
        }
    }
}
