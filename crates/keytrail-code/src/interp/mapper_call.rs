//! Calls of models: which calls of DynamoDB they make.

use keytrail_model::OperationKind;

use super::Machine;
use super::arguments::Arguments;
use super::aws::keep_name;
use super::operation::{OperationRecord, ProjectionRecord};
use super::shape::{Mapped, Shape};
use super::value::Value;
use crate::mappers::{Model, Role};
use crate::program::{ClassRef, Site};
use crate::symbols::Sym;

/// A call of a model: where, of which class, with what.
#[derive(Clone, Copy)]
struct Call<'c> {
    site: Site,
    class: ClassRef,
    model: &'c Model,
    arguments: &'c Arguments,
}

impl Call<'_> {
    fn has(&self, machine: &Machine<'_>, names: &[&str]) -> bool {
        names
            .iter()
            .any(|name| self.named(machine, &[name]).is_some())
    }

    /// The first of these keywords that is given.
    fn named(&self, machine: &Machine<'_>, names: &[&str]) -> Option<Value> {
        names.iter().find_map(|name| {
            let name = machine.shared.program.symbols.find(name)?;
            self.arguments.named(name)
        })
    }

    /// By position, or by one of these keywords.
    fn either(&self, machine: &Machine<'_>, index: usize, names: &[&str]) -> Option<Value> {
        self.named(machine, names).or_else(|| {
            let positional = self.arguments.positional.get(index);
            positional.map(|(value, _)| value.clone())
        })
    }
}

const PARTITION: &[&str] = &["hash_key", "partition_key"];
const SORT: &[&str] = &["range_key", "sort_key"];
const SORT_CONDITION: &[&str] = &["range_key_condition", "sort_key_condition"];
const FILTER: &[&str] = &["filter_condition", "filter_expression"];
const PROJECTION: &[&str] = &["attributes_to_get", "fields"];

impl Machine<'_> {
    /// A class method of a model: `Record.get(…)`, `Record.query(…)`.
    pub(super) fn call_on_model(
        &mut self,
        site: Site,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let call = Call {
            site,
            class,
            model: self.model(class)?,
            arguments,
        };
        Some(match without_prefix(self.text(name)) {
            "get" | "safe_get" | "get_or_none" | "aget" => self.model_get(call),
            "query" | "query_page" => self.model_query(call, None),
            "count" if !arguments.positional.is_empty() || call.has(self, PARTITION) => {
                self.model_count(call, None)
            }
            "scan" | "scan_page" | "parallel_scan" | "count" => self.model_scan(call, None),
            "batch_get" => self.model_batch_get(call),
            "batch_write" | "batch_writer" => Value::of(Shape::Mapped(Mapped::Batch(class))),
            "from_raw_data" | "from_dict" | "new_from_raw" => {
                let mut made = arguments.first();
                made.shapes.clear();
                made.add_shape(Shape::Instance(class));
                made
            }
            "put" | "put_unique" => {
                let mut item = arguments.first();
                item.shapes.clear();
                let conditional = self.text(name) == "put_unique";
                self.model_put(call, &item, conditional);
                Value::default()
            }
            "update_by_key" | "update_item" => {
                self.model_update(call, None);
                Value::default()
            }
            "delete_by_key" => {
                let keys = self.given_keys(call);
                let mut record = self.model_record(call, OperationKind::DeleteItem, None);
                record.keys = keys;
                self.add_operation(record);
                Value::default()
            }
            "exists" | "create_table" | "describe_table" | "delete_table" | "table_exists"
            | "update_ttl" => Value::default(),
            _ => return None,
        })
    }

    /// A method of a record: `record.save()`, `record.update(actions=[…])`.
    pub(super) fn call_on_record(
        &mut self,
        site: Site,
        receiver: &Value,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let model = self.model(class)?;
        let call = Call {
            site,
            class,
            model,
            arguments,
        };
        Some(match without_prefix(self.text(name)) {
            "save" => {
                let document = self.document(receiver, model, Some(site));
                let mut record = self.put_record(call, Some(receiver));
                // it was read before: nobody else's is replaced
                record.conditional |= is_read(receiver);
                record.conditional |= call.has(self, &["condition", "conditions"])
                    || arguments
                        .positional
                        .iter()
                        .any(|(value, _)| value.shapes.iter().any(is_condition));
                self.store_item(site, &document, &mut record);
                record.writes = self.written(&document, model);
                self.add_operation(record);
                Value::default()
            }
            "update" => {
                self.model_update(call, Some(receiver));
                Value::default()
            }
            "delete" => {
                let mut record = self.model_record(call, OperationKind::DeleteItem, Some(receiver));
                record.keys = self.own_keys(receiver, model);
                self.add_operation(record);
                Value::default()
            }
            "refresh" => {
                let mut record = self.model_record(call, OperationKind::GetItem, Some(receiver));
                record.keys = self.own_keys(receiver, model);
                self.add_operation(record);
                Value::default()
            }
            "serialize" | "to_json" | "to_simple_dict" | "to_dict" | "model_dump" | "dict"
            | "model_dump_json" | "json" | "to_dynamodb_dict" | "as_dict" | "get_attributes" => {
                self.document(receiver, model, None)
            }
            _ => return None,
        })
    }

    /// `super().save()` in a model: the library's own, of this record.
    pub(super) fn super_of_model(
        &mut self,
        site: Site,
        class: ClassRef,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        self.model(class)?;
        let module = self.module;
        let first = module.ir.function(self.function.1).parameters.first()?;
        let own = self.variable(self.sym(first.name));
        if own.shapes.contains(&Shape::Class(class)) {
            return self.call_on_model(site, class, name, arguments);
        }
        self.call_on_record(site, &own, class, name, arguments)
    }

    /// `batch.save(record)`, `Record.by_owner.query(owner)`.
    pub(super) fn call_on_mapped(
        &mut self,
        site: Site,
        mapped: Mapped,
        name: Sym,
        arguments: &Arguments,
    ) -> Option<Value> {
        let (Mapped::Batch(class) | Mapped::Index(class, _)) = mapped;
        let call = Call {
            site,
            class,
            model: self.model(class)?,
            arguments,
        };
        match mapped {
            Mapped::Index(_, index) => Some(match without_prefix(self.text(name)) {
                "query" => self.model_query(call, Some(index)),
                "count" => self.model_count(call, Some(index)),
                "scan" => self.model_scan(call, Some(index)),
                _ => return None,
            }),
            Mapped::Batch(_) => {
                if self.text(name) != "save" && self.text(name) != "put" {
                    return Some(Value::default());
                }
                let record = arguments.first();
                let document = self.document(&record, call.model, Some(site));
                let mut operation = self.model_record(call, OperationKind::BatchWriteItem, None);
                self.store_item(site, &document, &mut operation);
                operation.writes = self.written(&document, call.model);
                self.add_operation(operation);
                Some(Value::default())
            }
        }
    }

    fn model_record(
        &mut self,
        call: Call<'_>,
        kind: OperationKind,
        receiver: Option<&Value>,
    ) -> OperationRecord {
        let table = self.model_table(call.class, receiver);
        OperationRecord {
            site: call.site,
            kind,
            holder: self.holder.unwrap_or(self.function),
            table: keep_name(&table),
            index: None,
            keys: Vec::new(),
            projection: ProjectionRecord::Whole,
            filter: Vec::new(),
            limit: false,
            // results are read on behind the scenes
            paginated: true,
            consistent: call
                .named(self, &["consistent_read", "consistent"])
                .is_some_and(|value| value.is_bool(true)),
            conditional: false,
            writes: Vec::new(),
            text: table.text(),
            assumed: false,
            deferred: None,
            model: Some(call.class),
            chain: Vec::new(),
        }
    }

    fn put_record(&mut self, call: Call<'_>, receiver: Option<&Value>) -> OperationRecord {
        let mut record = self.model_record(call, OperationKind::PutItem, receiver);
        // the library adds a condition on the version
        record.conditional = call.model.attributes.iter().any(|attribute| {
            attribute
                .kind
                .is_some_and(|kind| self.text(kind) == "VersionAttribute")
        });
        record
    }

    fn model_put(&mut self, call: Call<'_>, item: &Value, conditional: bool) {
        let mut record = self.put_record(call, None);
        record.conditional |= conditional;
        self.store_item(call.site, item, &mut record);
        self.add_operation(record);
    }

    /// Attributes that a save sets: those known, else all that the model declares.
    fn written(&self, document: &Value, model: &Model) -> Vec<String> {
        let named: Vec<Sym> = match &document.fields {
            Some(fields) if document.taints.is_empty() => {
                fields.iter().map(|(name, _)| *name).collect()
            }
            _ => model.attributes.iter().map(|it| it.stored).collect(),
        };
        let mut written: Vec<String> = named
            .into_iter()
            .take(64)
            .map(|name| self.text(name).to_owned())
            .collect();
        written.sort();
        written.dedup();
        written
    }

    fn model_get(&mut self, call: Call<'_>) -> Value {
        let keys = self.given_keys(call);
        let mut record = self.model_record(call, OperationKind::GetItem, None);
        record.keys = keys;
        record.projection = self.model_projection(call);
        self.add_operation(record);
        Self::read_record(call.site, call.class, false)
    }

    fn model_batch_get(&mut self, call: Call<'_>) -> Value {
        let partition = call.model.key(Role::Partition).map(|key| key.stored);
        let keys = call.arguments.first();
        let mut record = self.model_record(call, OperationKind::BatchGetItem, None);
        record.keys = vec![(
            partition.map(|name| self.text(name).to_owned()),
            true,
            keys.flat_keep_constant(),
        )];
        record.projection = self.model_projection(call);
        self.add_operation(record);
        Self::read_record(call.site, call.class, true)
    }

    fn model_query(&mut self, call: Call<'_>, index: Option<Sym>) -> Value {
        let record = self.query_record(call, index);
        self.add_operation(record);
        self.read_page(call)
    }

    fn model_count(&mut self, call: Call<'_>, index: Option<Sym>) -> Value {
        let mut record = self.query_record(call, index);
        record.projection = ProjectionRecord::Count;
        self.add_operation(record);
        Value::default()
    }

    fn query_record(&mut self, call: Call<'_>, index: Option<Sym>) -> OperationRecord {
        let index = index
            .and_then(|index| call.model.index(index))
            .or_else(|| {
                let named = call.named(self, &["index_name", "index"])?;
                call.model.index_named(self.text(named.constant()?))
            })
            .cloned();
        let mut record = self.model_record(call, OperationKind::Query, None);
        let partition = match &index {
            Some(index) => index
                .keys
                .iter()
                .find(|(_, role)| *role == Role::Partition)
                .map(|(name, _)| *name),
            None => call.model.key(Role::Partition).map(|key| key.stored),
        };
        record.keys = self.given_keys(call);
        if let Some(condition) = call.either(self, 0, PARTITION) {
            record.keys = self.condition_keys(&condition, partition);
        }
        if let Some(condition) = call.either(self, 1, SORT_CONDITION) {
            record.keys.extend(self.condition_keys(&condition, None));
        }
        if let Some(filter) = call.either(self, 2, FILTER) {
            record.filter = self.condition_names(&filter);
        }
        record.index = match index {
            Some(index) => Some(Value::of(Shape::Pattern(index.name.as_str().into()))),
            None => call.named(self, &["index_name", "index"]),
        };
        record.projection = self.model_projection(call);
        record
    }

    fn model_scan(&mut self, call: Call<'_>, index: Option<Sym>) -> Value {
        let mut record = self.model_record(call, OperationKind::Scan, None);
        record.index = index
            .and_then(|index| call.model.index(index))
            .map(|index| Value::of(Shape::Pattern(index.name.as_str().into())));
        if let Some(filter) = call.either(self, 0, FILTER) {
            record.filter = self.condition_names(&filter);
        }
        record.projection = self.model_projection(call);
        self.add_operation(record);
        self.read_page(call)
    }

    /// Records, which are also what a page's `items` are.
    fn read_page(&mut self, call: Call<'_>) -> Value {
        let records = Self::read_record(call.site, call.class, false);
        let mut page = records.clone();
        if let Some(items) = self.shared.program.symbols.find("items") {
            page.set_field(items, records);
        }
        page
    }

    /// `record.update(actions=[Record.api_key.set(key)])`, `record.update(api_key=key)`.
    fn model_update(&mut self, call: Call<'_>, receiver: Option<&Value>) {
        let mut record = self.model_record(call, OperationKind::UpdateItem, receiver);
        record.conditional = call.has(self, &["condition", "conditions"]);
        record.keys = match receiver {
            Some(receiver) => self.own_keys(receiver, call.model),
            None => self.given_keys(call),
        };
        let mut changes = Value::with_fields(Vec::new());
        for (value, _) in &call.arguments.positional {
            changes.join(&plain(value));
        }
        if let Some(actions) = call.named(self, &["actions", "atomic"]) {
            changes.join(&plain(&actions));
        }
        for (name, value, _) in &call.arguments.keyword {
            if let Some(attribute) = call.model.attribute(*name)
                && attribute.role.is_none()
            {
                changes.set_field(attribute.stored, value.clone());
            }
        }
        if let Some(double) = &call.arguments.double {
            changes.join(&plain(double));
        }
        self.store_item(call.site, &changes, &mut record);
        self.add_operation(record);
    }

    /// Keys by position, by the mapper's keyword or by the attribute's own name.
    fn given_keys(&mut self, call: Call<'_>) -> Vec<(Option<String>, bool, Value)> {
        let mut keys = Vec::new();
        for (index, role, names) in [(0, Role::Partition, PARTITION), (1, Role::Sort, SORT)] {
            let Some(attribute) = call.model.key(role) else {
                continue;
            };
            let value = call
                .arguments
                .named(attribute.name)
                .or_else(|| call.either(self, index, names));
            if let Some(value) = value {
                let name = Some(self.text(attribute.stored).to_owned());
                keys.push((name, true, value.flat_keep_constant()));
            }
        }
        keys
    }

    /// The keys of a record in hand.
    fn own_keys(&mut self, record: &Value, model: &Model) -> Vec<(Option<String>, bool, Value)> {
        let mut keys = Vec::new();
        for role in [Role::Partition, Role::Sort] {
            if let Some(attribute) = model.key(role)
                && let Some(value) = self.model_attribute(record, attribute.name)
            {
                let name = Some(self.text(attribute.stored).to_owned());
                keys.push((name, true, value.flat_keep_constant()));
            }
        }
        keys
    }

    /// A value for the partition, or a condition.
    fn condition_keys(
        &self,
        condition: &Value,
        partition: Option<Sym>,
    ) -> Vec<(Option<String>, bool, Value)> {
        let mut keys = Vec::new();
        for shape in &condition.shapes {
            if let Shape::Condition(clauses) = shape {
                for clause in clauses.iter() {
                    let name = clause.attribute.map(|name| self.text(name).to_owned());
                    keys.push((name, clause.equal, clause.value.clone()));
                }
            }
        }
        if keys.is_empty() && !condition.is_nothing() {
            let name = partition.map(|name| self.text(name).to_owned());
            keys.push((name, true, condition.flat_keep_constant()));
        }
        keys
    }

    fn condition_names(&self, filter: &Value) -> Vec<String> {
        let mut names: Vec<String> = filter
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Condition(clauses) => Some(clauses),
                _ => None,
            })
            .flat_map(|clauses| clauses.iter())
            .filter_map(|clause| clause.attribute)
            .map(|name| self.text(name).to_owned())
            .collect();
        if names.is_empty() && !filter.shapes.contains(&Shape::None) && !filter.is_nothing() {
            names.push("*".to_owned());
        }
        names.sort();
        names.dedup();
        names
    }

    fn model_projection(&self, call: Call<'_>) -> ProjectionRecord {
        let Some(list) = call.named(self, PROJECTION) else {
            return ProjectionRecord::Whole;
        };
        let mut names = Vec::new();
        for shape in &list.shapes {
            match shape {
                Shape::Str(name) => {
                    let stored = call.model.attribute(*name).map_or(*name, |it| it.stored);
                    names.push(self.text(stored).to_owned());
                }
                Shape::ConditionName(stored, _) => names.push(self.text(*stored).to_owned()),
                Shape::None => return ProjectionRecord::Whole,
                _ => return ProjectionRecord::Unknown,
            }
        }
        names.sort();
        names.dedup();
        if names.is_empty() {
            ProjectionRecord::Unknown
        } else {
            ProjectionRecord::Attributes(names)
        }
    }
}

/// pydynox says `sync_get`, forks of PynamoDB `aget`.
fn without_prefix(name: &str) -> &str {
    name.strip_prefix("sync_")
        .or_else(|| name.strip_prefix("async_"))
        .unwrap_or(name)
}

fn is_condition(shape: &Shape) -> bool {
    matches!(shape, Shape::Condition(_))
}

/// The contents of actions, without conditions beside them.
fn plain(value: &Value) -> Value {
    let mut value = value.clone();
    value.shapes.clear();
    value
}

fn is_read(record: &Value) -> bool {
    let item = |taint: &super::Taint| matches!(taint.label, super::Label::Item(_));
    record.taints.iter().any(item)
}
