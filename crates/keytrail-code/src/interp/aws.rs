//! boto3 and its kin: which calls of DynamoDB there are and what they carry.

use std::sync::Arc;

use keytrail_model::{OperationKind, Transform};
use smallvec::SmallVec;

use super::Machine;
use super::arguments::Arguments;
use super::operation::{OperationRecord, ProjectionRecord, deferred};
use super::record::SinkKind;
use super::value::{Aws, Clause, Label, Shape, Value, What, hop};
use crate::program::Site;
use crate::symbols::Sym;

/// Calls that other services take data with: operation, parameters that carry it, who gets it.
const TAKERS: &[(&str, &[&str], &str)] = &[
    ("put_object", &["Body", "Metadata"], "S3"),
    ("put", &["Body", "Metadata"], "S3"),
    ("upload_fileobj", &["Fileobj"], "S3"),
    (
        "publish",
        &["Message", "MessageAttributes", "Subject"],
        "SNS",
    ),
    ("send_message", &["MessageBody", "MessageAttributes"], "SQS"),
    ("send_email", &["Message", "Content"], "SES"),
    ("put_record", &["Data"], "Kinesis"),
    ("put_events", &["Entries"], "EventBridge"),
    ("invoke", &["Payload"], "Lambda"),
    ("invoke_model", &["body"], "Bedrock"),
    ("put_log_events", &["logEvents"], "CloudWatch Logs"),
];

/// How a call is known to be one of DynamoDB.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
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
                if *service != words.dynamodb && self.text(name).starts_with(char::is_uppercase) {
                    return Some(Value::of(Shape::Aws(aws.clone())));
                }
                self.client_call(site, *service, name, arguments)
            }
            Aws::Client(service) => self.client_call(site, *service, name, arguments),
            Aws::Open(..) if name == words.table => {
                let table = keep_name(&arguments.either(0, words.lower_name));
                Some(Value::of(Shape::Aws(Arc::new(Aws::Table(table)))))
            }
            Aws::Open(..) => None,
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
                    "put_item" => OperationKind::BatchWriteItem,
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
                Some(self.dynamo(site, kind, &table, arguments, Seen::Paginated))
            }
        }
    }

    fn client_call(
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
        Some(self.other_service(site, name, arguments))
    }

    /// Vaults give keys, KMS takes them away, the rest passes them on.
    fn other_service(&mut self, site: Site, name: Sym, arguments: &Arguments) -> Value {
        let words = self.shared.words;
        let vault = || Value::tainted(Label::Vault(site), hop(site, What::Source, &None));
        match self.text(name) {
            "get_secret_value" => Value::with_fields(vec![(words.secret_string, vault())]),
            "get_parameter" => {
                let parameter = Value::with_fields(vec![(words.value_, vault())]);
                Value::with_fields(vec![(words.parameter, parameter)])
            }
            "get_parameters" | "get_parameters_by_path" => {
                let parameter = Value::with_fields(vec![(words.value_, vault())]);
                Value::with_fields(vec![(words.parameters, parameter)])
            }
            "decrypt" => Value::with_fields(vec![(words.plaintext, vault())]),
            "encrypt" => {
                let encrypted = arguments.all().transformed(Transform::Encrypted);
                Value::with_fields(vec![(words.ciphertext, encrypted)])
            }
            "generate_mac" => arguments.all().transformed(Transform::Hmac),
            operation => {
                for (taker, parameters, who) in TAKERS {
                    if *taker == operation {
                        for parameter in *parameters {
                            let symbol = self.shared.program.symbols.find(parameter);
                            if let Some(value) = symbol.and_then(|name| arguments.named(name)) {
                                self.sink(&SinkKind::ThirdParty(who), site, &value);
                            }
                        }
                    }
                }
                Value::default()
            }
        }
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
        let named = |name: Sym| arguments.keyword.iter().any(|(own, ..)| *own == name);
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
            OperationKind::ExecuteStatement => named(words.statement),
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
    fn dynamo(
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

    fn note(
        &mut self,
        site: Site,
        kind: OperationKind,
        table: &Value,
        arguments: &Arguments,
        seen: Seen,
        chain: Vec<Site>,
    ) {
        let words = self.shared.words;
        let named = |name: Sym| arguments.named(name);
        let names = named(words.names).unwrap_or_default();
        let values = named(words.expression_values).unwrap_or_default();
        let mut text = Value::default();
        for name in [
            words.key_condition,
            words.filter,
            words.projection,
            words.statement,
            words.update_expression,
        ] {
            if let Some(value) = named(name) {
                text.join(&value.text());
            }
        }
        text.join(&table.text());
        let mut record = OperationRecord {
            site,
            kind,
            holder: self.holder.unwrap_or(self.function),
            table: keep_name(table),
            index: named(words.index_name),
            keys: self.keys(arguments, &names, &values),
            projection: self.projection(arguments, &names),
            filter: self.filter(arguments, &names),
            limit: named(words.limit).is_some(),
            paginated: seen == Seen::Paginated || named(words.start_key).is_some(),
            consistent: named(words.consistent).is_some_and(|value| value.is_bool(true)),
            conditional: named(words.condition).is_some() || named(words.expected).is_some(),
            writes: Vec::new(),
            text,
            assumed: seen == Seen::Assumed,
            deferred: deferred(arguments),
            chain,
        };
        match kind {
            OperationKind::PutItem => {
                let item = named(words.item).unwrap_or_else(|| arguments.first());
                self.store_item(site, &item, &mut record);
            }
            OperationKind::BatchWriteItem => {
                match named(words.item)
                    .or_else(|| arguments.positional.first().map(|(value, _)| value.clone()))
                {
                    Some(item) => self.store_item(site, &item, &mut record),
                    None => self.batch_write(site, arguments, &mut record),
                }
            }
            OperationKind::TransactWriteItems => self.transact_write(site, arguments, &mut record),
            OperationKind::TransactGetItems => {
                let gets = named(words.transact_items)
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
                let requests = named(words.request_items).unwrap_or_default();
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
            OperationKind::ExecuteStatement => self.statement_call(arguments, &mut record),
            _ => {}
        }
        record.writes.sort();
        record.writes.dedup();
        self.add_operation(record);
    }

    fn answer(&self, site: Site, kind: OperationKind) -> Value {
        let words = self.shared.words;
        let item = || Value::tainted(Label::Item(site), hop(site, What::Source, &None));
        match kind {
            OperationKind::GetItem => Value::with_fields(vec![(words.item, item())]),
            OperationKind::Query | OperationKind::Scan | OperationKind::ExecuteStatement => {
                Value::with_fields(vec![
                    (words.items_, item()),
                    (words.last_key, Value::default()),
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

    // ---- reads ----

    fn keys(
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
    fn expression_keys(
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

    fn projection(&mut self, arguments: &Arguments, names: &Value) -> ProjectionRecord {
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

    fn projection_of(&self, value: &Value, names: &Value) -> ProjectionRecord {
        value
            .constant()
            .and_then(|text| self.attribute_names(self.text(text), names))
            .map_or(ProjectionRecord::Unknown, ProjectionRecord::Attributes)
    }

    fn filter(&mut self, arguments: &Arguments, names: &Value) -> Vec<String> {
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
    fn filter_names(&self, text: &str, names: &Value, attributes: &mut Vec<String>) {
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

    fn statement_call(&mut self, arguments: &Arguments, record: &mut OperationRecord) {
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

    // ---- writes ----

    fn store_item(&mut self, site: Site, item: &Value, record: &mut OperationRecord) {
        self.store_at(site, item, &mut SmallVec::new(), record);
    }

    fn store_at(
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
            if typed {
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
                Arc::new(
                    fields
                        .iter()
                        .map(|(name, _)| (*name, Value::default()))
                        .collect(),
                )
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

    fn joined_path(&self, path: &[Sym]) -> Arc<str> {
        let parts: Vec<&str> = path.iter().map(|&part| self.text(part)).collect();
        Arc::from(parts.join("."))
    }

    fn batch_write(&mut self, site: Site, arguments: &Arguments, record: &mut OperationRecord) {
        let words = self.shared.words;
        let requests = arguments.named(words.request_items).unwrap_or_default();
        for (table, request) in requests.fields.iter().flat_map(|fields| fields.iter()) {
            record.table.add_shape(Shape::Str(*table));
            let item = request.field(words.put_request).field(words.item);
            self.store_item(site, &item, record);
        }
    }

    fn transact_write(&mut self, site: Site, arguments: &Arguments, record: &mut OperationRecord) {
        let words = self.shared.words;
        let items = arguments.named(words.transact_items).unwrap_or_default();
        let put = items.field(words.put);
        let update = items.field(words.update_);
        for part in [&put, &update] {
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

    fn store_update(
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
    fn store_expression(
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

    // ---- conditions ----

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
            | "contains" | "exists" | "not_exists" | "attribute_type" | "size" => false,
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

/// `"keys"."by-owner" WHERE …` → table and index.
fn statement_table(text: &str) -> (&str, &str) {
    let quotes = ['"', '\''];
    let text = text.trim_start().trim_start_matches(quotes);
    let end = text.find(['"', '\'', ' ', '.', '\n']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let index = rest
        .trim_start_matches(quotes)
        .strip_prefix('.')
        .map_or("", |rest| {
            let rest = rest.trim_start_matches(quotes);
            rest.split(['"', '\'', ' ', '\n']).next().unwrap_or("")
        });
    (name, index)
}

fn own_taints(value: &Value) -> bool {
    !value.taints.is_empty()
}

/// `Key={"owner": x, "service": {"S": y}}`.
fn key_fields(machine: &Machine<'_>, key: &Value) -> Vec<(Option<String>, bool, Value)> {
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

/// Only what can tell a table's name, and whether a caller chooses it.
fn keep_name(value: &Value) -> Value {
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

/// `SET a = :a, b = if_not_exists(b, :b) ADD n :n` → pairs of target and value; clauses that
/// remove give none.
fn assignments(text: &str) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    let lower = text.to_ascii_lowercase();
    let mut starts: Vec<(usize, &str)> = ["set ", "add ", "remove ", "delete "]
        .into_iter()
        .flat_map(|word| lower.match_indices(word).collect::<Vec<_>>())
        .filter(|(at, _)| *at == 0 || lower.as_bytes()[at - 1].is_ascii_whitespace())
        .collect();
    starts.sort_unstable();
    for (index, (at, word)) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(text.len(), |(next, _)| *next);
        let clause = text.get(at + word.len()..end).unwrap_or("");
        for part in split_commas(clause) {
            let pair = match *word {
                "set " => part.split_once('='),
                "add " => part.trim().split_once(' '),
                _ => None,
            };
            pairs.extend(pair.map(|(target, value)| (target.trim(), value.trim())));
        }
    }
    pairs
}

/// Splits at commas outside parentheses.
fn split_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_i32, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Splits at ` AND ` and ` OR ` in any case; the second bound of a BETWEEN goes with the first.
fn split_and(text: &str) -> Vec<&str> {
    let lower = text.to_ascii_lowercase();
    let mut joints: Vec<(usize, &str)> = lower.match_indices(" and ").collect();
    joints.extend(lower.match_indices(" or "));
    joints.sort_unstable();
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, word) in joints {
        let part = lower.get(from..at).unwrap_or("");
        if at < from || (word == " and " && part.contains(" between ")) && !part.contains(" and ") {
            continue;
        }
        parts.push(&text[from..at]);
        from = at + word.len();
    }
    parts.push(&text[from..]);
    parts
}

impl Value {
    /// Flat, with the constants that its fields hold.
    fn flat_keep_constant(&self) -> Self {
        let mut flat = self.flat();
        for (_, part) in self.fields.iter().flat_map(|fields| fields.iter()) {
            for shape in &part.shapes {
                flat.add_shape(shape.clone());
            }
        }
        flat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn update_expressions_fall_into_pairs() {
        let pairs = assignments(
            "SET api_key = :k, #m.token = if_not_exists(#m.token, :t) ADD calls :one REMOVE old",
        );
        assert_eq!(
            pairs,
            [
                ("api_key", ":k"),
                ("#m.token", "if_not_exists(#m.token, :t)"),
                ("calls", ":one")
            ]
        );
    }

    #[test]
    fn conditions_split_at_and() {
        assert_eq!(
            split_and("a = :a AND begins_with(b, :b)"),
            ["a = :a", "begins_with(b, :b)"]
        );
    }
}
