//! Runs the statements of settings modules, layer by layer, in the order Python would.
//!
//! Where the way depends on the environment, both ways are run and joined; see [`super::value::join`].
//! Nothing of the application is run: imported modules only when a variable of theirs is used.

use keytrail_model::Environment;
use rustc_hash::FxHashMap;

use super::value::{At, Choice, Located, Val, join};
use crate::interp::Shape;
use crate::program::{ClassRef, LinkedModule, ModuleId, Program, Target};
use crate::resolve::Resolver;
use crate::symbols::Sym;
use crate::syntax::ir::{Expr, ExprId, ImportFrom, Range, Stmt, Try};

/// Steps of one run: about ten times what the largest settings take.
const STEPS: usize = 400_000;
/// Nesting of expressions, blocks, calls and imports together.
const DEEPEST: u32 = 120;
const MOST_ROUNDS: usize = 64;

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
    journals: Vec<Vec<(Sym, Option<Located>)>>,
    /// What other ways through a function returned.
    returned: Vec<(Located, bool, Choice)>,
    /// Inside `try`: an import that fails is expected to.
    guarded: u32,
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

    fn names_mut(&mut self) -> Option<&mut Names> {
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

    fn statement(&mut self, statement: &'a Stmt) -> Flow {
        match statement {
            Stmt::Expr(value) => {
                if let Some(flow) = self.ends(*value) {
                    return flow;
                }
                self.effect(*value);
            }
            Stmt::Assign { targets, value } => {
                let value = self.eval(*value);
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

    fn branches(&mut self, test: ExprId, then: &'a [Stmt], other: &'a [Stmt]) -> Flow {
        match self.decide(test) {
            Decision::Known(true) => self.block(then),
            Decision::Known(false) => self.block(other),
            Decision::Open(taken, choice) => self.both(Some(then), Some(other), taken, &choice),
        }
    }

    /// Runs both blocks from the same state and joins what they leave. `first_taken` tells which
    /// of them is the likelier way.
    fn both(
        &mut self,
        first: Option<&'a [Stmt]>,
        second: Option<&'a [Stmt]>,
        first_taken: bool,
        choice: &Choice,
    ) -> Flow {
        let (first_flow, first_changes) = self.tried(first);
        let (second_flow, second_changes) = self.tried(second);
        let first_value =
            |value: &Located, this: &mut Self| this.keep_return(value, first_taken, choice);
        match (first_flow, second_flow) {
            (Flow::Raise, Flow::Raise) => Flow::Raise,
            (Flow::Raise, flow) => {
                self.apply(second_changes);
                flow
            }
            (flow, Flow::Raise) => {
                self.apply(first_changes);
                flow
            }
            (Flow::Return(one), Flow::Return(two)) => {
                let (taken, other) = if first_taken {
                    (&one, &two)
                } else {
                    (&two, &one)
                };
                Flow::Return(join("", Some(taken), Some(other), choice).unwrap_or(one))
            }
            (Flow::Return(value), flow) => {
                first_value(&value, self);
                self.apply(second_changes);
                flow
            }
            (flow, Flow::Return(value)) => {
                self.keep_return(&value, !first_taken, choice);
                self.apply(first_changes);
                flow
            }
            (first_flow, second_flow) => {
                self.merge(first_changes, second_changes, first_taken, choice);
                if matches!((first_flow, second_flow), (Flow::Jump, Flow::Jump)) {
                    Flow::Jump
                } else {
                    Flow::Next
                }
            }
        }
    }

    fn keep_return(&mut self, value: &Located, taken: bool, choice: &Choice) {
        if let Some(frame) = self.frames.last_mut() {
            frame.returned.push((value.clone(), taken, choice.clone()));
        }
    }

    /// Runs a block, takes its changes back and tells them.
    fn tried(&mut self, block: Option<&'a [Stmt]>) -> (Flow, Vec<(Sym, Option<Located>)>) {
        let Some(block) = block else {
            return (Flow::Next, Vec::new());
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.journals.push(Vec::new());
        }
        let flow = self.block(block);
        let journal = self
            .frames
            .last_mut()
            .and_then(|frame| frame.journals.pop())
            .unwrap_or_default();
        let mut changes: FxHashMap<Sym, usize> = FxHashMap::default();
        let mut ordered = Vec::new();
        for (name, _) in &journal {
            changes.entry(*name).or_insert_with(|| {
                ordered.push(*name);
                0
            });
        }
        let Some(names) = self.names_mut() else {
            return (flow, Vec::new());
        };
        let after = ordered
            .into_iter()
            .map(|name| (name, names.get(&name).cloned()))
            .collect();
        for (name, old) in journal.into_iter().rev() {
            match old {
                Some(old) => names.insert(name, old),
                None => names.remove(&name),
            };
        }
        (flow, after)
    }

    fn apply(&mut self, changes: Vec<(Sym, Option<Located>)>) {
        for (name, value) in changes {
            self.set(name, value);
        }
    }

    fn merge(
        &mut self,
        first: Vec<(Sym, Option<Located>)>,
        second: Vec<(Sym, Option<Located>)>,
        first_taken: bool,
        choice: &Choice,
    ) {
        let mut theirs: FxHashMap<Sym, Option<Located>> = second.iter().cloned().collect();
        let mut joined = Vec::new();
        for (name, one) in first {
            let two = match theirs.remove(&name) {
                Some(two) => two,
                None => self.local_name(name),
            };
            joined.push((name, one, two));
        }
        for (name, _) in second {
            if let Some(two) = theirs.remove(&name) {
                joined.push((name, self.local_name(name), two));
            }
        }
        for (name, one, two) in joined {
            let (taken, other) = if first_taken { (one, two) } else { (two, one) };
            let value = join(
                self.program.text(name),
                taken.as_ref(),
                other.as_ref(),
                choice,
            );
            self.set(name, value);
        }
    }

    fn local_name(&mut self, name: Sym) -> Option<Located> {
        self.names_mut()?.get(&name).cloned()
    }

    fn for_loop(
        &mut self,
        target: ExprId,
        iter: ExprId,
        body: &'a [Stmt],
        other: &'a [Stmt],
    ) -> Flow {
        let iterated = self.eval(iter);
        if let Val::List(list) = &iterated.val
            && list.items.len() <= MOST_ROUNDS
        {
            for item in &list.items {
                self.assign(target, item);
                match self.block(body) {
                    Flow::Next => {}
                    Flow::Jump => break,
                    flow => return flow,
                }
            }
            return self.block(other);
        }
        self.assign(
            target,
            &Located {
                val: Val::Unknown,
                at: iterated.at,
            },
        );
        let flow = self.both(Some(body), None, true, &Choice::Unknown);
        looped(flow)
    }

    fn attempt(&mut self, inner: &'a Try) -> Flow {
        if let Some(frame) = self.frames.last_mut() {
            frame.guarded += 1;
        }
        let (mut flow, mut changes) = self.tried(Some(&inner.body));
        if let Some(frame) = self.frames.last_mut() {
            frame.guarded -= 1;
        }
        if matches!(flow, Flow::Raise) {
            // what came before the failing statement stands
            self.apply(std::mem::take(&mut changes));
        }
        for handler in &inner.handlers {
            let (other_flow, other) = self.tried(Some(&handler.body));
            match (&flow, other_flow) {
                (_, Flow::Raise) => {}
                (Flow::Raise, other_flow) => (flow, changes) = (other_flow, other),
                (Flow::Return(value), Flow::Return(fallback)) => {
                    let value = join("", Some(value), Some(&fallback), &Choice::Fallback);
                    flow = Flow::Return(value.unwrap_or(fallback));
                }
                (Flow::Return(_), _) => {}
                (_, Flow::Return(fallback)) => {
                    self.keep_return(&fallback, false, &Choice::Fallback)
                }
                _ => changes = self.with_fallback(changes, other),
            }
        }
        self.apply(changes);
        if !matches!(flow, Flow::Next) {
            return flow;
        }
        let flow = self.block(&inner.other);
        if !matches!(flow, Flow::Next) {
            return flow;
        }
        self.block(&inner.finally)
    }

    /// What the body left, and beside it what the handler would leave.
    fn with_fallback(
        &mut self,
        body: Vec<(Sym, Option<Located>)>,
        handler: Vec<(Sym, Option<Located>)>,
    ) -> Vec<(Sym, Option<Located>)> {
        let mut theirs: FxHashMap<Sym, Option<Located>> = handler.iter().cloned().collect();
        let mut changes = Vec::new();
        for (name, own) in body {
            let joined = match theirs.remove(&name) {
                Some(other) => join(
                    self.program.text(name),
                    own.as_ref(),
                    other.as_ref(),
                    &Choice::Fallback,
                ),
                None => own,
            };
            changes.push((name, joined));
        }
        for (name, _) in handler {
            if let Some(other) = theirs.remove(&name) {
                let before = self.local_name(name);
                let joined = join(
                    self.program.text(name),
                    before.as_ref(),
                    other.as_ref(),
                    &Choice::Fallback,
                );
                changes.push((name, joined));
            }
        }
        changes
    }

    fn import_from(&mut self, import: &'a ImportFrom) -> Flow {
        let path = import.path.map(|path| self.sym(path));
        let Some(target) = self.program.import(self.module_id(), import.level, path) else {
            return Flow::Next;
        };
        for &(name, bound) in &import.names {
            if self.module().ir.text(name) == "*" {
                if let Some(flow) = self.import_star(target, import.level) {
                    return flow;
                }
                continue;
            }
            // a local file that is not in the tree
            let missing = import.level > 0 && matches!(target, Target::External(_));
            if missing && self.is_guarded() {
                return Flow::Raise;
            }
            if let Some(value) = self.member(target, self.sym(name)) {
                self.set(self.sym(bound), Some(value));
            }
        }
        Flow::Next
    }

    fn is_guarded(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.guarded > 0)
    }

    fn import_star(&mut self, target: &Target, level: u32) -> Option<Flow> {
        match target {
            Target::Module(id) => {
                self.run_module(*id);
                let scope = self.scopes.get(id)?;
                let opaque = scope.opaque;
                let mut names: Vec<(Sym, Located)> = scope
                    .names
                    .iter()
                    .filter(|(name, _)| !self.program.text(**name).starts_with('_'))
                    .map(|(name, value)| (*name, value.clone()))
                    .collect();
                names.sort_by(|left, right| {
                    self.program.text(left.0).cmp(self.program.text(right.0))
                });
                self.spend(names.len());
                for (name, value) in names {
                    self.set(name, Some(value));
                }
                if opaque {
                    self.make_opaque();
                }
                None
            }
            Target::Namespace(_) => None,
            // a local file that is not in the tree: what comes after `except ImportError` is known
            Target::External(_) if self.is_guarded() => Some(Flow::Raise),
            Target::External(_) if level > 0 => None,
            Target::External(path) => {
                let known = path
                    .first()
                    .is_some_and(|root| self.program.text(*root) == "django");
                if !known {
                    self.make_opaque();
                }
                None
            }
        }
    }

    pub(super) fn of_target(&self, target: &Target) -> Val {
        match target {
            Target::Module(id) => Val::Module(*id),
            Target::Namespace(directory) => Val::Namespace(directory.clone()),
            Target::External(path) => Val::External(self.resolver.dotted(path).into()),
        }
    }

    pub(super) fn of_shape(&self, shape: Shape) -> Val {
        match shape {
            Shape::Function(function) => Val::Function(function),
            Shape::Class(class) => Val::Class(class),
            Shape::Module(id) => Val::Module(id),
            Shape::Namespace(directory) => Val::Namespace(directory),
            Shape::External(path) => Val::External(self.resolver.dotted(&path).into()),
            Shape::Object(path) => Val::Object(self.resolver.dotted(&path).into()),
            _ => Val::Unknown,
        }
    }

    /// `target.name`: a definition, or a variable of a module, which is then run.
    pub(super) fn member(&mut self, target: &Target, name: Sym) -> Option<Located> {
        if let Target::Module(id) = target {
            let running = self.scopes.contains_key(id);
            let found = self.resolver.attribute(target, name).into_iter().next();
            if let (Some(shape), false) = (found, running) {
                return Some(Located {
                    val: self.of_shape(shape),
                    at: (*id, (0, 0)),
                });
            }
            self.run_module(*id);
            if let Some(value) = self.scopes.get(id).and_then(|scope| scope.names.get(&name)) {
                return Some(value.clone());
            }
        }
        let shape = self.resolver.attribute(target, name).into_iter().next()?;
        let at = (self.module_id(), (0, 0));
        Some(Located {
            val: self.of_shape(shape),
            at,
        })
    }
}

/// What a test says.
pub(super) enum Decision {
    Known(bool),
    /// Whether the way where it is true is the one taken, and why.
    Open(bool, Choice),
}

/// `break` and `continue` end with the loop.
fn looped(flow: Flow) -> Flow {
    match flow {
        Flow::Return(value) => Flow::Return(value),
        Flow::Raise | Flow::Next | Flow::Jump => Flow::Next,
    }
}
