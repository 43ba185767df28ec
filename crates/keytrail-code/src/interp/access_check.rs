//! Access checks of the project's own whose inside is not to be seen:
//! `if not acl_check(resource_id=id): return …, 403`.
//!
//! A check that is plugged in (loaded by a setting, from a library) compares somewhere else. That
//! it is one is told by three things together: its name, a refusal (401, 403,
//! `PermissionDenied`) when it comes out false, and that it is given the identifier or the item.
//! Functions of the tree are no such checks: what they compare is read (`tie.rs`).

use super::Machine;
use super::operation::OperationRecord;
use super::shape::Shape;
use super::taint::{Label, Taint};
use super::value::Value;
use crate::django::access::denies;
use crate::program::Site;
use crate::syntax::ir::{Expr, ExprId, Stmt};

/// Most identifiers that are kept as checked at one point.
const MOST_GRANTED: usize = 16;
/// Words in the names of access checks.
const ACCESS: [&str; 14] = [
    "access",
    "acl",
    "allow",
    "allowed",
    "allows",
    "authorise",
    "authorised",
    "authorize",
    "authorized",
    "entitled",
    "owns",
    "permission",
    "permitted",
    "policy",
];

/// Taints that a passed check has found to be the caller's to use, with the check.
type Granted = Vec<(Taint, Site)>;

/// What follows from an access check: behind the block of its `if`, and behind the other one.
#[derive(Default)]
pub(super) struct Grants {
    pub(super) when_true: Granted,
    pub(super) when_false: Granted,
}

impl Machine<'_> {
    /// Reads the condition of an `if` for access checks, one of whose blocks refuses.
    pub(super) fn grants(&mut self, test: ExprId, then: &[Stmt], other: &[Stmt]) -> Grants {
        let ir = &self.module.ir;
        let mut grants = Grants::default();
        if denies(ir, then, false) {
            self.calls_in(test, false, &mut grants.when_false);
        } else if denies(ir, other, false) {
            self.calls_in(test, true, &mut grants.when_true);
        }
        grants
    }

    /// The checks that have come out true when `test` has come out as `outcome`.
    fn calls_in(&mut self, test: ExprId, outcome: bool, granted: &mut Granted) {
        let module = self.module;
        match module.ir.expr(test) {
            Expr::Not(inner) => self.calls_in(*inner, !outcome, granted),
            // a true `and` and a false `or` tell of each of their parts
            Expr::Logic(and, parts) if *and == outcome => {
                for &part in parts {
                    self.calls_in(part, outcome, granted);
                }
            }
            Expr::Call(function, arguments) if outcome && self.is_access_check(*function) => {
                let site = self.site(test);
                for argument in arguments {
                    let value = self.expr(argument.value);
                    let known = value.taints.into_iter().filter(could_be_checked);
                    granted.extend(known.map(|taint| (taint, site)));
                }
                granted.truncate(MOST_GRANTED);
            }
            _ => {}
        }
    }

    /// By its name; a function of the tree is read instead.
    fn is_access_check(&mut self, function: ExprId) -> bool {
        let (Expr::Name(name) | Expr::Attribute(_, name)) = self.module.ir.expr(function) else {
            return false;
        };
        let text = self.text(self.sym(*name)).to_ascii_lowercase();
        let named = text.split('_').any(|word| ACCESS.contains(&word)) || text == "has_perm";
        named
            && !self.expr(function).shapes.iter().any(|shape| {
                matches!(
                    shape,
                    Shape::Function(_) | Shape::Closure(..) | Shape::Class(_) | Shape::Partial(_)
                )
            })
    }

    /// From here on, these are the caller's to use.
    pub(super) fn grant(&mut self, granted: &Granted) {
        for (taint, site) in granted {
            self.out.looks.insert(*site);
            if matches!(taint.label, Label::Item(_)) {
                self.tie_item(taint.label, *site);
                continue;
            }
            let own = (taint.label, taint.path, *site);
            if self.env.granted.len() < MOST_GRANTED && !self.env.granted.contains(&own) {
                self.env.granted.push(own);
                self.env.chosen.push(own);
            }
            let outcome = &self.out;
            let all = outcome.operations.iter();
            let read: Vec<Site> = all
                .chain(&outcome.summary.operations)
                .filter(|record| is_keyed_by(record, taint.label, taint))
                .map(|record| record.site)
                .collect();
            for operation in read {
                self.tie_item(Label::Item(operation), *site);
            }
        }
    }

    /// What an operation reads under an identifier that was checked before is checked too.
    pub(super) fn granted_before(&mut self, record: &OperationRecord) {
        let values = record.keys.iter().map(|(.., value)| value);
        let check = values.flat_map(|value| &value.taints).find_map(|taint| {
            let mut all = self.env.granted.iter();
            all.find(|(label, path, _)| *label == taint.label && *path == taint.path)
                .map(|(.., site)| *site)
        });
        if let Some(site) = check {
            self.tie_item(Label::Item(record.site), site);
            self.out.held.insert((Label::Item(record.site), site));
        }
    }

    fn tie_item(&mut self, item: Label, site: Site) {
        let tie = (item, site);
        if self.env.ties.iter().all(|(label, _)| *label != item) {
            self.env.ties.push(tie);
        }
        if !self.out.ties.contains(&tie) {
            self.out.ties.push(tie);
        }
    }
}

fn could_be_checked(taint: &Taint) -> bool {
    match taint.label {
        Label::Item(_) | Label::Param(_) => true,
        Label::Request => !taint.path.is_empty() && !taint.is_identity(),
        _ => false,
    }
}

fn is_keyed_by(record: &OperationRecord, label: Label, taint: &Taint) -> bool {
    let values = record.keys.iter().map(|(.., value): &(_, _, Value)| value);
    values
        .flat_map(|value| &value.taints)
        .any(|own| own.label == label && own.path == taint.path)
}
