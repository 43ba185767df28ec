//! `examples/leaky` running on moto, asked from outside: with its code and account the ways are drawn from the
//! caller to the item, hop by hop; alone the same ways are seen without the hops.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::run::{keytrail, output, passes, root};

/// What is given to whom: the route, the field, the attribute that it comes from, who gets it.
const WAYS: [(&str, &str, &str, &str); 5] = [
    (
        "/api/services/{service}/keys/",
        "api_key",
        "keyring-keys.api_key",
        "anonymous caller",
    ),
    (
        "/api/services/{service}/keys/",
        "metadata.webhook_secret",
        "keyring-keys.metadata.webhook_secret",
        "anonymous caller",
    ),
    (
        "/api/services/{service}/keys/",
        "client_secret",
        "keyring-keys.client_secret",
        "anonymous caller",
    ),
    (
        "/api/tokens/{token_id}/",
        "token",
        "keyring-tokens.token",
        "another tenant",
    ),
    (
        "/api/keys/{service}/",
        "api_key",
        "keyring-keys.api_key",
        "another tenant",
    ),
];

/// The example and its moto server; both stop with this.
pub(crate) struct Keyring {
    script: Child,
    binary: PathBuf,
    /// Where the application answers.
    pub(crate) url: String,
    /// Where moto answers.
    pub(crate) aws: String,
    /// Names with their tokens.
    pub(crate) tokens: Vec<(String, String)>,
}

impl Keyring {
    /// Starts both, and stores what a team stores.
    pub(crate) fn start(environment: &Path) -> anyhow::Result<Self> {
        let mut script = Command::new("bash")
            .arg("run.sh")
            .env("VENV", environment)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(root().join("examples/leaky"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let told = script.stdout.take().context("run.sh has no output")?;
        let mut keyring = Self {
            script,
            binary: keytrail(false)?,
            url: String::new(),
            aws: String::new(),
            tokens: Vec::new(),
        };
        for line in BufReader::new(told).lines() {
            keyring.read(&line?);
            if !keyring.aws.is_empty() {
                keyring.store()?;
                return Ok(keyring);
            }
        }
        bail!("run.sh ended before the application answered")
    }

    fn read(&mut self, line: &str) {
        let origin = |line: &str| {
            let address = line.split_whitespace().last().unwrap_or_default();
            let parts: Vec<&str> = address.splitn(4, '/').collect();
            parts[..parts.len().min(3)].join("/")
        };
        if line.starts_with("Keyring ") {
            self.url = origin(line);
        } else if line.starts_with("moto ") {
            self.aws = origin(line);
        } else if let Some((who, token)) = line.split_once(", token ") {
            let name = who.split(' ').next().unwrap_or_default();
            self.tokens.push((name.to_owned(), token.trim().to_owned()));
        }
    }

    /// A key with its webhook's secret, and a client's secret beside another: made up anew each time.
    fn store(&self) -> anyhow::Result<()> {
        let key = format!("kt_live_{}", random(20)?);
        let secret = format!("whsec_{}", random(20)?);
        let body =
            serde_json::json!({"service": "sendgrid", "api_key": key, "webhook_secret": secret});
        self.send("POST", "/api/keys/", &body)?;
        let body = serde_json::json!({"client_secret": random(24)?});
        self.send("PATCH", "/api/keys/openai/", &body)
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<()> {
        let (_, token) = self.tokens.first().context("nobody may sign in")?;
        passes(
            Command::new("curl")
                .args([
                    "--silent",
                    "--show-error",
                    "--fail",
                    "--output",
                    "/dev/null",
                ])
                .args(["-X", method, "-H", "content-type: application/json"])
                .args(["-H", &format!("Authorization: Bearer {token}")])
                .args(["-d", &body.to_string()])
                .arg(format!("{}{path}", self.url)),
        )
    }

    /// Keytrail, asking this application and account.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        for (name, token) in &self.tokens {
            command.arg("--as").arg(format!("{name}=bearer:{token}"));
        }
        command
    }

    /// Keytrail, asking this account.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(root());
        self.at(&mut command);
        command
    }

    /// A program that asks this account.
    pub(crate) fn at<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("AWS_ENDPOINT_URL", &self.aws)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
    }

    fn report(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let mut command = self.command(arguments);
        command.args(["--url", &self.url, "--rate", "200"]);
        command.args(["--format", "json", "--fail-on", "never", "--quiet"]);
        Ok(serde_json::from_str(&output(&mut command)?)?)
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        // By a signal that the script catches, so that it stops its own children.
        let id = self.script.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.script.wait();
    }
}

fn random(bytes: usize) -> anyhow::Result<String> {
    let made = output(Command::new("python3").args([
        "-c",
        &format!("import secrets; print(secrets.token_hex({bytes}))"),
    ]))?;
    Ok(made.trim().to_owned())
}

/// The five ways, observed: with every hop, then from outside alone.
pub(crate) fn ways(environment: &Path) -> anyhow::Result<()> {
    let keyring = Keyring::start(environment)?;
    let whole = keyring.report(&[
        "scan",
        "examples/leaky",
        "--aws",
        "--items",
        "keyring-keys,keyring-tokens",
    ])?;
    for (route, field, attribute, actor) in WAYS {
        let told = format!("{attribute} to {actor} by {route}");
        let steps = observed(&whole, route, field, actor).context(told.clone())?;
        for kind in ["code", "resource", "exchange"] {
            let hop = |step: &&Value| step["location"]["kind"] == kind;
            ensure!(
                steps.iter().any(|step| hop(&step)),
                "{told}: no hop in {kind}"
            );
        }
        println!("{told}: observed, {} hops", steps.len());
    }
    let specification = specification();
    let alone = keyring.report(&["scan", "--spec", &specification.display().to_string()])?;
    for (route, field, _, actor) in WAYS {
        let steps = observed(&alone, route, field, actor)
            .with_context(|| format!("from outside alone: {field} by {route}"))?;
        let outside = steps
            .iter()
            .all(|step| step["location"]["kind"] == "exchange");
        ensure!(
            outside,
            "from outside alone there can be no hop but the exchange"
        );
    }
    println!("from outside alone: the same five, without the hops");
    Ok(())
}

fn specification() -> PathBuf {
    root().join("xtask/src/keyring.yaml")
}

/// The steps of the observed path of a key in a field of a route's answer.
fn observed<'r>(
    report: &'r Value,
    route: &str,
    field: &str,
    actor: &str,
) -> Option<&'r Vec<Value>> {
    let findings = report["findings"].as_array()?;
    let found = findings.iter().find(|finding| {
        finding["rule"] == "key-in-response"
            && finding["location"]["route"] == route
            && finding["actor"] == actor
            && finding["confidence"] == "observed"
            && finding["message"]
                .as_str()
                .is_some_and(|message| message.contains(&format!("in `{field}`")))
    })?;
    found["path"].as_array()
}
