//! Statements.

use super::arguments::Arguments;
use super::value::{Label, Shape, Value, What, hop};
use super::{Cell, Machine};
use crate::program::{ClassRef, FunctionRef, Site, Target};
use crate::symbols::Sym;
use crate::syntax::ir::{
    Comparator, Expr, ExprId, FunctionKind, Handler, Operator, ParameterKind, Stmt, Try,
};

impl Machine<'_> {
    pub(super) fn bind_parameters(&mut self) {
        let module = self.module;
        let function = module.ir.function(self.function.1);
        let is_method = function.class.is_some() && function.kind == FunctionKind::Plain;
        let is_static = self.decorated(self.function, self.shared.words.static_method);
        let is_class_method = self.decorated(self.function, self.shared.words.class_method);
        for (index, parameter) in function.parameters.iter().enumerate() {
            let name = self.sym(parameter.name);
            let number = u16::try_from(index).unwrap_or(u16::MAX);
            let default = match parameter.default {
                Some(default) => self.expr(default),
                None => Value::default(),
            };
            self.out.summary.defaults.push(default);
            let value = if let (0, true, false, Some(class)) =
                (index, is_method, is_static, function.class)
            {
                let class = ClassRef(self.function.0, class);
                let mut own = Value::of(if is_class_method {
                    Shape::Class(class)
                } else {
                    Shape::Instance(class)
                });
                // fields of the instance that the caller made
                own.add_shape(Shape::Param(0, super::Fields::new()));
                own
            } else if self.is_request(name, index, is_method) {
                Value::tainted(Label::Request, None)
            } else {
                let mut value = Value::tainted(Label::Param(number), None);
                value.add_shape(Shape::Param(number, super::Fields::new()));
                if is_method && let Some(passed) = self.passed_by_framework(name) {
                    value = passed;
                }
                if let Some(annotation) = parameter.annotation
                    && parameter.kind != ParameterKind::Star
                {
                    self.annotated(annotation, &mut value);
                }
                value
            };
            self.env.vars.insert(name, value);
        }
    }

    /// By its name, or by its place where a route leads here.
    fn is_request(&self, name: Sym, index: usize, is_method: bool) -> bool {
        // methods are left to their names: hooks get forms and serializers instead
        (name == self.shared.words.request && index <= 1)
            || (index == 0 && !is_method && self.shared.views.contains(&self.function))
    }

    /// `store: KeyStore` says what the parameter is, `list[KeyStore]` what its elements are.
    fn annotated(&mut self, annotation: ExprId, value: &mut Value) {
        let mut open = vec![(annotation, 0)];
        while let Some((annotation, depth)) = open.pop() {
            if depth > 6 {
                continue;
            }
            match self.module.ir.expr(annotation) {
                Expr::Subscript(_, inner) => open.push((*inner, depth + 1)),
                Expr::Sequence(parts) => open.extend(parts.iter().map(|&part| (part, depth + 1))),
                Expr::Binary(Operator::Or, left, right) => {
                    open.push((*right, depth + 1));
                    open.push((*left, depth + 1));
                }
                Expr::Str(text) => {
                    let text = self.module.ir.text(*text).to_owned();
                    if let Some(class) = self.quoted_class(&text) {
                        value.add_shape(Shape::Instance(class));
                    }
                }
                _ => {
                    let resolver = self.shared.resolver;
                    if let Some(Shape::Class(class)) =
                        resolver.expression(self.function.0, annotation)
                    {
                        value.add_shape(Shape::Instance(class));
                    }
                }
            }
        }
    }

    /// `"Store"`, `"Optional[Store]"`: a class named in an annotation's text.
    fn quoted_class(&self, text: &str) -> Option<ClassRef> {
        text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter_map(|word| self.shared.program.symbols.find(word))
            .flat_map(|word| self.shared.resolver.global(self.function.0, word))
            .find_map(|shape| match shape {
                Shape::Class(class) => Some(class),
                _ => None,
            })
    }

    pub(super) fn decorated(&self, function: FunctionRef, name: Sym) -> bool {
        let module = self.shared.program.module(function.0);
        module.ir.function(function.1).decorators.iter().any(|&decorator| {
            matches!(module.ir.expr(decorator), Expr::Name(own) | Expr::Attribute(_, own) if module.sym(*own) == name)
        })
    }

    /// At the end: locals that inner functions may read become cells.
    pub(super) fn finish(&mut self) {
        let module = self.module;
        let function = module.ir.function(self.function.1);
        self.shown_by_framework();
        self.sent_by_decorator();
        match function.kind {
            FunctionKind::Module => {
                let vars = std::mem::take(&mut self.env.vars);
                for (name, value) in vars {
                    self.out
                        .cells
                        .push((Cell::Global(self.function.0, name), value.shallow(0)));
                }
            }
            FunctionKind::ClassBody => {
                if let Some(class) = function.class {
                    let class = ClassRef(self.function.0, class);
                    let vars = std::mem::take(&mut self.env.vars);
                    for (name, value) in vars {
                        self.out
                            .cells
                            .push((Cell::Attribute(class, name), value.shallow(0)));
                    }
                    self.run_by_framework(class);
                }
            }
            FunctionKind::Plain | FunctionKind::Lambda => {
                let has_inner = module
                    .ir
                    .functions
                    .iter()
                    .skip(self.function.1 as usize + 1)
                    .any(|inner| inner.parent == self.function.1);
                if has_inner {
                    let vars = std::mem::take(&mut self.env.vars);
                    for (name, mut value) in vars {
                        value
                            .taints
                            .retain(|taint| !matches!(taint.label, Label::Param(_)));
                        value
                            .shapes
                            .retain(|shape| !matches!(shape, Shape::Param(..)));
                        self.out
                            .cells
                            .push((Cell::Captured(self.function, name), value.shallow(0)));
                    }
                }
            }
        }
    }

    /// Runs a block; false when its end is not reached.
    pub(super) fn block(&mut self, block: &[Stmt]) -> bool {
        if self.depth > super::DEEPEST {
            return true;
        }
        self.depth += 1;
        let falls = block.iter().all(|statement| self.statement(statement));
        self.depth -= 1;
        falls
    }

    fn statement(&mut self, statement: &Stmt) -> bool {
        match statement {
            Stmt::Expr(value) => {
                self.expr(*value);
            }
            Stmt::Assign { targets, value } => {
                let evaluated = self.expr(*value);
                for &target in targets {
                    self.assign(target, *value, &evaluated);
                }
            }
            Stmt::Annotated {
                target,
                annotation,
                value,
            } => {
                let mut evaluated = match value {
                    Some(value) => self.expr(*value),
                    None => return true,
                };
                self.annotated(*annotation, &mut evaluated);
                self.assign(*target, value.unwrap_or(*target), &evaluated);
            }
            Stmt::Augmented {
                target,
                operator,
                value,
            } => {
                let held = self.expr(*target);
                let added = self.expr(*value);
                let combined = self.combined(*operator, held, added);
                self.assign(*target, *value, &combined);
            }
            Stmt::Return(value, _) => {
                if let Some(value) = value {
                    let returned = self.expr(*value);
                    self.context_returned(*value, &returned);
                    self.out.summary.returned.join(&returned);
                }
                return false;
            }
            Stmt::If { test, then, other } => return self.branch(*test, then, other),
            Stmt::For {
                target,
                iter,
                body,
                other,
            } => self.for_loop(*target, *iter, body, other),
            Stmt::While { test, body, other } => {
                self.expr(*test);
                self.repeated(body);
                self.block(other);
            }
            Stmt::With { items, body } => {
                for &(context, target) in items {
                    let value = self.expr(context);
                    let value = self.entered(value, context);
                    if let Some(target) = target {
                        self.assign(target, context, &value);
                    }
                }
                return self.block(body);
            }
            Stmt::Try(inner) => return self.try_statement(inner),
            Stmt::Raise(value) => {
                if let Some(value) = value {
                    self.expr(*value);
                }
                return false;
            }
            Stmt::Assert(test) => {
                self.expr(*test);
                let ties = self.ties(*test);
                self.assume(&ties.when_true);
            }
            Stmt::Import(_) | Stmt::ImportFrom(_) => self.import(statement),
            Stmt::Nonlocal(names) => {
                let names: Vec<Sym> = names.iter().map(|&name| self.sym(name)).collect();
                self.nonlocals.extend(names);
            }
            Stmt::Delete(targets) => targets.iter().for_each(|&target| self.delete(target)),
            Stmt::Global(names) => {
                let names: Vec<Sym> = names.iter().map(|&name| self.sym(name)).collect();
                self.globals.extend(names);
            }
            Stmt::Function(id) => {
                let name = self.sym(self.module.ir.function(*id).name);
                let value = self.closure(FunctionRef(self.function.0, *id));
                self.env.vars.insert(name, value);
            }
            Stmt::Class(id) => {
                let name = self.sym(self.module.ir.class(*id).name);
                let class = ClassRef(self.function.0, *id);
                self.env.vars.insert(name, Value::of(Shape::Class(class)));
            }
            Stmt::Match { subject, cases } => return self.match_statement(*subject, cases),
            Stmt::Jump => return false,
        }
        true
    }

    /// What `with x as y` binds: what an own class's `__enter__` gives, else the value itself.
    fn entered(&mut self, value: Value, context: ExprId) -> Value {
        let enter = self.shared.words.enter;
        let method = value.shapes.iter().find_map(|shape| match shape {
            Shape::Instance(class) => self.shared.resolver.method(*class, enter),
            _ => None,
        });
        match method {
            Some(method) => {
                let site = self.site(context);
                self.invoke(site, method, Some(&value), &Arguments::default())
            }
            None => value,
        }
    }

    /// What `get_context_data` of a class view returns, its template shows.
    fn context_returned(&mut self, value: ExprId, returned: &Value) {
        let module = self.module;
        let function = module.ir.function(self.function.1);
        let words = self.shared.words;
        if let Some(class) = function.class
            && self.sym(function.name) == words.get_context_data
        {
            let class = crate::program::ClassRef(self.function.0, class);
            if self.is_view(class) {
                let template = self.class_attribute(class, words.template_name);
                self.render(self.site(value), &template, returned);
            }
        }
    }

    /// `if`, with all its `elif` in one go: long chains nest in the representation only.
    fn branch(&mut self, test: ExprId, then: &[Stmt], other: &[Stmt]) -> bool {
        let mut ends: Option<super::Env> = None;
        let (mut test, mut then, mut other) = (test, then, other);
        loop {
            self.expr(test);
            let ties = self.ties(test);
            let before = self.env.clone();
            self.assume(&ties.when_true);
            self.assume_absent(test, true);
            let falls = self.block(then);
            let after = std::mem::replace(&mut self.env, before);
            if falls {
                self.end_of_way(&mut ends, after);
            }
            self.assume(&ties.when_false);
            self.assume_absent(test, false);
            match other {
                [
                    Stmt::If {
                        test: next,
                        then: block,
                        other: rest,
                    },
                ] => (test, then, other) = (*next, block, rest),
                _ => break,
            }
        }
        if self.block(other) {
            let last = std::mem::take(&mut self.env);
            self.end_of_way(&mut ends, last);
        }
        match ends {
            Some(end) => {
                self.env = end;
                true
            }
            None => false,
        }
    }

    /// Entries that are not there when `test` has come out as `outcome`: after
    /// `if "api_key" in item: del item["api_key"]` there is none on either way.
    fn assume_absent(&mut self, test: ExprId, outcome: bool) {
        let module = self.module;
        match module.ir.expr(test) {
            Expr::Not(inner) => self.assume_absent(*inner, !outcome),
            // a true `and` and a false `or` tell of each of their parts
            Expr::Logic(and, parts) if *and == outcome => {
                parts
                    .iter()
                    .for_each(|&part| self.assume_absent(part, outcome));
            }
            Expr::Compare(name, rest) => {
                let [(comparator, object)] = &**rest else {
                    return;
                };
                let absent = match comparator {
                    Comparator::In => !outcome,
                    Comparator::NotIn => outcome,
                    _ => false,
                };
                if absent && let Some(name) = self.expr(*name).constant() {
                    self.forget_part(*object, name);
                }
            }
            Expr::Call(function, arguments) if !outcome && arguments.len() == 1 => {
                if let Expr::Attribute(object, get) = module.ir.expr(*function)
                    && self.sym(*get) == self.shared.words.get
                    && let Some(name) = self.expr(arguments[0].value).constant()
                {
                    self.forget_part(*object, name);
                }
            }
            _ => {}
        }
    }

    fn forget_part(&mut self, object: ExprId, name: Sym) {
        if matches!(self.module.ir.expr(object), Expr::Name(_)) {
            self.update(object, &mut |old| {
                if old.is_tainted() {
                    old.set_field(name, Value::default());
                }
            });
        }
    }

    /// Collects the ways that lead to one point.
    fn end_of_way(&mut self, ends: &mut Option<super::Env>, way: super::Env) {
        match ends.take() {
            None => *ends = Some(way),
            Some(held) => {
                let here = std::mem::replace(&mut self.env, held);
                self.merge(way);
                *ends = Some(std::mem::replace(&mut self.env, here));
            }
        }
    }

    /// Joins another way to the same point.
    fn merge(&mut self, other: super::Env) {
        self.env.ties.retain(|tie| other.ties.contains(tie));
        for (name, value) in other.vars {
            self.env.vars.entry(name).or_default().join(&value);
        }
    }

    fn for_loop(&mut self, target: ExprId, iter: ExprId, body: &[Stmt], other: &[Stmt]) {
        if self.unrolled(target, iter, body) {
            self.block(other);
            return;
        }
        let before = self.env.clone();
        let element = self.iterated(iter);
        for _ in 0..self.turns() {
            self.bind_target(target, iter, &element);
            self.loops += 1;
            self.block(body);
            self.loops -= 1;
        }
        self.merge(before);
        self.block(other);
    }

    /// `for name in ("a", "b"):`, once for each text: what the body does to one is done to all.
    /// False when the loop is not of this kind.
    fn unrolled(&mut self, target: ExprId, iter: ExprId, body: &[Stmt]) -> bool {
        if self.loops > 0 || !matches!(self.module.ir.expr(target), Expr::Name(_)) {
            return false;
        }
        let list = self.expr(iter);
        let texts = list
            .shapes
            .iter()
            .all(|shape| matches!(shape, Shape::Str(_)));
        if list.shapes.is_empty() || list.is_tainted() || list.fields.is_some() || !texts {
            return false;
        }
        for shape in list.shapes {
            self.assign(target, iter, &Value::of(shape));
            self.loops += 1;
            self.block(body);
            self.loops -= 1;
        }
        true
    }

    fn repeated(&mut self, body: &[Stmt]) {
        let before = self.env.clone();
        for _ in 0..self.turns() {
            self.loops += 1;
            self.block(body);
            self.loops -= 1;
        }
        self.merge(before);
    }

    /// Twice, so that what a loop carries round is seen; deep nests once, or they'd cost 2^depth.
    fn turns(&self) -> u32 {
        if self.loops < 2 { 2 } else { 1 }
    }

    /// What a loop over `iter` yields; of `d.items()`, a pair whose first part is a mere name.
    fn iterated(&mut self, iter: ExprId) -> Element {
        let words = self.shared.words;
        if let Expr::Call(function, arguments) = self.module.ir.expr(iter) {
            if let Expr::Attribute(receiver, name) = self.module.ir.expr(*function) {
                let name = self.sym(*name);
                if arguments.is_empty() && name == words.items {
                    self.expr(iter);
                    return Element::Pair(self.expr(*receiver).flat());
                }
                if arguments.is_empty() && name == words.keys {
                    return Element::One(Value::default());
                }
            }
            if let Expr::Name(name) = self.module.ir.expr(*function)
                && self.text(self.sym(*name)) == "enumerate"
                && let Some(first) = arguments.first()
            {
                return Element::Pair(self.expr(first.value).element());
            }
        }
        let value = self.expr(iter);
        let mut element = value.element();
        for shape in &value.shapes {
            if let Shape::Instance(class) = shape
                && let Some(method) = self.shared.resolver.method(*class, words.iter_)
            {
                let site = self.site(iter);
                element.join(&self.invoke(site, method, Some(&value), &Arguments::default()));
            }
        }
        Element::One(element)
    }

    fn bind_target(&mut self, target: ExprId, from: ExprId, element: &Element) {
        match (element, self.module.ir.expr(target)) {
            (Element::Pair(value), Expr::Sequence(parts)) if parts.len() == 2 => {
                self.assign(parts[0], from, &Value::default());
                self.assign(parts[1], from, value);
            }
            (Element::Pair(value) | Element::One(value), _) => self.assign(target, from, value),
        }
    }

    pub(super) fn bind_generator(&mut self, target: ExprId, iter: ExprId) {
        let element = self.iterated(iter);
        self.bind_target(target, iter, &element);
    }

    fn try_statement(&mut self, inner: &Try) -> bool {
        let before = self.env.clone();
        let body_falls = self.block(&inner.body) && self.block(&inner.other);
        let after_body = self.env.clone();
        let mut falls = body_falls;
        let mut ends = if body_falls {
            vec![after_body.clone()]
        } else {
            Vec::new()
        };
        for handler in &inner.handlers {
            // the exception may come before or after anything in the body
            self.env = before.clone();
            self.merge(after_body.clone());
            if self.handler(handler, inner) {
                falls = true;
                ends.push(std::mem::take(&mut self.env));
            }
        }
        match ends.split_first() {
            Some((first, rest)) => {
                self.env = first.clone();
                for end in rest {
                    self.merge(end.clone());
                }
            }
            None => self.env = after_body,
        }
        self.block(&inner.finally) && falls
    }

    fn handler(&mut self, handler: &Handler, inner: &Try) -> bool {
        let site = self.handler_site(handler);
        if let Some(site) = site {
            if self.is_broad(handler) {
                self.out.handlers.push((site, inner.body_range));
                self.handling.push(site);
            }
            if let Some(name) = handler.name {
                let name = self.sym(name);
                let value = if self.is_broad(handler) {
                    Value::tainted(Label::Exception(site), hop(site, What::Source, &None))
                } else {
                    Value::default()
                };
                self.env.vars.insert(name, value);
            }
        }
        let falls = self.block(&handler.body);
        if site.is_some() && self.is_broad(handler) {
            self.handling.pop();
        }
        falls
    }

    fn handler_site(&self, handler: &Handler) -> Option<Site> {
        handler.class.map(|class| self.site(class)).or_else(|| {
            // a bare `except:` has no expression of its own; its body's first one stands for it
            handler.body.iter().find_map(|statement| match statement {
                Stmt::Expr(value) | Stmt::Assign { value, .. } | Stmt::Return(Some(value), _) => {
                    Some(self.site(*value))
                }
                _ => None,
            })
        })
    }

    /// Catches whatever a call of AWS may throw: its text can hold what was sent.
    fn is_broad(&self, handler: &Handler) -> bool {
        let Some(class) = handler.class else {
            return true;
        };
        let classes: Vec<ExprId> = match self.module.ir.expr(class) {
            Expr::Sequence(parts) => parts.to_vec(),
            _ => vec![class],
        };
        classes
            .iter()
            .any(|&class| match self.module.ir.expr(class) {
                Expr::Name(name) | Expr::Attribute(_, name) => {
                    matches!(
                        self.module.ir.text(*name),
                        "Exception"
                            | "BaseException"
                            | "ClientError"
                            | "BotoCoreError"
                            | "Boto3Error"
                    )
                }
                _ => false,
            })
    }

    fn match_statement(&mut self, subject: ExprId, cases: &[crate::syntax::ir::Case]) -> bool {
        let value = self.expr(subject);
        let before = self.env.clone();
        let mut falls = false;
        let mut joined = before.clone();
        for case in cases {
            self.env = before.clone();
            for &name in &case.bindings {
                let name = self.sym(name);
                self.env.vars.insert(name, value.flat());
            }
            if let Some(guard) = case.guard {
                self.expr(guard);
            }
            if self.block(&case.body) {
                falls = true;
                let other = std::mem::take(&mut self.env);
                self.env = joined;
                self.merge(other);
                joined = std::mem::take(&mut self.env);
            }
        }
        self.env = joined;
        // no case may match
        let _ = falls;
        true
    }

    /// Imports inside functions; those of modules are bound by the resolver.
    fn import(&mut self, statement: &Stmt) {
        if self.function.1 == 0 {
            return;
        }
        match statement {
            Stmt::Import(modules) => {
                for import in modules {
                    let path = if import.aliased {
                        import.path
                    } else {
                        import.bound
                    };
                    let target =
                        self.shared
                            .program
                            .import(self.function.0, 0, Some(self.sym(path)));
                    if let Some(target) = target {
                        let value = Value::of(target_shape(target));
                        self.env.vars.insert(self.sym(import.bound), value);
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let path = import.path.map(|path| self.sym(path));
                let Some(target) = self
                    .shared
                    .program
                    .import(self.function.0, import.level, path)
                else {
                    return;
                };
                for &(name, bound) in &import.names {
                    let value = self.imported(target, self.sym(name));
                    self.env.vars.insert(self.sym(bound), value);
                }
            }
            _ => {}
        }
    }

    fn imported(&mut self, target: &Target, name: Sym) -> Value {
        let mut value = Value::default();
        for shape in self.shared.resolver.attribute(target, name) {
            value.add_shape(shape);
        }
        if let Target::Module(module) = target {
            value.join(&self.module_variable(*module, name));
        }
        value
    }
}

enum Element {
    One(Value),
    /// Of `enumerate` and `items`: the second part.
    Pair(Value),
}

fn target_shape(target: &Target) -> Shape {
    match target {
        Target::Module(id) => Shape::Module(*id),
        Target::Namespace(directory) => Shape::Namespace(directory.clone()),
        Target::External(path) => Shape::External(path.iter().copied().collect()),
    }
}
