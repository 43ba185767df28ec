//! Whom a test of the project's own lets in: the weakest caller for whom it gives a true answer.

use keytrail_model::{Access, HttpMethod};

use super::asked::Asking;
use super::{Doors, strength};
use crate::program::{FunctionRef, ModuleId};
use crate::syntax::ir::{Expr, ExprId, Stmt};

const DEEPEST: u32 = 8;
const ANY: Asking<'static> = Asking {
    method: HttpMethod::Any,
    action: None,
};

/// What is known of the callers who get to a statement.
#[derive(Clone, Copy)]
struct Walk<'a> {
    at: FunctionRef,
    asking: Asking<'a>,
    held: Access,
    depth: u32,
}

impl Doors<'_> {
    /// Over all returns of a function that are not false: the weakest caller. `None` for a
    /// function that lets nobody in, or that gives nothing back.
    pub(super) fn lets_in(
        &self,
        test: FunctionRef,
        asking: Option<Asking<'_>>,
        depth: u32,
    ) -> Option<Access> {
        let body = &self.program.module(test.0).ir.function(test.1).body;
        let walk = Walk {
            at: test,
            asking: asking.unwrap_or(ANY),
            held: Access::Anonymous,
            depth,
        };
        let mut returned = Vec::new();
        self.walk(body, walk, &mut returned);
        returned.into_iter().min_by_key(|access| strength(*access))
    }

    /// Walks one block; what remains of the callers after it, `None` when all have left.
    fn walk<'a>(
        &self,
        block: &[Stmt],
        mut walk: Walk<'a>,
        returned: &mut Vec<Access>,
    ) -> Option<Walk<'a>> {
        if walk.depth > DEEPEST {
            returned.push(stricter(walk.held, Access::Unknown));
            return None;
        }
        for statement in block {
            match statement {
                Stmt::Return(value, _) => {
                    returned.extend(value.and_then(|value| self.truth(value, walk)));
                    return None;
                }
                Stmt::Raise(_) => return None,
                Stmt::If { test, then, other } => {
                    walk = self.branch(*test, [then, other], walk, returned)?;
                }
                Stmt::Try(inner) => {
                    let next = self.walk(&inner.body, deeper(walk), returned);
                    for handler in &inner.handlers {
                        self.walk(&handler.body, deeper(walk), returned);
                    }
                    next?;
                }
                Stmt::With { body, .. } => {
                    self.walk(body, deeper(walk), returned)?;
                }
                _ => {}
            }
        }
        Some(walk)
    }

    fn branch<'a>(
        &self,
        test: ExprId,
        [then, other]: [&[Stmt]; 2],
        walk: Walk<'a>,
        returned: &mut Vec<Access>,
    ) -> Option<Walk<'a>> {
        let decided = self
            .decides(walk.at.0, test, walk.asking)
            .or_else(|| self.by_setting(walk.at.0, test));
        // what a setting decides that is not known here
        let walk = if decided.is_none() && self.is_setting(walk.at.0, test) {
            Walk {
                held: stricter(walk.held, Access::Unknown),
                ..walk
            }
        } else {
            walk
        };
        let knowing = |outcome: bool| {
            let asked = self.asked(walk.at, test, outcome, walk.depth);
            Walk {
                held: asked.map_or(walk.held, |asked| stricter(walk.held, asked)),
                ..deeper(walk)
            }
        };
        let after = |walk: Option<Walk<'a>>| {
            walk.map(|inner| Walk {
                depth: inner.depth.saturating_sub(1),
                ..inner
            })
        };
        match decided {
            Some(true) => after(self.walk(then, deeper(walk), returned)),
            Some(false) => after(self.walk(other, deeper(walk), returned)),
            None => {
                let first = after(self.walk(then, knowing(true), returned));
                let second = after(self.walk(other, knowing(false), returned));
                match (first, second) {
                    (Some(first), Some(second)) => {
                        let weaker = strength(first.held) <= strength(second.held);
                        Some(if weaker { first } else { second })
                    }
                    (one, other) => one.or(other),
                }
            }
        }
    }

    /// `settings.LOGIN_REQUIRED`, where the settings say what it is.
    pub(super) fn by_setting(&self, module: ModuleId, test: ExprId) -> Option<bool> {
        let ir = &self.program.module(module).ir;
        match ir.expr(test) {
            Expr::Not(inner) => self.by_setting(module, *inner).map(|truth| !truth),
            Expr::Attribute(_, name) if self.is_setting(module, test) => {
                self.defaults.switches.get(ir.text(*name)).copied()
            }
            _ => None,
        }
    }

    fn is_setting(&self, module: ModuleId, test: ExprId) -> bool {
        let ir = &self.program.module(module).ir;
        match ir.expr(test) {
            Expr::Not(inner) => self.is_setting(module, *inner),
            Expr::Attribute(object, _) => {
                matches!(ir.expr(*object), Expr::Name(name) | Expr::Attribute(_, name)
                    if ir.text(*name) == "settings")
            }
            _ => false,
        }
    }

    /// Whom a returned value lets in; `None` for one that is false.
    fn truth(&self, value: ExprId, walk: Walk<'_>) -> Option<Access> {
        let ir = &self.program.module(walk.at.0).ir;
        if let Some(truth) = self.decides(walk.at.0, value, walk.asking) {
            return truth.then_some(walk.held);
        }
        match ir.expr(value) {
            Expr::Bool(true) => Some(walk.held),
            Expr::Bool(false) | Expr::None => None,
            Expr::Logic(all, parts) => {
                let mut open: Vec<Access> = Vec::new();
                for &part in parts {
                    match self.truth(part, walk) {
                        None if *all => return None,
                        found => open.extend(found),
                    }
                }
                // of a true `and` every part holds, of a true `or` any
                if *all {
                    open.into_iter().max_by_key(|access| strength(*access))
                } else {
                    open.into_iter().min_by_key(|access| strength(*access))
                }
            }
            Expr::Conditional { test, then, other } => {
                let branches = match self.decides(walk.at.0, *test, walk.asking) {
                    Some(true) => vec![*then],
                    Some(false) => vec![*other],
                    None => vec![*then, *other],
                };
                branches
                    .into_iter()
                    .filter_map(|branch| self.truth(branch, walk))
                    .min_by_key(|access| strength(*access))
            }
            // `request.user`: there always is one, be it nobody
            Expr::Attribute(_, name) if ir.text(*name) == "user" => Some(walk.held),
            _ => {
                let asked = self.asked(walk.at, value, true, walk.depth);
                Some(stricter(walk.held, asked.unwrap_or(Access::Unknown)))
            }
        }
    }
}

fn deeper(walk: Walk<'_>) -> Walk<'_> {
    Walk {
        depth: walk.depth + 1,
        ..walk
    }
}

fn stricter(left: Access, right: Access) -> Access {
    if strength(left) >= strength(right) {
        left
    } else {
        right
    }
}
