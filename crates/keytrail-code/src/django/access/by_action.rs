//! `get_permissions` and its kin: which classes hold for one action.

use keytrail_model::{Access, Step};

use super::asked::Asking;
use super::{Doors, who};
use crate::program::{ClassRef, FunctionRef, ModuleId};
use crate::resolve::Base;
use crate::syntax::ir::{Expr, ExprId, Name, Stmt};

const DEEPEST: u32 = 8;
const MOST_ANSWERS: usize = 16;

/// A list of classes that a view's method gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    List(ModuleId, ExprId),
    /// What the class would have without the method: `super().get_permissions()`.
    Above,
    Unknown,
}

/// One walk through the method.
struct Walk<'a> {
    at: FunctionRef,
    class: ClassRef,
    asking: Asking<'a>,
    /// Lists in local variables, and in `self.permission_classes`.
    locals: Vec<(Local, Answer)>,
    answers: Vec<Answer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Local {
    Name(Name),
    OfSelf,
}

impl Doors<'_> {
    /// Whom `get_permissions` lets in for one action; `None` when it leaves that to what the
    /// class says without it.
    pub(super) fn returned_permissions(
        &self,
        function: FunctionRef,
        class: ClassRef,
        asking: Asking<'_>,
    ) -> Option<(Access, Step)> {
        let body = &self.program.module(function.0).ir.function(function.1).body;
        let mut walk = Walk {
            at: function,
            class,
            asking,
            locals: Vec::new(),
            answers: Vec::new(),
        };
        self.answers(body, &mut walk, 0);
        walk.answers.dedup();
        if matches!(*walk.answers, [Answer::Above]) {
            return None;
        }
        let mut verdicts: Vec<Access> = walk
            .answers
            .iter()
            .map(|answer| match answer {
                Answer::List(module, list) => self.permission_list(*module, *list, asking).0,
                Answer::Above | Answer::Unknown => Access::Unknown,
            })
            .collect();
        verdicts.dedup();
        let location = self.program.function_location(function);
        Some(if let [access] = *verdicts {
            let label = match asking.action {
                Some(action) => format!("get_permissions lets in {} for {action}", who(access)),
                None => format!("get_permissions lets in {}", who(access)),
            };
            (access, Step::new(label, location))
        } else {
            let label = "get_permissions decides by what the code does not tell";
            (Access::Unknown, Step::new(label, location))
        })
    }

    /// Walks a block; true when every way through it has returned.
    fn answers(&self, block: &[Stmt], walk: &mut Walk<'_>, depth: u32) -> bool {
        if depth > DEEPEST || walk.answers.len() > MOST_ANSWERS {
            walk.answers.push(Answer::Unknown);
            return true;
        }
        for statement in block {
            match statement {
                Stmt::Return(value, _) => {
                    let answer = value.map_or(Answer::Unknown, |value| self.answer(value, walk, 0));
                    walk.answers.push(answer);
                    return true;
                }
                Stmt::Raise(_) => return true,
                Stmt::Assign { targets, value } => {
                    let answer = self.answer(*value, walk, 0);
                    for &target in targets {
                        if let Some(local) = self.local_of(walk.at.0, target) {
                            walk.locals.push((local, answer));
                        }
                    }
                }
                Stmt::If { test, then, other } => {
                    match self.decides(walk.at.0, *test, walk.asking) {
                        Some(true) => {
                            if self.answers(then, walk, depth + 1) {
                                return true;
                            }
                        }
                        Some(false) => {
                            if self.answers(other, walk, depth + 1) {
                                return true;
                            }
                        }
                        None => {
                            let before = walk.locals.clone();
                            let first = self.answers(then, walk, depth + 1);
                            let after = std::mem::replace(&mut walk.locals, before.clone());
                            let second = self.answers(other, walk, depth + 1);
                            if first && second {
                                return true;
                            }
                            if !first {
                                merge(&mut walk.locals, &after, second);
                            }
                        }
                    }
                }
                // `return [… for … in self.by_action[self.action]]`, with a KeyError behind
                Stmt::Try(inner) => {
                    let count = walk.answers.len();
                    let left = self.answers(&inner.body, walk, depth + 1);
                    let found = walk.answers[count..]
                        .iter()
                        .all(|answer| *answer != Answer::Unknown);
                    if left && found && walk.answers.len() > count {
                        return true;
                    }
                    walk.answers.truncate(count);
                    for handler in &inner.handlers {
                        if self.answers(&handler.body, walk, depth + 1) {
                            return true;
                        }
                    }
                }
                _ => {}
            }
        }
        false
    }

    fn local_of(&self, module: ModuleId, target: ExprId) -> Option<Local> {
        let ir = &self.program.module(module).ir;
        match ir.expr(target) {
            Expr::Name(name) => Some(Local::Name(*name)),
            Expr::Attribute(object, name)
                if ir.text(*name) == "permission_classes" && self.is_self(module, *object) =>
            {
                Some(Local::OfSelf)
            }
            _ => None,
        }
    }

    fn is_self(&self, module: ModuleId, expr: ExprId) -> bool {
        let ir = &self.program.module(module).ir;
        matches!(ir.expr(expr), Expr::Name(name) if ir.text(*name) == "self")
    }

    fn answer(&self, value: ExprId, walk: &Walk<'_>, depth: u32) -> Answer {
        if depth > DEEPEST {
            return Answer::Unknown;
        }
        let module = walk.at.0;
        let ir = &self.program.module(module).ir;
        let held = |local: Local| {
            let found = walk.locals.iter().rev().find(|(own, _)| *own == local);
            found.map(|(_, answer)| *answer)
        };
        match ir.expr(value) {
            Expr::Comprehension(inner) => match &*inner.generators {
                [only] => self.answer(only.iter, walk, depth + 1),
                _ => Answer::Unknown,
            },
            Expr::Name(name) => held(Local::Name(*name)).unwrap_or(Answer::List(module, value)),
            Expr::Attribute(object, name) if self.is_self(module, *object) => {
                if ir.text(*name) == "permission_classes" {
                    return held(Local::OfSelf).unwrap_or(Answer::Above);
                }
                self.class_list(walk.class, ir.text(*name))
            }
            Expr::Subscript(object, key) => self.by_key(*object, *key, walk),
            Expr::Call(called, arguments) => match ir.expr(*called) {
                Expr::Attribute(_, name) if ir.text(*name) == "get_permissions" => {
                    held(Local::OfSelf).unwrap_or(Answer::Above)
                }
                Expr::Attribute(object, name) if ir.text(*name) == "get" => {
                    let found = arguments
                        .first()
                        .map_or(Answer::Unknown, |key| self.by_key(*object, key.value, walk));
                    match (found, arguments.get(1)) {
                        (Answer::Unknown, Some(other)) => self.answer(other.value, walk, depth + 1),
                        (found, _) => found,
                    }
                }
                Expr::Name(name) if matches!(ir.text(*name), "list" | "tuple" | "map") => {
                    arguments.last().map_or(Answer::Unknown, |list| {
                        self.answer(list.value, walk, depth + 1)
                    })
                }
                _ => Answer::Unknown,
            },
            Expr::Conditional { test, then, other } => {
                match self.decides(module, *test, walk.asking) {
                    Some(true) => self.answer(*then, walk, depth + 1),
                    Some(false) => self.answer(*other, walk, depth + 1),
                    None => Answer::Unknown,
                }
            }
            Expr::Sequence(_) | Expr::Binary(..) => Answer::List(module, value),
            _ => Answer::Unknown,
        }
    }

    /// `self.permission_classes_by_action[self.action]`.
    fn by_key(&self, object: ExprId, key: ExprId, walk: &Walk<'_>) -> Answer {
        let ir = &self.program.module(walk.at.0).ir;
        let (Expr::Attribute(owner, name), Expr::Attribute(_, looked)) =
            (ir.expr(object), ir.expr(key))
        else {
            return Answer::Unknown;
        };
        let (true, "action", Some(action)) = (
            self.is_self(walk.at.0, *owner),
            ir.text(*looked),
            walk.asking.action,
        ) else {
            return Answer::Unknown;
        };
        let Answer::List(place, dictionary) = self.class_list(walk.class, ir.text(*name)) else {
            return Answer::Unknown;
        };
        let ir = &self.program.module(place).ir;
        let Expr::Dict(entries) = ir.expr(dictionary) else {
            return Answer::Unknown;
        };
        let entry = entries.iter().find(|(key, _)| {
            key.is_some_and(
                |key| matches!(ir.expr(key), Expr::Str(text) if ir.text(*text) == action),
            )
        });
        entry.map_or(Answer::Unknown, |(_, list)| Answer::List(place, *list))
    }

    /// What the class's body sets a name to.
    fn class_list(&self, class: ClassRef, name: &str) -> Answer {
        self.class_field(class, name)
            .map_or(Answer::Unknown, |(module, value)| {
                Answer::List(module, value)
            })
    }

    /// The value of a name in the body of the class or of one above it.
    pub(super) fn class_field(&self, class: ClassRef, name: &str) -> Option<(ModuleId, ExprId)> {
        let name = self.program.symbols.find(name)?;
        self.resolver.class(class).lineage.iter().find_map(|base| {
            let Base::Class(base) = base else { return None };
            let fields = &self.resolver.class(*base).fields;
            let (_, value) = fields.iter().rev().find(|(own, _)| *own == name)?;
            Some((base.0, (*value)?))
        })
    }
}

/// Takes over what the other branch assigned; what both assign differently is not known.
fn merge(locals: &mut Vec<(Local, Answer)>, other: &[(Local, Answer)], only: bool) {
    for &(local, answer) in other {
        let own = locals.iter().rev().find(|(name, _)| *name == local);
        let joined = match own {
            Some((_, own)) if !only && *own != answer => Answer::Unknown,
            _ => answer,
        };
        locals.push((local, joined));
    }
}
