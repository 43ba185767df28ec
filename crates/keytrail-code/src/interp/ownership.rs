//! Filters, lookups and conditions that leave only what is the caller's own.

use super::Machine;
use super::arguments::Arguments;
use super::operation::OperationRecord;
use super::passing::substitute;
use super::shape::{Path, Shape};
use super::taint::{Label, Taint};
use super::value::Value;
use crate::program::{ClassRef, FunctionRef, Site};
use crate::symbols::Sym;
use crate::syntax::ir::{FunctionKind, Stmt};

impl Machine<'_> {
    /// `filter(lambda item: item["owner"] == request.user.id, items)`: what is left is behind the check.
    pub(super) fn filtered(&mut self, predicate: &Value, list: Value) -> Value {
        let lambda = predicate.shapes.iter().find_map(|shape| match shape {
            Shape::Function(function) | Shape::Closure(function, _)
                if function.0 == self.function.0 =>
            {
                Some(*function)
            }
            _ => None,
        });
        let Some(function) = lambda else { return list };
        let ir = self.module.ir.function(function.1);
        let ([parameter, ..], FunctionKind::Lambda) = (&*ir.parameters, ir.kind) else {
            return list;
        };
        let [Stmt::Return(Some(test), _)] = &*ir.body else {
            return list;
        };
        let saved = self.env.clone();
        let name = self.sym(parameter.name);
        self.env.vars.insert(name, list.element());
        let ties = self.ties(*test);
        self.assume(&ties.when_true);
        let left = self.with_ties(&list);
        self.env = saved;
        left
    }

    /// `get_object_or_404(Account, owner=request.user, pk=pk)`: an object of the caller's own; without
    /// the owner, whichever the caller has named.
    pub(super) fn looked_up(&self, path: &Path, arguments: &Arguments) -> Value {
        let own = |value: &Value| value.flat().taints.iter().any(Taint::is_identity);
        let tied = arguments.keyword.iter().any(|(_, value, _)| own(value))
            || arguments.positional.iter().any(|(value, _)| own(value));
        let mut object = Value::of(Shape::Object(path.clone()));
        if tied {
            return object;
        }
        for (name, value, _) in &arguments.keyword {
            let mut value = value.flat();
            value.shapes.clear();
            let text = self.text(*name);
            let is_key = matches!(text, "pk" | "id");
            for part in ["pk", "id"] {
                if is_key && let Some(part) = self.shared.program.symbols.find(part) {
                    object.set_field(part, value.clone());
                }
            }
            if !is_key && !text.contains("__") {
                object.set_field(*name, value);
            }
        }
        object
    }

    /// `ConditionExpression="owner_id = :me"` with the caller's identity: a write that nobody else's
    /// item passes. Only of conditions whose parts must all hold.
    pub(super) fn owned_by_condition(
        &mut self,
        condition: Option<&Value>,
        names: &Value,
        values: &Value,
        record: &mut OperationRecord,
    ) {
        let mut clauses = Vec::new();
        for shape in condition.iter().flat_map(|condition| &condition.shapes) {
            match shape {
                Shape::Condition(parts) => {
                    if let [only] = parts.as_slice() {
                        let name = only.attribute.map(|name| self.text(name).to_owned());
                        clauses.push((name, only.equal, only.value.clone()));
                    }
                }
                Shape::Str(text) => {
                    let text = self.text(*text);
                    if !text.to_ascii_lowercase().contains(" or ") {
                        self.expression_keys(text, names, values, &mut clauses);
                    }
                }
                _ => {}
            }
        }
        clauses.retain(|(_, equal, value)| {
            *equal && !value.taints.is_empty() && value.taints.iter().all(Taint::is_identity)
        });
        record.keys.extend(clauses);
    }

    /// `self.check_object_permissions(request, item)` of a DRF view: what its permission classes
    /// compare, or else it raises.
    pub(super) fn check_object_permissions(
        &mut self,
        site: Site,
        class: ClassRef,
        arguments: &Arguments,
    ) {
        let symbols = &self.shared.program.symbols;
        let (Some(list), Some(method)) = (
            symbols.find("permission_classes"),
            symbols.find("has_object_permission"),
        ) else {
            return;
        };
        let classes = self.class_attribute(class, list);
        for shape in classes.shapes {
            let Shape::Class(permission) = shape else {
                continue;
            };
            if let Some(function) = self.shared.resolver.method(permission, method) {
                self.passed(site, permission, function, arguments);
            }
        }
    }

    /// Behind a function that has come out true.
    fn passed(
        &mut self,
        site: Site,
        class: ClassRef,
        function: FunctionRef,
        arguments: &Arguments,
    ) {
        self.out.read_functions.insert(function);
        let state = self.state;
        let summary = &state.summaries[state.index(function)];
        let bindings = [
            Value::of(Shape::Instance(class)),
            arguments.first(),
            Value::default(),
            arguments.at(1),
        ];
        let at = |taint: &Taint| {
            let whole = Value {
                taints: [taint.clone()].into_iter().collect(),
                ..Value::default()
            };
            substitute(&whole, &bindings, site, function).flat().taints
        };
        let mut pairs = Vec::new();
        for (item, identity, check) in &summary.when_true {
            for item in at(item) {
                for identity in at(identity) {
                    let known = matches!(item.label, Label::Item(_) | Label::Param(_));
                    if known && identity.is_identity() {
                        pairs.push((item.clone(), identity, *check));
                    }
                }
            }
        }
        pairs.truncate(8);
        let before = self.env.ties.len();
        self.assume(&pairs);
        let held = self.env.ties.iter().skip(before).copied();
        self.out.held.extend(held);
    }

    /// `assert item["owner"] == request.user.id`.
    pub(super) fn asserted(&mut self, test: crate::syntax::ir::ExprId) {
        let ties = self.ties(test);
        self.assume(&ties.when_true);
        self.out.held.extend(self.env.ties.iter().copied());
    }

    /// What holds when this function returns something true, as far as this return says.
    pub(super) fn returned_true(&mut self, value: crate::syntax::ir::ExprId) {
        use crate::syntax::ir::Expr;
        if matches!(self.module.ir.expr(value), Expr::Bool(false) | Expr::None) {
            return;
        }
        let mut all = self.ties(value).when_true;
        all.extend(self.env.open_ties.iter().cloned());
        match &mut self.true_ways {
            None => self.true_ways = Some(all),
            Some(ways) => ways.retain(|(item, ..)| all.iter().any(|(own, ..)| own == item)),
        }
    }

    /// The attribute of a view that answers a permission check: `check_object_permissions`.
    pub(super) fn is_permission_check(&self, name: Sym) -> bool {
        self.text(name) == "check_object_permissions"
    }
}
