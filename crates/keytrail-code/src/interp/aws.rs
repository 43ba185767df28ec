//! boto3 and its kin: which calls of DynamoDB there are and what they carry.

use std::sync::Arc;

use keytrail_model::OperationKind;

use super::Machine;
use super::arguments::Arguments;
use super::aws_read::key_fields;
use super::operation::{OperationRecord, ProjectionRecord, deferred};
use super::shape::{Aws, Shape};
use super::taint::{Label, What, hop};
use super::value::Value;
use crate::program::Site;
use crate::symbols::Sym;

/// How a call is known to be one of DynamoDB.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Plain,
    Paginated,
    /// Only a caller can tell.
    Assumed,
}

fn operation(name: &str) -> Option<OperationKind> {
    Some(match name {
        "get_item" => OperationKind::GetItem,
        "batch_get_item" => OperationKind::BatchGetItem,
        "transact_get_items" => OperationKind::TransactGetItems,
        "query" => OperationKind::Query,
        "scan" => OperationKind::Scan,
        "put_item" => OperationKind::PutItem,
        "update_item" => OperationKind::UpdateItem,
        "delete_item" => OperationKind::DeleteItem,
        "batch_write_item" => OperationKind::BatchWriteItem,
        "transact_write_items" => OperationKind::TransactWriteItems,
        "execute_statement" | "batch_execute_statement" | "execute_transaction" => {
            OperationKind::ExecuteStatement
        }
        _ => return None,
    })
}

impl Aws {
    pub(super) fn of_service(service: Value, resource: bool) -> Self {
        match service.constant() {
            Some(service) if resource => Self::Resource(service),
            Some(service) => Self::Client(service),
            None => Self::Open(service, resource),
        }
    }
}

impl Machine<'_> {
    pub(super) fn call_on_aws(
        &mut self,
        site: Site,
        aws: &Arc<Aws>,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        match &**aws {
            Aws::Session => {
                if name == words.client
                    || name == words.resource
                    || self.text(name) == "create_client"
                {
                    return Some(self.aws_client(site, arguments, name == words.resource));
                }
                None
            }
            Aws::Resource(service) => {
                if name == words.table {
                    let table = keep_name(&arguments.either(0, words.lower_name));
                    return Some(Value::of(Shape::Aws(Arc::new(Aws::Table(table)))));
                }
                if self.text(name) == "create_table" {
                    let table = keep_name(&arguments.named(words.table_name).unwrap_or_default());
                    self.out.tables.push((site, table.clone()));
                    return Some(Value::of(Shape::Aws(Arc::new(Aws::Table(table)))));
                }
                // `Bucket("b")`, `Object("b", "k")`, `Queue("u")`: parts with the service's calls
                let part = self.text(name).starts_with(char::is_uppercase)
                    || matches!(
                        self.text(name),
                        "get_queue_by_name" | "create_queue" | "create_topic" | "create_bucket"
                    );
                if *service != words.dynamodb && part {
                    return Some(Value::of(Shape::Aws(aws.clone())));
                }
                self.client_call(site, *service, name, arguments)
            }
            Aws::Client(service) => self.client_call(site, *service, name, arguments),
            Aws::Open(..) if name == words.table => {
                let table = keep_name(&arguments.either(0, words.lower_name));
                Some(Value::of(Shape::Aws(Arc::new(Aws::Table(table)))))
            }
            // of pages, `call_on_pages` answers with what they hold
            Aws::Open(..) | Aws::Pages => None,
            Aws::Table(table) => {
                if name == words.batch_writer {
                    return Some(Value::of(Shape::Aws(Arc::new(Aws::BatchWriter(
                        table.clone(),
                    )))));
                }
                let kind = operation(self.text(name))?;
                Some(self.dynamo(site, kind, table, arguments, Seen::Plain))
            }
            Aws::BatchWriter(table) => {
                let kind = match self.text(name) {
                    "put_item" | "delete_item" => OperationKind::BatchWriteItem,
                    _ => return Some(Value::default()),
                };
                Some(self.dynamo(site, kind, table, arguments, Seen::Plain))
            }
            Aws::Paginator(called) => {
                if name != words.paginate && self.text(name) != "build_full_result" {
                    return Some(Value::default());
                }
                let kind = operation(self.text(*called))?;
                let table = arguments.named(words.table_name).unwrap_or_default();
                let mut pages = self.dynamo(site, kind, &table, arguments, Seen::Paginated);
                pages.add_shape(Shape::Aws(Arc::new(Aws::Pages)));
                Some(pages)
            }
        }
    }

    pub(super) fn client_call(
        &mut self,
        site: Site,
        service: Sym,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        if name == words.get_paginator {
            let called = arguments.first().constant()?;
            return Some(Value::of(Shape::Aws(Arc::new(Aws::Paginator(called)))));
        }
        if service == words.dynamodb {
            if let Some(kind) = operation(self.text(name)) {
                let table = arguments.named(words.table_name).unwrap_or_default();
                return Some(self.dynamo(site, kind, &table, arguments, Seen::Plain));
            }
            if self.text(name) == "create_table" {
                let table = keep_name(&arguments.named(words.table_name).unwrap_or_default());
                self.out.tables.push((site, table));
            }
            return Some(Value::default());
        }
        Some(self.other_service(site, service, name, arguments))
    }

    /// `x.put_item(Item=…)` where `x` is not known: the parameters say that it is DynamoDB.
    pub(super) fn call_on_unknown_table(
        &mut self,
        site: Site,
        receiver: &Value,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let words = self.shared.words;
        let kind = operation(self.text(name))?;
        // also in a dictionary that is written out before: `table.put_item(**request)`
        let named = |name: Sym| arguments.named(name).is_some();
        let telling = match kind {
            OperationKind::GetItem | OperationKind::DeleteItem | OperationKind::UpdateItem => {
                named(words.key)
            }
            OperationKind::PutItem => named(words.item),
            OperationKind::Query => named(words.key_condition) || named(words.key_conditions),
            OperationKind::Scan => {
                named(words.filter)
                    || named(words.projection)
                    || named(words.table_name)
                    || named(words.start_key)
            }
            OperationKind::BatchGetItem | OperationKind::BatchWriteItem => {
                named(words.request_items)
            }
            OperationKind::TransactGetItems | OperationKind::TransactWriteItems => {
                named(words.transact_items)
            }
            OperationKind::ExecuteStatement => {
                named(words.statement)
                    || named(words.statements)
                    || named(words.transact_statements)
            }
        };
        // `**kwargs` of a thin wrapper tell nothing, but a parameter may yet turn out a table
        let open = receiver
            .shapes
            .iter()
            .any(|shape| matches!(shape, Shape::Param(..)));
        if !telling && !(open && (arguments.double.is_some() || kind == OperationKind::Scan)) {
            return None;
        }
        let table = if let Some(table) = arguments.named(words.table_name) {
            table
        } else {
            let mut table = Value::default();
            for shape in &receiver.shapes {
                match shape {
                    Shape::Param(..) => table.add_shape(shape.clone()),
                    Shape::Aws(aws) => {
                        if let Aws::Table(name) = &**aws {
                            table.join(name);
                        }
                    }
                    _ => {}
                }
            }
            table
        };
        if !telling && !table.has_params() {
            return None;
        }
        let seen = if telling { Seen::Plain } else { Seen::Assumed };
        Some(self.dynamo(site, kind, &table, arguments, seen))
    }

    /// A call whose parameters a caller has now told.
    pub(super) fn resume(&mut self, record: OperationRecord) {
        let words = self.shared.words;
        let given = record.deferred.unwrap_or_default();
        let mut arguments = Arguments::default();
        for (name, value) in given.fields.iter().flat_map(|fields| fields.iter()) {
            arguments.keyword.push((*name, value.clone(), record.site));
        }
        arguments.double = Some(Value {
            fields: None,
            ..given
        });
        let mut table = arguments.named(words.table_name).unwrap_or_default();
        table.join(&record.table);
        let seen = if record.assumed {
            Seen::Assumed
        } else {
            Seen::Plain
        };
        let holder = self.holder.replace(record.holder);
        self.note(
            record.site,
            record.kind,
            &table,
            &arguments,
            seen,
            record.chain,
        );
        self.holder = holder;
    }

    /// One call of DynamoDB: the record, the stores, and what it gives back.
    pub(super) fn dynamo(
        &mut self,
        site: Site,
        kind: OperationKind,
        table: &Value,
        arguments: &Arguments,
        seen: Seen,
    ) -> Value {
        self.note(site, kind, table, arguments, seen, Vec::new());
        self.answer(site, kind)
    }

    pub(super) fn note(
        &mut self,
        site: Site,
        kind: OperationKind,
        table: &Value,
        arguments: &Arguments,
        seen: Seen,
        chain: Vec<Site>,
    ) {
        let words = self.shared.words;
        let given = |name: Sym| arguments.named(name);
        let names = given(words.names).unwrap_or_default();
        let values = given(words.expression_values).unwrap_or_default();
        let mut text = Value::default();
        for name in [
            words.key_condition,
            words.filter,
            words.projection,
            words.statement,
            words.update_expression,
        ] {
            if let Some(value) = given(name) {
                text.join(&value.text());
            }
        }
        text.join(&table.text());
        let mut record = OperationRecord {
            site,
            kind,
            holder: self.holder.unwrap_or(self.function),
            table: keep_name(table),
            index: given(words.index_name),
            keys: self.keys(arguments, &names, &values),
            projection: self.projection(arguments, &names),
            filter: self.filter(arguments, &names),
            limit: given(words.limit).is_some(),
            paginated: seen == Seen::Paginated || given(words.start_key).is_some(),
            consistent: given(words.consistent).is_some_and(|value| value.is_bool(true)),
            conditional: given(words.condition).is_some() || given(words.expected).is_some(),
            writes: Vec::new(),
            text,
            assumed: seen == Seen::Assumed,
            deferred: deferred(arguments),
            model: None,
            chain,
        };
        match kind {
            OperationKind::PutItem => {
                let item = given(words.item).unwrap_or_else(|| arguments.first());
                self.store_item(site, &item, &mut record);
            }
            OperationKind::BatchWriteItem => {
                match given(words.item)
                    .or_else(|| arguments.positional.first().map(|(value, _)| value.clone()))
                {
                    Some(item) => self.store_item(site, &item, &mut record),
                    None => self.batch_write(site, arguments, &mut record),
                }
            }
            OperationKind::TransactWriteItems => self.transact_write(site, arguments, &mut record),
            OperationKind::TransactGetItems => {
                let gets = given(words.transact_items)
                    .unwrap_or_default()
                    .field(words.get_);
                record.table = keep_name(&gets.field(words.table_name));
                record.projection = match gets.own_field(words.projection) {
                    Some(value) => self.projection_of(value, &gets.field(words.names)),
                    None => ProjectionRecord::Whole,
                };
                let key = gets.field(words.key);
                record.keys = key_fields(self, &key);
            }
            OperationKind::BatchGetItem => {
                let requests = given(words.request_items).unwrap_or_default();
                let mut requested = Value::default();
                for (table, request) in requests.fields.iter().flat_map(|fields| fields.iter()) {
                    record.table.add_shape(Shape::Str(*table));
                    requested.join(request);
                }
                if let Some(projection) = requested.own_field(words.projection) {
                    record.projection =
                        self.projection_of(projection, &requested.field(words.names));
                }
                record.keys = key_fields(self, &requested.field(words.batch_keys));
            }
            OperationKind::UpdateItem => {
                self.store_update(site, arguments, &names, &values, &mut record);
            }
            OperationKind::ExecuteStatement => self.statement_call(site, arguments, &mut record),
            _ => {}
        }
        self.owned_by_condition(
            given(words.condition).as_ref(),
            &names,
            &values,
            &mut record,
        );
        self.owned_by_condition(given(words.filter).as_ref(), &names, &values, &mut record);
        record.writes.sort();
        record.writes.dedup();
        self.add_operation(record);
    }

    pub(super) fn answer(&self, site: Site, kind: OperationKind) -> Value {
        let words = self.shared.words;
        let item = || Value::tainted(Label::Item(site), hop(site, What::Source, &None));
        match kind {
            OperationKind::GetItem => Value::with_fields(vec![(words.item, item())]),
            OperationKind::Query | OperationKind::Scan | OperationKind::ExecuteStatement => {
                Value::with_fields(vec![
                    (words.items_, item()),
                    (words.last_key, Value::default()),
                    (
                        words.responses,
                        Value::with_fields(vec![(words.item, item())]),
                    ),
                ])
            }
            OperationKind::BatchGetItem | OperationKind::TransactGetItems => {
                Value::with_fields(vec![(words.responses, item())])
            }
            OperationKind::PutItem | OperationKind::UpdateItem | OperationKind::DeleteItem => {
                Value::with_fields(vec![(words.attributes, item())])
            }
            OperationKind::BatchWriteItem | OperationKind::TransactWriteItems => {
                Value::with_fields(Vec::new())
            }
        }
    }

    // ---- conditions ----
}

/// Only what can tell a table's name, and whether a caller chooses it.
pub(super) fn keep_name(value: &Value) -> Value {
    let mut name = Value::default();
    for taint in &value.taints {
        if matches!(taint.label, Label::Request | Label::Param(_)) {
            name.add_taint(taint.clone());
        }
    }
    for shape in &value.shapes {
        match shape {
            Shape::Str(_) | Shape::Pattern(_) | Shape::Param(..) | Shape::NameSource(_) => {
                name.add_shape(shape.clone());
            }
            Shape::Aws(aws) => {
                if let Aws::Table(inner) = &**aws {
                    name.join(inner);
                }
            }
            _ => {}
        }
    }
    name
}

/// DynamoDB's type descriptors around values of the low-level client.
pub(crate) fn is_descriptor(name: &str) -> bool {
    matches!(
        name,
        "S" | "N" | "B" | "M" | "L" | "BOOL" | "NULL" | "SS" | "NS" | "BS"
    )
}

impl Value {
    /// Flat, with the constants that its fields hold.
    pub(super) fn flat_keep_constant(&self) -> Self {
        let mut flat = self.flat();
        for (_, part) in self.fields.iter().flat_map(|fields| fields.iter()) {
            for shape in &part.shapes {
                flat.add_shape(shape.clone());
            }
        }
        flat
    }
}
