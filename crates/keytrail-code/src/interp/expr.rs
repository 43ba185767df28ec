//! Expressions.

use std::sync::Arc;

use keytrail_model::{SightingConfidence, Transform};

use super::arguments::Arguments;
use super::record::SinkKind;
use super::value::{Label, NameSourceRef, Path, Shape, Value, What, hop};
use super::{Cell, Machine};
use crate::program::{FunctionRef, ModuleId, Site, Target};
use crate::symbols::Sym;
use crate::syntax::ir::{
    Comparator, Comprehension, Expr, ExprId, FormatPart, FunctionKind, Operator,
};

/// A slice that leaves no more characters than this hides a key.
const FEW: i64 = 8;
/// Longer texts are no names, expressions or statements.
const LONGEST_PATTERN: usize = 512;
/// Names that one function uses of those around it.
const MOST_FREE: usize = 24;

impl Machine<'_> {
    pub(super) fn expr(&mut self, id: ExprId) -> Value {
        if self.fuel == 0 || self.depth > super::DEEPEST {
            return Value::default();
        }
        self.fuel -= 1;
        self.depth += 1;
        let value = self.evaluate(id);
        self.depth -= 1;
        value
    }

    fn evaluate(&mut self, id: ExprId) -> Value {
        let module = self.module;
        match module.ir.expr(id) {
            Expr::Name(name) => self.variable(self.sym(*name)),
            Expr::Attribute(object, name) => {
                let receiver = self.expr(*object);
                self.attribute(&receiver, self.sym(*name), id)
            }
            Expr::Str(text) => self.literal(id, self.sym(*text)),
            Expr::Int(number) => Value::of(Shape::Int(*number)),
            Expr::Bool(value) => Value::of(Shape::Bool(*value)),
            Expr::None => Value::of(Shape::None),
            Expr::Call(function, arguments) => self.call(id, *function, arguments),
            Expr::Subscript(object, key) => self.subscript(id, *object, *key),
            Expr::Dict(entries) => self.dictionary(entries),
            Expr::Sequence(parts) => self.joined(parts),
            Expr::Binary(operator, left, right) => self.binary(*operator, *left, *right),
            Expr::Not(inner) => {
                self.expr(*inner);
                Value::default()
            }
            Expr::Logic(_, parts) => self.joined(parts),
            Expr::Compare(left, rest) => self.compare(id, *left, rest),
            Expr::Conditional { test, then, other } => {
                self.expr(*test);
                let mut value = self.expr(*then);
                value.join(&self.expr(*other));
                value
            }
            Expr::Lambda(function) => self.closure(FunctionRef(self.function.0, *function)),
            Expr::Format(parts) => self.format(parts),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Yield(inner) => {
                if let Some(inner) = inner {
                    let value = self.expr(*inner);
                    self.out.summary.returned.join(&value);
                }
                Value::default()
            }
            Expr::Walrus(name, value) => {
                let value = self.expr(*value);
                let name = self.sym(*name);
                let value = value.hopped(self.site(id), What::Assigned(name));
                self.env.vars.insert(name, value.clone());
                value
            }
            Expr::Starred(inner) => self.expr(*inner),
            Expr::Negative(_) | Expr::Slice(..) | Expr::Bytes | Expr::Float | Expr::Other => {
                Value::default()
            }
        }
    }

    fn joined(&mut self, parts: &[ExprId]) -> Value {
        let mut value = Value::default();
        for &part in parts {
            value.join(&self.expr(part));
        }
        value
    }

    /// A string: a source when it is a key by its own looks.
    fn literal(&mut self, id: ExprId, text: Sym) -> Value {
        let mut value = Value::of(Shape::Str(text));
        let plain = self.text(text);
        if plain.len() >= 16
            && let Some(hit) = self.shared.detector.examine(plain, None)
            && hit.confidence >= SightingConfidence::Medium
        {
            let site = self.site(id);
            value.join(&Value::tainted(
                Label::Literal(site),
                hop(site, What::Source, &None),
            ));
        }
        value
    }

    // ---- names ----

    pub(super) fn variable(&mut self, name: Sym) -> Value {
        if let Some(value) = self.env.vars.get(&name) {
            let mut value = value.clone();
            if self.shared_locals {
                value.join(&self.read_cell(Cell::Nonlocal(self.function, name)));
            }
            return value;
        }
        if let Some(value) = self.captured(name) {
            return value;
        }
        let mut value = Value::default();
        for shape in self.shared.resolver.global(self.function.0, name) {
            value.add_shape(shape);
        }
        value.join(&self.module_variable(self.function.0, name));
        if value.is_nothing() {
            value.add_shape(Shape::External(Path::from_iter([name])));
        }
        value
    }

    /// A local of a function around this one.
    fn captured(&mut self, name: Sym) -> Option<Value> {
        let module = self.module;
        let mut outer = module.ir.function(self.function.1).parent;
        while outer != 0 {
            let function = module.ir.function(outer);
            if function.kind != FunctionKind::ClassBody {
                let cell = Cell::Captured(FunctionRef(self.function.0, outer), name);
                let mut value = self.read_cell(cell);
                if !value.is_nothing() {
                    value.join(&self.free(name));
                    return Some(value);
                }
                if self.is_parameter(function, name) {
                    return Some(self.free(name));
                }
            }
            if function.parent == outer {
                break;
            }
            outer = function.parent;
        }
        None
    }

    fn is_parameter(&self, function: &crate::syntax::ir::Function, name: Sym) -> bool {
        function
            .parameters
            .iter()
            .any(|parameter| self.sym(parameter.name) == name)
    }

    /// What a function uses of those around it is, to it, a parameter more.
    fn free(&mut self, name: Sym) -> Value {
        let own = self.module.ir.function(self.function.1).parameters.len();
        let free = &mut self.out.summary.free;
        let position = free.iter().position(|other| *other == name);
        let index = position.unwrap_or(free.len());
        if position.is_none() {
            if free.len() >= MOST_FREE {
                return Value::default();
            }
            free.push(name);
        }
        let number = u16::try_from(own + index).unwrap_or(u16::MAX);
        let mut value = Value::tainted(Label::Param(number), None);
        value.add_shape(Shape::Param(number, super::Fields::new()));
        value
    }

    /// A function of this function, with the present values of what it uses of this one.
    pub(super) fn closure(&mut self, function: FunctionRef) -> Value {
        let mut value = Value::of(Shape::Function(function));
        self.out.read_functions.insert(function);
        let state = self.state;
        let free = &state.summaries[state.index(function)].free;
        if free.is_empty() || self.function.1 == 0 {
            return value;
        }
        let captured: Vec<(Sym, Value)> = free
            .iter()
            .map(|&name| (name, self.variable(name).without_closures()))
            .collect();
        value.shapes.clear();
        value.add_shape(Shape::Closure(function, Arc::new(captured)));
        value
    }

    pub(super) fn module_variable(&mut self, module: ModuleId, name: Sym) -> Value {
        let mut value = Value::default();
        for (module, name) in self.shared.resolver.variable(module, name) {
            value.join(&self.read_cell(Cell::Global(module, name)));
        }
        value
    }

    pub(super) fn read_cell(&mut self, cell: Cell) -> Value {
        self.out.read_cells.insert(cell);
        self.state.cells.get(&cell).cloned().unwrap_or_default()
    }

    // ---- parts ----

    pub(super) fn attribute(&mut self, receiver: &Value, name: Sym, id: ExprId) -> Value {
        let words = self.shared.words;
        let mut value = Value::default();
        let mut known = false;
        for shape in &receiver.shapes {
            let part = match shape {
                Shape::Module(module) => self.module_attribute(&Target::Module(*module), name),
                Shape::Namespace(directory) => {
                    self.module_attribute(&Target::Namespace(directory.clone()), name)
                }
                Shape::External(path) => self.external_attribute(path, name, id),
                Shape::Instance(class) => self.instance_attribute(receiver, *class, name, id),
                Shape::Class(class) => self.class_attribute(*class, name),
                Shape::Object(path) => {
                    let mut path = path.clone();
                    path.push(name);
                    Value::of(Shape::Object(path))
                }
                _ => continue,
            };
            known = true;
            value.join(&part);
        }
        if name == words.dict_ {
            return self.fields_of(receiver);
        }
        // what authentication, the transport and the framework say, not the caller
        let harmless = name == words.method
            && receiver
                .taints
                .iter()
                .any(|t| t.label == Label::Request && t.path.is_empty());
        // of an instance that a caller passes, the caller may know more than its class
        let open = receiver
            .shapes
            .iter()
            .any(|shape| matches!(shape, Shape::Param(..)));
        if !harmless && (!known || open || !receiver.taints.is_empty() || receiver.fields.is_some())
        {
            let mut part = receiver.field(name);
            if receiver
                .taints
                .iter()
                .any(|taint| taint.label == Label::Request && taint.path.is_empty())
            {
                let site = self.site(id);
                part = part.map_traces(&|trace| hop(site, What::Source, trace), 0);
            }
            value.join(&part);
        }
        value
    }

    fn module_attribute(&mut self, target: &Target, name: Sym) -> Value {
        let mut value = Value::default();
        for shape in self.shared.resolver.attribute(target, name) {
            value.add_shape(shape);
        }
        if let Target::Module(module) = target {
            value.join(&self.module_variable(*module, name));
        }
        value
    }

    fn external_attribute(&mut self, path: &Path, name: Sym, id: ExprId) -> Value {
        let words = self.shared.words;
        if path.as_slice() == [words.django, words.conf, words.settings] {
            return self.setting(name, id);
        }
        let mut path = path.clone();
        path.push(name);
        if path.as_slice() == [words.os, words.environ] {
            let site = self.site(id);
            let mut value = Value::tainted(Label::WholeEnvironment, hop(site, What::Source, &None));
            value.add_shape(Shape::External(path));
            return value;
        }
        Value::of(Shape::External(path))
    }

    /// `settings.NAME`: what the settings modules of the tree say, and where it came from.
    pub(super) fn setting(&mut self, name: Sym, id: ExprId) -> Value {
        let site = self.site(id);
        let mut value = Value::tainted(Label::Setting(name), hop(site, What::Source, &None));
        value.add_shape(Shape::NameSource(NameSourceRef::Setting(name)));
        for module in self.shared.templates.settings_modules() {
            let set = self.read_cell(Cell::Global(*module, name));
            for shape in set.shapes {
                value.add_shape(shape);
            }
            if let Some(fields) = set.fields {
                value.fields = Some(fields);
            }
        }
        value
    }

    fn instance_attribute(
        &mut self,
        receiver: &Value,
        class: crate::program::ClassRef,
        name: Sym,
        id: ExprId,
    ) -> Value {
        let words = self.shared.words;
        if let Some(own) = receiver.own_field(name) {
            return own.clone();
        }
        if let Some(value) = self.serializer_attribute(receiver, class, name, self.site(id)) {
            return value;
        }
        if name == words.request && self.is_view(class) {
            return Value::tainted(Label::Request, None);
        }
        if name == words.kwargs && self.is_view(class) {
            let site = self.site(id);
            return Value::tainted(Label::Request, hop(site, What::Source, &None))
                .field(words.kwargs);
        }
        if let Some(method) = self.shared.resolver.method(class, name) {
            if self.decorated(method, words.property)
                || self.decorated(method, words.cached_property)
            {
                return self.invoke(self.site(id), method, Some(receiver), &Arguments::default());
            }
            return Value::of(Shape::Method(method, class));
        }
        self.class_attribute(class, name)
    }

    /// Class variables and what methods store on `self`, over the class's lineage; of its
    /// subclasses when the lineage says nothing (template methods).
    pub(super) fn class_attribute(&mut self, class: crate::program::ClassRef, name: Sym) -> Value {
        use crate::resolve::Base;
        let resolver = self.shared.resolver;
        let facts = resolver.class(class);
        if let Some(&inner) = facts.classes.get(&name) {
            return Value::of(Shape::Class(inner));
        }
        let mut value = Value::default();
        for base in &facts.lineage {
            if let Base::Class(base) = base {
                value.join(&self.read_cell(Cell::Attribute(*base, name)));
                if let Some(&method) = resolver.class(*base).methods.get(&name) {
                    value.add_shape(Shape::Function(method));
                    break;
                }
            }
        }
        if value.is_nothing() {
            for &subclass in facts.subclasses.iter().take(4) {
                value.join(&self.read_cell(Cell::Attribute(subclass, name)));
            }
        }
        value
    }

    pub(super) fn is_view(&self, class: crate::program::ClassRef) -> bool {
        let words = self.shared.words;
        self.shared.resolver.descends_from(class, &|path| {
            matches!(path.first(), Some(&first) if first == words.django || first == words.rest_framework)
                || path.last().is_some_and(|&last| self.text(last).ends_with("View"))
        })
    }

    /// `vars(x)`, `x.__dict__`, `asdict(x)`.
    pub(super) fn fields_of(&mut self, value: &Value) -> Value {
        let mut all = Value {
            shapes: smallvec::SmallVec::new(),
            ..value.clone()
        };
        for shape in &value.shapes {
            if let Shape::Instance(class) = shape {
                let names: Vec<Sym> = self
                    .shared
                    .resolver
                    .class(*class)
                    .fields
                    .iter()
                    .map(|(name, _)| *name)
                    .collect();
                for name in names {
                    if all.own_field(name).is_none() {
                        let mut part = self.class_attribute(*class, name);
                        // of an instance made of a whole item (`Token(**item)`), its part
                        part.join(&all.field(name));
                        part.shapes.clear();
                        all.set_field(name, part);
                    }
                }
            }
        }
        all
    }

    fn subscript(&mut self, id: ExprId, object: ExprId, key: ExprId) -> Value {
        let module = self.module;
        let receiver = self.expr(object);
        if let Expr::Slice(lower, upper) = module.ir.expr(key) {
            return self.slice(&receiver, *lower, *upper);
        }
        let key = self.expr(key);
        let words = self.shared.words;
        let is_environment = receiver.shapes.iter().any(
            |shape| matches!(shape, Shape::External(path) if path.as_slice() == [words.os, words.environ]),
        );
        match key.constant() {
            Some(name) if is_environment => self.environment(name, id),
            Some(name) => {
                let mut part = receiver.field(name);
                for shape in &receiver.shapes {
                    if let Shape::Instance(class) = shape {
                        let site = self.site(id);
                        part.join(&self.instance_item(&receiver, *class, site));
                    }
                }
                part
            }
            None => {
                let names = key.names();
                if !names.is_empty() && !is_environment {
                    let mut part = Value::default();
                    for name in names {
                        part.join(&receiver.field(name));
                    }
                    return part;
                }
                let index = key
                    .shapes
                    .iter()
                    .any(|shape| matches!(shape, Shape::Int(_)));
                let mut element = if index {
                    receiver.flat()
                } else {
                    receiver.field(Sym::ANY)
                };
                for shape in &receiver.shapes {
                    element.add_shape(shape.clone());
                }
                if index {
                    element.join(&receiver.element());
                }
                element
            }
        }
    }

    /// `object[key]` of an own class: what `__getitem__` gives.
    fn instance_item(
        &mut self,
        receiver: &Value,
        class: crate::program::ClassRef,
        site: Site,
    ) -> Value {
        let Some(method) = self.shared.program.symbols.find("__getitem__") else {
            return Value::default();
        };
        match self.shared.resolver.method(class, method) {
            Some(function) => self.invoke(site, function, Some(receiver), &Arguments::default()),
            None => Value::default(),
        }
    }

    fn slice(&mut self, receiver: &Value, lower: Option<ExprId>, upper: Option<ExprId>) -> Value {
        let lower = lower.and_then(|expr| self.number(expr));
        let upper = upper.and_then(|expr| self.number(expr));
        let few = match (lower, upper) {
            (None, Some(end)) => (1..=FEW).contains(&end),
            (Some(start), None) => (-FEW..0).contains(&start),
            (Some(start), Some(end)) => start >= 0 && end > start && end - start <= FEW,
            (None, None) => false,
        };
        if few {
            receiver.sliced()
        } else {
            receiver.clone()
        }
    }

    fn number(&self, expr: ExprId) -> Option<i64> {
        match self.module.ir.expr(expr) {
            Expr::Int(number) => Some(*number),
            Expr::Negative(inner) => match self.module.ir.expr(*inner) {
                Expr::Int(number) => number.checked_neg(),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn environment(&mut self, name: Sym, id: ExprId) -> Value {
        let site = self.site(id);
        let mut value = Value::tainted(Label::Environment(name), hop(site, What::Source, &None));
        value.add_shape(Shape::NameSource(NameSourceRef::Environment(name)));
        value
    }

    // ---- composed values ----

    fn dictionary(&mut self, entries: &[(Option<ExprId>, ExprId)]) -> Value {
        let mut value = Value::with_fields(Vec::new());
        for &(key, entry) in entries {
            let part = self.expr(entry);
            match key.map(|key| self.expr(key)) {
                None => {
                    // `**other`: its fields, then its whole
                    for taint in &part.taints {
                        value.add_taint(taint.clone());
                    }
                    for (name, inner) in part.fields.iter().flat_map(|fields| fields.iter()) {
                        value.set_field(*name, inner.clone());
                    }
                }
                Some(key) => {
                    if let Some(name) = key.constant() {
                        value.set_field(name, part)
                    } else {
                        let part = part.flat();
                        for taint in &part.taints {
                            value.add_taint(taint.clone());
                        }
                    }
                }
            }
        }
        value
    }

    fn binary(&mut self, operator: Operator, left: ExprId, right: ExprId) -> Value {
        let left = self.expr(left);
        let right = self.expr(right);
        self.combined(operator, left, right)
    }

    /// `left + right`, `left | right`… of values.
    pub(super) fn combined(&mut self, operator: Operator, left: Value, right: Value) -> Value {
        let conditions: Vec<_> = [&left, &right]
            .into_iter()
            .flat_map(|value| &value.shapes)
            .filter_map(|shape| match shape {
                Shape::Condition(clauses) => Some(clauses),
                _ => None,
            })
            .collect();
        if !conditions.is_empty() {
            let clauses = conditions
                .iter()
                .flat_map(|clauses| clauses.iter().cloned())
                .take(12)
                .collect();
            return Value::of(Shape::Condition(Arc::new(clauses)));
        }
        match operator {
            Operator::Or => {
                let mut value = left;
                for (name, part) in right.fields.iter().flat_map(|fields| fields.iter()) {
                    value.set_field(*name, part.clone());
                }
                for taint in &right.taints {
                    value.add_taint(taint.clone());
                }
                value
            }
            Operator::Add | Operator::Percent => {
                let pattern = self.pattern(&[Some(&left), Some(&right)]);
                // lists keep their elements' fields, strings have none
                let mut value = if left.fields.is_some() || right.fields.is_some() {
                    let mut value = left;
                    value.join(&right);
                    value.shapes.retain(|shape| !matches!(shape, Shape::Str(_)));
                    value
                } else {
                    let mut value = left.text();
                    value.join(&right.text());
                    value
                };
                if let (Operator::Add, Some(pattern)) = (operator, pattern) {
                    value.add_shape(pattern);
                }
                value
            }
            Operator::And | Operator::Multiply | Operator::Other => {
                let mut value = left.text();
                value.join(&right.text());
                value
            }
        }
    }

    fn format(&mut self, parts: &[FormatPart]) -> Value {
        let mut value = Value::default();
        let mut pieces = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                FormatPart::Text(text) => pieces.push(Value::of(Shape::Str(self.sym(*text)))),
                FormatPart::Value(inner) => {
                    let part = self.expr(*inner);
                    value.join(&part.text());
                    let site = self.site(*inner);
                    value.join(&self.shown_as_text(&part, site));
                    pieces.push(part);
                }
            }
        }
        let pieces: Vec<Option<&Value>> = pieces.iter().map(Some).collect();
        if let Some(pattern) = self.pattern(&pieces) {
            value.add_shape(pattern);
        }
        value
    }

    /// The text that a value is, or the one pattern that it follows.
    fn known_text<'v>(&'v self, value: &'v Value) -> Option<&'v str> {
        if let Some(text) = value.constant() {
            return Some(self.text(text));
        }
        let mut patterns = value.shapes.iter().filter_map(|shape| match shape {
            Shape::Pattern(text) => Some(&**text),
            _ => None,
        });
        let first = patterns.next()?;
        patterns.next().is_none().then_some(first)
    }

    /// Constant parts with `*` for the others; `None` when nothing is constant.
    fn pattern(&self, pieces: &[Option<&Value>]) -> Option<Shape> {
        let mut text = String::new();
        let mut constant = false;
        for piece in pieces {
            let piece = piece.and_then(|value| self.known_text(value));
            match piece {
                Some(piece) => {
                    constant |= piece.chars().any(char::is_alphanumeric);
                    text.push_str(piece);
                }
                None if !text.ends_with('*') => text.push('*'),
                None => {}
            }
        }
        if !constant || text.len() > LONGEST_PATTERN {
            return None;
        }
        match self.shared.program.symbols.find(&text) {
            Some(known) if !text.contains('*') => Some(Shape::Str(known)),
            _ => Some(Shape::Pattern(Arc::from(text))),
        }
    }

    fn comprehension(&mut self, comprehension: &Comprehension) -> Value {
        let saved = self.env.clone();
        if let Some(value) = self.unrolled_comprehension(comprehension) {
            self.env = saved;
            return value;
        }
        for generator in &comprehension.generators {
            self.bind_generator(generator.target, generator.iter);
            for &condition in &generator.conditions {
                self.expr(condition);
                let ties = self.ties(condition);
                self.assume(&ties.when_true);
            }
        }
        let picked = self.picked_fields(comprehension);
        let element = self.expr(comprehension.element);
        let value = match (comprehension.key, picked) {
            (Some(_), Some(Picked::Only(names))) => {
                let source = self.expr_source(comprehension);
                Value::with_fields(
                    names
                        .iter()
                        .map(|&name| (name, source.field(name)))
                        .collect(),
                )
            }
            (Some(_), Some(Picked::Without(names))) => {
                let mut source = self.expr_source(comprehension);
                for name in names {
                    source.set_field(name, Value::default());
                }
                source
            }
            (Some(key), None) => {
                let key = self.expr(key);
                match key.constant() {
                    Some(name) => Value::with_fields(vec![(name, element)]),
                    None => self.keyed(comprehension, element),
                }
            }
            (None, _) => element,
        };
        self.env = saved;
        value
    }

    /// `{name: item[name] for name in ("a", "b")}`, once for each text.
    fn unrolled_comprehension(&mut self, comprehension: &Comprehension) -> Option<Value> {
        let [generator] = &*comprehension.generators else {
            return None;
        };
        let module = self.module;
        if self.loops > 1 || !matches!(module.ir.expr(generator.target), Expr::Name(_)) {
            return None;
        }
        let texts = self.expr(generator.iter);
        if texts.fields.is_some() || texts.names().is_empty() {
            return None;
        }
        let mut value = match comprehension.key {
            Some(_) => Value::with_fields(Vec::new()),
            None => Value::default(),
        };
        for name in texts.names() {
            let text = Value::of(Shape::Str(name));
            self.assign(generator.target, generator.iter, &text);
            for &condition in &generator.conditions {
                self.expr(condition);
            }
            let key = comprehension.key.map(|key| self.expr(key));
            let element = self.expr(comprehension.element);
            match key.and_then(|key| key.constant()) {
                Some(key) => value.set_field(key, element),
                None if comprehension.key.is_some() => value.join(&element.flat()),
                None => value.join(&element),
            }
        }
        Some(value)
    }

    /// `{k: f(v) for k, v in item.items()}`: the fields stay what they were.
    fn keyed(&mut self, comprehension: &Comprehension, element: Value) -> Value {
        let module = self.module;
        if let [generator] = &*comprehension.generators
            && let Expr::Call(function, arguments) = module.ir.expr(generator.iter)
            && arguments.is_empty()
            && let Expr::Attribute(receiver, name) = module.ir.expr(*function)
            && self.sym(*name) == self.shared.words.items
        {
            let source = self.expr(*receiver);
            let unchanged = element
                .taints
                .iter()
                .all(|taint| taint.transform == Transform::None);
            if source.fields.is_some() && unchanged {
                return Value {
                    shapes: smallvec::SmallVec::new(),
                    ..source
                };
            }
        }
        element.flat()
    }

    /// The dictionary that a comprehension walks.
    fn expr_source(&mut self, comprehension: &Comprehension) -> Value {
        let module = self.module;
        if let [generator] = &*comprehension.generators
            && let Expr::Call(function, _) = module.ir.expr(generator.iter)
            && let Expr::Attribute(receiver, _) = module.ir.expr(*function)
        {
            return self.expr(*receiver);
        }
        Value::default()
    }

    /// `{… for k, v in item.items() if k in ("a", "b")}` picks fields, `not in` and `!=` drop them;
    /// `{name: item[name] for name in ("a", "b")}` picks them too.
    fn picked_fields(&mut self, comprehension: &Comprehension) -> Option<Picked> {
        let module = self.module;
        let [generator] = &*comprehension.generators else {
            return None;
        };
        for &condition in &generator.conditions {
            if let Expr::Compare(_, rest) = module.ir.expr(condition)
                && let [(comparator, right)] = &**rest
            {
                let names = self.constants(*right);
                if !names.is_empty() {
                    return match comparator {
                        Comparator::In | Comparator::Equal => Some(Picked::Only(names)),
                        Comparator::NotIn | Comparator::NotEqual => Some(Picked::Without(names)),
                        _ => None,
                    };
                }
            }
        }
        None
    }

    /// The constant strings that an expression lists.
    pub(super) fn constants(&mut self, expr: ExprId) -> Vec<Sym> {
        let module = self.module;
        if let Expr::Sequence(parts) = module.ir.expr(expr) {
            let parts = parts.to_vec();
            return parts
                .iter()
                .filter_map(|&part| self.expr(part).constant())
                .collect();
        }
        self.expr(expr)
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Str(text) => Some(*text),
                _ => None,
            })
            .collect()
    }

    fn compare(&mut self, id: ExprId, left: ExprId, rest: &[(Comparator, ExprId)]) -> Value {
        let first = self.expr(left);
        for &(comparator, right) in rest {
            let second = self.expr(right);
            if matches!(comparator, Comparator::Equal | Comparator::NotEqual) {
                // against a constant nothing is verified
                let constant = |value: &Value| !value.is_tainted();
                if !constant(&first) && !constant(&second) {
                    let site = self.site(id);
                    self.sink(&SinkKind::Compare, site, &first);
                    self.sink(&SinkKind::Compare, site, &second);
                }
            }
        }
        Value::default()
    }
}

enum Picked {
    Only(Vec<Sym>),
    Without(Vec<Sym>),
}
