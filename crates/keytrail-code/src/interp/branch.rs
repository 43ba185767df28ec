//! Ways that part and meet again: branches, loops, `match`.

use super::Machine;
use super::arguments::Arguments;
use super::shape::Shape;
use super::value::Value;
use crate::symbols::Sym;
use crate::syntax::ir::{Comparator, Expr, ExprId, Stmt};

impl Machine<'_> {
    /// `if`, with all its `elif` in one go: long chains nest in the representation only.
    pub(super) fn branch(&mut self, test: ExprId, then: &[Stmt], other: &[Stmt]) -> bool {
        let mut ends: Option<super::Env> = None;
        let ties_before = self.env.ties.len();
        let (mut test, mut then, mut other) = (test, then, other);
        'clauses: {
            loop {
                self.expr(test);
                if let Some(outcome) = self.outcome(test) {
                    let (taken, rest) = if outcome {
                        (then, None)
                    } else {
                        next_clause(other)
                    };
                    let Some((next, block, others)) = rest else {
                        if self.block(taken) {
                            let last = std::mem::take(&mut self.env);
                            self.end_of_way(&mut ends, last);
                        }
                        break 'clauses;
                    };
                    (test, then, other) = (next, block, others);
                    continue;
                }
                let ties = self.ties(test);
                let grants = self.grants(test, then, other);
                let before = self.env.clone();
                self.assume(&ties.when_true);
                self.grant(&grants.when_true);
                self.assume_absent(test, true);
                let falls = self.block(then);
                let after = std::mem::replace(&mut self.env, before);
                if falls {
                    self.end_of_way(&mut ends, after);
                }
                self.assume(&ties.when_false);
                self.grant(&grants.when_false);
                self.assume_absent(test, false);
                match other {
                    [
                        Stmt::If {
                            test: next,
                            then: block,
                            other: rest,
                        },
                    ] => (test, then, other) = (*next, block, rest),
                    _ => break,
                }
            }
            if self.block(other) {
                let last = std::mem::take(&mut self.env);
                self.end_of_way(&mut ends, last);
            }
        }
        match ends {
            Some(end) => {
                self.env = end;
                let held = self.env.ties.iter().skip(ties_before).copied();
                self.out.held.extend(held);
                true
            }
            None => false,
        }
    }

    /// Entries that are not there when `test` has come out as `outcome`: after
    /// `if "api_key" in item: del item["api_key"]` there is none on either way.
    pub(super) fn assume_absent(&mut self, test: ExprId, outcome: bool) {
        let module = self.module;
        match module.ir.expr(test) {
            Expr::Not(inner) => self.assume_absent(*inner, !outcome),
            // a true `and` and a false `or` tell of each of their parts
            Expr::Logic(and, parts) if *and == outcome => {
                parts
                    .iter()
                    .for_each(|&part| self.assume_absent(part, outcome));
            }
            Expr::Compare(name, rest) => {
                let [(comparator, object)] = &**rest else {
                    return;
                };
                let absent = match comparator {
                    Comparator::In => !outcome,
                    Comparator::NotIn => outcome,
                    _ => false,
                };
                if absent && let Some(name) = self.expr(*name).constant() {
                    self.forget_part(*object, name);
                }
            }
            Expr::Call(function, arguments) if !outcome && arguments.len() == 1 => {
                if let Expr::Attribute(object, get) = module.ir.expr(*function)
                    && self.sym(*get) == self.shared.words.get
                    && let Some(name) = self.expr(arguments[0].value).constant()
                {
                    self.forget_part(*object, name);
                }
            }
            _ => {}
        }
    }

    pub(super) fn forget_part(&mut self, object: ExprId, name: Sym) {
        if matches!(self.module.ir.expr(object), Expr::Name(_)) {
            self.update(object, &mut |old| {
                if old.is_tainted() {
                    old.set_field(name, Value::default());
                }
            });
        }
    }

    /// Collects the ways that lead to one point.
    pub(super) fn end_of_way(&mut self, ends: &mut Option<super::Env>, way: super::Env) {
        match ends.take() {
            None => *ends = Some(way),
            Some(held) => {
                let here = std::mem::replace(&mut self.env, held);
                self.merge(&way);
                *ends = Some(std::mem::replace(&mut self.env, here));
            }
        }
    }

    /// Joins another way to the same point.
    pub(super) fn merge(&mut self, other: &super::Env) {
        self.env.merge(other);
    }

    /// Ties hold behind a loop only if they held before it.
    pub(super) fn merge_ties(&mut self, before: &super::Env) {
        self.env.ties.retain(|tie| before.ties.contains(tie));
        self.env
            .open_ties
            .retain(|tie| before.open_ties.contains(tie));
    }

    pub(super) fn for_loop(&mut self, target: ExprId, iter: ExprId, body: &[Stmt], other: &[Stmt]) {
        if self.unrolled(target, iter, body) || self.walked_loop(target, iter, body) {
            self.block(other);
            return;
        }
        let before = self.env.clone();
        let element = self.iterated(iter);
        for _ in 0..self.turns() {
            self.bind_target(target, iter, &element);
            self.loops += 1;
            self.block(body);
            self.loops -= 1;
        }
        self.merge(&before);
        self.block(other);
    }

    /// `for name in ("a", "b"):`, once for each text: what the body does to one is done to all.
    /// False when the loop is not of this kind.
    pub(super) fn unrolled(&mut self, target: ExprId, iter: ExprId, body: &[Stmt]) -> bool {
        if self.loops > 0 || !matches!(self.module.ir.expr(target), Expr::Name(_)) {
            return false;
        }
        let list = self.expr(iter);
        let texts = list
            .shapes
            .iter()
            .all(|shape| matches!(shape, Shape::Str(_)));
        if list.shapes.is_empty() || list.is_tainted() || list.fields.is_some() || !texts {
            return false;
        }
        for shape in list.shapes {
            self.assign(target, iter, &Value::of(shape));
            self.loops += 1;
            self.block(body);
            self.loops -= 1;
        }
        true
    }

    pub(super) fn repeated(&mut self, body: &[Stmt]) {
        let before = self.env.clone();
        for _ in 0..self.turns() {
            self.loops += 1;
            self.block(body);
            self.loops -= 1;
        }
        self.merge(&before);
    }

    /// Twice, so that what a loop carries round is seen; deep nests once, or they'd cost 2^depth.
    pub(super) fn turns(&self) -> u32 {
        if self.loops < 2 { 2 } else { 1 }
    }

    /// What a loop over `iter` yields; of `d.items()`, a pair whose first part is a mere name.
    pub(super) fn iterated(&mut self, iter: ExprId) -> Element {
        let words = self.shared.words;
        if let Expr::Call(function, arguments) = self.module.ir.expr(iter) {
            if let Expr::Attribute(receiver, name) = self.module.ir.expr(*function) {
                let name = self.sym(*name);
                if arguments.is_empty() && name == words.items {
                    self.expr(iter);
                    return Element::Pair(self.expr(*receiver).some_entry());
                }
                if arguments.is_empty() && name == words.keys {
                    return Element::One(Value::default());
                }
            }
            if let Expr::Name(name) = self.module.ir.expr(*function)
                && self.text(self.sym(*name)) == "enumerate"
                && let Some(first) = arguments.first()
            {
                return Element::Pair(self.expr(first.value).element());
            }
        }
        let value = self.expr(iter);
        let mut element = value.element();
        for shape in &value.shapes {
            if let Shape::Instance(class) = shape
                && let Some(method) = self.shared.resolver.method(*class, words.iter_)
            {
                let site = self.site(iter);
                element.shapes.retain(|own| own != shape);
                element.join(&self.invoke(site, method, Some(&value), &Arguments::default()));
            }
        }
        Element::One(element)
    }

    pub(super) fn bind_target(&mut self, target: ExprId, from: ExprId, element: &Element) {
        match (element, self.module.ir.expr(target)) {
            (Element::Pair(value), Expr::Sequence(parts)) if parts.len() == 2 => {
                self.assign(parts[0], from, &Value::default());
                self.assign(parts[1], from, value);
            }
            (Element::Pair(value) | Element::One(value), _) => self.assign(target, from, value),
        }
    }

    pub(super) fn bind_generator(&mut self, target: ExprId, iter: ExprId) {
        let element = self.iterated(iter);
        self.bind_target(target, iter, &element);
    }

    pub(super) fn match_statement(
        &mut self,
        subject: ExprId,
        cases: &[crate::syntax::ir::Case],
    ) -> bool {
        let value = self.expr(subject);
        let before = self.env.clone();
        let mut falls = false;
        let mut joined = before.clone();
        for case in cases {
            self.env = before.clone();
            self.bind_pattern(&case.pattern, &value, subject);
            if let Some(guard) = case.guard {
                self.expr(guard);
            }
            if self.block(&case.body) {
                falls = true;
                let other = std::mem::take(&mut self.env);
                self.env = joined;
                self.merge(&other);
                joined = std::mem::take(&mut self.env);
            }
        }
        self.env = joined;
        // no case may match
        let _ = falls;
        true
    }
}

type Clause<'b> = (ExprId, &'b [Stmt], &'b [Stmt]);

/// The block behind a condition that does not hold, or the `elif` that comes next.
fn next_clause(other: &[Stmt]) -> (&[Stmt], Option<Clause<'_>>) {
    match other {
        [Stmt::If { test, then, other }] => (&[], Some((*test, then, other))),
        _ => (other, None),
    }
}

pub(super) enum Element {
    One(Value),
    /// Of `enumerate` and `items`: the second part.
    Pair(Value),
}
