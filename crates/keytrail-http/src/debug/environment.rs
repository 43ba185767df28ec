//! Dumps of environment variables and settings.

use serde_json::Value;

use crate::client::Answer;
use crate::json;

/// Variables of any process; three of them are no coincidence.
const USUAL: &[&str] = &[
    "PATH",
    "HOME",
    "PWD",
    "USER",
    "LANG",
    "SHELL",
    "HOSTNAME",
    "SHLVL",
    "LC_ALL",
    "TERM",
    "VIRTUAL_ENV",
];
/// Names that settings of applications have.
const SETTINGS: &[&str] = &[
    "SECRET_KEY",
    "DATABASE_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "DJANGO_SETTINGS_MODULE",
    "DEBUG",
    "REDIS_URL",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "ALLOWED_HOSTS",
    "INSTALLED_APPS",
    "PYTHONPATH",
    "NODE_ENV",
];

/// The names in it, where an answer is one; never the values.
pub(crate) fn environment(answer: &Answer) -> Option<Vec<String>> {
    let names = match &answer.json {
        Some(value) => of_json(value),
        None => of_text(&answer.text()),
    };
    let usual = names
        .iter()
        .filter(|name| USUAL.contains(&name.as_str()))
        .count();
    let settings = names
        .iter()
        .filter(|name| SETTINGS.contains(&name.as_str()))
        .count();
    (usual >= 3 || settings >= 2 || usual + settings >= 3).then_some(names)
}

fn of_json(value: &Value) -> Vec<String> {
    let names = json::leaves(value)
        .into_iter()
        .map(|leaf| leaf.name().to_owned())
        .filter(|name| is_variable(name));
    super::sorted(names.collect())
}

fn of_text(text: &str) -> Vec<String> {
    let names = text
        .lines()
        .take(5_000)
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().trim_start_matches("export ").to_owned())
        .filter(|name| is_variable(name));
    super::sorted(names.collect())
}

fn is_variable(name: &str) -> bool {
    name.len() > 1
        && name.len() < 80
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Answer {
        Answer {
            status: 200,
            body: text.as_bytes().to_vec(),
            json: serde_json::from_str(text).ok(),
            ..Answer::default()
        }
    }

    #[test]
    fn dumps_are_told_from_documents() {
        assert!(environment(&answer("PATH=/bin\nHOME=/root\nPWD=/srv\n")).is_some());
        assert!(
            environment(&answer(
                "{\"env\": {\"SECRET_KEY\": \"x\", \"DEBUG\": true}}"
            ))
            .is_some()
        );
        assert!(environment(&answer("{\"DEBUG\": false, \"name\": \"x\"}")).is_none());
        assert!(environment(&answer("a=1\nb=2\nPATH=3\n")).is_none());
    }
}
