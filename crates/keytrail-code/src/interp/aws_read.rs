//! What a call of DynamoDB asks for: keys, projections, filters, statements.

use std::sync::Arc;

use super::Machine;
use super::arguments::Arguments;
use super::aws_text::{split_and, statement_table};
use super::operation::{OperationRecord, ProjectionRecord};
use super::shape::{Clause, Shape};
use super::value::Value;
use crate::symbols::Sym;
use crate::syntax::ir::Comparator;

impl Machine<'_> {
    pub(super) fn keys(
        &mut self,
        arguments: &Arguments,
        names: &Value,
        values: &Value,
    ) -> Vec<(Option<String>, bool, Value)> {
        let words = self.shared.words;
        if let Some(key) = arguments.named(words.key) {
            return key_fields(self, &key);
        }
        let Some(condition) = arguments.named(words.key_condition) else {
            return Vec::new();
        };
        let mut keys = Vec::new();
        for shape in &condition.shapes {
            match shape {
                Shape::Condition(clauses) => {
                    for clause in clauses.iter() {
                        let name = clause.attribute.map(|name| self.text(name).to_owned());
                        keys.push((name, clause.equal, clause.value.clone()));
                    }
                }
                Shape::Str(text) => {
                    self.expression_keys(self.text(*text), names, values, &mut keys);
                }
                Shape::Pattern(text) => self.expression_keys(text, names, values, &mut keys),
                _ => {}
            }
        }
        if keys.is_empty() {
            let mut open = condition;
            open.shapes
                .retain(|shape| matches!(shape, Shape::Param(..)));
            keys.push((None, true, open));
        }
        keys
    }

    /// `owner_id = :owner AND begins_with(#s, :service)`.
    pub(super) fn expression_keys(
        &self,
        text: &str,
        names: &Value,
        values: &Value,
        keys: &mut Vec<(Option<String>, bool, Value)>,
    ) {
        for clause in split_and(text) {
            let clause = clause.trim().trim_matches(['(', ')']).trim();
            let (name, equal, placeholder) = if let Some(rest) = clause.strip_prefix("begins_with")
            {
                let rest = rest.trim().trim_start_matches('(').trim_end_matches(')');
                let (name, value) = rest.split_once(',').unwrap_or((rest, ""));
                (name, false, value)
            } else if let Some((name, value)) = clause.split_once('=')
                && !name.ends_with(['<', '>'])
            {
                (name, true, value)
            } else {
                let end = clause.find([' ', '<', '>', '=']).unwrap_or(clause.len());
                (
                    &clause[..end],
                    false,
                    clause.rsplit([' ', '<', '>', '=']).next().unwrap_or(""),
                )
            };
            let placeholder = placeholder.trim().trim_matches(')');
            let value = self
                .shared
                .program
                .symbols
                .find(placeholder)
                .map(|placeholder| values.field(placeholder).flat_keep_constant())
                .unwrap_or_default();
            keys.push((self.attribute_name(name.trim(), names), equal, value));
        }
    }

    pub(super) fn projection(&mut self, arguments: &Arguments, names: &Value) -> ProjectionRecord {
        let words = self.shared.words;
        if let Some(select) = arguments.named(words.select)
            && select
                .constant()
                .is_some_and(|select| self.text(select) == "COUNT")
        {
            return ProjectionRecord::Count;
        }
        if let Some(list) = arguments.named(words.attributes_to_get) {
            let mut names: Vec<String> = list
                .shapes
                .iter()
                .filter_map(|shape| match shape {
                    Shape::Str(text) => Some(self.text(*text).to_owned()),
                    _ => None,
                })
                .collect();
            names.sort();
            return ProjectionRecord::Attributes(names);
        }
        match arguments.named(words.projection) {
            Some(value) => self.projection_of(&value, names),
            None if arguments
                .double
                .as_ref()
                .is_some_and(|double| double.fields.is_none() && !double.is_nothing()) =>
            {
                ProjectionRecord::Unknown
            }
            None => ProjectionRecord::Whole,
        }
    }

    pub(super) fn projection_of(&self, value: &Value, names: &Value) -> ProjectionRecord {
        value
            .constant()
            .and_then(|text| self.attribute_names(self.text(text), names))
            .map_or(ProjectionRecord::Unknown, ProjectionRecord::Attributes)
    }

    pub(super) fn filter(&mut self, arguments: &Arguments, names: &Value) -> Vec<String> {
        let words = self.shared.words;
        let mut attributes = Vec::new();
        if arguments
            .named(words.scan_filter)
            .or_else(|| arguments.named(words.query_filter))
            .is_some()
        {
            attributes.push("*".to_owned());
        }
        if let Some(filter) = arguments.named(words.filter) {
            for shape in &filter.shapes {
                match shape {
                    Shape::Condition(clauses) => attributes.extend(
                        clauses
                            .iter()
                            .filter_map(|clause| clause.attribute)
                            .map(|name| self.text(name).to_owned()),
                    ),
                    Shape::Str(text) => {
                        self.filter_names(self.text(*text), names, &mut attributes);
                    }
                    Shape::Pattern(text) => self.filter_names(text, names, &mut attributes),
                    _ => {}
                }
            }
            if attributes.is_empty() {
                attributes.push("*".to_owned());
            }
        }
        attributes.sort();
        attributes.dedup();
        attributes
    }

    /// The attributes that a filter's text compares: `#o = :o AND attribute_exists(alias)`.
    pub(super) fn filter_names(&self, text: &str, names: &Value, attributes: &mut Vec<String>) {
        for clause in split_and(text) {
            let clause = clause.trim().trim_start_matches("NOT ").trim_matches('(');
            // a function's first argument, or what stands before the operator
            let inner = clause
                .split_once('(')
                .filter(|(function, _)| !function.contains([' ', '=', '<', '>']))
                .map_or(clause, |(_, inner)| inner);
            let name = inner
                .split([' ', '=', '<', '>', ',', ')'])
                .next()
                .unwrap_or("");
            if !name.starts_with([':', '*'])
                && let Some(name) = self.attribute_name(name, names)
            {
                attributes.push(name);
            }
        }
    }

    pub(super) fn statement_call(&mut self, arguments: &Arguments, record: &mut OperationRecord) {
        let words = self.shared.words;
        let Some(statement) = arguments.named(words.statement) else {
            return;
        };
        for shape in &statement.shapes {
            let text: Arc<str> = match shape {
                Shape::Str(text) => Arc::from(self.text(*text)),
                Shape::Pattern(text) => text.clone(),
                _ => continue,
            };
            let lower = text.to_ascii_lowercase();
            let from = ["from ", "into ", "update "]
                .iter()
                .find_map(|word| lower.find(word).map(|at| at + word.len()));
            if let Some(at) = from {
                let (name, index) = statement_table(&text[at..]);
                record.table.add_shape(Shape::Pattern(Arc::from(name)));
                if !index.is_empty() {
                    record.index = Some(Value::of(Shape::Pattern(Arc::from(index))));
                }
            }
            if lower.trim_start().starts_with("select")
                && let Some(end) = lower.find(" from")
            {
                let list = text.get(6..end).unwrap_or("").trim();
                record.projection = if list == "*" {
                    ProjectionRecord::Whole
                } else {
                    let mut list: Vec<String> = list
                        .split(',')
                        .map(|name| name.trim().trim_matches(['"', '\'']).to_owned())
                        .collect();
                    list.sort();
                    ProjectionRecord::Attributes(list)
                };
            }
        }
    }

    /// `Record.owner == owner`: a condition of a mapper.
    pub(super) fn compared(comparator: Comparator, left: &Value, right: &Value) -> Option<Value> {
        let named = |value: &Value| {
            value.shapes.iter().find_map(|shape| match shape {
                Shape::ConditionName(name, key) => Some((*name, *key)),
                _ => None,
            })
        };
        let ((attribute, key), other) = match (named(left), named(right)) {
            (Some(name), _) => (name, right),
            (None, Some(name)) => (name, left),
            (None, None) => return None,
        };
        let clause = Clause {
            attribute: Some(attribute),
            equal: comparator == Comparator::Equal,
            key,
            value: other.clone(),
        };
        Some(Value::of(Shape::Condition(Arc::new(vec![clause]))))
    }

    pub(super) fn condition(
        &mut self,
        attribute: Sym,
        key: bool,
        name: Sym,
        arguments: &Arguments,
    ) -> Value {
        let equal = match self.text(name) {
            "eq" => true,
            "begins_with" | "between" | "lt" | "lte" | "gt" | "gte" | "ne" | "is_in"
            | "contains" | "exists" | "not_exists" | "attribute_type" | "size"
            // the mappers' own words
            | "startswith" | "does_not_exist" | "is_type" | "not_contains" => false,
            // `Record.api_key.set(key)`: what an update writes
            "set" | "add" | "append" | "prepend" | "set_default" => {
                let mut value = arguments.first();
                value.shapes.retain(|shape| !matches!(shape, Shape::Condition(_)));
                return Value::with_fields(vec![(attribute, value)]);
            }
            _ => return Value::default(),
        };
        let mut value = arguments.first();
        value
            .shapes
            .retain(|shape| !matches!(shape, Shape::Condition(_)));
        let clause = Clause {
            attribute: Some(attribute),
            equal,
            key,
            value,
        };
        Value::of(Shape::Condition(Arc::new(vec![clause])))
    }
}

/// `Key={"owner": x, "service": {"S": y}}`.
pub(super) fn key_fields(machine: &Machine<'_>, key: &Value) -> Vec<(Option<String>, bool, Value)> {
    let mut keys: Vec<(Option<String>, bool, Value)> = key
        .fields
        .iter()
        .flat_map(|fields| fields.iter())
        .map(|(name, value)| {
            (
                Some(machine.text(*name).to_owned()),
                true,
                value.flat_keep_constant(),
            )
        })
        .collect();
    if keys.is_empty() && !key.is_nothing() {
        keys.push((None, true, key.clone()));
    }
    keys
}
