//! Keys out of the source, into the environment.

use keytrail_model::{SettingValue, Severity};
use ruff_python_ast::{AnyNodeRef, Expr};
use ruff_text_size::Ranged;

use super::{Remedy, settings};
use crate::case::Case;
use crate::python::{keyword, remove_argument, remove_keyword};
use crate::{Change, Piece, Why};

pub(crate) struct FromEnvironment;

impl Remedy for FromEnvironment {
    fn name(&self) -> &'static str {
        "from-environment"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["hard-coded-key"]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["literal"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let span = case.at().span();
        if !span.path.ends_with(".py") {
            return Err(Why::Shape("the file is no Python module"));
        }
        if case.finding.severity < Severity::Medium {
            return Err(Why::Shape(
                "a key of tests or of development: replace it with one that opens nothing",
            ));
        }
        if case.finding.path.len() > 1
            && case
                .finding
                .path
                .iter()
                .any(|step| step.location != *case.at() && step.label.ends_with("in the file"))
        {
            return Err(Why::Shape("the key stands in several places of the file"));
        }
        let module = case.module()?;
        let node = module
            .covering(span)
            .ok_or(Why::Shape("the place is gone"))?;
        let mut above = node.ancestors();
        let literal = above.find_map(|node| match node {
            AnyNodeRef::ExprStringLiteral(it) => Some(it),
            _ => None,
        });
        let literal = literal.ok_or(Why::Shape("the key is no literal of its own"))?;
        let key = module
            .text
            .range(span)
            .map(|range| module.text.slice(range).to_owned());
        let text = literal.value.to_str();
        let in_url = text.contains("://") && !text.contains(char::is_whitespace);
        if key.as_deref() != Some(text) && !in_url {
            return Err(Why::Shape("the key is only a part of the text"));
        }
        let name = above.find_map(|node| name_of(node, literal.start()));
        let name = name.ok_or(Why::Shape("no name says what the key is for"))?;
        let variable = variable(&name, &span.path);
        let range = literal.start().to_usize()..literal.end().to_usize();
        let mut pieces = vec![Piece::new(range, case.store.expression(&module, &variable))];
        pieces.extend(case.store.helper(&module)?);
        let draft = case.change(case.at(), pieces);
        let to_do = case.store.to_do(&variable);
        let draft = case
            .store
            .imports(draft)
            .title(format!("Take the key from {}", case.store.place(&variable)))
            .changes(format!(
                "{to_do}; and rotate the key: this one stays in the history"
            ));
        let literal_edit = format!("literal:{}:{}", span.path, span.line);
        let mut change = draft.done();
        change.edits.extend(
            case.finding
                .edits
                .iter()
                .filter(|edit| edit.id == literal_edit)
                .map(|edit| edit.id.clone()),
        );
        Ok(vec![change])
    }
}

/// What the literal is assigned to.
fn name_of(node: AnyNodeRef<'_>, at: ruff_text_size::TextSize) -> Option<String> {
    let last = |expr: &Expr| match expr {
        Expr::Name(it) => Some(it.id.to_string()),
        Expr::Attribute(it) => Some(it.attr.to_string()),
        Expr::Subscript(it) => match &*it.slice {
            Expr::StringLiteral(field) => Some(field.value.to_str().to_owned()),
            _ => None,
        },
        _ => None,
    };
    match node {
        AnyNodeRef::StmtAssign(it) if it.value.start() == at => it.targets.first().and_then(last),
        AnyNodeRef::StmtAnnAssign(it) => last(&it.target),
        AnyNodeRef::Keyword(it) if it.value.start() == at => {
            it.arg.as_ref().map(ToString::to_string)
        }
        AnyNodeRef::ExprDict(it) => {
            let mut items = it.items.iter();
            let item = items.find(|item| item.value.start() == at)?;
            match &item.key {
                Some(Expr::StringLiteral(field)) => Some(field.value.to_str().to_owned()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `MAIL_API_KEY` for `API_KEY` in `shop/mail.py`; a name that says more stands alone.
fn variable(name: &str, path: &str) -> String {
    const PLAIN: [&str; 12] = [
        "API_KEY",
        "APIKEY",
        "KEY",
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "SECRET_KEY",
        "ACCESS_KEY",
        "AUTH_TOKEN",
        "ACCESS_TOKEN",
        "PRIVATE_KEY",
    ];
    let upper = |text: &str| -> String {
        let word = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        };
        text.chars().map(word).collect()
    };
    let own = upper(name).trim_matches('_').to_owned();
    // Django's own, of which each deployment has one.
    let of_django = own == "SECRET_KEY" && path.contains("settings");
    if of_django || !PLAIN.contains(&own.as_str()) {
        return own;
    }
    let file = path
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .trim_end_matches(".py");
    let stem = if file == "__init__" {
        path.rsplit('/').nth(1).unwrap_or("APP")
    } else {
        file
    };
    format!("{}_{own}", upper(stem))
}

pub(crate) struct OwnSecretKey;

impl Remedy for OwnSecretKey {
    fn name(&self) -> &'static str {
        "own-secret-key"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["default-secret-key"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let setting = settings::setting(case, "SECRET_KEY")?;
        let module = settings::module_of(case, setting)?;
        let (value, range) = settings::value(&module, setting)?;
        let note = "set SECRET_KEY to a long random text wherever this runs; sessions and reset links of today end";
        let change = |pieces| {
            case.change(&setting.location, pieces)
                .title("Take SECRET_KEY from the environment, and fail without it")
                .changes(note)
        };
        let plain = module.quotes("os.environ[\"SECRET_KEY\"]");
        if value.is_string_literal_expr() {
            return Ok(vec![
                change(vec![Piece::new(range, plain)])
                    .import("os", None)
                    .done(),
            ]);
        }
        let Expr::Call(call) = value else {
            return Err(Why::Shape("SECRET_KEY is computed"));
        };
        let SettingValue::FromEnvironment { name, .. } = &setting.value else {
            return Err(Why::Shape("SECRET_KEY is computed"));
        };
        let reader = module.source(&*call.func).to_owned();
        if matches!(
            reader.as_str(),
            "os.environ.get" | "os.getenv" | "environ.get" | "getenv"
        ) {
            let environ = match reader.as_str() {
                "environ.get" => "environ",
                "getenv" => return Err(Why::Shape("SECRET_KEY is read in a way of its own")),
                _ => "os.environ",
            };
            let text = module.quotes(&format!("{environ}[\"{name}\"]"));
            return Ok(vec![change(vec![Piece::new(range, text)]).done()]);
        }
        // `env("SECRET_KEY", default=…)`, `config("SECRET_KEY", default=…)`
        let piece = if keyword(call, "default").is_some() {
            remove_keyword(&module, call, "default")
        } else {
            let second = call
                .arguments
                .args
                .get(1)
                .filter(|it| it.is_string_literal_expr());
            second.and_then(|it| {
                remove_argument(&module, call, it.start().to_usize()..it.end().to_usize())
            })
        };
        let piece = piece.ok_or(Why::Shape("SECRET_KEY is read in a way of its own"))?;
        Ok(vec![change(vec![piece]).done()])
    }
}
