//! Names → definitions, without running anything: imports, re-exports, star imports, classes
//! with their bases.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::interp::{Path, Shape};
use crate::program::{ClassRef, FunctionRef, LinkedModule, ModuleId, Program, Target};
use crate::symbols::Sym;
use crate::syntax::ir::{Expr, ExprId, FunctionKind, Stmt};

const DEEPEST: u32 = 12;
/// Modules that are asked for one name, through imports of imports.
const MOST_IMPORTS: usize = 200;
const LONGEST_MRO: usize = 32;

/// A base class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    Class(ClassRef),
    External(Path),
}

#[derive(Debug)]
pub(crate) struct ClassFacts {
    /// The class itself first, then its bases in lookup order.
    pub(crate) lineage: Vec<Base>,
    pub(crate) methods: FxHashMap<Sym, FunctionRef>,
    /// Classes inside: `Meta`.
    pub(crate) classes: FxHashMap<Sym, ClassRef>,
    /// Annotated names and names assigned in the body, in order.
    pub(crate) fields: Vec<(Sym, Option<ExprId>)>,
    /// Fields whose annotation says that they show nothing: `SecretStr`.
    pub(crate) sealed: Vec<Sym>,
    pub(crate) subclasses: Vec<ClassRef>,
}

#[derive(Debug)]
enum Binding {
    Function(FunctionRef),
    Class(ClassRef),
    Import(Target),
    /// `from target import name`.
    From(Target, Sym),
}

#[derive(Debug, Default)]
struct Names {
    bound: FxHashMap<Sym, Vec<Binding>>,
    stars: Vec<Target>,
    /// What `__all__` lists, where it is written out.
    exported: Option<Vec<Sym>>,
}

/// All that is known of names before anything is run.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    program: &'a Program,
    modules: Vec<Names>,
    classes: Vec<Vec<ClassFacts>>,
    /// Decorators of the project's own, outermost first; true for one that is called to make the decorator.
    wrappers: FxHashMap<FunctionRef, Vec<(FunctionRef, bool)>>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(program: &'a Program) -> Self {
        let modules = program
            .modules
            .par_iter()
            .enumerate()
            .map(|(index, module)| {
                let id = to_u32(index);
                let mut names = Names::default();
                bind(program, id, &module.ir.function(0).body, &mut names);
                names.exported = exported(module);
                names
            })
            .collect();
        let mut resolver = Self {
            program,
            modules,
            classes: Vec::new(),
            wrappers: FxHashMap::default(),
        };
        resolver.classes = program
            .modules
            .par_iter()
            .enumerate()
            .map(|(index, module)| {
                (0u32..)
                    .zip(&module.ir.classes)
                    .map(|(class, _)| resolver.declared(ClassRef(to_u32(index), class)))
                    .collect()
            })
            .collect();
        resolver.link_classes();
        resolver.link_decorators();
        resolver
    }

    fn link_decorators(&mut self) {
        let found: Vec<Vec<_>> = (0..self.program.modules.len())
            .into_par_iter()
            .map(|index| self.decorated(to_u32(index)))
            .collect();
        self.wrappers = found.into_iter().flatten().collect();
    }

    /// Functions of a module under decorators of the project's own.
    fn decorated(&self, module: ModuleId) -> Vec<(FunctionRef, Vec<(FunctionRef, bool)>)> {
        let ir = &self.program.module(module).ir;
        let mut found = Vec::new();
        for (id, declared) in (0u32..).zip(&ir.functions) {
            let own: Vec<(FunctionRef, bool)> = declared
                .decorators
                .iter()
                .filter_map(|&decorator| {
                    let (named, makes_one) = match ir.expr(decorator) {
                        Expr::Call(called, _) => (*called, true),
                        _ => (decorator, false),
                    };
                    match self.expression(module, named)? {
                        Shape::Function(wrapper) => Some((wrapper, makes_one)),
                        _ => None,
                    }
                })
                .collect();
            if !own.is_empty() {
                found.push((FunctionRef(module, id), own));
            }
        }
        found
    }

    /// Decorators of the project's own on a function, outermost first.
    pub(crate) fn wrappers(&self, function: FunctionRef) -> Option<&[(FunctionRef, bool)]> {
        self.wrappers.get(&function).map(Vec::as_slice)
    }

    pub(crate) fn class(&self, class: ClassRef) -> &ClassFacts {
        &self.classes[class.0 as usize][class.1 as usize]
    }

    fn declared(&self, class: ClassRef) -> ClassFacts {
        let module = self.program.module(class.0);
        let declaration = module.ir.class(class.1);
        let mut facts = ClassFacts {
            lineage: vec![Base::Class(class)],
            methods: FxHashMap::default(),
            classes: FxHashMap::default(),
            fields: Vec::new(),
            sealed: Vec::new(),
            subclasses: Vec::new(),
        };
        let mut blocks: Vec<&[Stmt]> = vec![&module.ir.function(declaration.body).body];
        while let Some(block) = blocks.pop() {
            for statement in block {
                match statement {
                    Stmt::Function(id) => {
                        let name = module.sym(module.ir.function(*id).name);
                        facts.methods.insert(name, FunctionRef(class.0, *id));
                    }
                    Stmt::Class(id) => {
                        let name = module.sym(module.ir.class(*id).name);
                        facts.classes.insert(name, ClassRef(class.0, *id));
                    }
                    Stmt::Annotated {
                        target,
                        value,
                        annotation,
                    } => {
                        if let Expr::Name(name) = module.ir.expr(*target) {
                            if is_sealed(&module.ir, *annotation) {
                                facts.sealed.push(module.sym(*name));
                            }
                            facts.fields.push((module.sym(*name), *value));
                        }
                    }
                    Stmt::Assign { targets, value } => {
                        for target in targets {
                            if let Expr::Name(name) = module.ir.expr(*target) {
                                facts.fields.push((module.sym(*name), Some(*value)));
                            }
                        }
                    }
                    other => other.blocks(&mut |block| blocks.push(block)),
                }
            }
        }
        facts
    }

    /// Lineages: depth first, each class where it first comes; close enough to C3 for lookups.
    fn link_classes(&mut self) {
        let mut direct: FxHashMap<ClassRef, Vec<Base>> = FxHashMap::default();
        for (id, module) in (0u32..).zip(&self.program.modules) {
            for (index, class) in (0u32..).zip(&module.ir.classes) {
                let bases = class
                    .bases
                    .iter()
                    .filter_map(|&base| self.base(id, base))
                    .collect();
                direct.insert(ClassRef(id, index), bases);
            }
        }
        for id in 0..self.classes.len() {
            for index in 0..self.classes[id].len() {
                let own = ClassRef(to_u32(id), to_u32(index));
                let mut lineage = Vec::new();
                lineage_of(own, &direct, &mut lineage, 0);
                for base in &lineage[1..] {
                    if let Base::Class(base) = base {
                        self.classes[base.0 as usize][base.1 as usize]
                            .subclasses
                            .push(own);
                    }
                }
                self.classes[id][index].lineage = lineage;
            }
        }
    }

    fn base(&self, module: ModuleId, expr: ExprId) -> Option<Base> {
        let ir = &self.program.module(module).ir;
        // `Generic[T]`, `BaseManager[Key]`
        let expr = match ir.expr(expr) {
            Expr::Subscript(value, _) => *value,
            _ => expr,
        };
        match self.expression(module, expr)? {
            Shape::Class(class) => Some(Base::Class(class)),
            Shape::External(path) | Shape::Object(path) => Some(Base::External(path)),
            _ => None,
        }
    }

    /// What `a.b.c` names in a module's own scope.
    pub(crate) fn expression(&self, module: ModuleId, expr: ExprId) -> Option<Shape> {
        let linked = self.program.module(module);
        match linked.ir.expr(expr) {
            Expr::Name(name) => {
                let name = linked.sym(*name);
                Some(
                    self.global(module, name)
                        .into_iter()
                        .next()
                        .unwrap_or_else(|| Shape::External(Path::from_iter([name]))),
                )
            }
            Expr::Attribute(value, name) => {
                let name = linked.sym(*name);
                match self.expression(module, *value)? {
                    Shape::Module(inner) => self
                        .attribute(&Target::Module(inner), name)
                        .into_iter()
                        .next(),
                    Shape::Namespace(directory) => self
                        .attribute(&Target::Namespace(directory), name)
                        .into_iter()
                        .next(),
                    Shape::External(mut path) => {
                        path.push(name);
                        Some(Shape::External(path))
                    }
                    Shape::Class(class) => self
                        .class(class)
                        .classes
                        .get(&name)
                        .map(|&inner| Shape::Class(inner))
                        .or_else(|| self.method(class, name).map(Shape::Function)),
                    _ => None,
                }
            }
            Expr::Call(function, _) => match self.expression(module, *function)? {
                Shape::External(path) => Some(Shape::Object(path)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Definitions and imports of `name` at the top of a module; empty for variables.
    pub(crate) fn global(&self, module: ModuleId, name: Sym) -> Vec<Shape> {
        let mut found = Vec::new();
        self.global_at(module, name, &mut Vec::new(), &mut found);
        found
    }

    /// `on_the_way` holds what has been asked for already: modules that import from each other,
    /// or from themselves, would ask for ever.
    fn global_at(
        &self,
        module: ModuleId,
        name: Sym,
        on_the_way: &mut Vec<(ModuleId, Sym)>,
        found: &mut Vec<Shape>,
    ) {
        if on_the_way.contains(&(module, name)) || on_the_way.len() >= MOST_IMPORTS {
            return;
        }
        on_the_way.push((module, name));
        let names = &self.modules[module as usize];
        for binding in names.bound.get(&name).into_iter().flatten() {
            match binding {
                Binding::Function(function) => push(found, Shape::Function(*function)),
                Binding::Class(class) => push(found, Shape::Class(*class)),
                Binding::Import(target) => push(found, Shape::from(target)),
                Binding::From(target, name) => self.attribute_at(target, *name, on_the_way, found),
            }
        }
        if found.is_empty() {
            for target in &names.stars {
                if let Target::Module(inner) = target
                    && self.exports(*inner, name)
                {
                    self.global_at(*inner, name, on_the_way, found);
                }
                if !found.is_empty() {
                    break;
                }
            }
        }
    }

    /// True when `from module import *` brings `name`, as far as `__all__` says.
    fn exports(&self, module: ModuleId, name: Sym) -> bool {
        let exported = self.modules[module as usize].exported.as_ref();
        exported.is_none_or(|names| names.contains(&name))
    }

    /// What `target.name` is; empty for a module's variables.
    pub(crate) fn attribute(&self, target: &Target, name: Sym) -> Vec<Shape> {
        let mut found = Vec::new();
        self.attribute_at(target, name, &mut Vec::new(), &mut found);
        found
    }

    fn attribute_at(
        &self,
        target: &Target,
        name: Sym,
        on_the_way: &mut Vec<(ModuleId, Sym)>,
        found: &mut Vec<Shape>,
    ) {
        match target {
            Target::External(path) => {
                let mut path: Path = path.iter().copied().collect();
                path.push(name);
                push(found, Shape::External(path));
            }
            Target::Module(module) => {
                let before = found.len();
                self.global_at(*module, name, on_the_way, found);
                if found.len() == before
                    && let Some(inner) = self.program.submodule(target, name)
                {
                    push(found, Shape::from(&inner));
                }
            }
            Target::Namespace(_) => {
                if let Some(inner) = self.program.submodule(target, name) {
                    push(found, Shape::from(&inner));
                }
            }
        }
    }

    /// The module (and name there) whose variable `name` of `module` is, through imports.
    pub(crate) fn variable(&self, module: ModuleId, name: Sym) -> Vec<(ModuleId, Sym)> {
        let mut found = Vec::new();
        self.variable_at(module, name, 0, &mut found);
        found
    }

    fn variable_at(
        &self,
        module: ModuleId,
        name: Sym,
        depth: u32,
        found: &mut Vec<(ModuleId, Sym)>,
    ) {
        if depth > DEEPEST || found.contains(&(module, name)) {
            return;
        }
        found.push((module, name));
        let names = &self.modules[module as usize];
        for binding in names.bound.get(&name).into_iter().flatten() {
            if let Binding::From(Target::Module(inner), name) = binding {
                self.variable_at(*inner, *name, depth + 1, found);
            }
        }
        for target in &names.stars {
            if let Target::Module(inner) = target
                && self.exports(*inner, name)
            {
                self.variable_at(*inner, name, depth + 1, found);
            }
        }
    }

    /// A method by lookup order.
    pub(crate) fn method(&self, class: ClassRef, name: Sym) -> Option<FunctionRef> {
        self.class(class)
            .lineage
            .iter()
            .find_map(|base| match base {
                Base::Class(base) => self.class(*base).methods.get(&name).copied(),
                Base::External(_) => None,
            })
    }

    /// Methods that `super()` in `class` may mean: what comes after it in its own lookup order
    /// and in those of its subclasses, since it may be a mixin.
    pub(crate) fn methods_above(&self, class: ClassRef, name: Sym) -> Vec<FunctionRef> {
        let subclasses = self.class(class).subclasses.iter().take(8).copied();
        let mut found = Vec::new();
        for start in std::iter::once(class).chain(subclasses) {
            let above = self.class(start).lineage.iter();
            let method = above
                .skip_while(|base| **base != Base::Class(class))
                .skip(1)
                .find_map(|base| match base {
                    Base::Class(base) => self.class(*base).methods.get(&name).copied(),
                    Base::External(_) => None,
                });
            if let Some(method) = method
                && !found.contains(&method)
            {
                found.push(method);
            }
        }
        found
    }

    /// True when some base lies outside the tree, below one of `roots` (`django`, `rest_framework`).
    pub(crate) fn descends_from(&self, class: ClassRef, test: &dyn Fn(&[Sym]) -> bool) -> bool {
        self.class(class).lineage.iter().any(|base| match base {
            Base::External(path) => test(path),
            Base::Class(_) => false,
        })
    }

    /// The text of an external path.
    pub(crate) fn dotted(&self, path: &[Sym]) -> String {
        let parts: Vec<&str> = path.iter().map(|&part| self.program.text(part)).collect();
        parts.join(".")
    }
}

fn lineage_of(
    class: ClassRef,
    direct: &FxHashMap<ClassRef, Vec<Base>>,
    lineage: &mut Vec<Base>,
    depth: u32,
) {
    let mut all = Vec::new();
    walk_bases(class, direct, &mut all, &mut Vec::new(), depth);
    // of several mentions the last counts: a base that two classes share comes after both
    for (index, base) in all.iter().enumerate() {
        if !all[index + 1..].contains(base) && lineage.len() < LONGEST_MRO {
            lineage.push(base.clone());
        }
    }
}

fn walk_bases(
    class: ClassRef,
    direct: &FxHashMap<ClassRef, Vec<Base>>,
    all: &mut Vec<Base>,
    above: &mut Vec<ClassRef>,
    depth: u32,
) {
    if depth > DEEPEST || all.len() >= 4 * LONGEST_MRO || above.contains(&class) {
        return;
    }
    all.push(Base::Class(class));
    above.push(class);
    for base in direct.get(&class).into_iter().flatten() {
        match base {
            Base::Class(base) => walk_bases(*base, direct, all, above, depth + 1),
            Base::External(_) => all.push(base.clone()),
        }
    }
    above.pop();
}

impl From<&Target> for Shape {
    fn from(target: &Target) -> Self {
        match target {
            Target::Module(id) => Self::Module(*id),
            Target::Namespace(directory) => Self::Namespace(directory.clone()),
            Target::External(path) => Self::External(path.iter().copied().collect()),
        }
    }
}

fn push(found: &mut Vec<Shape>, shape: Shape) {
    if !found.contains(&shape) && found.len() < 4 {
        found.push(shape);
    }
}

/// `SecretStr`, `SecretStr | None`, `Optional[SecretStr]`.
fn is_sealed(ir: &crate::syntax::ir::Module, annotation: ExprId) -> bool {
    let mut open = vec![annotation];
    for _ in 0..8 {
        let Some(next) = open.pop() else { break };
        match ir.expr(next) {
            Expr::Name(name) | Expr::Attribute(_, name) => {
                if matches!(ir.text(*name), "SecretStr" | "SecretBytes" | "Secret") {
                    return true;
                }
            }
            Expr::Subscript(_, inner) => open.push(*inner),
            Expr::Binary(_, left, right) => open.extend([*left, *right]),
            _ => {}
        }
    }
    false
}

/// The names of `__all__ = […]`, when nothing else is done to it.
fn exported(module: &LinkedModule) -> Option<Vec<Sym>> {
    let ir = &module.ir;
    let is_all = |target: &ExprId| matches!(ir.expr(*target), Expr::Name(name) if ir.text(*name) == "__all__");
    let mut lists = Vec::new();
    for statement in &ir.function(0).body {
        match statement {
            Stmt::Assign { targets, value } if targets.iter().any(is_all) => lists.push(*value),
            Stmt::Augmented { target, .. } if is_all(target) => return None,
            _ => {}
        }
    }
    let [list] = lists[..] else {
        return None;
    };
    let Expr::Sequence(parts) = ir.expr(list) else {
        return None;
    };
    let text = |part: &ExprId| match ir.expr(*part) {
        Expr::Str(text) => Some(module.sym(*text)),
        _ => None,
    };
    parts.iter().map(text).collect()
}

fn bind(program: &Program, id: ModuleId, block: &[Stmt], names: &mut Names) {
    let module = program.module(id);
    for statement in block {
        match statement {
            Stmt::Function(function) => {
                let name = module.sym(module.ir.function(*function).name);
                debug_assert_eq!(module.ir.function(*function).kind, FunctionKind::Plain);
                names
                    .bound
                    .entry(name)
                    .or_default()
                    .push(Binding::Function(FunctionRef(id, *function)));
            }
            Stmt::Class(class) => {
                let name = module.sym(module.ir.class(*class).name);
                names
                    .bound
                    .entry(name)
                    .or_default()
                    .push(Binding::Class(ClassRef(id, *class)));
            }
            Stmt::Import(modules) => {
                for import in modules {
                    let path = if import.aliased {
                        import.path
                    } else {
                        import.bound
                    };
                    if let Some(target) = program.import(id, 0, Some(module.sym(path))) {
                        let binding = Binding::Import(target.clone());
                        names
                            .bound
                            .entry(module.sym(import.bound))
                            .or_default()
                            .push(binding);
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let path = import.path.map(|path| module.sym(path));
                let Some(target) = program.import(id, import.level, path) else {
                    continue;
                };
                for &(name, bound) in &import.names {
                    if module.ir.text(name) == "*" {
                        names.stars.push(target.clone());
                    } else {
                        let binding = Binding::From(target.clone(), module.sym(name));
                        names
                            .bound
                            .entry(module.sym(bound))
                            .or_default()
                            .push(binding);
                    }
                }
            }
            other => other.blocks(&mut |block| bind(program, id, block, names)),
        }
    }
}

fn to_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
