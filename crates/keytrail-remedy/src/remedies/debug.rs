//! DEBUG off, or from a real boolean.

use keytrail_model::SettingValue;
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

use super::{Remedy, settings};
use crate::case::Case;
use crate::python::{Module, keyword};
use crate::{Change, Piece, Why};

pub(crate) struct DebugSwitch;

/// What a variable says when it means yes.
const TRUE: &str = "(\"1\", \"true\", \"yes\", \"on\")";

impl Remedy for DebugSwitch {
    fn name(&self) -> &'static str {
        "debug-switch"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["debug-page-open"]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["debug"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let setting = settings::setting(case, "DEBUG")?;
        let module = settings::module_of(case, setting)?;
        let (value, range) = settings::value(&module, setting)?;
        let place = &setting.location;
        let draft = |text: String| {
            let draft = case.change(place, vec![Piece::new(range.clone(), text)]);
            case.making(draft, "debug", place)
        };
        if let SettingValue::FromEnvironment { parsed: false, .. } = &setting.value {
            let text = as_boolean(&module, value)?;
            let title = "Read DEBUG as a boolean: a text is true whatever it says";
            return Ok(vec![draft(text).title(title).done()]);
        }
        if let SettingValue::FromEnvironment { .. } = &setting.value {
            let text = off_by_default(&module, value)?;
            let draft = draft(text)
                .title("Leave DEBUG off where the environment says nothing")
                .changes("who needs DEBUG has to set the variable");
            return Ok(vec![draft.done()]);
        }
        if !matches!(
            value,
            Expr::BooleanLiteral(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_)
        ) {
            return Err(Why::Shape("DEBUG is computed"));
        }
        let change = if settings::is_named_for_deployment(setting) {
            draft("False".to_owned())
                .title("Switch DEBUG off")
                .changes(format!(
                    "`{}` shows no details of errors any more",
                    setting.module
                ))
        } else {
            draft(module.quotes(&format!(
                "os.environ.get(\"DEBUG\", \"\").lower() in {TRUE}"
            )))
            .import("os", None)
            .title("Leave DEBUG off unless the environment asks for it")
            .changes("set DEBUG=1 on developers' machines")
        };
        Ok(vec![change.done()])
    }
}

/// The call that reads the variable, out of a `bool(…)` that means nothing.
fn reading(value: &Expr) -> Result<&Expr, Why> {
    match value {
        Expr::Call(call) if is_name(&call.func, "bool") => call.arguments.args.first(),
        other => Some(other),
    }
    .ok_or(Why::Shape("DEBUG is computed"))
}

fn is_name(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Name(it) if it.id.as_str() == name)
}

fn as_boolean(module: &Module, value: &Expr) -> Result<String, Why> {
    let value = reading(value)?;
    let source = module.source(value);
    match value {
        // `os.environ["DEBUG"]`
        Expr::Subscript(_) => Ok(format!("{source}.lower() in {}", module.quotes(TRUE))),
        Expr::Call(call) => match (call.arguments.args.len(), keyword(call, "default")) {
            _ if is_reader_of_text(&call.func) => match call.arguments.args.get(1) {
                None if keyword(call, "default").is_none() => {
                    let name = module.source(
                        call.arguments
                            .args
                            .first()
                            .ok_or(Why::Shape("DEBUG is computed"))?,
                    );
                    Ok(format!(
                        "{}({name}, {}",
                        module.source(&*call.func),
                        module.quotes(&format!("\"\").lower() in {TRUE}"))
                    ))
                }
                Some(Expr::StringLiteral(_)) => {
                    Ok(format!("{source}.lower() in {}", module.quotes(TRUE)))
                }
                Some(default) => {
                    let on = matches!(default, Expr::BooleanLiteral(it) if it.value);
                    let default = if on { "\"1\"" } else { "\"\"" };
                    Ok(with_default(module, call, default)
                        + &format!(".lower() in {}", module.quotes(TRUE)))
                }
                None => Err(Why::Shape("DEBUG is read in a way of its own")),
            },
            _ => Err(Why::Shape("DEBUG is read in a way of its own")),
        },
        _ => Err(Why::Shape("DEBUG is computed")),
    }
}

/// `os.environ.get`, `os.getenv`, `environ.get`, `getenv`.
fn is_reader_of_text(function: &Expr) -> bool {
    match function {
        Expr::Name(it) => it.id.as_str() == "getenv",
        Expr::Attribute(it) => match it.attr.as_str() {
            "getenv" => is_name(&it.value, "os"),
            "get" => {
                is_name(&it.value, "environ")
                    || matches!(&*it.value, Expr::Attribute(inner) if inner.attr.as_str() == "environ" && is_name(&inner.value, "os"))
            }
            _ => false,
        },
        _ => false,
    }
}

/// The call with another default behind its name.
fn with_default(module: &Module, call: &ExprCall, default: &str) -> String {
    let name = call
        .arguments
        .args
        .first()
        .map_or("", |name| module.source(name));
    format!("{}({name}, {default})", module.source(&*call.func))
}

/// The same reader with `False` where it says `True`.
fn off_by_default(module: &Module, value: &Expr) -> Result<String, Why> {
    let shape = Why::Shape("the default of DEBUG is computed");
    let Expr::Call(call) = value else {
        return comparison(module, value).ok_or(shape);
    };
    let default = keyword(call, "default")
        .map(|keyword| &keyword.value)
        .or_else(|| call.arguments.args.get(1))
        .ok_or(shape.clone())?;
    let off = match default {
        Expr::BooleanLiteral(_) => "False",
        Expr::StringLiteral(_) => "\"False\"",
        Expr::NumberLiteral(_) => "0",
        _ => return Err(shape),
    };
    let (start, end) = (value.start().to_usize(), value.end().to_usize());
    let before = module.text.slice(start..default.start().to_usize());
    let after = module.text.slice(default.end().to_usize()..end);
    Ok(format!("{before}{off}{after}"))
}

/// `os.environ.get("DEBUG", "True") == "True"`: the default goes.
fn comparison(module: &Module, value: &Expr) -> Option<String> {
    let Expr::Compare(compare) = value else {
        return None;
    };
    let mut inner = &*compare.left;
    // `….lower() == "true"`
    while let Expr::Call(call) = inner {
        match &*call.func {
            Expr::Attribute(it) if call.arguments.is_empty() => inner = &it.value,
            _ => break,
        }
    }
    let Expr::Call(call) = inner else { return None };
    let default = call
        .arguments
        .args
        .get(1)
        .filter(|it| it.is_string_literal_expr())?;
    if !is_reader_of_text(&call.func) {
        return None;
    }
    let (start, end) = (value.start().to_usize(), value.end().to_usize());
    let before = module.text.slice(start..default.start().to_usize());
    let after = module.text.slice(default.end().to_usize()..end);
    Some(format!("{before}\"\"{after}"))
}
