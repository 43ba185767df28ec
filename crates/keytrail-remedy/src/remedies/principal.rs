//! Everybody becomes the account itself in a policy of a resource.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, Object, ObjectKey};

use super::Remedy;
use crate::case::Case;
use crate::hcl::Terraform;
use crate::{Change, Piece, Why};

pub(crate) struct OwnAccount;

impl Remedy for OwnAccount {
    fn name(&self) -> &'static str {
        "own-account"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["outside-reader"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let span = case.at().span();
        if !span.path.ends_with(".tf") {
            return Err(Why::Shape("the policy is not written in Terraform"));
        }
        let file = Terraform::parse(case.files.text(&span.path)?)?;
        let line = |range: &Range<usize>| file.text.line(range.start);
        let block = file
            .blocks()
            .filter(|block| block.span().is_some_and(|it| line(&it) <= span.line))
            .last()
            .ok_or(Why::Broken)?;
        let mut open: Vec<Range<usize>> = Vec::new();
        for attribute in block.body.attributes() {
            everybody(&attribute.value, 0, &mut open);
        }
        if open.is_empty() {
            return Err(Why::Shape(
                "which accounts are meant is for a person to say",
            ));
        }
        let directory = span
            .path
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory);
        let known = case
            .files
            .paths_in(directory, ".tf")
            .into_iter()
            .find_map(|path| {
                let file = Terraform::parse(case.files.text(&path).ok()?).ok()?;
                file.data("aws_caller_identity")
            });
        let name = known.clone().unwrap_or_else(|| "current".to_owned());
        let own = format!(
            "{{ AWS = \"arn:aws:iam::${{data.aws_caller_identity.{name}.account_id}}:root\" }}"
        );
        let mut pieces: Vec<Piece> = open
            .into_iter()
            .map(|range| Piece::new(range, own.clone()))
            .collect();
        if known.is_none() {
            pieces.push(file.behind_all("data \"aws_caller_identity\" \"current\" {}\n"));
        }
        let draft = case
            .change(case.at(), pieces)
            .title("Let in this account only")
            .changes("nobody outside of the account is let in any more: name those that are meant");
        Ok(vec![draft.done()])
    }
}

/// The ranges of `"*"` as a principal that is allowed something without a condition.
fn everybody(value: &Expression, depth: usize, out: &mut Vec<Range<usize>>) {
    if depth > 12 {
        return;
    }
    match value {
        Expression::FuncCall(call) => call
            .args
            .iter()
            .for_each(|it| everybody(it, depth + 1, out)),
        Expression::Array(array) => array.iter().for_each(|it| everybody(it, depth + 1, out)),
        Expression::Parenthesis(it) => everybody(it.inner(), depth + 1, out),
        Expression::Object(object) => {
            let allows = object.iter().any(|(key, value)| {
                is_key(key, "Effect")
                    && matches!(value.expr(), Expression::String(it) if it.as_str() == "Allow")
            });
            let bound = object.iter().any(|(key, _)| is_key(key, "Condition"));
            for (key, value) in object {
                if !is_key(key, "Principal") {
                    everybody(value.expr(), depth + 1, out);
                } else if allows && !bound && is_all(value.expr()) {
                    out.extend(value.expr().span());
                }
            }
        }
        _ => {}
    }
}

fn is_key(key: &ObjectKey, name: &str) -> bool {
    match key {
        ObjectKey::Expression(Expression::String(it)) => it.as_str() == name,
        ObjectKey::Ident(it) | ObjectKey::Expression(Expression::Variable(it)) => {
            it.as_str() == name
        }
        ObjectKey::Expression(_) => false,
    }
}

fn is_all(value: &Expression) -> bool {
    let aws = |object: &Object| {
        let mut entries = object.iter();
        let only = entries
            .next()
            .is_some_and(|(key, value)| is_key(key, "AWS") && is_all(value.expr()));
        only && entries.next().is_none()
    };
    match value {
        Expression::String(it) => it.as_str() == "*",
        Expression::Array(array) => array.len() == 1 && array.iter().all(is_all),
        Expression::Object(object) => aws(object),
        _ => false,
    }
}
