//! Runs the statements of settings modules, layer by layer, in the order Python would.
//!
//! Where the way depends on the environment, both ways are run and joined; see [`super::value::join`].
//! Nothing of the application is run: imported modules only when a variable of theirs is used.

use keytrail_model::Environment;
use rustc_hash::FxHashMap;

use super::branches::looped;
use super::value::{At, Choice, Located, Val, join};
use crate::program::{ClassRef, LinkedModule, ModuleId, Program};
use crate::resolve::Resolver;
use crate::symbols::Sym;
use crate::syntax::ir::{Expr, ExprId, Range, Stmt};

/// Steps of one run: about ten times what the largest settings take.
const STEPS: usize = 400_000;
/// Nesting of expressions, blocks, calls and imports together.
const DEEPEST: u32 = 120;

pub(super) type Names = FxHashMap<Sym, Located>;

/// The variables of a module.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) names: Names,
    /// Something that can't be followed may have set more.
    pub(super) opaque: bool,
}

pub(super) struct Frame {
    pub(super) module: ModuleId,
    /// Of a function or class body; a module's own are in [`Evaluator::scopes`].
    pub(super) locals: Option<Names>,
    /// What the ways under way have overwritten.
    pub(super) journals: Vec<Vec<(Sym, Option<Located>)>>,
    /// What other ways through a function returned.
    pub(super) returned: Vec<(Located, bool, Choice)>,
    /// Inside `try`: an import that fails is expected to.
    pub(super) guarded: u32,
}

/// How a block ended.
pub(super) enum Flow {
    Next,
    Return(Located),
    Raise,
    Jump,
}

pub(super) struct Evaluator<'a> {
    pub(super) program: &'a Program,
    pub(super) resolver: &'a Resolver<'a>,
    /// Of the module whose settings are wanted: decides tests such as `ENVIRONMENT == "production"`.
    pub(super) environment: Environment,
    pub(super) scopes: FxHashMap<ModuleId, Scope>,
    pub(super) classes: FxHashMap<ClassRef, Names>,
    pub(super) frames: Vec<Frame>,
    pub(super) steps: usize,
    pub(super) depth: u32,
    /// A name that looks like a setting was used and nobody sets it.
    pub(super) missing: bool,
    /// The last read of the environment or a vault, for helpers whose way can't be followed.
    pub(super) last_read: Option<Val>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        program: &'a Program,
        resolver: &'a Resolver<'a>,
        environment: Environment,
    ) -> Self {
        Self {
            program,
            resolver,
            environment,
            scopes: FxHashMap::default(),
            classes: FxHashMap::default(),
            frames: Vec::new(),
            steps: STEPS,
            depth: 0,
            missing: false,
            last_read: None,
        }
    }

    /// Runs a module's own statements, once.
    pub(super) fn run_module(&mut self, id: ModuleId) {
        if self.scopes.contains_key(&id) {
            return;
        }
        self.scopes.insert(id, Scope::default());
        self.in_frame(id, None, |this| {
            let program = this.program;
            this.block(&program.module(id).ir.function(0).body);
        });
    }

    /// Runs `f` in a frame of its own; gives back the frame's variables and returned values.
    pub(super) fn in_frame<R>(
        &mut self,
        module: ModuleId,
        locals: Option<Names>,
        f: impl FnOnce(&mut Self) -> R,
    ) -> (R, Frame) {
        let frame = Frame {
            module,
            locals,
            journals: Vec::new(),
            returned: Vec::new(),
            guarded: 0,
        };
        self.frames.push(frame);
        let result = f(self);
        let frame = self.frames.pop();
        let empty = || Frame {
            module,
            locals: None,
            journals: Vec::new(),
            returned: Vec::new(),
            guarded: 0,
        };
        (result, frame.unwrap_or_else(empty))
    }

    /// Joins what a function returned on its ways.
    pub(super) fn returned(frame: Frame, last: Option<Located>) -> Option<Located> {
        frame
            .returned
            .into_iter()
            .rev()
            .fold(last, |rest, (value, taken, choice)| {
                if taken {
                    join("", Some(&value), rest.as_ref(), &choice)
                } else {
                    join("", rest.as_ref(), Some(&value), &choice)
                }
            })
    }

    pub(super) fn module_id(&self) -> ModuleId {
        self.frames.last().map_or(0, |frame| frame.module)
    }

    pub(super) fn module(&self) -> &'a LinkedModule {
        self.program.module(self.module_id())
    }

    pub(super) fn sym(&self, name: u32) -> Sym {
        self.module().sym(name)
    }

    pub(super) fn at(&self, id: ExprId) -> At {
        (self.module_id(), self.module().ir.range(id))
    }

    /// False when the run is over: too many steps, or too deep.
    pub(super) fn enter(&mut self) -> bool {
        if self.steps == 0 || self.depth >= DEEPEST {
            return false;
        }
        self.steps -= 1;
        self.depth += 1;
        true
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn spend(&mut self, items: usize) {
        self.steps = self.steps.saturating_sub(items / 8);
    }

    pub(super) fn names_mut(&mut self) -> Option<&mut Names> {
        let frame = self.frames.last_mut()?;
        match &mut frame.locals {
            Some(locals) => Some(locals),
            None => self
                .scopes
                .get_mut(&frame.module)
                .map(|scope| &mut scope.names),
        }
    }

    pub(super) fn own_name(&self, name: Sym) -> Option<&Located> {
        let frame = self.frames.last()?;
        frame
            .locals
            .as_ref()
            .and_then(|locals| locals.get(&name))
            .or_else(|| self.scopes.get(&frame.module)?.names.get(&name))
    }

    pub(super) fn set(&mut self, name: Sym, value: Option<Located>) {
        let Some(names) = self.names_mut() else {
            return;
        };
        let old = match value {
            Some(value) => names.insert(name, value),
            None => names.remove(&name),
        };
        if let Some(journal) = self
            .frames
            .last_mut()
            .and_then(|frame| frame.journals.last_mut())
        {
            journal.push((name, old));
        }
    }

    pub(super) fn make_opaque(&mut self) {
        let module = self.module_id();
        if let Some(scope) = self.scopes.get_mut(&module) {
            scope.opaque = true;
        }
    }

    pub(super) fn block(&mut self, block: &'a [Stmt]) -> Flow {
        if !self.enter() {
            self.make_opaque();
            return Flow::Next;
        }
        let mut flow = Flow::Next;
        for statement in block {
            flow = self.statement(statement);
            if !matches!(flow, Flow::Next) {
                break;
            }
        }
        self.leave();
        flow
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of statement")]
    fn statement(&mut self, statement: &'a Stmt) -> Flow {
        self.missing = false;
        match statement {
            Stmt::Expr(value) => {
                if let Some(flow) = self.ends(*value) {
                    return flow;
                }
                self.effect(*value);
            }
            Stmt::Assign { targets, value } => {
                let value = self.eval(*value);
                if self.missing && self.is_guarded() {
                    return Flow::Raise;
                }
                for target in targets {
                    self.assign(*target, &value);
                }
            }
            Stmt::Annotated { target, value, .. } => {
                if let Some(value) = value {
                    let value = self.eval(*value);
                    self.assign(*target, &value);
                }
            }
            Stmt::Augmented {
                target,
                operator,
                value,
            } => {
                let before = self.eval(*target);
                let value = self.eval(*value);
                // `try: INSTALLED_APPS += LOCAL_APPS`, where only a local file may set the latter
                if self.missing && self.is_guarded() {
                    return Flow::Raise;
                }
                let joined = self.binary(*operator, &before, &value);
                self.assign(
                    *target,
                    &Located {
                        val: joined,
                        at: value.at,
                    },
                );
            }
            Stmt::Return(value, range) => {
                let at = (self.module_id(), *range);
                return Flow::Return(
                    value.map_or(Located { val: Val::None, at }, |value| self.eval(value)),
                );
            }
            Stmt::If { test, then, other } => return self.branches(*test, then, other),
            Stmt::For {
                target,
                iter,
                body,
                other,
            } => return self.for_loop(*target, *iter, body, other),
            Stmt::While { body, .. } => {
                let flow = self.both(Some(body), None, true, &Choice::Unknown);
                return looped(flow);
            }
            Stmt::With { items, body } => {
                for (value, target) in items {
                    let value = self.eval(*value);
                    if let Some(target) = target {
                        self.assign(*target, &value);
                    }
                }
                return self.block(body);
            }
            Stmt::Try(inner) => return self.attempt(inner),
            Stmt::Raise(_) => return Flow::Raise,
            Stmt::Import(modules) => {
                for import in modules {
                    let path = if import.aliased {
                        import.path
                    } else {
                        import.bound
                    };
                    let target = self
                        .program
                        .import(self.module_id(), 0, Some(self.sym(path)));
                    if let Some(val) = target.map(|target| self.of_target(target)) {
                        let at = (self.module_id(), (0, 0));
                        self.set(self.sym(import.bound), Some(Located { val, at }));
                    }
                }
            }
            Stmt::ImportFrom(import) => return self.import_from(import),
            Stmt::Function(id) => {
                let function = crate::program::FunctionRef(self.module_id(), *id);
                let definition = self.module().ir.function(*id);
                self.define(definition.name, Val::Function(function), definition.range);
            }
            Stmt::Class(id) => {
                let class = ClassRef(self.module_id(), *id);
                let definition = self.module().ir.class(*id);
                self.define(definition.name, Val::Class(class), definition.range);
            }
            Stmt::Match { subject, cases } => {
                self.eval(*subject);
                for case in cases {
                    let flow = self.both(Some(&case.body), None, true, &Choice::Unknown);
                    if !matches!(flow, Flow::Next) {
                        return flow;
                    }
                }
            }
            Stmt::Jump => return Flow::Jump,
            Stmt::Assert(_) | Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Delete(_) => {}
        }
        Flow::Next
    }

    fn define(&mut self, name: u32, val: Val, range: Range) {
        let at = (self.module_id(), range);
        self.set(self.sym(name), Some(Located { val, at }));
    }

    /// `sys.exit(…)` and the like.
    fn ends(&mut self, value: ExprId) -> Option<Flow> {
        let Expr::Call(function, _) = self.module().ir.expr(value) else {
            return None;
        };
        match self.eval(*function).val {
            Val::External(path) if matches!(&*path, "sys.exit" | "exit" | "quit" | "os._exit") => {
                Some(Flow::Raise)
            }
            _ => None,
        }
    }

    pub(super) fn is_guarded(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.guarded > 0)
    }
}
