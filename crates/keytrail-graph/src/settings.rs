//! What settings amount to once the process runs.

use keytrail_model::{Environment, Setting, SettingValue};

use crate::Joined;
use crate::edges::is_for_show;

/// Whether a setting is true where it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// It is.
    Yes,
    /// It is unless, or only if, the environment says otherwise.
    Perhaps,
    /// It is not, or not known.
    No,
}

/// The truth of a value as Python sees it: any text that is not empty is true, `"False"` too.
pub fn truth(value: &SettingValue) -> Truth {
    match value {
        SettingValue::Bool(true) => Truth::Yes,
        SettingValue::Number(number) if *number != 0 => Truth::Yes,
        SettingValue::Text(text) if !text.is_empty() => Truth::Yes,
        SettingValue::FromEnvironment {
            default, parsed, ..
        } => of_environment(default.as_deref(), *parsed),
        _ => Truth::No,
    }
}

fn of_environment(default: Option<&SettingValue>, parsed: bool) -> Truth {
    match (default, parsed) {
        // `os.environ.get("DEBUG", "False")`: whatever the variable says is a text, and true.
        (Some(SettingValue::Text(text)), false) if !text.is_empty() => Truth::Yes,
        // `env.bool("DEBUG", default=True)`: true where nobody sets the variable.
        (Some(SettingValue::Bool(true)), _) => Truth::Perhaps,
        (Some(SettingValue::Text(text)), true) => {
            let on = ["1", "true", "yes", "on", "t", "y"];
            if on.contains(&text.to_ascii_lowercase().as_str()) {
                Truth::Perhaps
            } else {
                Truth::No
            }
        }
        (Some(SettingValue::Number(number)), _) if *number != 0 => Truth::Perhaps,
        _ => Truth::No,
    }
}

/// True for a settings module that serves outsiders: production, staging, or the only one
/// there is. Beside named deployments, a module whose name says nothing is a base or a
/// developer's, and what matters of it shows in the modules that load it. What makes a project's
/// documents, or shows how a library is used, serves nobody.
pub fn is_deployed(joined: &Joined<'_>, setting: &Setting) -> bool {
    setting.loaded
        && !is_for_show(&setting.location.span().path)
        && match setting.environment {
            Environment::Production | Environment::Staging => true,
            Environment::Unspecified => !joined.has_named_deployments(&setting.location),
            Environment::Development | Environment::Test => false,
        }
}

/// True where the settings say that outsiders meet this module: its name says production or
/// staging, or it lists the hosts that it answers to. The only settings module of a project may as
/// well be a developer's.
pub fn shows_deployment(joined: &Joined<'_>, setting: &Setting) -> bool {
    let named = matches!(
        setting.environment,
        Environment::Production | Environment::Staging
    );
    named || joined.settings_named("ALLOWED_HOSTS").iter().any(|other| {
        other.module == setting.module
            && joined.share_project(&other.location, &setting.location)
            && matches!(&other.value, SettingValue::List(hosts) if hosts.iter().any(is_real_host))
    })
}

/// A name by which others reach the site.
fn is_real_host(value: &SettingValue) -> bool {
    const RESERVED: &[&str] = &["localhost", "local", "test", "invalid"];
    let SettingValue::Text(name) = value else {
        return false;
    };
    let name = name.trim_matches('.').to_ascii_lowercase();
    let private = ["127.", "192.168.", "10.", "0.0.0.0"];
    let last = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && !RESERVED.contains(&last)
        && !private.iter().any(|start| name.starts_with(start))
        && !name.split('.').any(|part| part == "example")
}

/// True when Django's debug page hides a setting of this name (its `HIDDEN_SETTINGS`).
pub(crate) fn hidden_by_django(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    ["API", "AUTH", "TOKEN", "KEY", "SECRET", "PASS", "SIGNATURE"]
        .iter()
        .any(|word| upper.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_environment(default: Option<SettingValue>, parsed: bool) -> SettingValue {
        SettingValue::FromEnvironment {
            name: "DEBUG".to_owned(),
            default: default.map(Box::new),
            parsed,
        }
    }

    #[test]
    fn text_that_says_false_is_true() {
        let text = |text: &str| SettingValue::Text(text.to_owned());
        assert_eq!(truth(&text("False")), Truth::Yes);
        assert_eq!(
            truth(&from_environment(Some(text("False")), false)),
            Truth::Yes
        );
        assert_eq!(
            truth(&from_environment(Some(text("False")), true)),
            Truth::No
        );
        assert_eq!(
            truth(&from_environment(Some(SettingValue::Bool(true)), true)),
            Truth::Perhaps
        );
        assert_eq!(truth(&from_environment(None, false)), Truth::No);
        assert_eq!(truth(&SettingValue::Bool(false)), Truth::No);
    }
}
