//! Lists of the fields that a caller may name or set.

use std::collections::BTreeSet;

use keytrail_model::{Flow, Operation, RequestPart, Sink, Source, names_a_secret};
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr};
use ruff_python_ast::{
    AnyNodeRef, ArgOrKeyword, Expr, ExprFString, FStringPart, InterpolatedStringElement,
};
use ruff_text_size::Ranged;

use super::Remedy;
use super::vault::Scope;
use crate::case::Case;
use crate::python::{Module, add_keywords, keyword};
use crate::{Change, Piece, Why};

/// Calls on the table of the finding.
fn on_table<'c>(case: &Case<'c>) -> Vec<&'c Operation> {
    let names: BTreeSet<&str> = case
        .facts
        .operations_at(case.at())
        .iter()
        .flat_map(|operation| &operation.table.names)
        .map(String::as_str)
        .collect();
    let all = case.facts.operations();
    all.filter(|other| {
        other
            .table
            .names
            .iter()
            .any(|name| names.contains(name.as_str()))
    })
    .collect()
}

fn is_plain(attribute: &str) -> bool {
    !attribute.is_empty()
        && attribute
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !names_a_secret(attribute)
}

pub(crate) struct NamedFields;

impl Remedy for NamedFields {
    fn name(&self) -> &'static str {
        "named-fields"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["request-body-stored"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let fields = settable(case);
        if fields.is_empty() {
            return Err(Why::Shape(
                "which fields callers may set is for a person to say",
            ));
        }
        let flows = case.facts.flows_at(case.at());
        let whole =
            |flow: &&&Flow| matches!(&flow.source, Source::Request(_, field) if field.is_empty());
        let flow = flows
            .iter()
            .find(whole)
            .ok_or(Why::Shape("the body is not stored here"))?;
        for step in flow.steps.iter().rev() {
            let place = &step.location;
            if !place.span().path.ends_with(".py") {
                continue;
            }
            let module = case.files.module(&place.span().path)?;
            let Ok(call) = module.call(place.span()) else {
                continue;
            };
            let scope = Scope::round(&module, call.start().to_usize());
            let arguments = call.arguments.iter_source_order().map(|it| match it {
                ArgOrKeyword::Arg(it) => it,
                ArgOrKeyword::Keyword(it) => &it.value,
            });
            let Some(name) = arguments.into_iter().find_map(|it| spread(it, &scope)) else {
                continue;
            };
            let source = module.source(name);
            let text = format!(
                "{{name: {source}[name] for name in {} if name in {source}}}",
                tuple(&fields)
            );
            let range = name.start().to_usize()..name.end().to_usize();
            let draft = case
                .change(place, vec![Piece::new(range, module.quotes(&text))])
                .title("Take over the fields that callers may set elsewhere too, and no others")
                .changes("other fields of the body are left out: look through the list");
            return Ok(vec![draft.done()]);
        }
        Err(Why::Shape("the body is not merged by a dictionary"))
    }
}

/// What callers set one by one elsewhere, but for the key of the table.
fn settable(case: &Case<'_>) -> BTreeSet<String> {
    let on_table = on_table(case);
    let keys: BTreeSet<&str> = on_table
        .iter()
        .flat_map(|operation| &operation.table.names)
        .flat_map(|name| case.facts.tables_named(name))
        .flat_map(|table| &table.keys)
        .map(|key| key.attribute.as_str())
        .chain(on_table.iter().flat_map(|operation| {
            let bound = operation.keys.iter().filter(|_| operation.index.is_none());
            bound.filter_map(|bound| bound.attribute.as_deref())
        }))
        .collect();
    case.facts
        .flows()
        .filter_map(|flow| match (&flow.source, &flow.sink) {
            (Source::Request(RequestPart::Body | RequestPart::Any, field), Sink::Store(at, to))
                if field.rsplit('.').next() == Some(to.as_str())
                    && on_table.iter().any(|operation| operation.location == *at) =>
            {
                Some(to)
            }
            _ => None,
        })
        .filter(|name| is_plain(name) && !keys.contains(name.as_str()))
        .cloned()
        .collect()
}

/// `**changes` in a dictionary, where nothing in the function makes `changes`.
fn spread<'m>(expr: &'m Expr, scope: &Scope<'m>) -> Option<&'m Expr> {
    let dict = match expr {
        Expr::Dict(it) => it,
        Expr::Name(it) => scope
            .values(it.id.as_str())
            .iter()
            .find_map(|value| match value {
                Expr::Dict(it) => Some(it),
                _ => None,
            })?,
        _ => return None,
    };
    let given = dict.items.iter().filter(|item| item.key.is_none()).filter(
        |item| matches!(&item.value, Expr::Name(it) if scope.values(it.id.as_str()).is_empty()),
    );
    let given: Vec<&Expr> = given.map(|item| &item.value).collect();
    match given.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

pub(crate) struct Placeholder;

impl Remedy for Placeholder {
    fn name(&self) -> &'static str {
        "placeholder"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["caller-shapes-expression"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let module = case.module()?;
        let call = module.call(case.at().span())?;
        let texts = [
            "FilterExpression",
            "ProjectionExpression",
            "ConditionExpression",
        ];
        let shape =
            Why::Shape("what the caller sends is no single name in an expression of this call");
        let mut found = texts
            .iter()
            .filter_map(|name| match &keyword(call, name)?.value {
                Expr::FString(it) => Some(it),
                _ => None,
            });
        let (Some(text), None) = (found.next(), found.next()) else {
            return Err(shape);
        };
        if keyword(call, "ExpressionAttributeNames").is_some() {
            return Err(shape);
        }
        let (hole, name) = only_hole(&module, text).ok_or(shape.clone())?;
        let fields = nameable(case);
        if fields.is_empty() {
            return Err(Why::Shape(
                "which attributes callers may name is for a person to say",
            ));
        }
        let start = text.start().to_usize();
        let mut pieces = add_keywords(
            &module,
            call,
            &[module.quotes(&format!("ExpressionAttributeNames={{\"#{name}\": {name}}}"))],
        )?;
        pieces.push(Piece::new(start..start + 1, ""));
        pieces.push(Piece::new(hole, format!("#{name}")));
        pieces.push(check(&module, call.start().to_usize(), &name, &fields).ok_or(shape)?);
        let draft = case
            .change(case.at(), pieces)
            .title("Name the attribute by a placeholder, and only one of a list")
            .changes("another name raises ValueError: look through the list");
        Ok(vec![draft.done()])
    }
}

/// The one name that a text takes in.
fn only_hole(module: &Module, text: &ExprFString) -> Option<(std::ops::Range<usize>, String)> {
    let parts = &text.value;
    let mut holes = parts.iter().flat_map(|part| match part {
        FStringPart::FString(part) => part.elements.iter().collect::<Vec<_>>(),
        FStringPart::Literal(_) => Vec::new(),
    });
    let hole = holes.find_map(|element| match element {
        InterpolatedStringElement::Interpolation(it) => Some(it),
        InterpolatedStringElement::Literal(_) => None,
    })?;
    let more = holes.any(|it| matches!(it, InterpolatedStringElement::Interpolation(_)));
    let Expr::Name(name) = &*hole.expression else {
        return None;
    };
    let source = module.source(text);
    let plain = source.starts_with("f\"") || source.starts_with("f'");
    let braces = source.contains("{{") || source.contains("}}");
    (!more && plain && !braces && parts.iter().count() == 1).then(|| {
        (
            hole.start().to_usize()..hole.end().to_usize(),
            name.id.to_string(),
        )
    })
}

/// `if field not in (…): raise ValueError(…)`, before the statement that holds `at`.
fn check(module: &Module, at: usize, name: &str, fields: &BTreeSet<String>) -> Option<Piece> {
    let node = module.covering_range(at..at)?;
    let statement = node.ancestors().find(|node| node.is_statement())?;
    let statement = match statement {
        AnyNodeRef::StmtFunctionDef(_) | AnyNodeRef::StmtClassDef(_) => return None,
        other => other.start().to_usize(),
    };
    if !module.text.begins_line(statement) {
        return None;
    }
    let indent = module.text.indent(statement);
    let inner = module.text.deeper(statement, 4);
    let start = module.text.line_start(statement);
    let line = format!("{indent}if {name} not in {}:\n", tuple(fields));
    let line = if line.chars().count() <= 89 {
        line
    } else {
        let fields: Vec<String> = fields
            .iter()
            .map(|it| format!("{inner}\"{it}\",\n"))
            .collect();
        format!(
            "{indent}if {name} not in (\n{}{indent}):\n",
            fields.concat()
        )
    };
    let text = format!("{line}{inner}raise ValueError(\"no such field\")\n");
    Some(Piece::new(start..start, module.quotes(&text)))
}

/// Attributes that the code names and that hold no keys.
fn nameable(case: &Case<'_>) -> BTreeSet<String> {
    let all: BTreeSet<&str> = on_table(case)
        .iter()
        .flat_map(|operation| {
            let bound = operation
                .keys
                .iter()
                .filter_map(|bound| bound.attribute.as_deref());
            operation.writes.iter().map(String::as_str).chain(bound)
        })
        .collect();
    let holds_more = |name: &str| {
        all.iter().any(|other| {
            other
                .strip_prefix(name)
                .is_some_and(|it| it.starts_with('.'))
        })
    };
    let seen = all
        .iter()
        .filter(|name| is_plain(name) && !holds_more(name));
    seen.map(|name| (*name).to_owned()).collect()
}

fn tuple(fields: &BTreeSet<String>) -> String {
    let quoted: Vec<String> = fields.iter().map(|name| format!("\"{name}\"")).collect();
    match quoted.as_slice() {
        [one] => format!("({one},)"),
        all => format!("({})", all.join(", ")),
    }
}

pub(crate) struct KeyInHeader;

impl Remedy for KeyInHeader {
    fn name(&self) -> &'static str {
        "key-in-header"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["key-in-url"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let module = case.module()?;
        let call = module.call(case.at().span())?;
        let shape = Why::Shape("the key is not the last parameter of an address in this call");
        if keyword(call, "headers").is_some() {
            return Err(shape);
        }
        let scope = Scope::round(&module, call.start().to_usize());
        let mut urls = Urls::default();
        for argument in &call.arguments.args {
            urls.visit_expr(argument);
            if let Expr::Name(it) = argument {
                scope
                    .values(it.id.as_str())
                    .iter()
                    .for_each(|value| urls.visit_expr(value));
            }
        }
        let found: Vec<(std::ops::Range<usize>, String)> = urls
            .texts
            .iter()
            .filter_map(|text| last_parameter(&module, text))
            .collect();
        let [(range, key)] = found.as_slice() else {
            return Err(shape);
        };
        if key.contains('"') {
            return Err(shape);
        }
        let header = format!("headers={{\"Authorization\": f\"Bearer {{{key}}}\"}}");
        let close = call.arguments.end().to_usize() - 1;
        let source = module.text.slice(call.start().to_usize()..close);
        // Laid out anew, the call would take the address with it.
        let inside = range.start > call.start().to_usize() && !source.contains('\n');
        let mut pieces = if inside && !source.trim_end().ends_with(',') {
            vec![Piece::new(close..close, format!(", {header}"))]
        } else {
            add_keywords(&module, call, &[header])?
        };
        pieces.extend(plain(&module, &urls.texts, range));
        pieces.push(Piece::new(range.clone(), ""));
        let draft = case
            .change(case.at(), pieces)
            .title("Send the key in a header in place of the address")
            .changes("the other side has to take the key from Authorization: Bearer");
        Ok(vec![draft.done()])
    }
}

/// The `f` before a text that takes in nothing else.
fn plain(
    module: &Module,
    texts: &[&ExprFString],
    parameter: &std::ops::Range<usize>,
) -> Option<Piece> {
    let text = texts
        .iter()
        .find(|text| (text.start().to_usize()..text.end().to_usize()).contains(&parameter.start))?;
    let holes = text.value.iter().map(|part| match part {
        FStringPart::FString(part) => part.elements.interpolations().count(),
        FStringPart::Literal(_) => 0,
    });
    let start = text.start().to_usize();
    let alone = holes.sum::<usize>() == 1 && module.source(*text).starts_with('f');
    alone.then(|| Piece::new(start..start + 1, ""))
}

#[derive(Default)]
struct Urls<'m> {
    texts: Vec<&'m ExprFString>,
}

impl<'m> SourceOrderVisitor<'m> for Urls<'m> {
    fn visit_expr(&mut self, expr: &'m Expr) {
        if let Expr::FString(it) = expr {
            self.texts.push(it);
        }
        walk_expr(self, expr);
    }
}

/// `?api_key={key}` at the end of a text, where the name is a secret's: its range, and the key.
fn last_parameter(module: &Module, text: &ExprFString) -> Option<(std::ops::Range<usize>, String)> {
    let mut parts = text.value.iter();
    let (Some(FStringPart::FString(part)), None) = (parts.next(), parts.next()) else {
        return None;
    };
    let mut elements = part.elements.iter().rev();
    let InterpolatedStringElement::Interpolation(hole) = elements.next()? else {
        return None;
    };
    let InterpolatedStringElement::Literal(before) = elements.next()? else {
        return None;
    };
    let literal = module.source(before);
    let at = literal.rfind(['?', '&'])?;
    let name = literal[at + 1..].strip_suffix('=')?;
    let bare = !literal.contains(['\\', '{', '}'])
        && hole.conversion.is_none()
        && hole.format_spec.is_none();
    let range = before.start().to_usize() + at..hole.end().to_usize();
    (bare && names_a_secret(name)).then(|| (range, module.source(&*hole.expression).to_owned()))
}
