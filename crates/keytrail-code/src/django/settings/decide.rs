//! Which way a test sends a deployment.

use std::sync::Arc;

use keytrail_model::Environment;

use super::branches::Decision;
use super::eval::Evaluator;
use super::value::{Choice, Val};
use crate::syntax::ir::{Comparator, Expr, ExprId};

impl Evaluator<'_> {
    /// What is known of a test. Where the environment decides, the settings are those of the
    /// deployment that the module is for: production, unless its name says otherwise.
    pub(super) fn decide(&mut self, test: ExprId) -> Decision {
        let val = self.eval(test).val;
        if let Some(truth) = val.truth() {
            return Decision::Known(truth);
        }
        let Val::Env(read) = &val else {
            return match self.assumed(test, 0) {
                Some(truth) => Decision::Known(truth),
                None => Decision::Open(true, Choice::Unknown),
            };
        };
        let variable = Arc::clone(&read.variable);
        let unset = val.unset().truth();
        let named = self
            .assumed(test, 0)
            .or_else(|| self.by_variable(test, &variable));
        match (named, unset) {
            (Some(truth), _) => {
                let unset = unset.map(|unset| unset == truth);
                Decision::Open(
                    truth,
                    Choice::Environment {
                        variable,
                        named: true,
                        unset,
                    },
                )
            }
            (None, Some(truth)) => Decision::Open(
                truth,
                Choice::Environment {
                    variable,
                    named: false,
                    unset: Some(true),
                },
            ),
            (None, None) => Decision::Open(true, Choice::Unknown),
        }
    }

    /// A variable that is only looked at for its truth, with a name like `IS_PRODUCTION`.
    fn by_variable(&self, test: ExprId, variable: &str) -> Option<bool> {
        match self.module().ir.expr(test) {
            Expr::Not(inner) => self.by_variable(*inner, variable).map(|truth| !truth),
            Expr::Compare(..) => None,
            _ => self.fits(variable),
        }
    }

    /// Whether `word` names the deployment that is looked at; `None` when it names none.
    fn fits(&self, word: &str) -> Option<bool> {
        let meant = Environment::of_name(word);
        let own = match self.environment {
            Environment::Unspecified => Environment::Production,
            own => own,
        };
        (meant != Environment::Unspecified).then_some(meant == own)
    }

    /// What the words in a test say.
    fn assumed(&self, test: ExprId, depth: u32) -> Option<bool> {
        if depth > 8 {
            return None;
        }
        let ir = &self.module().ir;
        match ir.expr(test) {
            Expr::Name(name) | Expr::Attribute(_, name) => self.fits(ir.text(*name)),
            Expr::Not(inner) => self.assumed(*inner, depth + 1).map(|truth| !truth),
            Expr::Logic(all, parts) => self.assumed_of(*all, parts, depth),
            Expr::Compare(left, rest) => {
                let [(comparator, right)] = &**rest else {
                    return None;
                };
                let word = self.word(*right).or_else(|| self.word(*left));
                match comparator {
                    Comparator::Equal | Comparator::Is => word,
                    Comparator::NotEqual | Comparator::IsNot => word.map(|truth| !truth),
                    Comparator::In => self.words(*right),
                    Comparator::NotIn => self.words(*right).map(|truth| !truth),
                    Comparator::Order => None,
                }
            }
            _ => None,
        }
    }

    fn assumed_of(&self, all: bool, parts: &[ExprId], depth: u32) -> Option<bool> {
        let mut known = true;
        for part in parts {
            match self.assumed(*part, depth + 1) {
                Some(truth) if truth != all => return Some(truth),
                Some(_) => {}
                None => known = false,
            }
        }
        known.then_some(all)
    }

    fn word(&self, id: ExprId) -> Option<bool> {
        let ir = &self.module().ir;
        match ir.expr(id) {
            Expr::Str(text) => self.fits(ir.text(*text)),
            _ => None,
        }
    }

    fn words(&self, id: ExprId) -> Option<bool> {
        let Expr::Sequence(items) = self.module().ir.expr(id) else {
            return None;
        };
        let fits: Vec<Option<bool>> = items.iter().map(|item| self.word(*item)).collect();
        if fits.contains(&Some(true)) {
            return Some(true);
        }
        (!fits.is_empty() && fits.iter().all(|fit| *fit == Some(false))).then_some(false)
    }
}
