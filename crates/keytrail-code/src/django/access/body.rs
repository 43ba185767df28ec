//! Checks in bodies: what a condition asks of the user.

use keytrail_model::{Access, Step};

use super::{Doors, strength, who};
use crate::interp::Shape;
use crate::program::{ClassRef, FunctionRef, ModuleId, Site};
use crate::syntax::ir::{Argument, Expr, ExprId, FunctionKind, Module, Name, Stmt};

/// Statements at the head of a function that are looked through.
const HEAD: usize = 8;
/// Statements among which a refusal by a check of the function's own is looked for.
const REFUSAL_HEAD: usize = 60;
const DEEPEST: u32 = 12;
/// Words in the names of answers and exceptions that say "not you".
const DENIALS: [&str; 8] = [
    "Forbidden",
    "Unauthorized",
    "PermissionDenied",
    "NotAuthenticated",
    "AuthenticationFailed",
    "Denied",
    "no_permission",
    "permission_denied",
];
/// Words in the names of answers that turn a caller away.
const REFUSALS: [&str; 8] = [
    "Forbidden",
    "BadRequest",
    "NotFound",
    "NotAllowed",
    "Unauthorized",
    "Denied",
    "Redirect",
    "redirect",
];

impl Doors<'_> {
    /// A check at the head of a function: `if not request.user.is_authenticated: return …`.
    pub(super) fn body_check(&self, function: FunctionRef) -> Option<(Access, Step)> {
        self.body_check_at(function, false, 0)
    }

    /// `raising`: only checks that raise, since the caller goes on after a mere return.
    fn body_check_at(
        &self,
        function: FunctionRef,
        raising: bool,
        depth: u32,
    ) -> Option<(Access, Step)> {
        let module = self.program.module(function.0);
        let body = &module.ir.function(function.1).body;
        for (index, statement) in body.iter().take(HEAD).enumerate() {
            let (access, site) = match statement {
                Stmt::If { test, then, other } => {
                    let rest = &body[index + 1..];
                    let Some(access) =
                        self.guard(function, *test, [&**then, &**other, rest], raising)
                    else {
                        continue;
                    };
                    (access, Site(function.0, *test))
                }
                // `check(request)`, which raises for others
                Stmt::Expr(call) if depth < 3 => {
                    let Some(callee) = self.callee(function.0, *call) else {
                        continue;
                    };
                    let Some((access, _)) = self.body_check_at(callee, true, depth + 1) else {
                        continue;
                    };
                    (access, Site(function.0, *call))
                }
                _ => continue,
            };
            let label = match access {
                Access::Unknown => "compares what the caller sends".to_owned(),
                _ => format!("checks the user and lets in {}", who(access)),
            };
            let location = self.program.location(site, Some(function));
            return Some((access, Step::new(label, location)));
        }
        self.refusal(function, raising)
    }

    /// `if project is None: return error("wrong key", 401)`: callers are turned away, by a check
    /// that is not understood.
    fn refusal(&self, function: FunctionRef, raising: bool) -> Option<(Access, Step)> {
        let body = &self.program.module(function.0).ir.function(function.1).body;
        let mut blocks: Vec<&[Stmt]> = vec![body];
        let mut steps = 0;
        while let Some(block) = blocks.pop() {
            for statement in block {
                steps += 1;
                if steps > REFUSAL_HEAD {
                    return None;
                }
                match statement {
                    Stmt::If { test, then, .. } => {
                        if self.turns_away_at(function, *test, then, raising) {
                            let location = self
                                .program
                                .location(Site(function.0, *test), Some(function));
                            let label = "turns some callers away by a check of its own";
                            return Some((Access::Unknown, Step::new(label, location)));
                        }
                        // a decorator's checks may stand anywhere
                        if self.is_wrapper(function) {
                            statement.blocks(&mut |block| blocks.push(block));
                        }
                    }
                    Stmt::Try(inner) => {
                        let denied = inner
                            .handlers
                            .iter()
                            .any(|handler| self.denies(function.0, &handler.body, raising));
                        if denied {
                            let location = self.program.function_location(function);
                            let label = "turns callers away when a check of its own fails";
                            return Some((Access::Unknown, Step::new(label, location)));
                        }
                        blocks.push(&inner.body);
                    }
                    Stmt::With { body, .. } => blocks.push(body),
                    _ => {}
                }
            }
        }
        None
    }

    fn turns_away_at(&self, at: FunctionRef, test: ExprId, then: &[Stmt], raising: bool) -> bool {
        self.denies(at.0, then, raising)
            && !self.is_of_method(at.0, test)
            // who is signed in is turned away: of a page for guests
            && self.asked(at, test, true, 0).is_none()
    }

    /// A function inside another one: what a decorator puts round a view.
    fn is_wrapper(&self, function: FunctionRef) -> bool {
        let ir = &self.program.module(function.0).ir;
        let parent = ir.function(function.1).parent;
        parent != 0 && ir.function(parent).kind == FunctionKind::Plain
    }

    pub(super) fn denies(&self, module: ModuleId, block: &[Stmt], raising: bool) -> bool {
        denies(&self.program.module(module).ir, block, raising)
    }

    /// What an `if` asks of who gets on: with its own block, its other one, and what follows.
    fn guard(
        &self,
        at: FunctionRef,
        test: ExprId,
        [then, other, rest]: [&[Stmt]; 3],
        raising: bool,
    ) -> Option<Access> {
        let leaves = |block: &[Stmt]| match block.last() {
            Some(Stmt::Raise(_)) => true,
            Some(Stmt::Return(..)) => !raising,
            _ => false,
        };
        // `if not signed in: return self.get_response(request)` lets through, not away
        if self.lets_through(at, then) {
            let refused = self.refuses(at.0, other) || self.refuses(at.0, rest);
            return refused.then(|| self.asked(at, test, true, 0)).flatten();
        }
        if leaves(then)
            && let Some(access) = self.asked(at, test, false, 0)
        {
            // what a caller sends decides on many answers: only a refusal makes it a check
            let refused = access != Access::Unknown
                || self.refuses(at.0, then)
                || self.denies(at.0, then, raising);
            return refused.then_some(access);
        }
        // the content is inside, and all that is left is a refusal
        let refused = (leaves(other) && !self.lets_through(at, other))
            || (other.is_empty() && leaves(then) && rest.len() == 1 && self.refuses(at.0, rest));
        if refused {
            return self.asked(at, test, true, 0);
        }
        None
    }

    /// True for a block that ends in a call of what is guarded: the next middleware, the view
    /// that a decorator was given, the framework's own `dispatch`.
    pub(super) fn lets_through(&self, at: FunctionRef, block: &[Stmt]) -> bool {
        let ir = &self.program.module(at.0).ir;
        let Some(Stmt::Return(Some(value), _)) = block.last() else {
            return false;
        };
        let Expr::Call(called, _) = ir.expr(*value) else {
            return false;
        };
        match ir.expr(*called) {
            Expr::Attribute(_, name) => matches!(ir.text(*name), "get_response" | "dispatch"),
            Expr::Name(name) if ir.text(*name) == "get_response" => true,
            Expr::Name(name) => self.is_outer_parameter(at, ir.text(*name)),
            _ => false,
        }
    }

    /// True for a parameter of a function around `at`: the view in a decorator.
    fn is_outer_parameter(&self, at: FunctionRef, name: &str) -> bool {
        let ir = &self.program.module(at.0).ir;
        let mut outer = ir.function(at.1).parent;
        for _ in 0..4 {
            if outer == 0 {
                return false;
            }
            let function = ir.function(outer);
            if function
                .parameters
                .iter()
                .any(|parameter| ir.text(parameter.name) == name)
            {
                return true;
            }
            outer = function.parent;
        }
        false
    }

    /// True for a block that ends in an error or sends the caller elsewhere.
    pub(super) fn refuses(&self, module: ModuleId, block: &[Stmt]) -> bool {
        let ir = &self.program.module(module).ir;
        let value = match block.last() {
            Some(Stmt::Raise(_) | Stmt::Return(None, _)) => return true,
            Some(Stmt::Return(Some(value), _)) => *value,
            _ => return false,
        };
        let Expr::Call(function, arguments) = ir.expr(value) else {
            return matches!(ir.expr(value), Expr::None);
        };
        let named = match ir.expr(*function) {
            Expr::Name(name) | Expr::Attribute(_, name) => ir.text(*name),
            _ => "",
        };
        // `status=403`, `status=status.HTTP_403_FORBIDDEN`
        let status = |value: ExprId| match ir.expr(value) {
            Expr::Int(code) => (300..600).contains(code),
            Expr::Attribute(_, name) => ["HTTP_3", "HTTP_4", "HTTP_5"]
                .iter()
                .any(|start| ir.text(*name).starts_with(start)),
            _ => false,
        };
        REFUSALS.iter().any(|word| named.contains(word))
            || arguments.iter().any(|argument| status(argument.value))
    }

    /// What holds of the user when a condition comes out as `outcome`.
    pub(super) fn asked(
        &self,
        at: FunctionRef,
        expr: ExprId,
        outcome: bool,
        depth: u32,
    ) -> Option<Access> {
        if depth > DEEPEST {
            return None;
        }
        let module = at.0;
        let ir = &self.program.module(module).ir;
        let part = |expr: ExprId| self.asked(at, expr, outcome, depth + 1);
        match ir.expr(expr) {
            Expr::Not(inner) => self.asked(at, *inner, !outcome, depth + 1),
            // a true `and` and a false `or` ask for all of their parts
            Expr::Logic(and, parts) if *and == outcome => parts
                .iter()
                .filter_map(|&inner| part(inner))
                .max_by_key(|access| strength(*access)),
            Expr::Logic(_, parts) => {
                let asked: Option<Vec<Access>> = parts.iter().map(|&inner| part(inner)).collect();
                asked?.into_iter().min_by_key(|access| strength(*access))
            }
            Expr::Attribute(_, name) if ir.text(*name) == "is_anonymous" => {
                (!outcome).then_some(Access::Authenticated)
            }
            Expr::Attribute(..) if outcome => self.mention(module, expr, 0),
            Expr::Attribute(..) => None,
            Expr::Name(name) => {
                let value = self.local(at, *name)?;
                self.asked(at, value, outcome, depth + 1)
            }
            Expr::Call(function, arguments) => {
                if !outcome {
                    return None;
                }
                if let (Expr::Name(name), [only]) = (ir.expr(*function), &**arguments)
                    && ir.text(*name) == "bool"
                {
                    return self.asked(at, only.value, outcome, depth + 1);
                }
                if let Some(access) = self.mention(module, expr, 0) {
                    return Some(access);
                }
                let own = self.called_function(at, *function)?;
                if depth > 3 {
                    return None;
                }
                self.lets_in(own, None, depth + 1)
                    .filter(|access| *access != Access::Anonymous)
            }
            _ => self.mention(module, expr, 0),
        }
    }

    /// The one value of a local variable.
    fn local(&self, at: FunctionRef, name: Name) -> Option<ExprId> {
        let ir = &self.program.module(at.0).ir;
        let mut values = ir.function(at.1).body.iter().filter_map(|statement| {
            let Stmt::Assign { targets, value } = statement else {
                return None;
            };
            let is = |target: &ExprId| matches!(ir.expr(*target), Expr::Name(own) if *own == name);
            targets.iter().any(is).then_some(*value)
        });
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// `check(…)`, `self.has_permission()`.
    fn called_function(&self, at: FunctionRef, called: ExprId) -> Option<FunctionRef> {
        let module = self.program.module(at.0);
        if let Expr::Attribute(object, name) = module.ir.expr(called)
            && matches!(module.ir.expr(*object), Expr::Name(own) if module.ir.text(*own) == "self")
        {
            let class = ClassRef(at.0, module.ir.function(at.1).class?);
            return self.resolver.method(class, module.sym(*name));
        }
        match self.resolver.expression(at.0, called)? {
            Shape::Function(function) => Some(function),
            _ => None,
        }
    }

    fn callee(&self, module: ModuleId, call: ExprId) -> Option<FunctionRef> {
        let Expr::Call(function, _) = self.program.module(module).ir.expr(call) else {
            return None;
        };
        match self.resolver.expression(module, *function)? {
            Shape::Function(function) => Some(function),
            _ => None,
        }
    }

    /// What a test that is given the user asks for: a lambda, a function by name.
    pub(super) fn test_of_user(&self, module: ModuleId, test: ExprId) -> Option<Access> {
        let function = match self.program.module(module).ir.expr(test) {
            Expr::Lambda(function) => FunctionRef(module, *function),
            _ => match self.resolver.expression(module, test)? {
                Shape::Function(function) => function,
                _ => return None,
            },
        };
        self.lets_in(function, None, 0)
    }

    pub(super) fn mention(&self, module: ModuleId, expr: ExprId, depth: u32) -> Option<Access> {
        if depth > DEEPEST {
            return None;
        }
        let ir = &self.program.module(module).ir;
        let inner = |expr: ExprId| self.mention(module, expr, depth + 1);
        let stricter = |left: Option<Access>, right: Option<Access>| match (left, right) {
            (Some(left), Some(right)) if strength(left) >= strength(right) => Some(left),
            (left, right) => right.or(left),
        };
        match ir.expr(expr) {
            Expr::Attribute(object, name) => match ir.text(*name) {
                "is_authenticated" => Some(Access::Authenticated),
                "is_staff" | "is_superuser" => Some(Access::Privileged),
                // membership of a group that somebody has to give
                "groups" if self.is_user(module, *object) => Some(Access::Privileged),
                _ => inner(*object),
            },
            Expr::Call(function, arguments) => {
                if let Expr::Attribute(_, name) = ir.expr(*function)
                    && matches!(
                        ir.text(*name),
                        "has_perm" | "has_perms" | "has_module_perms"
                    )
                {
                    return Some(Access::Privileged);
                }
                arguments.iter().fold(inner(*function), |found, argument| {
                    stricter(found, inner(argument.value))
                })
            }
            Expr::Not(value) => inner(*value),
            Expr::Logic(_, parts) => parts
                .iter()
                .fold(None, |found, &part| stricter(found, inner(part))),
            Expr::Compare(left, rest) => {
                let sent = self.is_sent(module, *left, 0)
                    || rest
                        .iter()
                        .any(|(_, right)| self.is_sent(module, *right, 0));
                let found = rest.iter().fold(inner(*left), |found, (_, right)| {
                    stricter(found, inner(*right))
                });
                found.or(sent.then_some(Access::Unknown))
            }
            Expr::Conditional { test, then, other } => {
                stricter(inner(*test), stricter(inner(*then), inner(*other)))
            }
            _ => None,
        }
    }

    /// `request.user`, `user`.
    fn is_user(&self, module: ModuleId, expr: ExprId) -> bool {
        let ir = &self.program.module(module).ir;
        matches!(ir.expr(expr), Expr::Name(name) | Expr::Attribute(_, name)
            if ir.text(*name) == "user")
    }

    /// `request.headers["X-Token"]`, `request.META.get(…)`.
    fn is_sent(&self, module: ModuleId, expr: ExprId, depth: u32) -> bool {
        if depth > 8 {
            return false;
        }
        let ir = &self.program.module(module).ir;
        match ir.expr(expr) {
            Expr::Attribute(object, name) => {
                matches!(ir.text(*name), "headers" | "META" | "auth")
                    || self.is_sent(module, *object, depth + 1)
            }
            Expr::Subscript(object, _) => self.is_sent(module, *object, depth + 1),
            Expr::Call(function, _) => self.is_sent(module, *function, depth + 1),
            _ => false,
        }
    }
}

/// True for a block that ends in "not you": 401, 403, `PermissionDenied`.
pub(crate) fn denies(ir: &Module, block: &[Stmt], raising: bool) -> bool {
    let (value, returned) = match block.last() {
        Some(Stmt::Raise(Some(value))) => (*value, false),
        Some(Stmt::Return(Some(value), _)) if !raising => (*value, true),
        _ => return false,
    };
    let (called, arguments): (ExprId, &[Argument]) = match ir.expr(value) {
        Expr::Call(called, arguments) => (*called, arguments),
        // Flask's `return {"error": "no"}, 403`
        Expr::Sequence(parts) if returned => {
            return parts
                .iter()
                .any(|&part| matches!(ir.expr(part), Expr::Int(401 | 403)));
        }
        _ if returned => return false,
        _ => (value, &[]),
    };
    let (Expr::Name(name) | Expr::Attribute(_, name)) = ir.expr(called) else {
        return false;
    };
    let status = |value: ExprId| match ir.expr(value) {
        Expr::Int(code) => matches!(code, 401 | 403),
        Expr::Attribute(_, name) => ["HTTP_401", "HTTP_403", "UNAUTHORIZED", "FORBIDDEN"]
            .iter()
            .any(|start| ir.text(*name).starts_with(start)),
        _ => false,
    };
    DENIALS.iter().any(|word| ir.text(*name).contains(word))
        || arguments.iter().any(|argument| status(argument.value))
}
