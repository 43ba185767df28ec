//! Assignments.

use super::record::SinkKind;
use super::shape::Shape;
use super::taint::{Label, What};
use super::value::Value;
use super::{Cell, Machine};
use crate::program::FunctionRef;
use crate::symbols::Sym;
use crate::syntax::ir::{Expr, ExprId};

impl Machine<'_> {
    /// `target = value`, `from` being the expression of the value.
    pub(super) fn assign(&mut self, target: ExprId, from: ExprId, value: &Value) {
        let module = self.module;
        match module.ir.expr(target) {
            Expr::Name(name) => {
                let name = self.sym(*name);
                let value = value.hopped(self.site(target), What::Assigned(name));
                if self.globals.contains(&name) {
                    self.write_cell(Cell::Global(self.function.0, name), &value);
                }
                if self.nonlocals.contains(&name) {
                    let outer = self.module.ir.function(self.function.1).parent;
                    self.write_cell(
                        Cell::Nonlocal(FunctionRef(self.function.0, outer), name),
                        &value,
                    );
                }
                self.env.vars.insert(name, value);
            }
            Expr::Sequence(parts) => self.unpack(parts, from, value),
            Expr::Starred(inner) => self.assign(*inner, from, value),
            Expr::Attribute(object, name) => {
                let name = self.sym(*name);
                let receiver = self.expr(*object);
                let value = value.hopped(self.site(target), What::Kept(name));
                if self.is_response(&receiver) {
                    let site = self.site(target);
                    self.sink(&SinkKind::Response, site, &value);
                }
                self.assign_attribute(&receiver, name, &value);
                self.update(*object, &mut |old| old.set_field(name, value.clone()));
            }
            Expr::Subscript(object, key) => {
                let receiver = self.expr(*object);
                let key_value = self.expr(*key);
                self.header(&receiver, &key_value, value, self.site(target));
                if let Some(name) = key_value.constant() {
                    let value = value.hopped(self.site(target), What::Kept(name));
                    self.change_parameter(&receiver, name, &value);
                    self.update(*object, &mut |old| old.set_field(name, value.clone()));
                } else {
                    let value = &self.with_ties(value);
                    if key_value.shapes.contains(&Shape::OtherName) {
                        // none of those that are known
                        let flat = value.flat();
                        self.update(*object, &mut |old| {
                            for taint in &flat.taints {
                                old.add_taint(taint.clone());
                            }
                        });
                        return;
                    }
                    let names = key_value.names();
                    for &name in &names {
                        self.change_parameter(&receiver, name, value);
                        self.update(*object, &mut |old| {
                            let mut part = old.field(name);
                            part.join(value);
                            old.set_field(name, part);
                        });
                    }
                    if names.is_empty() {
                        let flat = value.flat();
                        self.change_parameter(&receiver, self.shared.words.hidden_whole, &flat);
                        self.update(*object, &mut |old| old.join(&flat));
                    }
                }
            }
            _ => {}
        }
    }

    /// `del item["api_key"]`: what was there is gone.
    pub(super) fn delete(&mut self, target: ExprId) {
        let module = self.module;
        match module.ir.expr(target) {
            Expr::Name(name) => {
                let name = self.sym(*name);
                self.env.vars.remove(&name);
            }
            Expr::Sequence(parts) => parts.iter().for_each(|&part| self.delete(part)),
            Expr::Subscript(object, key) => {
                for name in self.constants(*key) {
                    self.take_out(*object, name);
                }
            }
            Expr::Attribute(object, name) => {
                let name = self.sym(*name);
                self.update(*object, &mut |old| old.set_field(name, Value::default()));
            }
            _ => {}
        }
    }

    /// Takes the entry `name` out of what `object` stands for, in a caller's hands too.
    pub(super) fn take_out(&mut self, object: ExprId, name: Sym) {
        let receiver = self.expr(object);
        self.change_parameter(&receiver, name, &Value::default());
        self.update(object, &mut |old| old.set_field(name, Value::default()));
    }

    /// `a, b = value`: element by element where the value is written out.
    fn unpack(&mut self, parts: &[ExprId], from: ExprId, value: &Value) {
        let module = self.module;
        if let Expr::Sequence(values) = module.ir.expr(from)
            && values.len() == parts.len()
        {
            // all of them before any is assigned: `a, b = b, a`
            let evaluated: Vec<Value> = values.iter().map(|&single| self.expr(single)).collect();
            for ((&part, &single), value) in parts.iter().zip(values).zip(&evaluated) {
                self.assign(part, single, value);
            }
            return;
        }
        let starred = parts
            .iter()
            .position(|&part| matches!(module.ir.expr(part), Expr::Starred(_)));
        for (index, &part) in parts.iter().enumerate() {
            let element = unpacked(value, index, starred, parts.len());
            self.assign(part, part, &element);
        }
    }

    pub(super) fn assign_attribute(&mut self, receiver: &Value, name: Sym, value: &Value) {
        for shape in &receiver.shapes {
            match shape {
                Shape::Instance(class) | Shape::Class(class) => {
                    if receiver
                        .shapes
                        .iter()
                        .any(|shape| matches!(shape, Shape::Param(0, path) if path.is_empty()))
                    {
                        let fields = &mut self.out.summary.own_fields;
                        let fitted = fitted(fields.iter().map(|(_, value)| value), value);
                        let value = &fitted;
                        let room = fields.len() < 64;
                        match fields.iter_mut().find(|(own, _)| *own == name) {
                            Some((_, old)) => old.join(value),
                            None if room => fields.push((name, value.clone())),
                            None => {}
                        }
                    }
                    self.write_cell(Cell::Attribute(*class, name), value);
                }
                Shape::Module(module) => self.write_cell(Cell::Global(*module, name), value),
                Shape::Param(index, path) if path.is_empty() => {
                    self.note_change(*index, name, value);
                }
                _ => {}
            }
        }
    }

    /// A part of a module's variable was changed in place: `CACHE[name] = value`.
    fn change_module_variable(&mut self, name: Sym) {
        let Some(value) = self.env.vars.get(&name).cloned() else {
            return;
        };
        let of_module = |cell: &Cell| self.state.cells.contains_key(cell);
        let cells = self.shared.resolver.variable(self.function.0, name);
        let cell = cells
            .into_iter()
            .map(|(module, name)| Cell::Global(module, name))
            .rfind(of_module);
        if let Some(cell) = cell {
            self.write_cell(cell, &value);
        }
    }

    pub(super) fn change_parameter(&mut self, receiver: &Value, name: Sym, value: &Value) {
        for shape in &receiver.shapes {
            if let Shape::Param(index, path) = shape
                && path.is_empty()
            {
                self.note_change(*index, name, value);
            }
        }
    }

    fn note_change(&mut self, index: u16, name: Sym, value: &Value) {
        let changes = &mut self.out.summary.changes;
        let fitted = fitted(changes.iter().map(|(.., value)| value), value);
        let value = &fitted;
        let room = changes.len() < 64;
        match changes
            .iter_mut()
            .find(|(own, field, _)| *own == index && *field == name)
        {
            Some((.., old)) => old.join(value),
            None if room => changes.push((index, name, value.clone())),
            None => {}
        }
    }

    /// Writes what is known here to a cell, and leaves the rest to the callers.
    pub(super) fn write_cell(&mut self, cell: Cell, value: &Value) {
        let column = value.fields.is_some()
            && matches!(cell, Cell::Attribute(class, _) if self.is_django_model(class));
        if column {
            // one row's structure is not the next one's
            return self.write_cell_as_it_is(cell, &value.flat());
        }
        self.write_cell_as_it_is(cell, value);
    }

    fn write_cell_as_it_is(&mut self, cell: Cell, value: &Value) {
        if value.has_params() {
            let kept = value.clone().shallow(0);
            let cells = &mut self.out.summary.cells;
            let room = cells.len() < 64;
            match cells.iter_mut().find(|(own, _)| *own == cell) {
                Some((_, old)) => old.join(&kept),
                None if room => cells.push((cell, kept)),
                None => {}
            }
        }
        let concrete = without_params(value).shallow(0);
        if !concrete.is_nothing() {
            self.out.cells.push((cell, concrete));
        }
    }

    /// Changes the value that an expression stands for, as far as it names a variable or a part
    /// of one.
    pub(super) fn update(&mut self, object: ExprId, change: &mut dyn FnMut(&mut Value)) {
        let module = self.module;
        match module.ir.expr(object) {
            Expr::Name(name) => {
                let name = self.sym(*name);
                if !self.env.vars.contains_key(&name) {
                    let value = self.variable(name);
                    self.env.vars.insert(name, value);
                    if self.function.1 != 0 && !self.outer.contains(&name) {
                        self.outer.push(name);
                    }
                }
                if let Some(value) = self.env.vars.get_mut(&name) {
                    change(value);
                }
                if self.outer.contains(&name) {
                    self.change_module_variable(name);
                }
            }
            Expr::Subscript(outer, key) => {
                if let Some(field) = self.expr(*key).constant() {
                    let mut part = self.expr(object);
                    change(&mut part);
                    self.update(*outer, &mut |value| value.set_field(field, part.clone()));
                } else {
                    let mut part = self.expr(object);
                    change(&mut part);
                    self.update(*outer, &mut |value| value.join(&part));
                }
            }
            // `out.setdefault("rows", []).append(…)`
            Expr::Call(function, arguments) => {
                let words = self.shared.words;
                if let Expr::Attribute(outer, name) = module.ir.expr(*function)
                    && [words.setdefault, words.get].contains(&self.sym(*name))
                    && let Some(first) = arguments.first()
                {
                    let mut part = self.expr(object);
                    change(&mut part);
                    match self.expr(first.value).constant() {
                        Some(field) => {
                            self.update(*outer, &mut |value| value.set_field(field, part.clone()));
                        }
                        None => self.update(*outer, &mut |value| value.join(&part)),
                    }
                }
            }
            Expr::Attribute(outer, name) => {
                let name = self.sym(*name);
                let mut part = self.expr(object);
                change(&mut part);
                let receiver = self.expr(*outer);
                self.assign_attribute(&receiver, name, &part);
                if matches!(module.ir.expr(*outer), Expr::Name(_)) {
                    self.update(*outer, &mut |value| value.set_field(name, part.clone()));
                }
            }
            _ => {}
        }
    }
}

/// What the target at `index` of so many gets, one of which may be starred.
pub(super) fn unpacked(
    value: &Value,
    index: usize,
    starred: Option<usize>,
    targets: usize,
) -> Value {
    let whole = value.places();
    let place = match starred {
        Some(star) if index == star && whole >= targets => {
            let taken = (star..star + whole + 1 - targets)
                .filter_map(|index| value.own_field(Sym::place(index)?).cloned());
            return Value::sequence(taken.collect());
        }
        Some(star) if index == star => return value.element(),
        // behind the star, places count from the end
        Some(star) if index > star && whole >= targets => index + whole - targets,
        Some(star) if index > star => return value.element(),
        _ => index,
    };
    match Sym::place(place) {
        Some(place) if value.has_places() || value.has_params() => value.field(place),
        _ => value.element(),
    }
}

/// Parts that all entries of one list in a summary may have.
const MOST_PARTS: u32 = 256;

/// `value`, or its contents where those beside it have too many parts already.
fn fitted<'v>(beside: impl Iterator<Item = &'v Value>, value: &Value) -> Value {
    let count: u32 = beside.map(Value::part_count).sum();
    if count + value.part_count() > MOST_PARTS {
        value.flat()
    } else {
        value.clone()
    }
}

/// `value` without what depends on a caller.
pub(super) fn without_params(value: &Value) -> Value {
    let mut concrete = value.clone();
    concrete
        .taints
        .retain(|taint| !matches!(taint.label, Label::Param(_)));
    concrete.shapes.retain(|shape| {
        !matches!(shape, Shape::Param(..)) && !Value::of(shape.clone()).has_params()
    });
    if let Some(fields) = &concrete.fields
        && value.has_params()
    {
        let fields = fields
            .iter()
            .map(|(name, part)| (*name, without_params(part)))
            .collect();
        concrete.fields = Some(fields);
    }
    concrete
}
