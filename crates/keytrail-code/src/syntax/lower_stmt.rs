//! Lowering of statements.

use ruff_python_ast as ast;
use ruff_python_ast::{ExceptHandler, Pattern as Syntactic, Stmt as Syntax};
use ruff_text_size::{Ranged, TextRange};

use super::ir::{
    Block, Case, Class, FunctionKind, Handler, ImportFrom, ImportedModule, Pattern, Range, Stmt,
    Try,
};
use super::lower::{DEEPEST, Lowering, operator, span};

/// More `elif` than this follow each other as statements.
const LONGEST_CHAIN: usize = 200;

impl<'a> Lowering<'a> {
    pub(super) fn block(&mut self, body: &'a [Syntax]) -> Block {
        if self.depth >= DEEPEST {
            return Box::default();
        }
        self.depth += 1;
        let mut block = Vec::with_capacity(body.len());
        for statement in body {
            if let Some(statement) = self.statement(statement) {
                block.push(statement);
            }
        }
        self.depth -= 1;
        block.into_boxed_slice()
    }

    fn statement(&mut self, syntax: &'a Syntax) -> Option<Stmt> {
        Some(match syntax {
            Syntax::FunctionDef(function) => self.function_def(function),
            Syntax::ClassDef(class) => self.class_def(class),
            Syntax::Return(inner) => {
                Stmt::Return(self.optional(inner.value.as_deref()), span(inner.range))
            }
            Syntax::Assign(assign) => {
                let value = self.expr(&assign.value);
                let targets = self.list(&assign.targets);
                Stmt::Assign { targets, value }
            }
            Syntax::AugAssign(assign) => Stmt::Augmented {
                value: self.expr(&assign.value),
                target: self.expr(&assign.target),
                operator: operator(assign.op),
            },
            Syntax::AnnAssign(assign) => Stmt::Annotated {
                value: self.optional(assign.value.as_deref()),
                target: self.expr(&assign.target),
                annotation: self.expr(&assign.annotation),
            },
            Syntax::For(inner) => Stmt::For {
                iter: self.expr(&inner.iter),
                target: self.expr(&inner.target),
                body: self.block(&inner.body),
                other: self.block(&inner.orelse),
            },
            Syntax::While(inner) => Stmt::While {
                test: self.expr(&inner.test),
                body: self.block(&inner.body),
                other: self.block(&inner.orelse),
            },
            Syntax::If(inner) => {
                let test = self.expr(&inner.test);
                let then = self.block(&inner.body);
                let other = self.clauses(&inner.elif_else_clauses);
                Stmt::If { test, then, other }
            }
            Syntax::With(with) => {
                let mut items = Vec::with_capacity(with.items.len());
                for item in &with.items {
                    let value = self.expr(&item.context_expr);
                    items.push((value, self.optional(item.optional_vars.as_deref())));
                }
                let items = items.into_boxed_slice();
                Stmt::With {
                    items,
                    body: self.block(&with.body),
                }
            }
            Syntax::Match(inner) => {
                let subject = self.expr(&inner.subject);
                let mut cases = Vec::with_capacity(inner.cases.len());
                for case in &inner.cases {
                    cases.push(self.case(case));
                }
                Stmt::Match {
                    subject,
                    cases: cases.into_boxed_slice(),
                }
            }
            Syntax::Raise(raise) => Stmt::Raise(self.optional(raise.exc.as_deref())),
            Syntax::Try(inner) => self.try_statement(inner),
            Syntax::Assert(assert) => Stmt::Assert(self.expr(&assert.test)),
            Syntax::Import(import) => Stmt::Import(
                import
                    .names
                    .iter()
                    .map(|alias| self.imported_module(alias))
                    .collect(),
            ),
            Syntax::ImportFrom(import) => self.import_from(import),
            Syntax::Global(global) => Stmt::Global(
                global
                    .names
                    .iter()
                    .map(|name| self.name(name.id.as_str()))
                    .collect(),
            ),
            Syntax::Delete(delete) => Stmt::Delete(self.list(&delete.targets)),
            Syntax::Expr(inner) => match &*inner.value {
                // a docstring
                ast::Expr::StringLiteral(_) => return None,
                value => Stmt::Expr(self.expr(value)),
            },
            Syntax::Break(_) | Syntax::Continue(_) => Stmt::Jump,
            Syntax::Nonlocal(nonlocal) => {
                let outer = self.module.functions[self.function as usize].parent;
                self.module.nonlocal_in.push(outer);
                Stmt::Nonlocal(
                    nonlocal
                        .names
                        .iter()
                        .map(|name| self.name(name.id.as_str()))
                        .collect(),
                )
            }
            Syntax::TypeAlias(_) | Syntax::Pass(_) | Syntax::IpyEscapeCommand(_) => return None,
        })
    }

    /// `elif` chains are walked from the end, so that a thousand of them need no deep stack.
    fn clauses(&mut self, clauses: &'a [ast::ElifElseClause]) -> Block {
        let mut other: Block = Box::default();
        let mut rest = Vec::new();
        for (number, clause) in clauses.iter().enumerate().rev() {
            let then = self.block(&clause.body);
            let Some(test) = &clause.test else {
                other = then;
                continue;
            };
            let test = self.expr(test);
            // what reads blocks recurses into them: of a longer chain the end becomes a
            // sequence of statements of their own, any of which may run
            if number >= LONGEST_CHAIN {
                rest.extend(std::mem::take(&mut other).into_iter().rev());
                rest.push(Stmt::If {
                    test,
                    then,
                    other: Box::default(),
                });
                continue;
            }
            if !rest.is_empty() {
                rest.reverse();
                other = std::mem::take(&mut rest).into_boxed_slice();
            }
            other = Box::new([Stmt::If { test, then, other }]);
        }
        other
    }

    fn case(&mut self, case: &'a ast::MatchCase) -> Case {
        Case {
            pattern: self.pattern(&case.pattern, 0),
            guard: self.optional(case.guard.as_deref()),
            body: self.block(&case.body),
        }
    }

    fn pattern(&mut self, syntax: &'a Syntactic, depth: u32) -> Pattern {
        if depth > DEEPEST {
            return Pattern::Any;
        }
        let bound = |this: &mut Self, name: &'a Option<ast::Identifier>| {
            name.as_ref().map(|name| this.name(name.id.as_str()))
        };
        match syntax {
            Syntactic::MatchSequence(inner) => {
                Pattern::Sequence(self.patterns(&inner.patterns, depth))
            }
            Syntactic::MatchOr(inner) => Pattern::Or(self.patterns(&inner.patterns, depth)),
            Syntactic::MatchClass(inner) => {
                let class = self.expr(&inner.cls);
                let positional = self.patterns(&inner.arguments.patterns, depth);
                let mut keyword = Vec::with_capacity(inner.arguments.keywords.len());
                for one in &inner.arguments.keywords {
                    let name = self.name(one.attr.id.as_str());
                    keyword.push((name, self.pattern(&one.pattern, depth + 1)));
                }
                Pattern::Class(class, positional, keyword.into_boxed_slice())
            }
            Syntactic::MatchMapping(inner) => {
                let mut entries = Vec::with_capacity(inner.keys.len());
                for (key, pattern) in inner.keys.iter().zip(&inner.patterns) {
                    let key = self.expr(key);
                    entries.push((key, self.pattern(pattern, depth + 1)));
                }
                Pattern::Mapping(entries.into_boxed_slice(), bound(self, &inner.rest))
            }
            Syntactic::MatchStar(inner) => Pattern::Star(bound(self, &inner.name)),
            Syntactic::MatchAs(inner) => {
                let name = bound(self, &inner.name);
                match (&inner.pattern, name) {
                    (Some(pattern), Some(name)) => {
                        Pattern::As(Box::new(self.pattern(pattern, depth + 1)), name)
                    }
                    (Some(pattern), None) => self.pattern(pattern, depth + 1),
                    (None, Some(name)) => Pattern::Bind(name),
                    (None, None) => Pattern::Any,
                }
            }
            Syntactic::MatchValue(_) | Syntactic::MatchSingleton(_) => Pattern::Any,
        }
    }

    fn patterns(&mut self, patterns: &'a [Syntactic], depth: u32) -> Box<[Pattern]> {
        patterns
            .iter()
            .map(|pattern| self.pattern(pattern, depth + 1))
            .collect()
    }

    fn try_statement(&mut self, inner: &'a ast::StmtTry) -> Stmt {
        let body = self.block(&inner.body);
        let mut handlers = Vec::with_capacity(inner.handlers.len());
        for ExceptHandler::ExceptHandler(handler) in &inner.handlers {
            let class = self.optional(handler.type_.as_deref());
            let name = handler
                .name
                .as_ref()
                .map(|name| self.name(name.id.as_str()));
            let body = self.block(&handler.body);
            handlers.push(Handler { class, name, body });
        }
        Stmt::Try(Box::new(Try {
            body,
            handlers: handlers.into_boxed_slice(),
            other: self.block(&inner.orelse),
            finally: self.block(&inner.finalbody),
            body_range: covered(&inner.body, inner.range),
        }))
    }

    fn imported_module(&mut self, alias: &'a ast::Alias) -> ImportedModule {
        let path = alias.name.id.as_str();
        let bound = match &alias.asname {
            Some(name) => name.id.as_str(),
            None => path.split('.').next().unwrap_or(path),
        };
        ImportedModule {
            path: self.name(path),
            bound: self.name(bound),
            aliased: alias.asname.is_some(),
        }
    }

    fn import_from(&mut self, import: &'a ast::StmtImportFrom) -> Stmt {
        let names = import
            .names
            .iter()
            .map(|alias| {
                let name = alias.name.id.as_str();
                let bound = alias.asname.as_ref().map_or(name, |name| name.id.as_str());
                (self.name(name), self.name(bound))
            })
            .collect();
        Stmt::ImportFrom(Box::new(ImportFrom {
            level: import.level,
            path: import
                .module
                .as_ref()
                .map(|path| self.name(path.id.as_str())),
            names,
        }))
    }

    fn function_def(&mut self, function: &'a ast::StmtFunctionDef) -> Stmt {
        let decorators = self.list(function.decorator_list.iter().map(|d| &d.expression));
        let parameters = self.parameters(&function.parameters);
        let text = function.name.id.as_str();
        let name = self.name(text);
        let id = self.open_function(
            name,
            parameters,
            decorators,
            FunctionKind::Plain,
            function.name.range,
        );
        let outer = std::mem::replace(&mut self.function, id);
        let class = self.class.take();
        self.scope.push(text);
        let body = self.block(&function.body);
        self.scope.pop();
        self.class = class;
        self.function = outer;
        self.module.functions[id as usize].body = body;
        Stmt::Function(id)
    }

    fn class_def(&mut self, class: &'a ast::StmtClassDef) -> Stmt {
        let decorators = self.list(class.decorator_list.iter().map(|d| &d.expression));
        let bases = match &class.arguments {
            Some(arguments) => self.list(&arguments.args),
            None => Box::default(),
        };
        let text = class.name.id.as_str();
        let name = self.name(text);
        let qualified = self.qualified(name);
        let body = self.open_function(
            name,
            Box::default(),
            Box::default(),
            FunctionKind::ClassBody,
            class.name.range,
        );
        let id = self.open_class(Class {
            name,
            qualified,
            bases,
            decorators,
            body,
            range: span(class.name.range),
        });
        let outer_function = std::mem::replace(&mut self.function, body);
        let outer_class = self.class.replace(id);
        self.module.functions[body as usize].class = Some(id);
        self.scope.push(text);
        let block = self.block(&class.body);
        self.scope.pop();
        self.class = outer_class;
        self.function = outer_function;
        self.module.functions[body as usize].body = block;
        Stmt::Class(id)
    }
}

fn covered(body: &[Syntax], whole: TextRange) -> Range {
    match (body.first(), body.last()) {
        (Some(first), Some(last)) => (first.range().start().to_u32(), last.range().end().to_u32()),
        _ => span(whole),
    }
}
