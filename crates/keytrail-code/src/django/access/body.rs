//! Checks in bodies: what a condition asks of the user.

use keytrail_model::{Access, Step};

use super::{Doors, strength, who};
use crate::interp::Shape;
use crate::program::{FunctionRef, ModuleId, Site};
use crate::syntax::ir::{Expr, ExprId, Stmt};

/// Statements at the head of a function that are looked through.
const HEAD: usize = 8;
const DEEPEST: u32 = 12;
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
                        self.guard(function.0, *test, [&**then, &**other, rest], raising)
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
        None
    }

    /// What an `if` asks of who gets on: with its own block, its other one, and what follows.
    fn guard(
        &self,
        module: ModuleId,
        test: ExprId,
        [then, other, rest]: [&[Stmt]; 3],
        raising: bool,
    ) -> Option<Access> {
        let leaves = |block: &[Stmt]| match block.last() {
            Some(Stmt::Raise(_)) => true,
            Some(Stmt::Return(..)) => !raising,
            _ => false,
        };
        if leaves(then)
            && let Some(access) = self.asked(module, test, false, 0)
        {
            return Some(access);
        }
        // the content is inside, and all that is left is a refusal
        let refused = leaves(other)
            || (other.is_empty() && leaves(then) && rest.len() == 1 && self.refuses(module, rest));
        if refused {
            return self.asked(module, test, true, 0);
        }
        None
    }

    /// True for a block that ends in an error or sends the caller elsewhere.
    fn refuses(&self, module: ModuleId, block: &[Stmt]) -> bool {
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
    fn asked(&self, module: ModuleId, expr: ExprId, outcome: bool, depth: u32) -> Option<Access> {
        if depth > DEEPEST {
            return None;
        }
        let ir = &self.program.module(module).ir;
        let part = |expr: ExprId| self.asked(module, expr, outcome, depth + 1);
        match ir.expr(expr) {
            Expr::Not(inner) => self.asked(module, *inner, !outcome, depth + 1),
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
            Expr::Call(function, _) => {
                if !outcome {
                    return None;
                }
                if let Some(access) = self.mention(module, expr, 0) {
                    return Some(access);
                }
                match self.resolver.expression(module, *function) {
                    Some(Shape::Function(own)) => self.user_mention(own).map(|(access, _)| access),
                    _ => None,
                }
            }
            _ => self.mention(module, expr, 0),
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
        self.user_mention(function).map(|(access, _)| access)
    }

    /// Any look at the user, anywhere in a permission class's check.
    pub(super) fn user_mention(&self, function: FunctionRef) -> Option<(Access, Step)> {
        let module = self.program.module(function.0);
        let mut best: Option<Access> = None;
        let mut blocks: Vec<&[Stmt]> = vec![&module.ir.function(function.1).body];
        while let Some(block) = blocks.pop() {
            for statement in block {
                let exprs: Vec<ExprId> = match statement {
                    Stmt::Return(Some(value), _)
                    | Stmt::Expr(value)
                    | Stmt::Assign { value, .. } => {
                        vec![*value]
                    }
                    Stmt::If { test, .. } => vec![*test],
                    _ => Vec::new(),
                };
                for expr in exprs {
                    if let Some(access) = self.mention(function.0, expr, 0)
                        && best.is_none_or(|best| strength(access) > strength(best))
                    {
                        best = Some(access);
                    }
                }
                statement.blocks(&mut |block| blocks.push(block));
            }
        }
        best.map(|access| {
            (
                access,
                Step::new(
                    "looks at the user",
                    self.program.function_location(function),
                ),
            )
        })
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
