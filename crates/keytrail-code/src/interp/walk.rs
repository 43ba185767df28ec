//! Dictionaries walked entry by entry: what a filter or a redactor does to each name.
//!
//! `for k, v in item.items()` and its comprehensions are run once for each name that a test in them speaks of, once
//! for each entry that is known, and once for all others: so `if k in SECRET: continue` and
//! `"***" if k == "api_key" else v` are understood without knowing more about them.

use super::Machine;
use super::shape::Shape;
use super::value::Value;
use crate::symbols::Sym;
use crate::syntax::ir::{Comparator, Comprehension, Expr, ExprId, Stmt};

/// Names that one walk tells apart.
const MOST_NAMES: usize = 24;
/// What redactors look for by parts of names: `if "secret" in name.lower()`.
const SECRET_NAMES: [&str; 12] = [
    "api_key",
    "apikey",
    "api_secret",
    "secret",
    "secret_key",
    "token",
    "access_token",
    "password",
    "private_key",
    "client_secret",
    "key",
    "credentials",
];

/// One name of a walked dictionary, and what stands there.
pub(super) struct Step {
    /// `None`: every name that no test speaks of.
    name: Option<Sym>,
    value: Value,
}

/// Tests of a walk's key.
#[derive(Default)]
struct Spoken {
    names: Vec<Sym>,
    by_parts: bool,
}

impl Machine<'_> {
    /// The steps of a walk over `iter` by `target`; `None` when it is none, or nothing tells names apart.
    fn steps(
        &mut self,
        target: ExprId,
        iter: ExprId,
        tests: &[ExprId],
    ) -> Option<(Sym, Vec<Step>)> {
        let module = self.module;
        let Expr::Call(function, arguments) = module.ir.expr(iter) else {
            return None;
        };
        let Expr::Attribute(dictionary, method) = module.ir.expr(*function) else {
            return None;
        };
        let Expr::Sequence(parts) = module.ir.expr(target) else {
            return None;
        };
        let [key, _] = **parts else { return None };
        let Expr::Name(key) = module.ir.expr(key) else {
            return None;
        };
        let of_items = arguments.is_empty() && self.sym(*method) == self.shared.words.items;
        if !of_items || tests.is_empty() || !self.walked.is_empty() || self.loops > 1 {
            return None;
        }
        let key = self.sym(*key);
        let mut spoken = Spoken::default();
        for &test in tests {
            self.spoken(test, key, &mut spoken, 0);
        }
        if spoken.names.is_empty() && !spoken.by_parts {
            return None;
        }
        let source = self.expr(*dictionary);
        if source.has_places() || !(source.is_tainted() || source.fields.is_some()) {
            return None;
        }
        Some((key, self.split(&source, spoken)))
    }

    fn split(&self, source: &Value, spoken: Spoken) -> Vec<Step> {
        let mut names = spoken.names;
        if spoken.by_parts {
            let known = |name: &&str| self.shared.program.symbols.find(name);
            names.extend(SECRET_NAMES.iter().filter_map(known));
        }
        let own = source.fields.iter().flat_map(|fields| fields.iter());
        names.extend(own.map(|(name, _)| *name));
        let mut steps: Vec<Step> = Vec::new();
        for name in names {
            let here = source.own_field(name).is_some() || !source.taints.is_empty();
            let new = steps.iter().all(|step| step.name != Some(name));
            if here && new && steps.len() < MOST_NAMES {
                let value = source.field(name);
                steps.push(Step {
                    name: Some(name),
                    value,
                });
            }
        }
        if !source.taints.is_empty() {
            let value = Value {
                taints: source.taints.clone(),
                ..Value::default()
            };
            steps.push(Step { name: None, value });
        }
        steps
    }

    /// The names that a test holds against `key`.
    fn spoken(&mut self, test: ExprId, key: Sym, spoken: &mut Spoken, depth: u32) {
        let module = self.module;
        if depth > 6 {
            return;
        }
        match module.ir.expr(test) {
            Expr::Not(inner) => self.spoken(*inner, key, spoken, depth + 1),
            Expr::Logic(_, parts) => {
                for &part in parts {
                    self.spoken(part, key, spoken, depth + 1);
                }
            }
            Expr::Compare(left, rest) => {
                let [(comparator, right)] = &**rest else {
                    return;
                };
                if self.is_key(*left, key) {
                    spoken.names.extend(self.constants(*right));
                } else if self.is_key(*right, key) {
                    match comparator {
                        Comparator::In | Comparator::NotIn => spoken.by_parts = true,
                        _ => spoken.names.extend(self.constants(*left)),
                    }
                }
            }
            Expr::Call(function, arguments) => match module.ir.expr(*function) {
                Expr::Attribute(object, _) if self.is_key(*object, key) => spoken.by_parts = true,
                Expr::Name(_) => {
                    if let Some(argument) = arguments.first()
                        && let Expr::Comprehension(inner) = module.ir.expr(argument.value)
                    {
                        self.spoken(inner.element, key, spoken, depth + 1);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// `k`, or `k.lower()`.
    fn is_key(&self, expr: ExprId, key: Sym) -> bool {
        match self.module.ir.expr(expr) {
            Expr::Name(name) => self.sym(*name) == key,
            Expr::Call(function, _) => match self.module.ir.expr(*function) {
                Expr::Attribute(object, method) => {
                    matches!(
                        self.module.ir.text(*method),
                        "lower" | "upper" | "casefold" | "strip"
                    ) && matches!(self.module.ir.expr(*object), Expr::Name(name) if self.sym(*name) == key)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// What a test of a walked key comes out as; `None` when both may be, or it is none.
    pub(super) fn outcome(&mut self, test: ExprId) -> Option<bool> {
        let &key = self.walked.last()?;
        self.outcome_of(test, key, 0)
    }

    fn outcome_of(&mut self, test: ExprId, key: Sym, depth: u32) -> Option<bool> {
        let module = self.module;
        if depth > 6 {
            return None;
        }
        match module.ir.expr(test) {
            Expr::Not(inner) => self.outcome_of(*inner, key, depth + 1).map(|it| !it),
            Expr::Logic(and, parts) => {
                let parts: Vec<Option<bool>> = parts
                    .iter()
                    .map(|&part| self.outcome_of(part, key, depth + 1))
                    .collect();
                if parts.contains(&Some(!and)) {
                    return Some(!and);
                }
                parts.iter().all(|part| *part == Some(*and)).then_some(*and)
            }
            Expr::Compare(left, rest) => {
                let [(comparator, right)] = &**rest else {
                    return None;
                };
                let inside = matches!(comparator, Comparator::In | Comparator::NotIn);
                let equal = matches!(comparator, Comparator::Equal | Comparator::NotEqual);
                let negative = matches!(comparator, Comparator::NotIn | Comparator::NotEqual);
                let holds = if self.is_key(*left, key) && (inside || equal) {
                    let names = self.constants(*right);
                    (!names.is_empty()).then(|| self.is_one_of(key, &names))?
                } else if self.is_key(*right, key) && inside {
                    let part = self.expr(*left).constant()?;
                    self.has_part(key, part)
                } else if self.is_key(*right, key) && equal {
                    let name = self.expr(*left).constant()?;
                    self.is_one_of(key, &[name])
                } else {
                    return None;
                };
                holds.map(|holds| holds != negative)
            }
            Expr::Call(function, arguments) => {
                let argument = arguments.first()?;
                match module.ir.expr(*function) {
                    Expr::Name(name) if module.ir.text(*name) == "any" => {
                        self.any_part(argument.value, key)
                    }
                    Expr::Attribute(object, method) if self.is_key(*object, key) => {
                        let part = self.expr(argument.value).constant()?;
                        let name = self.walked_name(key)?;
                        match module.ir.text(*method) {
                            "startswith" => Some(name.starts_with(self.text(part))),
                            "endswith" => Some(name.ends_with(self.text(part))),
                            _ => None,
                        }
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `any(part in k.lower() for part in ("key", "secret"))`.
    fn any_part(&mut self, comprehension: ExprId, key: Sym) -> Option<bool> {
        let module = self.module;
        let Expr::Comprehension(inner) = module.ir.expr(comprehension) else {
            return None;
        };
        let [generator] = &*inner.generators else {
            return None;
        };
        let Expr::Compare(_, rest) = module.ir.expr(inner.element) else {
            return None;
        };
        let [(Comparator::In, right)] = &**rest else {
            return None;
        };
        if !self.is_key(*right, key) {
            return None;
        }
        let parts = self.constants(generator.iter);
        let name = self.walked_name(key)?.to_ascii_lowercase();
        (!parts.is_empty()).then(|| parts.iter().any(|&part| name.contains(self.text(part))))
    }

    /// The name that the walk is at; `None` when it is at all others.
    fn walked_name(&self, key: Sym) -> Option<&str> {
        let name = self.env.vars.get(&key)?.constant()?;
        Some(self.text(name))
    }

    fn is_one_of(&self, key: Sym, names: &[Sym]) -> Option<bool> {
        let at = self.env.vars.get(&key)?;
        match at.constant() {
            Some(name) => {
                let name = self.text(name);
                Some(
                    names
                        .iter()
                        .any(|&one| self.text(one).eq_ignore_ascii_case(name)),
                )
            }
            None => at.shapes.contains(&Shape::OtherName).then_some(false),
        }
    }

    fn has_part(&self, key: Sym, part: Sym) -> Option<bool> {
        let name = self.walked_name(key)?.to_ascii_lowercase();
        Some(name.contains(&self.text(part).to_ascii_lowercase()))
    }

    fn take_step(&mut self, target: ExprId, iter: ExprId, step: &Step) {
        let module = self.module;
        let name = match step.name {
            Some(name) => Value::of(Shape::Str(name)),
            None => Value::of(Shape::OtherName),
        };
        if let Expr::Sequence(parts) = module.ir.expr(target)
            && let [key, value] = **parts
        {
            self.assign(key, iter, &name);
            self.assign(value, iter, &step.value);
        }
    }

    /// A comprehension over the entries of a dictionary, name by name.
    pub(super) fn walked_comprehension(&mut self, comprehension: &Comprehension) -> Option<Value> {
        let module = self.module;
        let [generator] = &*comprehension.generators else {
            return None;
        };
        let mut tests = generator.conditions.to_vec();
        tests_of_value(module, comprehension.element, &mut tests);
        let (key, steps) = self.steps(generator.target, generator.iter, &tests)?;
        let mut whole = Value::default();
        if comprehension.key.is_some() {
            whole = Value::with_fields(Vec::new());
        }
        self.walked.push(key);
        for step in &steps {
            self.take_step(generator.target, generator.iter, step);
            let outcomes: Vec<Option<bool>> = generator
                .conditions
                .iter()
                .map(|&condition| {
                    self.expr(condition);
                    self.outcome(condition)
                })
                .collect();
            let left_out = outcomes.contains(&Some(false));
            let name = comprehension.key.map(|key| self.expr(key));
            match name.and_then(|name| name.constant()) {
                Some(name) if left_out => whole.set_field(name, Value::default()),
                _ if left_out => {}
                Some(name) => {
                    let element = self.expr(comprehension.element);
                    whole.set_field(name, element);
                }
                None => {
                    let element = self.expr(comprehension.element);
                    let element = if comprehension.key.is_some() {
                        element.flat()
                    } else {
                        element
                    };
                    for taint in &element.taints {
                        whole.add_taint(taint.clone());
                    }
                }
            }
        }
        self.walked.pop();
        Some(whole)
    }

    /// A loop over the entries of a dictionary, name by name; false when it is none.
    pub(super) fn walked_loop(&mut self, target: ExprId, iter: ExprId, body: &[Stmt]) -> bool {
        let mut tests = Vec::new();
        tests_of_block(self.module, body, &mut tests, 0);
        let Some((key, steps)) = self.steps(target, iter, &tests) else {
            return false;
        };
        let before = self.env.clone();
        self.walked.push(key);
        self.loops += 1;
        for step in &steps {
            self.take_step(target, iter, step);
            self.block(body);
        }
        self.loops -= 1;
        self.walked.pop();
        self.leave_out(&before, &steps);
        self.merge_ties(&before);
        true
    }

    /// What took over the rest of the dictionary, and was not given a name that the tests speak of, has it not.
    fn leave_out(&mut self, before: &super::Env, steps: &[Step]) {
        let Some(rest) = steps.iter().find(|step| step.name.is_none()) else {
            return;
        };
        let names: Vec<Sym> = steps.iter().filter_map(|step| step.name).collect();
        for (name, value) in self.env.vars.iter_mut() {
            let took = |value: &Value| {
                value.taints.iter().any(|taint| {
                    rest.value
                        .taints
                        .iter()
                        .any(|own| own.label == taint.label && own.path == taint.path)
                })
            };
            let held = before.vars.get(name).is_some_and(took);
            if held || !took(value) {
                continue;
            }
            for &name in &names {
                if value.own_field(name).is_none() {
                    value.set_field(name, Value::default());
                }
            }
        }
    }
}

/// Tests in a loop's body.
fn tests_of_block(
    module: &crate::program::LinkedModule,
    block: &[Stmt],
    tests: &mut Vec<ExprId>,
    depth: u32,
) {
    if depth > 3 || tests.len() > 16 {
        return;
    }
    for statement in block {
        match statement {
            Stmt::If { test, then, other } => {
                tests.push(*test);
                tests_of_block(module, then, tests, depth + 1);
                tests_of_block(module, other, tests, depth + 1);
            }
            Stmt::Assign { value, .. } => tests_of_value(module, *value, tests),
            _ => {}
        }
    }
}

/// The test of a conditional expression.
fn tests_of_value(module: &crate::program::LinkedModule, value: ExprId, tests: &mut Vec<ExprId>) {
    if let Expr::Conditional { test, .. } = module.ir.expr(value) {
        tests.push(*test);
    }
}
