//! What a call of DynamoDB asks for: keys, projections, filters, statements.

use std::sync::Arc;

use super::Machine;
use super::arguments::Arguments;
use super::aws_text::split_and;
use super::operation::ProjectionRecord;
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
            let legacy = arguments.named(words.key_conditions).unwrap_or_default();
            return self.legacy_keys(&legacy);
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

    /// `KeyConditions={"owner_id": {"AttributeValueList": [owner], "ComparisonOperator": "EQ"}}`.
    fn legacy_keys(&self, conditions: &Value) -> Vec<(Option<String>, bool, Value)> {
        let words = self.shared.words;
        conditions
            .fields
            .iter()
            .flat_map(|fields| fields.iter())
            .map(|(name, condition)| {
                let operator = condition.field(words.comparison_operator).constant();
                let equal = operator.is_some_and(|operator| self.text(operator) == "EQ");
                let value = condition.field(words.attribute_values);
                (
                    Some(self.text(*name).to_owned()),
                    equal,
                    value.flat_keep_constant(),
                )
            })
            .collect()
    }

    /// `pages.build_full_result()`, `pages.search("Items[]")`.
    pub(super) fn call_on_pages(
        &mut self,
        receiver: &Value,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let mut pages = receiver.clone();
        pages.shapes.retain(|shape| !matches!(shape, Shape::Aws(_)));
        match self.text(name) {
            "build_full_result" | "result_key_iters" => Some(pages),
            "search" => Some(match arguments.first().constant() {
                Some(query) => self.searched(&pages, self.text(query)),
                None => pages.flat(),
            }),
            _ => None,
        }
    }

    /// The plain steps of a `JMESPath` query; what follows them is some part of what they lead to.
    fn searched(&self, pages: &Value, query: &str) -> Value {
        let mut value = pages.clone();
        for step in query.split('.') {
            let name = step.split('[').next().unwrap_or("").trim();
            if name.is_empty()
                || !name
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || it == b'_')
            {
                break;
            }
            match self.shared.program.symbols.find(name) {
                Some(name) => value = value.field(name),
                // a name that the program never says alone: a step into the item all the same
                None => return value.unnamed_part(),
            }
        }
        value
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
