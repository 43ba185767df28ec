//! Policy documents, read as strictly as AWS does: what it would refuse is refused and named.

use std::sync::Arc;

use keytrail_model::{FileSpan, Location};
use serde_json::{Map, Value};

use super::CaseError;
use crate::evaluate::{
    Actions, Condition, Effect, Operator, Policy, PrincipalPattern, Principals, ResourcePattern,
    Resources, Statement,
};
use crate::text::Text;

/// Which elements a document may and must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Attached to a caller or to an organisation's level: names no principal.
    Attached,
    /// Held by a resource: names principals.
    Held,
    /// A resource control policy: names everybody, or nobody.
    Control,
}

/// The place that errors name.
type Place<'p> = &'p str;

pub(super) fn policy(place: Place<'_>, document: &Value, kind: Kind) -> Result<Policy, CaseError> {
    let parsed;
    let document = match document {
        // Policies often travel as text in JSON.
        Value::String(text) => {
            parsed = serde_json::from_str::<Value>(text)
                .map_err(|_| bad(place, "is text that is no JSON"))?;
            &parsed
        }
        other => other,
    };
    let document = document
        .as_object()
        .ok_or_else(|| bad(place, "is no object"))?;
    let variables = match document.get("Version") {
        // Without a version it is the older one, which has no variables.
        None | Some(Value::Null) => false,
        Some(Value::String(version)) if version == "2012-10-17" => true,
        Some(Value::String(version)) if version == "2008-10-17" => false,
        Some(_) => {
            return Err(bad(
                place,
                "has a Version other than 2012-10-17 and 2008-10-17",
            ));
        }
    };
    let listed = match document.get("Statement") {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        Some(_) => return Err(bad(place, "has a Statement that is no object and no list")),
        None => return Err(bad(place, "has no Statement")),
    };
    let statements = listed.iter().enumerate().map(|(number, value)| {
        let place = format!("{place}.Statement[{number}]");
        let fields = value
            .as_object()
            .ok_or_else(|| bad(&place, "is no object"))?;
        Reader {
            place: &place,
            fields,
            kind,
            variables,
        }
        .statement(number + 1)
    });
    Ok(Policy {
        address: Arc::from(place),
        statements: statements.collect::<Result<_, _>>()?,
    })
}

fn bad(place: Place<'_>, problem: impl Into<String>) -> CaseError {
    CaseError::Document {
        place: place.to_owned(),
        problem: problem.into(),
    }
}

/// One statement.
struct Reader<'v> {
    place: &'v str,
    fields: &'v Map<String, Value>,
    kind: Kind,
    variables: bool,
}

impl Reader<'_> {
    fn statement(&self, number: usize) -> Result<Statement, CaseError> {
        let name = match self.get("Sid") {
            Some(Value::String(sid)) if !sid.is_empty() => sid.clone(),
            None | Some(Value::String(_)) => number.to_string(),
            Some(_) => return Err(self.bad("has a Sid that is no text")),
        };
        let effect = match self.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err(self.bad("has no Effect `Allow` or `Deny`")),
        };
        let span = FileSpan {
            path: Arc::from(self.place),
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
        };
        Ok(Statement {
            location: Location::Statement {
                span,
                policy: Arc::from(name.as_str()),
            },
            name,
            effect,
            principals: self.principals()?,
            actions: self.actions()?,
            resources: self.resources()?,
            conditions: self.conditions()?,
            variables: self.variables,
            maybe: false,
            open: false,
        })
    }

    /// A field; `null` is none.
    fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn bad(&self, problem: impl Into<String>) -> CaseError {
        bad(self.place, problem)
    }

    /// The one of two elements that exclude each other, and whether it is the second.
    fn either(&self, one: &str, other: &str) -> Result<Option<(&Value, bool)>, CaseError> {
        match (self.get(one), self.get(other)) {
            (Some(_), Some(_)) => Err(self.bad(format!("has both {one} and {other}"))),
            (Some(value), None) => Ok(Some((value, false))),
            (None, Some(value)) => Ok(Some((value, true))),
            (None, None) => Ok(None),
        }
    }

    fn actions(&self) -> Result<Actions, CaseError> {
        let (value, all_but) = self
            .either("Action", "NotAction")?
            .ok_or_else(|| self.bad("has neither Action nor NotAction"))?;
        let texts = self.texts(value, "Action")?;
        let texts = texts.into_iter().map(Text::literal).collect();
        Ok(if all_but {
            Actions::AllBut(texts)
        } else {
            Actions::Only(texts)
        })
    }

    fn resources(&self) -> Result<Resources, CaseError> {
        let Some((value, all_but)) = self.either("Resource", "NotResource")? else {
            // A trust policy has none: it is about the role that holds it.
            return match self.kind {
                Kind::Held => Ok(Resources::Only(vec![ResourcePattern::literal("*")])),
                _ => Err(self.bad("has neither Resource nor NotResource")),
            };
        };
        let texts = self.texts(value, "Resource")?;
        let patterns = texts.iter().map(|text| ResourcePattern::literal(text));
        let patterns = patterns.collect();
        Ok(if all_but {
            Resources::AllBut(patterns)
        } else {
            Resources::Only(patterns)
        })
    }

    fn principals(&self) -> Result<Option<Principals>, CaseError> {
        let found = self.either("Principal", "NotPrincipal")?;
        let (value, all_but) = match (found, self.kind) {
            (None, Kind::Held) => {
                return Err(self.bad("has neither Principal nor NotPrincipal"));
            }
            (None, _) => return Ok(None),
            (Some(_), Kind::Attached) => {
                return Err(self.bad("names a principal, which only policies of resources do"));
            }
            (Some(found), _) => found,
        };
        let patterns = self.patterns(value)?;
        Ok(Some(if all_but {
            Principals::AllBut(patterns)
        } else {
            Principals::Only(patterns)
        }))
    }

    fn patterns(&self, value: &Value) -> Result<Vec<PrincipalPattern>, CaseError> {
        match value {
            Value::String(text) if text == "*" => Ok(vec![PrincipalPattern::Everyone]),
            Value::Object(kinds) => {
                let mut all = Vec::new();
                for (kind, value) in kinds {
                    if !matches!(
                        kind.as_str(),
                        "AWS" | "Service" | "Federated" | "CanonicalUser"
                    ) {
                        return Err(self.bad("has a Principal of a kind that IAM does not have"));
                    }
                    let texts = self.texts(value, "Principal")?;
                    all.extend(
                        texts
                            .into_iter()
                            .map(|text| PrincipalPattern::of(kind, Text::literal(text))),
                    );
                }
                Ok(all)
            }
            _ => Err(self.bad("has a Principal that is neither `*` nor an object")),
        }
    }

    fn conditions(&self) -> Result<Vec<Condition>, CaseError> {
        let Some(block) = self.get("Condition") else {
            return Ok(Vec::new());
        };
        let operators = block
            .as_object()
            .ok_or_else(|| self.bad("has a Condition that is no object"))?;
        let mut all = Vec::new();
        for (name, keys) in operators {
            let operator = Operator::parse(name)
                .ok_or_else(|| self.bad("has a condition operator that IAM does not have"))?;
            let keys = keys
                .as_object()
                .ok_or_else(|| self.bad("has a condition operator without keys"))?;
            for (key, value) in keys {
                let values = self.values(value)?.into_iter().map(Text::literal).collect();
                all.push(Condition::new(operator, key, values));
            }
        }
        Ok(all)
    }

    fn values(&self, value: &Value) -> Result<Vec<String>, CaseError> {
        scalars(value)
            .ok_or_else(|| self.bad("has a condition value that is no text, number or boolean"))
    }

    fn texts(&self, value: &Value, element: &str) -> Result<Vec<String>, CaseError> {
        let texts = match value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect(),
            _ => None,
        };
        texts.ok_or_else(|| {
            self.bad(format!(
                "has a {element} that is no text and no list of texts"
            ))
        })
    }
}

/// A scalar or a list of them, as text.
pub(super) fn scalars(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(scalar).collect(),
        other => scalar(other).map(|text| vec![text]),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
