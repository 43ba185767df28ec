//! Keys in files that set variables: the line goes, the value comes from outside.

use super::Remedy;
use crate::case::Case;
use crate::{Change, Piece, Why};

pub(crate) struct SetFromOutside;

impl Remedy for SetFromOutside {
    fn name(&self) -> &'static str {
        "set-from-outside"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["hard-coded-key"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let span = case.at().span();
        let file = span.path.rsplit('/').next().unwrap_or(&span.path);
        let image = file == "Dockerfile" || file.starts_with("Dockerfile.");
        if !image && !file.ends_with(".tfvars") {
            return Err(Why::NoRemedy);
        }
        let text = case.files.text(&span.path)?;
        let start = text.offset(span.line, 1).ok_or(Why::Unreadable)?;
        let range = start..text.next_line(start);
        let line = text.slice(range.clone());
        let name = if image {
            in_image(line)
        } else {
            in_variables(line)
        };
        let name = name.ok_or(Why::Shape("the line sets more than the key"))?;
        let variable = if image {
            name.to_owned()
        } else {
            format!("TF_VAR_{name}")
        };
        let note = if image {
            format!(
                "set {variable}, from a vault, where the container starts; rotate the key: it stays in the history and in images"
            )
        } else {
            format!(
                "set {variable}, from a vault, where Terraform runs; rotate the key: it stays in the history and in the state"
            )
        };
        let draft = case
            .change(case.at(), vec![Piece::new(range, "")])
            .title(format!("Take {name} out of the file"))
            .changes(note);
        Ok(vec![draft.done()])
    }
}

/// `ENV NAME=value`, alone and whole.
fn in_image(line: &str) -> Option<&str> {
    let rest = line
        .trim()
        .strip_prefix("ENV ")
        .or_else(|| line.trim().strip_prefix("ARG "))?;
    let (name, value) = rest.trim().split_once(['=', ' '])?;
    let alone = !value.trim().contains(char::is_whitespace) && !value.ends_with('\\');
    alone.then_some(name).filter(|name| is_name(name))
}

/// `name = "value"`, alone and whole.
fn in_variables(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    let value = value.trim();
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('"'))
        .then_some(name.trim())
        .filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
