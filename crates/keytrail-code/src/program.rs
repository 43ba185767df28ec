//! All modules of the tree, linked: names are symbols, imports know their targets.

use std::sync::Arc;

use keytrail_model::{FileSpan, Location};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::symbols::{Sym, Symbols};
use crate::syntax::ir::{ClassId, Expr, ExprId, FunctionId, ImportFrom, Module, Name, Range, Stmt};

/// Index into [`Program::modules`], which are sorted by path.
pub(crate) type ModuleId = u32;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FunctionRef(pub(crate) ModuleId, pub(crate) FunctionId);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClassRef(pub(crate) ModuleId, pub(crate) ClassId);

/// An expression of the program, or a function's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Site(pub(crate) ModuleId, pub(crate) ExprId);

/// Set in a site that names a function instead of an expression.
const FUNCTION: ExprId = 1 << 31;

impl Site {
    /// The head of a function: where what the framework passes comes in.
    pub(crate) fn head(function: FunctionRef) -> Self {
        Self(function.0, function.1 | FUNCTION)
    }

    pub(crate) fn is_head(self) -> bool {
        self.1 & FUNCTION != 0
    }

    /// The function whose head this is.
    fn function(self) -> Option<FunctionRef> {
        self.is_head()
            .then_some(FunctionRef(self.0, self.1 & !FUNCTION))
    }
}

#[derive(Debug)]
pub(crate) struct LinkedModule {
    pub(crate) ir: Module,
    pub(crate) path: Arc<str>,
    /// `package.module`, from the first directory that is no package.
    pub(crate) dotted: Arc<str>,
    pub(crate) is_package: bool,
    syms: Vec<Sym>,
}

impl LinkedModule {
    pub(crate) fn sym(&self, name: Name) -> Sym {
        self.syms[name as usize]
    }

    /// True when a function inside `function` says `nonlocal`.
    pub(crate) fn writes_outside(&self, function: FunctionId) -> bool {
        self.ir.nonlocal_in.contains(&function)
    }

    /// The path without `.py` and `/__init__`.
    fn stem(&self) -> &str {
        stem(&self.path)
    }
}

/// What an import names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A module of the tree.
    Module(ModuleId),
    /// A directory of the tree without `__init__.py`.
    Namespace(Arc<str>),
    /// Outside the tree: the dotted path.
    External(Box<[Sym]>),
}

#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) modules: Vec<LinkedModule>,
    pub(crate) symbols: Symbols,
    by_stem: FxHashMap<Arc<str>, ModuleId>,
    /// By the last part of their names.
    by_last: FxHashMap<Arc<str>, Vec<ModuleId>>,
    directories: FxHashSet<Arc<str>>,
    /// Imports as written, by importing module, level and path.
    imports: FxHashMap<ImportKey, Target>,
}

type ImportKey = (ModuleId, u32, Option<Sym>);
/// Modules and directories by the last part of their path, and by the last two.
type ByTail = FxHashMap<String, Vec<Arc<str>>>;

impl Program {
    /// Links `modules`, which must be sorted by path.
    pub(crate) fn link(modules: Vec<(Arc<str>, Module)>, mut symbols: Symbols) -> Self {
        let mut linked = Vec::with_capacity(modules.len());
        let mut by_stem = FxHashMap::default();
        let mut directories = FxHashSet::default();
        let mut by_tail = ByTail::default();
        for (index, (path, mut ir)) in modules.into_iter().enumerate() {
            let syms = ir
                .names
                .iter_mut()
                .map(|name| symbols.share(name))
                .collect();
            // `source="meta.token"`, `search("Items[].label")`: the parts are names too
            for dotted in ir.names.iter().filter(|name| is_dotted_name(name)) {
                dotted.split(['.', '[', ']']).for_each(|part| {
                    symbols.intern(part);
                });
            }
            let own: Arc<str> = Arc::from(stem(&path));
            by_stem.insert(Arc::clone(&own), u32::try_from(index).unwrap_or(u32::MAX));
            note_tails(&mut by_tail, &own);
            let mut directory = parent(&path);
            while !directory.is_empty() && !directories.contains(directory) {
                let new: Arc<str> = Arc::from(directory);
                note_tails(&mut by_tail, &new);
                directories.insert(new);
                directory = parent(directory);
            }
            let is_package = path.ends_with("__init__.py");
            linked.push(LinkedModule {
                ir,
                dotted: Arc::from(""),
                path,
                is_package,
                syms,
            });
        }
        let mut program = Self {
            modules: linked,
            symbols,
            by_stem,
            by_last: FxHashMap::default(),
            directories,
            imports: FxHashMap::default(),
        };
        for (id, index) in (0u32..).zip(0..program.modules.len()) {
            let stem = program.modules[index].stem();
            let (dotted, last) = (program.dotted(stem), Arc::from(tail(stem)));
            program.modules[index].dotted = Arc::from(dotted);
            program.by_last.entry(last).or_default().push(id);
        }
        program.resolve_imports(&by_tail);
        program
    }

    /// `a.b.c`, from the first directory that is no package.
    fn dotted(&self, stem: &str) -> String {
        let mut root = parent(stem);
        while !root.is_empty() && self.is_package_directory(root) {
            root = parent(root);
        }
        stem[root.len()..].trim_start_matches('/').replace('/', ".")
    }

    fn is_package_directory(&self, directory: &str) -> bool {
        self.by_stem
            .get(directory)
            .is_some_and(|&id| self.modules[id as usize].is_package)
    }

    fn resolve_imports(&mut self, by_tail: &ByTail) {
        let program = &*self;
        let found: Vec<Vec<(ImportKey, Option<Target>)>> = (0..program.modules.len())
            .into_par_iter()
            .map(|index| program.imports_of(index, by_tail))
            .collect();
        let mut imports = FxHashMap::default();
        for (key, target) in found.into_iter().flatten() {
            let target = match target {
                Some(target) => target,
                None => self.external(key.2),
            };
            imports.insert(key, target);
        }
        self.imports = imports;
    }

    /// What the imports of one module name; `None` outside the tree.
    fn imports_of(&self, index: usize, by_tail: &ByTail) -> Vec<(ImportKey, Option<Target>)> {
        let id = u32::try_from(index).unwrap_or(u32::MAX);
        let module = &self.modules[index];
        let mut wanted: Vec<(u32, Option<Name>)> = Vec::new();
        for function in &module.ir.functions {
            collect_imports(&function.body, &mut wanted);
        }
        wanted.sort_unstable();
        wanted.dedup();
        let resolved = wanted.into_iter().map(|(level, path)| {
            let key = (id, level, path.map(|name| module.sym(name)));
            (key, self.resolve(module, level, path, by_tail))
        });
        resolved.collect()
    }

    fn resolve(
        &self,
        module: &LinkedModule,
        level: u32,
        path: Option<Name>,
        by_tail: &ByTail,
    ) -> Option<Target> {
        let dotted = path.map_or("", |name| module.ir.text(name));
        let slashed = dotted.replace('.', "/");
        if level > 0 {
            // `.` is the package of the module itself, each further dot one above
            let mut base = if module.is_package {
                module.stem()
            } else {
                parent(module.stem())
            };
            for _ in 1..level {
                base = parent(base);
            }
            let stem = match (base.is_empty(), slashed.is_empty()) {
                (_, true) => base.to_owned(),
                (true, false) => slashed,
                (false, false) => format!("{base}/{slashed}"),
            };
            return self.at_stem(&stem);
        }
        self.absolute(&module.path, &slashed, by_tail)
    }

    /// The path that an import writes.
    fn external(&mut self, path: Option<Sym>) -> Target {
        let dotted = path.map_or_else(String::new, |path| self.text(path).to_owned());
        let parts = dotted.split('.').map(|part| self.symbols.intern(part));
        Target::External(parts.collect())
    }

    fn at_stem(&self, stem: &str) -> Option<Target> {
        if let Some(&id) = self.by_stem.get(stem) {
            return Some(Target::Module(id));
        }
        self.directories
            .get(stem)
            .map(|directory| Target::Namespace(Arc::clone(directory)))
    }

    /// The module or directory that `a/b/c` names for `importer`: its root (what stands before
    /// `a`) must be no package, and of several the one nearest to the importer wins.
    fn absolute(&self, importer: &str, slashed: &str, by_tail: &ByTail) -> Option<Target> {
        let above = roots_above(importer).filter_map(|root| {
            let candidate = match root {
                "" => slashed.to_owned(),
                root => format!("{root}/{slashed}"),
            };
            self.nearness(importer, &candidate, root, slashed, true)
                .map(|near| (near, candidate))
        });
        if let Some((_, stem)) = above.max() {
            return self.at_stem(&stem);
        }
        let elsewhere = by_tail.get(tails(slashed).last()?)?.iter();
        let (_, stem) = elsewhere
            .filter_map(|candidate| {
                let root = candidate.strip_suffix(slashed)?;
                let root = match root.strip_suffix('/') {
                    Some(root) => root,
                    None if root.is_empty() => "",
                    None => return None,
                };
                self.nearness(importer, candidate, root, slashed, false)
                    .map(|near| (near, &**candidate))
            })
            .max()?;
        self.at_stem(stem)
    }

    /// How well `candidate`, which is `slashed` below `root`, fits; `None` where it can't be meant.
    fn nearness(
        &self,
        importer: &str,
        candidate: &str,
        root: &str,
        slashed: &str,
        above: bool,
    ) -> Option<(usize, bool, std::cmp::Reverse<usize>)> {
        let is_module = self.by_stem.contains_key(candidate);
        if !is_module && !self.directories.contains(candidate) {
            return None;
        }
        let standard = is_standard(slashed);
        let beside = parent(importer) == root && !standard;
        if self.is_package_directory(root) && !beside {
            return None;
        }
        // a bare `import x` from elsewhere is far more often a library
        let hidden = standard && !root.is_empty();
        let foreign = !slashed.contains('/') && !above;
        if (hidden || foreign) && !self.is_package_directory(candidate) {
            return None;
        }
        Some((
            common(importer, candidate),
            is_module,
            std::cmp::Reverse(candidate.len()),
        ))
    }

    /// What `from <path> import …` or `import <path>` in `module` names.
    pub(crate) fn import(
        &self,
        module: ModuleId,
        level: u32,
        path: Option<Sym>,
    ) -> Option<&Target> {
        self.imports.get(&(module, level, path))
    }

    /// True when some module imports `package` from outside the tree.
    pub(crate) fn imports_external(&self, package: &str) -> bool {
        let Some(package) = self.symbols.find(package) else {
            return false;
        };
        self.imports.values().any(
            |target| matches!(target, Target::External(path) if path.first() == Some(&package)),
        )
    }

    /// The submodule `name` of a module or namespace.
    pub(crate) fn submodule(&self, target: &Target, name: Sym) -> Option<Target> {
        let base = match target {
            Target::Module(id) => {
                let module = &self.modules[*id as usize];
                if !module.is_package {
                    return None;
                }
                module.stem()
            }
            Target::Namespace(directory) => directory,
            Target::External(_) => return None,
        };
        let name = self.symbols.text(name);
        let stem = if base.is_empty() {
            name.to_owned()
        } else {
            format!("{base}/{name}")
        };
        self.at_stem(&stem)
    }

    /// The module whose dotted name is `dotted`, from any root; for settings and URLconf strings.
    pub(crate) fn module_named(&self, dotted: &str) -> Option<ModuleId> {
        let slashed = dotted.replace('.', "/");
        if let Some(&id) = self.by_stem.get(slashed.as_str()) {
            return Some(id);
        }
        let suffix = format!("/{slashed}");
        let alike = self.by_last.get(tail(&slashed))?;
        alike
            .iter()
            .copied()
            .filter(|&id| self.module(id).stem().ends_with(&suffix))
            .min_by_key(|&id| self.module(id).stem().len())
    }

    pub(crate) fn module(&self, id: ModuleId) -> &LinkedModule {
        &self.modules[id as usize]
    }

    pub(crate) fn text(&self, sym: Sym) -> &str {
        self.symbols.text(sym)
    }

    /// `package.module.Class.method`.
    pub(crate) fn qualified(&self, function: FunctionRef) -> Arc<str> {
        let module = self.module(function.0);
        let own = &module.ir.function(function.1).qualified;
        join(&module.dotted, own)
    }

    pub(crate) fn class_qualified(&self, class: ClassRef) -> Arc<str> {
        let module = self.module(class.0);
        join(&module.dotted, &module.ir.class(class.1).qualified)
    }

    pub(crate) fn span(&self, module: ModuleId, range: Range) -> FileSpan {
        let module = self.module(module);
        let (line, column) = module.ir.lines.position(range.0);
        let (end_line, end_column) = module.ir.lines.position(range.1);
        FileSpan {
            path: Arc::clone(&module.path),
            line,
            column,
            end_line,
            end_column,
        }
    }

    /// An expression's place, inside `function`.
    pub(crate) fn location(&self, site: Site, function: Option<FunctionRef>) -> Location {
        let own = site.function();
        self.range_location(site.0, self.range(site), own.or(function))
    }

    /// Where a site lies in its module's text; of a function's head, the function.
    pub(crate) fn range(&self, site: Site) -> Range {
        let ir = &self.module(site.0).ir;
        match site.function() {
            Some(own) => ir.function(own.1).range,
            None => ir.range(site.1),
        }
    }

    /// The expression at a site; none at a function's head.
    pub(crate) fn expr(&self, site: Site) -> Option<&Expr> {
        (!site.is_head()).then(|| self.module(site.0).ir.expr(site.1))
    }

    pub(crate) fn range_location(
        &self,
        module: ModuleId,
        range: Range,
        function: Option<FunctionRef>,
    ) -> Location {
        Location::Code {
            span: self.span(module, range),
            symbol: function.map(|function| self.qualified(function)),
        }
    }

    /// Where a function's name stands.
    pub(crate) fn function_location(&self, function: FunctionRef) -> Location {
        let range = self.module(function.0).ir.function(function.1).range;
        self.range_location(function.0, range, Some(function))
    }

    /// Every function of the tree, in order; class and module bodies included.
    pub(crate) fn functions(&self) -> impl Iterator<Item = FunctionRef> {
        (0u32..).zip(&self.modules).flat_map(|(id, module)| {
            (0u32..)
                .zip(&module.ir.functions)
                .map(move |(function, _)| FunctionRef(id, function))
        })
    }
}

/// Modules of the standard library that a package's own of the same name does not hide.
fn is_standard(name: &str) -> bool {
    const STANDARD: [&str; 22] = [
        "base64",
        "collections",
        "copy",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "hashlib",
        "hmac",
        "json",
        "logging",
        "operator",
        "os",
        "random",
        "re",
        "secrets",
        "string",
        "sys",
        "time",
        "traceback",
        "types",
        "typing",
    ];
    STANDARD.contains(&name)
}

fn is_dotted_name(text: &str) -> bool {
    text.len() <= 64
        && text.contains('.')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'[' | b']'))
}

fn join(module: &str, own: &str) -> Arc<str> {
    match (module.is_empty(), own.is_empty()) {
        (_, true) => Arc::from(module),
        (true, false) => Arc::from(own),
        (false, false) => Arc::from(format!("{module}.{own}")),
    }
}

fn stem(path: &str) -> &str {
    let path = path.strip_suffix(".py").unwrap_or(path);
    path.strip_suffix("/__init__")
        .unwrap_or(if path == "__init__" { "" } else { path })
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn tail(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The last part of a path, and the last two of one that has more.
fn tails(path: &str) -> impl Iterator<Item = &str> {
    let last = tail(path);
    let above = path[..path.len() - last.len()].strip_suffix('/');
    let two = above.map(|above| &path[above.len() - tail(above).len()..]);
    std::iter::once(last).chain(two)
}

fn note_tails(by_tail: &mut ByTail, path: &Arc<str>) {
    for tail in tails(path) {
        match by_tail.get_mut(tail) {
            Some(alike) => alike.push(Arc::clone(path)),
            None => {
                by_tail.insert(tail.to_owned(), vec![Arc::clone(path)]);
            }
        }
    }
}

/// The directories around a file, the tree's own root among them.
fn roots_above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(parent(path)), |directory| {
        (!directory.is_empty()).then(|| parent(directory))
    })
}

/// How many leading directories two paths share.
fn common(left: &str, right: &str) -> usize {
    left.split('/')
        .zip(right.split('/'))
        .take_while(|(a, b)| a == b)
        .count()
}

fn collect_imports(block: &[Stmt], wanted: &mut Vec<(u32, Option<Name>)>) {
    for statement in block {
        match statement {
            Stmt::Import(modules) => wanted.extend(modules.iter().map(|module| {
                let path = if module.aliased {
                    module.path
                } else {
                    module.bound
                };
                (0, Some(path))
            })),
            Stmt::ImportFrom(import) => {
                let ImportFrom { level, path, .. } = **import;
                wanted.push((level, path));
            }
            other => other.blocks(&mut |block| collect_imports(block, wanted)),
        }
    }
}
