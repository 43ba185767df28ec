//! See the page beside this file.

use keytrail_graph::{Truth, is_deployed, is_test_file, truth};
use keytrail_model::{Finding, Setting, SettingValue, Severity};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Other sites may read responses.
pub(crate) struct WideCors;

static META: Meta = Meta {
    id: "wide-cors",
    title: "Other sites may read responses",
    cwe: &[942],
    severity: Severity::Low,
    needs: &[Kind::Code, Kind::Http],
    page: include_str!("wide_cors.md"),
};

impl Rule for WideCors {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        crate::surface::add(cx, &META, out);
        for name in ["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"] {
            for setting in cx.joined.settings_named(name) {
                if truth(&setting.value) == Truth::Yes && is_deployed(&cx.joined, setting) {
                    all_origins(cx, setting, out);
                }
            }
        }
        for setting in cx.joined.settings_named("CORS_ALLOWED_ORIGIN_REGEXES") {
            if is_deployed(&cx.joined, setting) && has_loose_pattern(&setting.value) {
                Draft::new(cx, &META, &setting.location)
                    .severity(Severity::Medium)
                    .subject("CORS_ALLOWED_ORIGIN_REGEXES")
                    .message("A pattern of CORS_ALLOWED_ORIGIN_REGEXES fits more sites than it means: it lacks its end, or a dot is not escaped.")
                    .fix("Anchor the pattern with ^ and $, and escape its dots; or list the origins")
                    .add(out);
            }
        }
        for header in &cx.joined.headers {
            let is_origin = header
                .name
                .eq_ignore_ascii_case("Access-Control-Allow-Origin");
            let (severity, how) = match header.value.as_deref() {
                Some("*") => (Severity::Low, "lets every site read this response"),
                Some("null") => (
                    Severity::Medium,
                    "lets sandboxed pages of any site read this response",
                ),
                None => (Severity::Medium, "sends back whatever origin asks"),
                Some(_) => continue,
            };
            if is_origin && !is_test_file(&header.location.span().path) {
                Draft::new(cx, &META, &header.location)
                    .severity(severity)
                    .subject(&*header.function)
                    .message(format!("Access-Control-Allow-Origin {how}."))
                    .fix("Allow a list of origins")
                    .add(out);
            }
        }
    }
}

fn all_origins(cx: &Context<'_>, setting: &Setting, out: &mut Vec<Finding>) {
    let with_credentials = cx
        .joined
        .settings_named("CORS_ALLOW_CREDENTIALS")
        .iter()
        .any(|other| other.module == setting.module && truth(&other.value) == Truth::Yes);
    let (severity, what) = if with_credentials {
        (
            Severity::High,
            "with the cookies of its visitor: it acts as that user",
        )
    } else {
        (Severity::Low, "without cookies")
    };
    Draft::new(cx, &META, &setting.location)
        .severity(severity)
        .subject(&*setting.module)
        .message(format!(
            "`{}` lets every site call the API and read the answers, {what}.",
            setting.module
        ))
        .fix("List the sites in CORS_ALLOWED_ORIGINS")
        .add(out);
}

fn has_loose_pattern(value: &SettingValue) -> bool {
    let SettingValue::List(patterns) = value else {
        return false;
    };
    patterns.iter().any(|pattern| match pattern {
        SettingValue::Text(text) => !text.ends_with('$') || has_bare_dot(text),
        _ => false,
    })
}

/// A dot that stands for any character, not followed by a repetition that means it.
fn has_bare_dot(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    bytes.iter().enumerate().any(|(at, &byte)| {
        let escaped = at > 0 && bytes[at - 1] == b'\\';
        let repeated = matches!(bytes.get(at + 1), Some(b'*' | b'+' | b'?'));
        byte == b'.' && !escaped && !repeated
    })
}
