//! Middleware that asks callers who they are before any view runs.

use keytrail_model::{Access, Location, Step};

use super::super::settings::{SettingsIndex, texts};
use super::Doors;
use crate::interp::Shape;
use crate::program::{ClassRef, FunctionRef, ModuleId};
use crate::syntax::ir::{Comparator, Expr, ExprId, Stmt};

/// Statements among which the check is looked for.
const HEAD: usize = 24;
const DEEPEST: u32 = 6;
const HOOKS: [&str; 4] = ["__call__", "__acall__", "process_request", "process_view"];

/// One middleware with a check.
#[derive(Debug)]
pub(super) struct Guard {
    name: String,
    location: Location,
    /// The function that checks; none for Django's own.
    check: Option<FunctionRef>,
}

/// What a check says of one URL.
struct Verdict {
    access: Access,
    /// Some URLs pass without, and whether this one does is not known.
    exempt: bool,
}

impl Doors<'_> {
    pub(super) fn guards(&self, settings: &SettingsIndex) -> Vec<Guard> {
        let Some(setting) = settings.deployed("MIDDLEWARE") else {
            return Vec::new();
        };
        let names = texts(&setting.value).unwrap_or_default();
        let mut guards = Vec::new();
        for name in names {
            let guard = |check| Guard {
                name: name.to_owned(),
                location: setting.location.clone(),
                check,
            };
            if name == "django.contrib.auth.middleware.LoginRequiredMiddleware" {
                guards.push(guard(None));
                continue;
            }
            for check in self.middleware_functions(name) {
                if self.checked(check, "/").is_some() {
                    guards.push(guard(Some(check)));
                }
            }
        }
        guards
    }

    /// The functions of a middleware of the tree that see a request.
    pub(crate) fn middleware_functions(&self, dotted: &str) -> Vec<FunctionRef> {
        if let Some(class) = self.class_named(dotted) {
            return self.hooks_of(class);
        }
        let Some((module, name)) = dotted.rsplit_once('.') else {
            return Vec::new();
        };
        let (Some(module), Some(name)) = (
            self.program.module_named(module),
            self.program.symbols.find(name),
        ) else {
            return Vec::new();
        };
        let functions = self.resolver.global(module, name).into_iter();
        let functions = functions.filter_map(|shape| match shape {
            Shape::Function(function) => Some(function),
            _ => None,
        });
        // `def middleware(get_response): def inner(request): …`
        functions
            .flat_map(|outer| {
                let ir = &self.program.module(outer.0).ir;
                (0u32..)
                    .zip(&ir.functions)
                    .filter(move |(_, inner)| inner.parent == outer.1)
                    .map(move |(id, _)| FunctionRef(outer.0, id))
            })
            .collect()
    }

    fn hooks_of(&self, class: ClassRef) -> Vec<FunctionRef> {
        let find = |name: &&str| {
            let name = self.program.symbols.find(name)?;
            self.resolver.method(class, name)
        };
        HOOKS.iter().filter_map(find).collect()
    }

    /// What the middleware asks of callers of one URL.
    pub(super) fn guarded(&self, pattern: &str, rest: bool, public: bool) -> Vec<(Access, Step)> {
        let mut verdicts = Vec::new();
        for guard in &self.defaults.guards {
            let Some(check) = guard.check else {
                // Django leaves out views that say so, and REST framework says so for its own
                if !rest && !public {
                    let label = format!("middleware {} asks callers to sign in", guard.name);
                    let step = Step::new(label, guard.location.clone());
                    verdicts.push((Access::Authenticated, step));
                }
                continue;
            };
            let Some(verdict) = self.checked(check, pattern) else {
                continue;
            };
            let (access, label) = match (verdict.access, verdict.exempt) {
                (Access::Unknown, _) => (
                    Access::Unknown,
                    format!("middleware {} turns some callers away", guard.name),
                ),
                (_, true) => (
                    Access::Unknown,
                    format!(
                        "middleware {} asks callers to sign in, but lets some URLs pass",
                        guard.name
                    ),
                ),
                (access, false) => (
                    access,
                    format!("middleware {} asks callers to sign in", guard.name),
                ),
            };
            verdicts.push((access, Step::new(label, guard.location.clone())));
        }
        verdicts
    }

    fn checked(&self, function: FunctionRef, pattern: &str) -> Option<Verdict> {
        let body = &self.program.module(function.0).ir.function(function.1).body;
        self.checked_block(function, body, pattern, 0)
    }

    fn checked_block(
        &self,
        at: FunctionRef,
        block: &[Stmt],
        pattern: &str,
        depth: u32,
    ) -> Option<Verdict> {
        if depth > DEEPEST {
            return None;
        }
        let mut exempt = false;
        for (index, statement) in block.iter().take(HEAD).enumerate() {
            let Stmt::If { test, then, other } = statement else {
                continue;
            };
            if self.lets_through(at, then) {
                match self.asked(at, *test, true, 0) {
                    // those who are known get on; what follows is for all others
                    Some(access) if self.turns_away(at.0, &block[index + 1..]) => {
                        return Some(Verdict { access, exempt });
                    }
                    Some(_) => continue,
                    None => {}
                }
                if self.asked(at, *test, false, 0).is_none() {
                    match self.path_test(at.0, *test, pattern, 0) {
                        Some(true) => return None,
                        Some(false) => {}
                        None => exempt = true,
                    }
                }
                continue;
            }
            let denied = self.turns_away(at.0, then);
            let nested = (!denied)
                .then(|| self.checked_block(at, then, pattern, depth + 1))
                .flatten();
            if !denied && nested.is_none() {
                let inner = self.nested_refusal(at, then);
                if let (true, Some(access)) = (inner, self.asked(at, *test, false, 0)) {
                    return Some(Verdict {
                        access,
                        exempt: true,
                    });
                }
                if let Some(verdict) = self.checked_block(at, other, pattern, depth + 1) {
                    return Some(verdict);
                }
                continue;
            }
            if let Some(nested) = nested {
                let known = self.path_test(at.0, *test, pattern, 0);
                match known {
                    Some(false) => continue,
                    Some(true) => return Some(nested),
                    None => {
                        return Some(Verdict {
                            access: nested.access,
                            exempt: true,
                        });
                    }
                }
            }
            if let Some(verdict) = self.denied(at, *test, pattern, exempt) {
                return Some(verdict);
            }
            if self.denies(at.0, then, false) && !self.is_of_method(at.0, *test) {
                return Some(Verdict {
                    access: Access::Unknown,
                    exempt,
                });
            }
        }
        None
    }

    /// `if not signed in and path not in OPEN: return redirect(…)`.
    fn denied(
        &self,
        at: FunctionRef,
        test: ExprId,
        pattern: &str,
        exempt: bool,
    ) -> Option<Verdict> {
        if let Some(access) = self.asked(at, test, false, 0) {
            return Some(Verdict { access, exempt });
        }
        let ir = &self.program.module(at.0).ir;
        let Expr::Logic(true, parts) = ir.expr(test) else {
            return None;
        };
        let access = parts
            .iter()
            .find_map(|&part| self.asked(at, part, false, 0))?;
        let mut open = exempt;
        for &part in parts {
            if self.asked(at, part, false, 0).is_some() {
                continue;
            }
            match self.path_test(at.0, part, pattern, 0) {
                Some(true) => {}
                Some(false) => return None,
                None => open = true,
            }
        }
        Some(Verdict {
            access,
            exempt: open,
        })
    }

    fn nested_refusal(&self, at: FunctionRef, block: &[Stmt]) -> bool {
        block.iter().any(|statement| {
            matches!(statement, Stmt::If { then, other, .. }
                if self.turns_away(at.0, then) || self.turns_away(at.0, other))
        })
    }

    /// A block that ends in a refusal or a redirect.
    fn turns_away(&self, module: ModuleId, block: &[Stmt]) -> bool {
        self.refuses(module, block) || self.denies(module, block, false)
    }

    /// `request.path.startswith("/api/")`, `request.path in ["/login/"]`: the answer for one
    /// URL, as far as the pattern tells.
    fn path_test(&self, module: ModuleId, test: ExprId, pattern: &str, depth: u32) -> Option<bool> {
        if depth > DEEPEST {
            return None;
        }
        let ir = &self.program.module(module).ir;
        let is_path = |expr: ExprId| {
            matches!(ir.expr(expr), Expr::Attribute(_, name)
            if matches!(ir.text(*name), "path" | "path_info"))
        };
        let texts = |expr: ExprId| -> Option<Vec<&str>> {
            let one = |expr: ExprId| match ir.expr(expr) {
                Expr::Str(name) => Some(ir.text(*name)),
                _ => None,
            };
            match ir.expr(expr) {
                Expr::Sequence(parts) => parts.iter().map(|&part| one(part)).collect(),
                _ => Some(vec![one(expr)?]),
            }
        };
        match ir.expr(test) {
            Expr::Not(inner) => self
                .path_test(module, *inner, pattern, depth + 1)
                .map(|truth| !truth),
            Expr::Logic(all, parts) => {
                let mut known = true;
                for &part in parts {
                    match self.path_test(module, part, pattern, depth + 1) {
                        Some(truth) if truth != *all => return Some(truth),
                        Some(_) => {}
                        None => known = false,
                    }
                }
                known.then_some(*all)
            }
            Expr::Call(called, arguments) => match (ir.expr(*called), &**arguments) {
                (Expr::Attribute(object, method), [first])
                    if is_path(*object) && ir.text(*method) == "startswith" =>
                {
                    starts(pattern, &texts(first.value)?)
                }
                _ => None,
            },
            Expr::Compare(left, rest) => {
                let [(comparator, right)] = &**rest else {
                    return None;
                };
                if !is_path(*left) {
                    return None;
                }
                let fixed = fixed_part(pattern);
                let list = texts(*right)?;
                let holds = if fixed.len() == pattern.len() {
                    list.contains(&pattern)
                } else if list.iter().any(|path| path.starts_with(fixed)) {
                    return None;
                } else {
                    false
                };
                match comparator {
                    Comparator::Equal | Comparator::In => Some(holds),
                    Comparator::NotEqual | Comparator::NotIn => Some(!holds),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// What stands before the first parameter of a pattern.
fn fixed_part(pattern: &str) -> &str {
    let end = pattern.find(['<', '(', '{', '*', '[', '\\']);
    &pattern[..end.unwrap_or(pattern.len())]
}

fn starts(pattern: &str, prefixes: &[&str]) -> Option<bool> {
    let fixed = fixed_part(pattern);
    if prefixes.iter().any(|prefix| fixed.starts_with(prefix)) {
        return Some(true);
    }
    let open =
        fixed.len() < pattern.len() && prefixes.iter().any(|prefix| prefix.starts_with(fixed));
    (!open).then_some(false)
}
