//! A sign-in before a view.

use std::ops::Range;

use keytrail_model::{Access, Severity};
use ruff_python_ast::{AnyNodeRef, Expr, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::Remedy;
use crate::case::{Case, Draft};
use crate::python::Module;
use crate::{Change, Piece, Why};

pub(crate) struct SignIn;

const PERMISSIONS: &str = "rest_framework.permissions";

impl Remedy for SignIn {
    fn name(&self) -> &'static str {
        "sign-in"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["open-endpoint", "open-write"]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["sign-in"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let asked = self.rules().contains(&case.finding.rule);
        let on_path = || {
            case.finding
                .edits
                .iter()
                .find(|edit| edit.id.starts_with("sign-in:"))
        };
        let place = if asked {
            case.at().clone()
        } else {
            on_path().ok_or(Why::NoRemedy)?.location.clone()
        };
        let mut routes = case.facts.routes().filter(|route| {
            route.view_location == place
                || route
                    .access_evidence
                    .iter()
                    .any(|step| step.location == place)
        });
        if routes.any(|route| route.csrf_exempt.is_some()) {
            return Err(Why::Shape(
                "CSRF protection is off, so machines call it: let it check a signature or a token",
            ));
        }
        let mut routes = case
            .facts
            .routes()
            .filter(|route| route.view_location == place);
        let meant_for_strangers =
            case.finding.rule == "open-write" && case.finding.severity < Severity::Medium;
        if meant_for_strangers || routes.any(|route| route.access != Access::Anonymous) {
            return Err(Why::Shape("strangers may be meant to write here"));
        }
        let module = case.files.module(&place.span().path)?;
        if !module.imports_from(&["django", "rest_framework"]) {
            return Err(Why::Shape("the view is none of Django's"));
        }
        let node = module
            .covering(place.span())
            .ok_or(Why::Shape("the place is gone"))?;
        let mut class = None;
        let mut function = None;
        for node in node.ancestors() {
            match node {
                AnyNodeRef::StmtFunctionDef(it) if function.is_none() => function = Some(it),
                AnyNodeRef::StmtClassDef(it) => {
                    class = Some(it);
                    break;
                }
                _ => {}
            }
        }
        let pieces = |pieces: Vec<Piece>| case.change(&place, pieces);
        let draft = match (class, function) {
            (Some(class), _) => of_class(&module, class, pieces)?,
            (None, Some(function)) => of_function(&module, function, pieces)?,
            (None, None) => return Err(Why::Shape("access is not decided at the view")),
        };
        let draft = draft
            .title("Ask for a sign-in")
            .changes("callers without a sign-in are refused or sent to the sign-in page");
        Ok(vec![case.making(draft, "sign-in", &place).done()])
    }
}

fn of_function(
    module: &Module,
    function: &StmtFunctionDef,
    change: impl Fn(Vec<Piece>) -> Draft,
) -> Result<Draft, Why> {
    let decorators = &function.decorator_list;
    let named = |name: &str| {
        decorators.iter().find(|it| {
            let expr = match &it.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            last_name(expr) == Some(name)
        })
    };
    if let Some(permissions) = named("permission_classes") {
        let Expr::Call(call) = &permissions.expression else {
            return Err(Why::Shape("the permission is decided in a way of its own"));
        };
        let list = call.arguments.args.first();
        return replaced(
            list.ok_or(Why::Shape("the permission is decided in a way of its own"))?,
            &change,
        );
    }
    let first = decorators.first().map_or(function.start(), Ranged::start);
    if let Some(view) = named("api_view") {
        let at = module.text.next_line(view.end().to_usize() - 1);
        let indent = module.text.indent(view.start().to_usize());
        let line = format!("{indent}@permission_classes([IsAuthenticated])\n");
        return Ok(change(vec![Piece::new(at..at, line)])
            .import("rest_framework.decorators", Some("permission_classes"))
            .import(PERMISSIONS, Some("IsAuthenticated")));
    }
    // Outermost, so that no cache answers before it.
    let at = first.to_usize();
    if !module.text.begins_line(at) {
        return Err(Why::Shape("the view shares its line"));
    }
    let indent = module.text.indent(at);
    let line = format!("@login_required\n{indent}");
    Ok(change(vec![Piece::new(at..at, line)])
        .import("django.contrib.auth.decorators", Some("login_required")))
}

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(it) => Some(it.id.as_str()),
        Expr::Attribute(it) => Some(it.attr.as_str()),
        _ => None,
    }
}

fn of_class(
    module: &Module,
    class: &StmtClassDef,
    change: impl Fn(Vec<Piece>) -> Draft,
) -> Result<Draft, Why> {
    let own = class.body.iter().find_map(|statement| match statement {
        Stmt::Assign(it)
            if it
                .targets
                .iter()
                .any(|target| last_name(target) == Some("permission_classes")) =>
        {
            Some(&*it.value)
        }
        _ => None,
    });
    if let Some(list) = own {
        return replaced(list, &change);
    }
    let bases: Vec<&str> = class
        .arguments
        .iter()
        .flat_map(|it| &it.args)
        .filter_map(last_name)
        .collect();
    let of_drf = bases
        .iter()
        .any(|name| name.contains("API") || name.contains("ViewSet"));
    if of_drf {
        let (first, method) = body_start(class).ok_or(Why::Shape("the view has no body"))?;
        if !module.text.begins_line(first) {
            return Err(Why::Shape("the view shares its line"));
        }
        let indent = module.text.indent(first);
        let gap = if method { "\n" } else { "" };
        let line = format!("permission_classes = [IsAuthenticated]\n{gap}{indent}");
        return Ok(change(vec![Piece::new(first..first, line)])
            .import(PERMISSIONS, Some("IsAuthenticated")));
    }
    let of_django = bases.iter().any(|name| name.ends_with("View"));
    match class.arguments.as_ref().and_then(|it| it.args.first()) {
        Some(first) if of_django => {
            let at = first.start().to_usize();
            Ok(change(vec![Piece::new(at..at, "LoginRequiredMixin, ")])
                .import("django.contrib.auth.mixins", Some("LoginRequiredMixin")))
        }
        _ => Err(Why::Shape(
            "what kind of view it is can't be told from its bases",
        )),
    }
}

/// Where the first statement begins that is no docstring, and whether it is a method.
fn body_start(class: &StmtClassDef) -> Option<(usize, bool)> {
    let docstring =
        |it: &&Stmt| matches!(it, Stmt::Expr(expr) if expr.value.is_string_literal_expr());
    let first = class.body.iter().find(|it| !docstring(it))?;
    let decorated = match first {
        Stmt::FunctionDef(it) => it.decorator_list.first().map(Ranged::start),
        _ => None,
    };
    let start = decorated.unwrap_or(first.start()).to_usize();
    Some((start, first.is_function_def_stmt()))
}

/// `[AllowAny]` or an empty list becomes `[IsAuthenticated]`.
fn replaced(list: &Expr, change: &impl Fn(Vec<Piece>) -> Draft) -> Result<Draft, Why> {
    let shape = Why::Shape("the permission is decided in a way of its own");
    let elements = match list {
        Expr::List(it) => &it.elts,
        Expr::Tuple(it) => &it.elts,
        _ => return Err(shape),
    };
    let whole = list.start().to_usize()..list.end().to_usize();
    match elements.as_slice() {
        [] => Ok(change(vec![Piece::new(whole, "[IsAuthenticated]")])
            .import(PERMISSIONS, Some("IsAuthenticated"))),
        [Expr::Name(it)] if it.id.as_str() == "AllowAny" => {
            Ok(change(vec![Piece::new(range(it), "IsAuthenticated")])
                .import(PERMISSIONS, Some("IsAuthenticated")))
        }
        [Expr::Attribute(it)] if it.attr.as_str() == "AllowAny" => {
            Ok(change(vec![Piece::new(range(&it.attr), "IsAuthenticated")]))
        }
        _ => Err(shape),
    }
}

fn range(node: &impl Ranged) -> Range<usize> {
    node.start().to_usize()..node.end().to_usize()
}
