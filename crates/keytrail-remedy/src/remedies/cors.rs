//! A list of origins in place of all.

use keytrail_model::{Setting, SettingValue};
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::{Remedy, settings};
use crate::case::Case;
use crate::python::quoted;
use crate::{Change, Piece, Why};

pub(crate) struct CorsList;

const FROM_ENVIRONMENT: &str =
    "[origin for origin in os.environ.get(\"CORS_ALLOWED_ORIGINS\", \"\").split(\",\") if origin]";

impl Remedy for CorsList {
    fn name(&self) -> &'static str {
        "cors-list"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["wide-cors"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        if let Ok(setting) = settings::setting(case, "CORS_ALLOWED_ORIGIN_REGEXES") {
            return patterns(case, setting);
        }
        let setting = ["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"]
            .into_iter()
            .find_map(|name| settings::setting(case, name).ok())
            .ok_or(Why::Shape(
                "what is too wide is no switch that opens all origins",
            ))?;
        let module = settings::module_of(case, setting)?;
        let (value, range) = settings::value(&module, setting)?;
        if !value.is_boolean_literal_expr() {
            return Err(Why::Shape("the switch is computed"));
        }
        let note = "sites that are not listed are refused by browsers: look through the list";
        if case
            .facts
            .setting(&setting.module, "CORS_ALLOWED_ORIGINS")
            .is_some_and(is_list)
        {
            let draft = case
                .change(&setting.location, vec![Piece::new(range, "False")])
                .title("Allow the listed origins only")
                .changes(note);
            return Ok(vec![draft.done()]);
        }
        let name = module
            .text
            .offset(setting.location.span().line, 1)
            .map(|start| start + module.text.indent(start).len());
        let name = name.ok_or(Why::Shape("the switch is computed"))?;
        let own = own_origins(case, setting);
        let list = own.clone().unwrap_or_else(|| FROM_ENVIRONMENT.to_owned());
        let text = module.quotes(&format!("CORS_ALLOWED_ORIGINS = {list}"));
        let mut draft = case.change(&setting.location, vec![Piece::new(name..range.end, text)]);
        if own.is_none() {
            draft = draft.import("os", None);
        }
        Ok(vec![
            draft
                .title("Allow a list of origins in place of all")
                .changes(note)
                .done(),
        ])
    }
}

fn is_list(setting: &Setting) -> bool {
    matches!(setting.value, SettingValue::List(_))
}

/// The site itself, by the hosts that the same module allows.
fn own_origins(case: &Case<'_>, setting: &Setting) -> Option<String> {
    let hosts = case.facts.setting(&setting.module, "ALLOWED_HOSTS")?;
    let SettingValue::List(hosts) = &hosts.value else {
        return None;
    };
    let origins: Option<Vec<String>> = hosts
        .iter()
        .map(|host| match host {
            SettingValue::Text(host) if is_name(host) => quoted(&format!("https://{host}")),
            _ => None,
        })
        .collect();
    let origins = origins.filter(|origins| !origins.is_empty())?;
    Some(format!("[{}]", origins.join(", ")))
}

fn is_name(host: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    host.contains('.') && !host.starts_with('.') && host.chars().all(word)
}

/// Patterns with their dots escaped and their end marked.
fn patterns(case: &Case<'_>, setting: &Setting) -> Result<Vec<Change>, Why> {
    let module = settings::module_of(case, setting)?;
    let (value, _) = settings::value(&module, setting)?;
    let elements: &[Expr] = match value {
        Expr::List(it) => &it.elts,
        Expr::Tuple(it) => &it.elts,
        _ => return Err(Why::Shape("the patterns are computed")),
    };
    let mut pieces = Vec::new();
    for element in elements {
        let source = module.source(element);
        let raw = source
            .strip_prefix("r\"")
            .and_then(|rest| Some((rest.strip_suffix('"')?, '"')))
            .or_else(|| Some((source.strip_prefix("r'")?.strip_suffix('\'')?, '\'')));
        let Some((pattern, quote)) = raw else {
            return Err(Why::Shape("the patterns are no raw texts"));
        };
        let strict = strict(pattern);
        if strict != pattern {
            let range = element.start().to_usize()..element.end().to_usize();
            pieces.push(Piece::new(range, format!("r{quote}{strict}{quote}")));
        }
    }
    if pieces.is_empty() {
        return Err(Why::Shape("the patterns need a person's look"));
    }
    let draft = case
        .change(&setting.location, pieces)
        .title("Let the patterns fit the sites that they mean")
        .changes("sites that fitted only because of a bare dot or a missing end are refused");
    Ok(vec![draft.done()])
}

/// A dot that is not repeated means a dot; the end is the end.
fn strict(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class && !matches!(chars.peek(), Some('*' | '+' | '?' | '{')) => {
                out.push('\\');
            }
            _ => {}
        }
        out.push(c);
    }
    if !out.ends_with('$') && !out.ends_with("\\Z") {
        out.push('$');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::strict;

    #[test]
    fn a_dot_means_a_dot_and_the_end_is_the_end() {
        assert_eq!(
            strict(r"https://.*.shop.example"),
            r"https://.*\.shop\.example$"
        );
        assert_eq!(
            strict(r"^https://\w+\.shop\.example$"),
            r"^https://\w+\.shop\.example$"
        );
        assert_eq!(strict(r"https://[a.]+\.x"), r"https://[a.]+\.x$");
    }
}
