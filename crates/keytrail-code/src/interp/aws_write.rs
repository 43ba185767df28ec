//! What a call of DynamoDB stores, and under which attribute.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Machine;
use super::arguments::Arguments;
use super::aws::{is_descriptor, keep_name};
use super::aws_read::key_fields;
use super::aws_text::assignments;
use super::operation::OperationRecord;
use super::record::SinkKind;
use super::shape::Shape;
use super::value::Value;
use crate::program::Site;
use crate::symbols::Sym;

impl Machine<'_> {
    pub(super) fn store_item(&mut self, site: Site, item: &Value, record: &mut OperationRecord) {
        self.store_at(site, item, &mut SmallVec::new(), record);
    }

    pub(super) fn store_at(
        &mut self,
        site: Site,
        value: &Value,
        path: &mut SmallVec<[Sym; 3]>,
        record: &mut OperationRecord,
    ) {
        let fields = value.fields.clone();
        let typed = fields.as_ref().is_some_and(|fields| {
            fields.len() == 1 && is_descriptor(self.text(fields[0].0)) && !path.is_empty()
        });
        for (name, part) in fields.iter().flat_map(|fields| fields.iter()) {
            if *name == self.shared.words.hidden_table {
                continue;
            }
            // what lies at a place of a list is the list's
            if typed || name.is_place() {
                self.store_at(site, part, path, record);
            } else if path.len() < 3 {
                path.push(*name);
                self.store_at(site, part, path, record);
                path.pop();
            }
        }
        let own = Value {
            fields: None,
            ..value.clone()
        };
        if own.is_tainted() {
            let mut own = own;
            own.fields = fields.map(|fields| {
                fields
                    .iter()
                    .map(|(name, _)| (*name, Value::default()))
                    .collect()
            });
            let path = self.joined_path(path);
            self.sink(&SinkKind::Store(site, path), site, &own);
        }
        if value.fields.is_none() || (own_taints(value) && path.is_empty()) {
            let text = if path.is_empty() {
                "*".to_owned()
            } else {
                self.joined_path(path).to_string()
            };
            if record.writes.len() < 64 {
                record.writes.push(text);
            }
        }
    }

    pub(super) fn joined_path(&self, path: &[Sym]) -> Arc<str> {
        let parts: Vec<&str> = path.iter().map(|&part| self.text(part)).collect();
        Arc::from(parts.join("."))
    }

    pub(super) fn batch_write(
        &mut self,
        site: Site,
        arguments: &Arguments,
        record: &mut OperationRecord,
    ) {
        let words = self.shared.words;
        let requests = arguments.named(words.request_items).unwrap_or_default();
        for (table, request) in requests.fields.iter().flat_map(|fields| fields.iter()) {
            record.table.add_shape(Shape::Str(*table));
            let item = request.field(words.put_request).field(words.item);
            self.store_item(site, &item, record);
        }
    }

    pub(super) fn transact_write(
        &mut self,
        site: Site,
        arguments: &Arguments,
        record: &mut OperationRecord,
    ) {
        let words = self.shared.words;
        let items = arguments.named(words.transact_items).unwrap_or_default();
        let put = items.field(words.put);
        let update = items.field(words.update_);
        let others = [words.delete, words.condition_check].map(|name| items.field(name));
        for part in others.iter().chain([&update]) {
            if let Some(key) = part.own_field(words.key) {
                record.keys.extend(key_fields(self, &key.clone()));
            }
        }
        for part in others.iter().chain([&put, &update]) {
            let table = part.field(words.table_name);
            record.table.join(&keep_name(&table));
            record.conditional |= part.own_field(words.condition).is_some();
        }
        if put.own_field(words.item).is_some() {
            self.store_item(site, &put.field(words.item), record);
        }
        if let Some(expression) = update.own_field(words.update_expression) {
            let expression = expression.clone();
            self.store_expression(
                site,
                &expression,
                &update.field(words.names),
                &update.field(words.expression_values),
                record,
            );
        }
    }

    pub(super) fn store_update(
        &mut self,
        site: Site,
        arguments: &Arguments,
        names: &Value,
        values: &Value,
        record: &mut OperationRecord,
    ) {
        let words = self.shared.words;
        if let Some(expression) = arguments.named(words.update_expression) {
            self.store_expression(site, &expression, names, values, record);
        }
        if let Some(updates) = arguments.named(words.attribute_updates) {
            let mut item = Value::with_fields(Vec::new());
            for (name, update) in updates.fields.iter().flat_map(|fields| fields.iter()) {
                item.set_field(*name, update.field(words.value_));
            }
            self.store_item(site, &item, record);
        }
    }

    /// `SET api_key = :key, #m.token = :token`.
    pub(super) fn store_expression(
        &mut self,
        site: Site,
        expression: &Value,
        names: &Value,
        values: &Value,
        record: &mut OperationRecord,
    ) {
        let text: Option<Arc<str>> = expression.shapes.iter().find_map(|shape| match shape {
            Shape::Str(text) => Some(Arc::from(self.text(*text))),
            Shape::Pattern(text) => Some(text.clone()),
            _ => None,
        });
        let Some(text) = text else {
            record.writes.push("*".to_owned());
            let whole = values.flat();
            self.sink(&SinkKind::Store(site, Arc::from("")), site, &whole);
            return;
        };
        for (target, source) in assignments(&text) {
            let Some(attribute) = self.attribute_name(target, names) else {
                continue;
            };
            let path: Arc<str> = Arc::from(attribute.as_str());
            let mut value = Value::default();
            for placeholder in source
                .split([' ', '(', ')', '+', '-', ','])
                .filter(|part| part.starts_with(':'))
            {
                if let Some(placeholder) = self.shared.program.symbols.find(placeholder) {
                    value.join(&values.field(placeholder).flat());
                }
            }
            record.writes.push(attribute);
            value.shapes.clear();
            self.sink(&SinkKind::Store(site, path), site, &value);
        }
    }
}

fn own_taints(value: &Value) -> bool {
    !value.taints.is_empty()
}
