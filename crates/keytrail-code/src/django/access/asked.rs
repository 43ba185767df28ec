//! Which request is asked about, and what a test says of it before any user is known.

use keytrail_model::HttpMethod;

use super::Doors;
use crate::program::ModuleId;
use crate::syntax::ir::{Comparator, Expr, ExprId};

/// The request for which a door is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    pub(super) method: HttpMethod,
    /// The action of a viewset.
    pub(super) action: Option<&'a str>,
}

const SAFE: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// What a test looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    Method,
    Action,
}

impl Doors<'_> {
    /// `request.method in SAFE_METHODS`, `self.action == "list"`: the answer for one request;
    /// `None` for any other test.
    pub(super) fn decides(
        &self,
        module: ModuleId,
        test: ExprId,
        asking: Asking<'_>,
    ) -> Option<bool> {
        let ir = &self.program.module(module).ir;
        match ir.expr(test) {
            Expr::Not(inner) => self.decides(module, *inner, asking).map(|truth| !truth),
            Expr::Logic(all, parts) => {
                let mut known = true;
                for &part in parts {
                    match self.decides(module, part, asking) {
                        Some(truth) if truth != *all => return Some(truth),
                        Some(_) => {}
                        None => known = false,
                    }
                }
                known.then_some(*all)
            }
            Expr::Compare(left, rest) => {
                let [(comparator, right)] = &**rest else {
                    return None;
                };
                let looks = self.looks_at(module, *left)?;
                let within = self.names(module, *right)?;
                let own = match looks {
                    Looks::Method if asking.method == HttpMethod::Any => return None,
                    Looks::Method => asking.method.as_str(),
                    Looks::Action => asking.action?,
                };
                let holds = within.iter().any(|name| name == own);
                match comparator {
                    Comparator::Equal | Comparator::Is | Comparator::In => Some(holds),
                    Comparator::NotEqual | Comparator::IsNot | Comparator::NotIn => Some(!holds),
                    Comparator::Order => None,
                }
            }
            _ => None,
        }
    }

    /// True for a test that looks at nothing but the request's method.
    pub(super) fn is_of_method(&self, module: ModuleId, test: ExprId) -> bool {
        let ir = &self.program.module(module).ir;
        match ir.expr(test) {
            Expr::Not(inner) => self.is_of_method(module, *inner),
            Expr::Compare(left, _) => self.looks_at(module, *left) == Some(Looks::Method),
            _ => false,
        }
    }

    fn looks_at(&self, module: ModuleId, expr: ExprId) -> Option<Looks> {
        let ir = &self.program.module(module).ir;
        let Expr::Attribute(_, name) = ir.expr(expr) else {
            return None;
        };
        match ir.text(*name) {
            "method" => Some(Looks::Method),
            "action" => Some(Looks::Action),
            _ => None,
        }
    }

    /// The texts of a constant list, or one text; `SAFE_METHODS` by its name.
    fn names(&self, module: ModuleId, expr: ExprId) -> Option<Vec<String>> {
        let ir = &self.program.module(module).ir;
        match ir.expr(expr) {
            Expr::Str(text) => Some(vec![ir.text(*text).to_owned()]),
            Expr::Sequence(parts) => parts
                .iter()
                .map(|&part| match ir.expr(part) {
                    Expr::Str(text) => Some(ir.text(*text).to_owned()),
                    _ => None,
                })
                .collect(),
            Expr::Name(name) | Expr::Attribute(_, name) if ir.text(*name) == "SAFE_METHODS" => {
                Some(SAFE.iter().map(|name| (*name).to_owned()).collect())
            }
            _ => None,
        }
    }
}
