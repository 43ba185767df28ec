//! The AWS SDK below the level at which it logs what it sends.

use keytrail_model::Location;
use ruff_python_ast::{Expr, ExprCall, Stmt};
use ruff_text_size::Ranged;

use super::Remedy;
use crate::case::Case;
use crate::python::{Module, add_keywords, keyword};
use crate::{Change, Piece, Why};

pub(crate) struct SdkLogLevel;

impl Remedy for SdkLogLevel {
    fn name(&self) -> &'static str {
        "sdk-log-level"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["sdk-debug-log"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let module = case.module()?;
        let (pieces, imports) = if let Location::Setting { name, span } = case.at() {
            let pieces = match module.assigned(name, span.line) {
                Some((value, _)) => configuration(&module, value)?,
                None => part(&module, name, span.line)?,
            };
            (pieces, false)
        } else {
            lower(&module, module.call(case.at().span())?)?
        };
        let mut draft = case
            .change(case.at(), pieces)
            .title("Let the AWS SDK log no requests");
        if imports {
            draft = draft.import("logging", None);
        }
        Ok(vec![draft.done()])
    }
}

/// The levels of the SDK's loggers in a dictionary like `LOGGING`.
fn configuration(module: &Module, value: &Expr) -> Result<Vec<Piece>, Why> {
    let mut pieces = Vec::new();
    for loggers in entries(value).filter(|(key, _)| *key == "loggers") {
        for (_, logger) in entries(loggers.1).filter(|(name, _)| is_sdk(name)) {
            for (_, level) in entries(logger).filter(|(key, _)| *key == "level") {
                pieces.push(debug_to_info(module, level)?);
            }
        }
    }
    if pieces.is_empty() {
        return Err(Why::Shape("the level is set in another way"));
    }
    Ok(pieces)
}

/// `LOGGING["loggers"] = {…}` below the dictionary itself.
fn part(module: &Module, name: &str, line: u32) -> Result<Vec<Piece>, Why> {
    let other = Why::Shape("the level is set in another way");
    let value = module.body().iter().find_map(|statement| {
        let Stmt::Assign(it) = statement else {
            return None;
        };
        let [Expr::Subscript(target)] = it.targets.as_slice() else {
            return None;
        };
        let named = matches!(&*target.value, Expr::Name(it) if it.id.as_str() == name)
            && matches!(&*target.slice, Expr::StringLiteral(it) if it.value.to_str() == "loggers");
        let here = module.text.line(it.start().to_usize()) == line;
        (named && here).then_some(&*it.value)
    });
    let mut pieces = Vec::new();
    for (_, logger) in entries(value.ok_or(other.clone())?).filter(|(name, _)| is_sdk(name)) {
        for (_, level) in entries(logger).filter(|(key, _)| *key == "level") {
            pieces.push(debug_to_info(module, level)?);
        }
    }
    if pieces.is_empty() {
        return Err(other);
    }
    Ok(pieces)
}

/// The entries of a dictionary whose keys are texts.
fn entries(value: &Expr) -> impl Iterator<Item = (&str, &Expr)> {
    let items = match value {
        Expr::Dict(dict) => dict.items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(|item| match &item.key {
        Some(Expr::StringLiteral(key)) => Some((key.value.to_str(), &item.value)),
        _ => None,
    })
}

fn is_sdk(logger: &str) -> bool {
    let first = logger.split('.').next().unwrap_or(logger);
    matches!(first, "boto" | "boto3" | "botocore" | "aiobotocore")
}

/// The pieces, and whether they name `logging`.
fn lower(module: &Module, call: &ExprCall) -> Result<(Vec<Piece>, bool), Why> {
    let name = match &*call.func {
        Expr::Attribute(it) => it.attr.as_str(),
        Expr::Name(it) => it.id.as_str(),
        _ => "",
    };
    let args = &call.arguments.args;
    let level = match name {
        "set_stream_logger" => keyword(call, "level").map(|it| &it.value).or(args.get(1)),
        "setLevel" => args.first(),
        _ => return Err(Why::Shape("the level is set in another way")),
    };
    match level {
        Some(level) => debug_to_info(module, level).map(|piece| (vec![piece], false)),
        None if name == "set_stream_logger" && !args.is_empty() => {
            let pieces = add_keywords(module, call, &["level=logging.INFO".to_owned()])?;
            Ok((pieces, true))
        }
        None => Err(Why::Shape("the level is set in another way")),
    }
}

/// `logging.DEBUG`, `DEBUG` as a text, or its number.
fn debug_to_info(module: &Module, level: &Expr) -> Result<Piece, Why> {
    let range = level.start().to_usize()..level.end().to_usize();
    let source = module.source(level);
    match level {
        Expr::Attribute(it) if matches!(it.attr.as_str(), "DEBUG" | "NOTSET") => Ok(Piece::new(
            it.attr.start().to_usize()..it.attr.end().to_usize(),
            "INFO",
        )),
        Expr::StringLiteral(it) if it.value.to_str() == "DEBUG" => {
            Ok(Piece::new(range, source.replace("DEBUG", "INFO")))
        }
        Expr::NumberLiteral(_) => Ok(Piece::new(range, "20")),
        _ => Err(Why::Shape("the level is computed")),
    }
}
