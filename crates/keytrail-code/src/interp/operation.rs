//! A call of DynamoDB, as seen inside one function.

use super::Machine;
use super::arguments::Arguments;
use super::passing::Passing;
use super::shape::Shape;
use super::value::Value;
use crate::program::{ClassRef, FunctionRef, Site};
use crate::symbols::Sym;
use keytrail_model::OperationKind;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProjectionRecord {
    Whole,
    Attributes(Vec<String>),
    Count,
    Unknown,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one parameter of the call, set or not"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OperationRecord {
    pub(crate) site: Site,
    pub(crate) kind: OperationKind,
    /// The function that holds the call.
    pub(crate) holder: FunctionRef,
    pub(crate) table: Value,
    /// `None`: no index; a value without a constant: one that is not known.
    pub(crate) index: Option<Value>,
    /// Attribute, compared for equality, value.
    pub(crate) keys: Vec<(Option<String>, bool, Value)>,
    pub(crate) projection: ProjectionRecord,
    pub(crate) filter: Vec<String>,
    pub(crate) limit: bool,
    pub(crate) paginated: bool,
    pub(crate) consistent: bool,
    pub(crate) conditional: bool,
    /// Attribute paths that a write sets; `*` for what is not known.
    pub(crate) writes: Vec<String>,
    /// Whatever shapes the table's name, an expression or a statement's text.
    pub(crate) text: Value,
    /// Neither the receiver nor the parameters say that this is DynamoDB: it is, if a caller
    /// passes a table.
    pub(crate) assumed: bool,
    /// The parameters, where some come in a `**kwargs` that only a caller knows.
    pub(crate) deferred: Option<Value>,
    /// The model whose table it is on, where a mapper makes the call.
    pub(crate) model: Option<ClassRef>,
    /// Calls from where the record is now known down to the call, outermost first.
    pub(crate) chain: Vec<Site>,
}

const MOST_OPERATIONS: usize = 120;
const LONGEST_CHAIN: usize = 8;

impl OperationRecord {
    /// True when a caller may still say more.
    pub(crate) fn is_open(&self) -> bool {
        self.table.has_params()
            || self.index.as_ref().is_some_and(Value::has_params)
            || self.keys.iter().any(|(_, _, value)| value.has_params())
            || self.text.has_params()
            || self.deferred.is_some()
    }

    /// As the caller at `site` sees it.
    pub(crate) fn bound(&self, bindings: &[Value], site: Site, callee: FunctionRef) -> Self {
        self.passed(&Passing::new(bindings, site, callee), site)
    }

    fn passed(&self, passing: &Passing<'_>, site: Site) -> Self {
        let at = |value: &Value| passing.of(value);
        let mut chain = vec![site];
        chain.extend(&self.chain);
        Self {
            table: at(&self.table),
            index: self.index.as_ref().map(at),
            keys: self
                .keys
                .iter()
                .map(|(name, equal, value)| (name.clone(), *equal, at(value)))
                .collect(),
            text: at(&self.text),
            deferred: self.deferred.as_ref().map(at),
            chain,
            ..self.clone()
        }
    }
}

impl Machine<'_> {
    /// Notes a call: for the callers when it depends on them, as complete otherwise.
    pub(super) fn add_operation(&mut self, record: OperationRecord) {
        self.granted_before(&record);
        let open = record.is_open() && record.chain.len() < LONGEST_CHAIN;
        let list = if open {
            &mut self.out.summary.operations
        } else {
            &mut self.out.operations
        };
        // loops and rounds meet the same call again, with more known
        let same =
            |other: &OperationRecord| other.site == record.site && other.chain == record.chain;
        let room = list.len() < MOST_OPERATIONS;
        match list.iter_mut().find(|other| same(other)) {
            Some(old) => *old = record,
            None if room => list.push(record),
            None => {}
        }
    }

    pub(super) fn inherit_operations(
        &mut self,
        operations: &[OperationRecord],
        passing: &Passing<'_>,
        site: Site,
    ) {
        for record in operations {
            // recursion would only repeat the chain
            if !record.chain.contains(&site) {
                let bound = record.passed(passing, site);
                if bound.deferred.is_some() {
                    self.resume(bound);
                } else {
                    self.add_operation(bound);
                }
            }
        }
    }

    /// The names of attributes in `#a, b.c` under the given placeholders.
    pub(super) fn attribute_names(&self, text: &str, names: &Value) -> Option<Vec<String>> {
        let mut list = Vec::new();
        for part in text.split(',') {
            list.push(self.attribute_name(part.trim(), names)?);
        }
        list.sort();
        list.dedup();
        Some(list)
    }

    pub(super) fn attribute_name(&self, text: &str, names: &Value) -> Option<String> {
        let mut path = Vec::new();
        for segment in text.split('.') {
            let segment = segment.split('[').next().unwrap_or(segment).trim();
            if segment.is_empty() {
                return None;
            }
            if segment.starts_with('#') {
                let placeholder = self.shared.program.symbols.find(segment)?;
                let name: Sym = names.field(placeholder).constant()?;
                path.push(self.text(name).to_owned());
            } else {
                path.push(segment.to_owned());
            }
        }
        Some(path.join("."))
    }
}

/// All parameters as one value, when a `**kwargs` among them is a caller's.
pub(super) fn deferred(arguments: &Arguments) -> Option<Value> {
    let double = arguments.double.as_ref()?;
    let open = double
        .shapes
        .iter()
        .any(|shape| matches!(shape, Shape::Param(..)));
    open.then(|| arguments.fields())
}
