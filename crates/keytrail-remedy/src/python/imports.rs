//! Imports: each once, where a reader looks for it.

use std::collections::BTreeSet;

use ruff_python_ast::{Alias, Expr, Stmt};
use ruff_text_size::Ranged;

use super::Module;
use crate::{Import, Piece, Why};

/// The module that edits add to a project.
const OWN: &str = "key_vault";

/// Packages that are no project's own.
const OTHERS: &[&str] = &[
    "boto3",
    "botocore",
    "celery",
    "corsheaders",
    "dj_database_url",
    "django",
    "django_filters",
    "environ",
    "jwt",
    "pydantic",
    "pynamodb",
    "redis",
    "requests",
    "rest_framework",
    "sentry_sdk",
];

/// Modules of the standard library that edits need or stand beside.
const STANDARD: &[&str] = &[
    "__future__",
    "abc",
    "argparse",
    "ast",
    "asyncio",
    "base64",
    "calendar",
    "collections",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "email",
    "enum",
    "functools",
    "glob",
    "hashlib",
    "hmac",
    "html",
    "http",
    "importlib",
    "inspect",
    "io",
    "itertools",
    "json",
    "logging",
    "math",
    "mimetypes",
    "operator",
    "os",
    "pathlib",
    "pickle",
    "platform",
    "random",
    "re",
    "secrets",
    "shutil",
    "signal",
    "socket",
    "ssl",
    "string",
    "subprocess",
    "sys",
    "tempfile",
    "textwrap",
    "threading",
    "time",
    "traceback",
    "types",
    "typing",
    "unittest",
    "urllib",
    "uuid",
    "warnings",
    "zoneinfo",
];

/// What has to be put where, so that the module has these names.
pub(crate) fn add(module: &Module, wanted: &BTreeSet<Import>) -> Result<Vec<Piece>, Why> {
    let mut pieces: Vec<Piece> = Vec::new();
    for import in wanted {
        if is_there(module, import) {
            continue;
        }
        let name = import.name.unwrap_or(import.module);
        if binds(module.body(), name) {
            return Err(Why::Shape(
                "a name that the edit imports means something else in this file",
            ));
        }
        let piece = place(module, import)?;
        match pieces.iter_mut().find(|known| known.at == piece.at) {
            // Several that begin the file: one block.
            Some(known) if piece.text.ends_with("\n\n") && known.text.ends_with("\n\n") => {
                known.text.truncate(known.text.len() - 1);
                known.text.push_str(&piece.text);
            }
            Some(known) => match joined(&known.text, import) {
                Some(text) => known.text = text,
                None => known.text.push_str(&piece.text),
            },
            None => pieces.push(piece),
        }
    }
    Ok(pieces)
}

/// One more name for the statement that another import of the same module adds.
fn joined(text: &str, import: &Import) -> Option<String> {
    let name = import.name?;
    let start = format!("from {} import ", import.module);
    let at = text.rfind(&start)?;
    let end = at + text[at..].find('\n').unwrap_or(text.len() - at);
    Some(format!("{}, {name}{}", &text[..end], &text[end..]))
}

fn is_there(module: &Module, import: &Import) -> bool {
    module
        .body()
        .iter()
        .any(|statement| match (statement, import.name) {
            (Stmt::Import(it), None) => it
                .names
                .iter()
                .any(|alias| alias.name.as_str() == import.module && alias.asname.is_none()),
            (Stmt::ImportFrom(it), Some(name)) => {
                let from = it.level == 0
                    && it
                        .module
                        .as_ref()
                        .is_some_and(|it| it.as_str() == import.module);
                from && it
                    .names
                    .iter()
                    .any(|alias| bound(alias) == name && alias.name.as_str() == name)
            }
            _ => false,
        })
}

fn bound(alias: &Alias) -> &str {
    let whole = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
    whole.split('.').next().unwrap_or(whole)
}

/// True where a statement of the module gives `name` another meaning.
fn binds(body: &[Stmt], name: &str) -> bool {
    let target = |expr: &Expr| matches!(expr, Expr::Name(it) if it.id.as_str() == name);
    body.iter().any(|statement| match statement {
        Stmt::Import(it) => it
            .names
            .iter()
            .any(|alias| bound(alias) == name && alias.name.as_str() != name),
        Stmt::ImportFrom(it) => it.names.iter().any(|alias| bound(alias) == name),
        Stmt::FunctionDef(it) => it.name.as_str() == name,
        Stmt::ClassDef(it) => it.name.as_str() == name,
        Stmt::Assign(it) => it.targets.iter().any(target),
        Stmt::AnnAssign(it) => target(&it.target),
        _ => false,
    })
}

/// The first part of what a statement imports, where it is an import from the top.
fn package(statement: &Stmt) -> Option<&str> {
    let whole = match statement {
        Stmt::Import(it) => it.names.first()?.name.as_str(),
        Stmt::ImportFrom(it) if it.level == 0 => it.module.as_ref()?.as_str(),
        _ => return None,
    };
    whole.split('.').next()
}

fn is_future(statement: &Stmt) -> bool {
    package(statement) == Some("__future__")
}

fn is_import(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_))
}

/// The imports at the beginning, behind the docstring and `__future__`.
fn leading(module: &Module) -> (&[Stmt], Option<&Stmt>) {
    let body = module.body();
    let skipped = body
        .iter()
        .take_while(|it| {
            is_future(it) || matches!(it, Stmt::Expr(expr) if expr.value.is_string_literal_expr())
        })
        .count();
    let rest = &body[skipped..];
    let count = rest.iter().take_while(|it| is_import(it)).count();
    (&rest[..count], rest.first())
}

fn place(module: &Module, import: &Import) -> Result<Piece, Why> {
    let (imports, first) = leading(module);
    if let Some(piece) = import
        .name
        .and_then(|name| beside(module, imports, import.module, name))
    {
        return Ok(piece);
    }
    let line = match import.name {
        Some(name) => format!("from {} import {name}\n", import.module),
        None => format!("import {}\n", import.module),
    };
    if import.module == OWN
        && let Some(piece) = among_own(module, imports, import, &line)
    {
        return piece;
    }
    let root = import.module.split('.').next().unwrap_or(import.module);
    let standard = STANDARD.contains(&root);
    let group: Vec<&Stmt> = imports
        .iter()
        .filter(|it| package(it).is_some_and(|it| STANDARD.contains(&it) == standard))
        .collect();
    let before = group.iter().find(|it| sorts_after(it, import, root));
    match (before, group.last()) {
        (Some(before), _) => before_statement(module, before, line),
        (None, Some(last)) => after_statement(module, last, &line),
        (None, None) => match first {
            // A group of its own before all others.
            Some(first) if standard || imports.is_empty() => {
                before_statement(module, first, format!("{line}\n"))
            }
            Some(_) => {
                let last = imports
                    .last()
                    .ok_or(Why::Shape("the file has no imports"))?;
                after_statement(module, last, &format!("\n{line}"))
            }
            None => Err(Why::Shape("the file has no statement")),
        },
    }
}

/// Behind the packages of others: among the project's own where those have a block, else in a
/// block of its own. `None` where the file imports no package.
fn among_own(
    module: &Module,
    imports: &[Stmt],
    import: &Import,
    line: &str,
) -> Option<Result<Piece, Why>> {
    let packages: Vec<&Stmt> = imports
        .iter()
        .filter(|it| package(it).is_some_and(|it| !STANDARD.contains(&it)))
        .collect();
    let last = *packages.last()?;
    let mut block: Vec<&Stmt> = vec![last];
    for statement in packages.iter().rev().skip(1) {
        let next = block.last()?;
        let end = module.text.line(statement.end().to_usize());
        if module.text.line(next.start().to_usize()) > end + 1 {
            break;
        }
        block.push(statement);
    }
    block.reverse();
    let of_others = |it: &&Stmt| package(it).is_some_and(|it| OTHERS.contains(&it));
    if block.iter().any(of_others) {
        return Some(after_statement(module, last, &format!("\n{line}")));
    }
    let before = block.iter().find(|it| sorts_after(it, import, OWN));
    Some(match before {
        Some(before) => before_statement(module, before, line.to_owned()),
        None => after_statement(module, last, line),
    })
}

/// As isort does it: `import x` before `from x import y`, each by name.
fn sorts_after(statement: &Stmt, import: &Import, root: &str) -> bool {
    let name = match statement {
        Stmt::Import(it) => it.names.first().map(|alias| alias.name.as_str()),
        Stmt::ImportFrom(it) => it.module.as_ref().map(ruff_python_ast::Identifier::as_str),
        _ => None,
    };
    let Some(name) = name else { return false };
    match (statement, import.name) {
        (Stmt::ImportFrom(_), None) => true,
        (Stmt::Import(_), None) => name > import.module,
        (Stmt::ImportFrom(_), Some(_)) => {
            name > import.module && name.split('.').next() >= Some(root)
        }
        _ => false,
    }
}

/// One more name in a statement that takes others from the same module.
fn beside(module: &Module, imports: &[Stmt], from: &str, name: &str) -> Option<Piece> {
    let statement = imports.iter().find_map(|statement| match statement {
        Stmt::ImportFrom(it)
            if it.level == 0 && it.module.as_ref().is_some_and(|it| it.as_str() == from) =>
        {
            Some(it)
        }
        _ => None,
    })?;
    let text = &module.text;
    let end = statement.end().to_usize();
    let names: Vec<&str> = statement
        .names
        .iter()
        .map(|alias| alias.name.as_str())
        .collect();
    if names.contains(&"*") {
        return None;
    }
    let next = names
        .is_sorted()
        .then(|| {
            statement
                .names
                .iter()
                .find(|alias| alias.name.as_str() > name)
        })
        .flatten();
    let own_line = |at: usize| text.begins_line(at);
    if let Some(next) = next {
        let at = next.start().to_usize();
        let more = if own_line(at) {
            format!("{name},\n{}", text.indent(at))
        } else {
            format!("{name}, ")
        };
        return Some(Piece::new(at..at, more));
    }
    let last = statement.names.last()?;
    let at = last.end().to_usize();
    if text.slice(at..end).contains('#') {
        return None;
    }
    let more = if own_line(last.start().to_usize()) {
        format!(",\n{}{name}", text.indent(at))
    } else {
        format!(", {name}")
    };
    Some(Piece::new(at..at, more))
}

fn before_statement(module: &Module, statement: &Stmt, line: String) -> Result<Piece, Why> {
    let at = statement.start().to_usize();
    if module.text.line_start(at) != at {
        return Err(Why::Shape(
            "statements share a line where the import belongs",
        ));
    }
    Ok(Piece::new(at..at, line))
}

fn after_statement(module: &Module, statement: &Stmt, line: &str) -> Result<Piece, Why> {
    let text = &module.text;
    let end = statement.end().to_usize();
    let next = text.next_line(end);
    let rest = text.slice(end..next).trim();
    if !(rest.is_empty() || rest.starts_with('#')) {
        return Err(Why::Shape(
            "statements share a line where the import belongs",
        ));
    }
    let ended = text.slice(end..next).ends_with(['\n', '\r']);
    let line = if ended {
        line.to_owned()
    } else {
        format!("\n{}", line.trim_end())
    };
    Ok(Piece::new(next..next, line))
}
