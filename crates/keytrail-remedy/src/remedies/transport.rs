//! TLS on both sides: towards browsers by settings, towards AWS by the client's arguments.

use std::sync::Arc;

use keytrail_model::{FileSpan, Location, Setting, SettingValue};
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::{Remedy, settings};
use crate::case::Case;
use crate::python::{keyword, remove_keywords};
use crate::{Change, Piece, Why};

pub(crate) struct SecureTransport;

/// Each switch, and what it is set to.
const SWITCHES: [(&str, &str); 4] = [
    ("SECURE_SSL_REDIRECT", "True"),
    ("SECURE_HSTS_SECONDS", "3600"),
    ("SESSION_COOKIE_SECURE", "True"),
    ("CSRF_COOKIE_SECURE", "True"),
];

impl Remedy for SecureTransport {
    fn name(&self) -> &'static str {
        "secure-transport"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["plain-transport-to-clients"]
    }

    /// One change for the module: single switches are of no use.
    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let name = &case.finding.subject;
        let module = case.module()?;
        let path = &case.at().span().path;
        let mut pieces = Vec::new();
        let mut missing = Vec::new();
        let mut follows_debug = false;
        for (switch, on) in SWITCHES {
            let Some(setting) = case.facts.setting(name, switch) else {
                continue;
            };
            if !is_off(&setting.value) {
                continue;
            }
            let on = if settings::is_named_for_deployment(setting) {
                on.to_owned()
            } else {
                follows_debug = true;
                if on == "True" {
                    "not DEBUG".to_owned()
                } else {
                    format!("0 if DEBUG else {on}")
                }
            };
            let here = setting.location.span().path == *path;
            match module
                .assigned(switch, setting.location.span().line)
                .filter(|_| here && !is_absent(setting))
            {
                Some((_, range)) => pieces.push(Piece::new(range, on)),
                None => missing.push(format!("{switch} = {on}\n")),
            }
        }
        if follows_debug && !sets_debug(&module) {
            return Err(Why::Shape(
                "the module serves developers too, and does not set DEBUG itself",
            ));
        }
        let mut line = case.at().span().line;
        if !missing.is_empty() {
            let end = module.text.as_str().len();
            let lead = if module.text.as_str().ends_with('\n') {
                ""
            } else {
                "\n"
            };
            pieces.push(Piece::new(
                end..end,
                format!("{lead}\n{}", missing.concat()),
            ));
            line = line.max(1);
        }
        if pieces.is_empty() {
            return Err(Why::Shape("the switches are computed"));
        }
        let place = Location::File {
            span: FileSpan::line(&Arc::clone(path), line),
        };
        let draft = case
            .change(&place, pieces)
            .title("Redirect to https, send HSTS and keep cookies to https")
            .changes("plain http is answered with a redirect: behind a proxy that ends TLS, set SECURE_PROXY_SSL_HEADER first; HSTS begins with an hour, raise it when all is well");
        Ok(vec![draft.done()])
    }
}

fn is_off(value: &SettingValue) -> bool {
    matches!(
        value,
        SettingValue::None | SettingValue::Bool(false) | SettingValue::Number(0)
    )
}

/// Django's own value is told at the start of the module.
fn is_absent(setting: &Setting) -> bool {
    let span = setting.location.span();
    setting.value == SettingValue::None || (span.line, span.column) == (1, 1)
}

/// At the top of the module, so that what stands below can use it.
fn sets_debug(module: &crate::python::Module) -> bool {
    module.body().iter().any(|statement| match statement {
        ruff_python_ast::Stmt::Assign(assign) => assign
            .targets
            .iter()
            .any(|target| matches!(target, Expr::Name(name) if name.id.as_str() == "DEBUG")),
        _ => false,
    })
}

pub(crate) struct ClientTls;

impl Remedy for ClientTls {
    fn name(&self) -> &'static str {
        "client-tls"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["plain-transport-to-aws"]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["tls"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let module = case.module()?;
        let call = module.call(case.at().span())?;
        let mut pieces = Vec::new();
        let off = |name: &&str| {
            keyword(call, name)
                .is_some_and(|it| matches!(&it.value, Expr::BooleanLiteral(value) if !value.value))
        };
        let off: Vec<&str> = ["use_ssl", "verify"].into_iter().filter(off).collect();
        let removed = remove_keywords(&module, call, &off);
        pieces.extend(removed.ok_or(Why::Shape("a comment stands between the arguments"))?);
        let endpoint = keyword(call, "endpoint_url");
        if let Some(Expr::StringLiteral(url)) = endpoint.map(|it| &it.value)
            && url.value.to_str().starts_with("http://")
        {
            let source = module.source(url);
            let at = source
                .find("http://")
                .ok_or(Why::Shape("the address is put together"))?;
            let start = url.start().to_usize() + at + "http".len();
            pieces.push(Piece::new(start..start, "s"));
        }
        if pieces.is_empty() {
            return Err(Why::Shape(
                "what switches TLS off does not stand in this call",
            ));
        }
        let draft = case
            .change(case.at(), pieces)
            .title("Speak TLS and check the certificate");
        let draft = case.making(draft, "tls", case.at());
        let draft = if endpoint.is_some() {
            draft.changes("the endpoint has to answer https with a certificate that is trusted")
        } else {
            draft
        };
        Ok(vec![draft.done()])
    }
}
