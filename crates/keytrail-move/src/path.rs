//! The place of a key in an item, and the placeholders under which an expression names it.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

use crate::error::MoveError;

/// An item: names to typed values.
pub type Item = Map<String, Value>;

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(u32),
}

/// `metadata.keys[0].value`: names, and places in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl std::str::FromStr for Path {
    type Err = MoveError;

    fn from_str(text: &str) -> Result<Self, MoveError> {
        let wrong = || MoveError::Path(text.to_owned());
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (name, mut places) = part.split_at(part.find('[').unwrap_or(part.len()));
            if name.is_empty() {
                return Err(wrong());
            }
            steps.push(Step::Field(name.to_owned()));
            while let Some(rest) = places.strip_prefix('[') {
                let (index, rest) = rest.split_once(']').ok_or_else(wrong)?;
                steps.push(Step::Index(index.parse().map_err(|_| wrong())?));
                places = rest;
            }
            if !places.is_empty() {
                return Err(wrong());
            }
        }
        // The reference stands beside the key, and beside a place in a list there is nothing. 32 is how
        // deep DynamoDB nests.
        let ends_well = matches!(steps.last(), Some(Step::Field(_)));
        if ends_well && steps.len() <= 32 {
            Ok(Self(steps))
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if at == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Path {
    /// The name, where it is an attribute of the item itself.
    pub fn attribute(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Step::Field(name)] => Some(name),
            _ => None,
        }
    }

    /// The first name: the attribute in which it lies.
    pub(crate) fn top(&self) -> &str {
        match self.0.first() {
            Some(Step::Field(name)) => name,
            _ => "",
        }
    }

    /// The last name.
    pub fn leaf(&self) -> &str {
        match self.0.last() {
            Some(Step::Field(name)) => name,
            _ => "",
        }
    }

    /// The place beside it.
    pub(crate) fn beside(&self, name: &str) -> Self {
        let mut steps = self.0.clone();
        steps.pop();
        steps.push(Step::Field(name.to_owned()));
        Self(steps)
    }

    /// What lies there.
    pub fn get<'i>(&self, item: &'i Item) -> Option<&'i Value> {
        let (Step::Field(first), rest) = self.0.split_first()? else {
            return None;
        };
        let mut value = item.get(first)?;
        for step in rest {
            value = match step {
                Step::Field(name) => value.get("M")?.get(name)?,
                Step::Index(index) => value.get("L")?.get(usize::try_from(*index).ok()?)?,
            };
        }
        Some(value)
    }

    /// The path in an expression.
    pub(crate) fn named(&self, names: &mut Names) -> String {
        let mut text = String::new();
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) => {
                    text.push_str(if at == 0 { "" } else { "." });
                    text.push_str(&names.of(name));
                }
                Step::Index(index) => {
                    let _ = write!(text, "[{index}]");
                }
            }
        }
        text
    }
}

/// Placeholders of an expression, so that no name can be a reserved word.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: Map<String, Value>,
    values: Map<String, Value>,
}

impl Names {
    /// The placeholder of a name, made once.
    pub(crate) fn of(&mut self, name: &str) -> String {
        let known = self.names.iter().find(|(_, known)| *known == name);
        if let Some((placeholder, _)) = known {
            return placeholder.clone();
        }
        let placeholder = format!("#n{}", self.names.len());
        self.names.insert(placeholder.clone(), name.into());
        placeholder
    }

    /// The placeholder of a value.
    pub(crate) fn value(&mut self, value: &Value) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value.clone());
        placeholder
    }

    /// Puts them where a request has them; DynamoDB refuses empty ones.
    pub(crate) fn into_request(self, request: &mut Value) {
        if !self.names.is_empty() {
            request["ExpressionAttributeNames"] = Value::Object(self.names);
        }
        if !self.values.is_empty() {
            request["ExpressionAttributeValues"] = Value::Object(self.values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_are_read_and_written() {
        for text in ["api_key", "metadata.api_key", "a.b[0][12].c-d e"] {
            assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
        }
        for text in ["", ".", "a.", "a[", "a[x].b", "a[0]", "a[1]b.c"] {
            assert!(text.parse::<Path>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_leads_into_maps_and_lists() {
        let item = json!({"a": {"M": {"b": {"L": [{"M": {"c": {"S": "x"}}}]}}}});
        let item = item.as_object().unwrap();
        let path: Path = "a.b[0].c".parse().unwrap();
        assert_eq!(path.get(item), Some(&json!({"S": "x"})));
        assert_eq!(path.beside("d").get(item), None);
        let mut names = Names::default();
        assert_eq!(path.named(&mut names), "#n0.#n1[0].#n2");
    }
}
