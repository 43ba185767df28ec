//! TOML → [`Config`], with the place of each mistake.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use keytrail_model::Environment;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Config, ConfigError, Ignore, SOURCES, Spot};
use crate::LoginRecipe;
use crate::nearest::nearest;

const TOP: [&str; 10] = [
    "baseline",
    "environments",
    "exclude",
    "fail_on",
    "ignore",
    "login",
    "only",
    "require",
    "salt",
    "severity",
];
const LOGIN: [&str; 5] = ["body", "name", "token", "type", "url"];
const IGNORE: [&str; 4] = ["path", "reason", "rule", "until"];
const ENVIRONMENTS: [Environment; 5] = [
    Environment::Production,
    Environment::Staging,
    Environment::Development,
    Environment::Test,
    Environment::Unspecified,
];

type Key<'a> = Spanned<DeString<'a>>;
type Value<'a> = Spanned<DeValue<'a>>;

pub(super) struct Reader<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    pub(super) rules: &'a [&'a str],
}

impl Reader<'_> {
    pub(super) fn config(&self, in_pyproject: bool) -> Result<Config, ConfigError> {
        let table = DeTable::parse(self.text).map_err(|error| ConfigError::Syntax {
            spot: self.spot(error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        let table = table.into_inner();
        if !in_pyproject {
            return self.top(&table);
        }
        let ours = table
            .get("tool")
            .and_then(|tool| tool.get_ref().get("keytrail"))
            .and_then(|keytrail| keytrail.get_ref().as_table());
        ours.map_or_else(|| Ok(Config::default()), |ours| self.top(ours))
    }

    fn top(&self, table: &DeTable<'_>) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "salt" => config.salt = Some(self.salt(value)?),
                "exclude" => config.exclude = self.texts("exclude", value)?,
                "fail_on" => {
                    config.fail_on = Some(self.parsed(
                        "fail_on",
                        value,
                        "info, low, medium, high, critical or never",
                    )?);
                }
                "only" => config.only = Some(self.sources("only", value)?),
                "require" => config.require = self.texts("require", value)?,
                "baseline" => config.baseline = Some(self.text("baseline", value)?.into()),
                "ignore" => config.ignore = self.ignores(value)?,
                "login" => config.login = self.logins(value)?,
                "severity" => config.severity = self.severities(value)?,
                "environments" => config.environments = self.environments(value)?,
                _ => return Err(self.unknown(key, &TOP)),
            }
        }
        Ok(config)
    }

    fn salt(&self, value: &Value<'_>) -> Result<String, ConfigError> {
        let salt = self.text("salt", value)?;
        if salt.len() < 16 {
            return Err(self.wrong("salt", value, "a text of 16 characters or more"));
        }
        Ok(salt)
    }

    fn sources(&self, key: &str, value: &Value<'_>) -> Result<Vec<String>, ConfigError> {
        let sources = self.texts(key, value)?;
        if sources
            .iter()
            .all(|source| SOURCES.contains(&source.as_str()))
        {
            Ok(sources)
        } else {
            Err(self.wrong(key, value, "a list of code, files and infra"))
        }
    }

    fn ignores(&self, value: &Value<'_>) -> Result<Vec<Ignore>, ConfigError> {
        const EXPECTED: &str = "a list of tables, [[ignore]]";
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(self.wrong("ignore", value, EXPECTED));
        };
        entries
            .iter()
            .map(|entry| match entry.get_ref() {
                DeValue::Table(table) => self.ignore(entry, table),
                _ => Err(self.wrong("ignore", entry, EXPECTED)),
            })
            .collect()
    }

    fn ignore(&self, entry: &Value<'_>, table: &DeTable<'_>) -> Result<Ignore, ConfigError> {
        let (mut rule, mut path, mut reason, mut until) = (None, None, None, None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "rule" => {
                    let name = self.text("rule", value)?;
                    self.known_rule(&name, value.span().start)?;
                    rule = Some(name);
                }
                "path" => path = Some(self.text("path", value)?),
                "reason" => reason = Some(self.text("reason", value)?),
                "until" => until = Some(self.parsed("until", value, "a day, \"YYYY-MM-DD\"")?),
                _ => return Err(self.unknown(key, &IGNORE)),
            }
        }
        let missing = |key| ConfigError::MissingKey {
            spot: self.spot(entry.span().start),
            key,
        };
        Ok(Ignore {
            rule: rule.ok_or_else(|| missing("rule"))?,
            path,
            reason: reason
                .filter(|reason| !reason.trim().is_empty())
                .ok_or_else(|| missing("reason"))?,
            until,
        })
    }

    fn logins(&self, value: &Value<'_>) -> Result<Vec<LoginRecipe>, ConfigError> {
        const EXPECTED: &str = "a list of tables, [[login]]";
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(self.wrong("login", value, EXPECTED));
        };
        let read = |entry: &Value<'_>| match entry.get_ref() {
            DeValue::Table(table) => self.login(entry, table),
            _ => Err(self.wrong("login", entry, EXPECTED)),
        };
        entries.iter().map(read).collect()
    }

    fn login(&self, entry: &Value<'_>, table: &DeTable<'_>) -> Result<LoginRecipe, ConfigError> {
        let mut given: BTreeMap<&str, String> = BTreeMap::new();
        for (key, value) in table {
            let name = LOGIN.into_iter().find(|name| key.get_ref() == name);
            let name = name.ok_or_else(|| self.unknown(key, &LOGIN))?;
            given.insert(name, self.text(name, value)?);
        }
        let mut take = |key: &'static str| {
            given.remove(key).ok_or_else(|| ConfigError::MissingKey {
                spot: self.spot(entry.span().start),
                key,
            })
        };
        let (name, url, body) = (take("name")?, take("url")?, take("body")?);
        Ok(LoginRecipe {
            name,
            url,
            body,
            content_type: take("type").unwrap_or_else(|_| "application/json".to_owned()),
            token: take("token").ok(),
        })
    }

    fn severities(
        &self,
        value: &Value<'_>,
    ) -> Result<BTreeMap<String, keytrail_model::Severity>, ConfigError> {
        let table = self.table("severity", value)?;
        table
            .iter()
            .map(|(key, value)| {
                let rule = key.get_ref().to_string();
                self.known_rule(&rule, key.span().start)?;
                let severity = self.parsed(&rule, value, "info, low, medium, high or critical")?;
                Ok((rule, severity))
            })
            .collect()
    }

    fn environments(
        &self,
        value: &Value<'_>,
    ) -> Result<BTreeMap<String, Environment>, ConfigError> {
        let table = self.table("environments", value)?;
        table
            .iter()
            .map(|(key, value)| {
                let module = key.get_ref().to_string();
                let name = self.text(&module, value)?;
                let environment = ENVIRONMENTS
                    .into_iter()
                    .find(|environment| environment.as_str() == name)
                    .ok_or_else(|| {
                        self.wrong(
                            &module,
                            value,
                            "production, staging, development, test or unspecified",
                        )
                    })?;
                Ok((module, environment))
            })
            .collect()
    }

    fn known_rule(&self, rule: &str, offset: usize) -> Result<(), ConfigError> {
        if self.rules.contains(&rule) {
            return Ok(());
        }
        Err(ConfigError::UnknownRule {
            spot: self.spot(offset),
            rule: rule.to_owned(),
            nearest: nearest(rule, self.rules.iter().copied()).map(str::to_owned),
        })
    }

    fn table<'t>(&self, key: &str, value: &'t Value<'_>) -> Result<&'t DeTable<'t>, ConfigError> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.wrong(key, value, "a table")),
        }
    }

    fn text(&self, key: &str, value: &Value<'_>) -> Result<String, ConfigError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(Cow::to_string(text)),
            _ => Err(self.wrong(key, value, "a text in quotes")),
        }
    }

    fn texts(&self, key: &str, value: &Value<'_>) -> Result<Vec<String>, ConfigError> {
        const EXPECTED: &str = "a list of texts in quotes";
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(self.wrong(key, value, EXPECTED));
        };
        entries
            .iter()
            .map(|entry| match entry.get_ref() {
                DeValue::String(text) => Ok(Cow::to_string(text)),
                _ => Err(self.wrong(key, entry, EXPECTED)),
            })
            .collect()
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        key: &str,
        value: &Value<'_>,
        expected: &'static str,
    ) -> Result<T, ConfigError> {
        self.text(key, value)?
            .parse()
            .map_err(|_| self.wrong(key, value, expected))
    }

    fn spot(&self, offset: usize) -> Spot {
        Spot::at(self.path, self.text, offset)
    }

    fn wrong(&self, key: &str, value: &Value<'_>, expected: &'static str) -> ConfigError {
        ConfigError::WrongValue {
            spot: self.spot(value.span().start),
            key: key.to_owned(),
            expected,
        }
    }

    fn unknown(&self, key: &Key<'_>, known: &[&str]) -> ConfigError {
        let name = key.get_ref().to_string();
        ConfigError::UnknownKey {
            spot: self.spot(key.span().start),
            nearest: nearest(&name, known.iter().copied()).map(str::to_owned),
            known: known.iter().map(|&name| name.to_owned()).collect(),
            key: name,
        }
    }
}

#[cfg(test)]
mod tests {
    use keytrail_model::Severity;

    use super::*;
    use crate::config::FailOn;

    const RULES: [&str; 2] = ["open-hosts", "raw-key-stored"];

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("keytrail.toml"), text, &RULES)
    }

    fn error(text: &str) -> String {
        let error = parse(text).unwrap_err();
        format!("{error} ({})", error.hint())
    }

    #[test]
    fn every_key() {
        let config = parse(
            r#"
salt = "0123456789abcdef"
exclude = ["vendor/**"]
fail_on = "medium"
only = ["code", "infra"]
require = ["code"]
baseline = "known.txt"

[[ignore]]
rule = "open-hosts"
path = "config/*.py"
reason = "behind the balancer"
until = "2027-01-31"

[[login]]
name = "alice"
url = "/api/login/"
body = '{"user": "alice", "password": "$ALICE"}'
token = "access"

[severity]
raw-key-stored = "critical"

[environments]
"config.settings.live2" = "production"
"#,
        )
        .unwrap();
        assert_eq!(config.fail_on, Some(FailOn::Severity(Severity::Medium)));
        assert_eq!(config.ignore[0].until, "2027-01-31".parse().ok());
        assert_eq!(config.severity["raw-key-stored"], Severity::Critical);
        assert_eq!(
            config.environments["config.settings.live2"],
            Environment::Production
        );
        assert_eq!(config.exclude, ["vendor/**"]);
        assert_eq!(config.login[0].content_type, "application/json");
        assert_eq!(config.login[0].token.as_deref(), Some("access"));
    }

    #[test]
    fn every_key_is_documented() {
        let page = include_str!("../../../../docs/configuration.md");
        for key in TOP {
            let told = [
                format!("| `{key}` |"),
                format!("| `[{key}]` |"),
                format!("| `[[{key}]]` |"),
            ];
            assert!(told.iter().any(|row| page.contains(row)), "{key}");
        }
    }

    #[test]
    fn the_same_keys_in_pyproject() {
        let path = Path::new("pyproject.toml");
        let text = "[project]\nname = \"shop\"\n[tool.keytrail]\nfail_on = \"never\"\n";
        let config = Config::parse(path, text, &RULES).unwrap();
        assert_eq!(config.fail_on, Some(FailOn::Never));
        let text = "[tool.keytrail]\nfailon = \"low\"\n";
        let error = Config::parse(path, text, &RULES).unwrap_err();
        assert_eq!(
            error.to_string(),
            "pyproject.toml:2:1: unknown key `failon`"
        );
        assert_eq!(error.hint(), "did you mean `fail_on`?");
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, told) in [
            (
                "exlude = []",
                "keytrail.toml:1:1: unknown key `exlude` (did you mean `exclude`?)",
            ),
            (
                "\n\n  zzz = 1",
                "keytrail.toml:3:3: unknown key `zzz` (known here: baseline, environments, exclude, fail_on, ignore, login, only, require, salt, severity)",
            ),
            (
                "fail_on = 3",
                "keytrail.toml:1:11: `fail_on` must be a text in quotes (see docs/configuration.md)",
            ),
            (
                "fail_on = \"bad\"",
                "keytrail.toml:1:11: `fail_on` must be info, low, medium, high, critical or never (see docs/configuration.md)",
            ),
            (
                "only = [\"cloud\"]",
                "keytrail.toml:1:8: `only` must be a list of code, files and infra (see docs/configuration.md)",
            ),
            (
                "[severity]\nopen-host = \"low\"",
                "keytrail.toml:2:1: there is no rule `open-host` (did you mean `open-hosts`?)",
            ),
            (
                "[[ignore]]\nrule = \"open-hosts\"",
                "keytrail.toml:1:1: this table needs `reason` (say why the finding may pass; whoever reads it next year will want to know)",
            ),
            (
                "salt = \"short\"",
                "keytrail.toml:1:8: `salt` must be a text of 16 characters or more (see docs/configuration.md)",
            ),
        ] {
            assert_eq!(error(text), told);
        }
        assert!(error("salt = ").starts_with("keytrail.toml:1:"));
    }
}
