//! The programs that read the table, as processes of their own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use super::number;
use super::server::Server;
use crate::run::{cargo, output, passes, root};

/// Both, built.
#[derive(Debug)]
pub(super) struct Reader {
    items: PathBuf,
    bare: PathBuf,
}

/// How one run went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) seconds: f64,
    /// Seconds of the processor, of the whole process.
    pub(super) processor: f64,
    /// KiB; nothing of the bare SDK.
    pub(super) peak: u64,
    pub(super) items: u64,
    pub(super) keys: u64,
}

impl Reader {
    pub(super) fn build() -> anyhow::Result<Self> {
        let example = [
            "build",
            "--quiet",
            "--release",
            "--package",
            "keytrail-cloud",
            "--example",
            "items",
        ];
        passes(&mut cargo(&example))?;
        let metadata = output(&mut cargo(&["metadata", "--format-version=1", "--no-deps"]))?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let target = Path::new(
            metadata["target_directory"]
                .as_str()
                .context("no target directory")?,
        )
        .to_owned();
        let bare = target.join("bare");
        let manifest = root().join("xtask/bare/Cargo.toml");
        let mut build = cargo(&["build", "--quiet", "--release"]);
        passes(
            build
                .arg("--manifest-path")
                .arg(manifest)
                .arg("--target-dir")
                .arg(&bare),
        )?;
        Ok(Self {
            items: target.join("release/examples/items"),
            bare: bare.join("release/bare-scan"),
        })
    }

    /// Keytrail's reader, to its end.
    pub(super) fn items(&self, server: &Server, arguments: &[&str]) -> anyhow::Result<Run> {
        let (told, processor) = finished(start(&self.items, server).arg("keys").args(arguments))?;
        let count = |path| number(&told, path).map(whole);
        Ok(Run {
            seconds: number(&told, "/seconds")?,
            processor,
            peak: count("/peak_kb")?,
            items: count("/counts/items")?,
            keys: count("/counts/keys")?,
        })
    }

    pub(super) fn bare(&self, server: &Server, segments: u32) -> anyhow::Result<Run> {
        let (told, processor) =
            finished(start(&self.bare, server).args(["keys", &segments.to_string()]))?;
        Ok(Run {
            seconds: number(&told, "/seconds")?,
            processor,
            peak: 0,
            items: number(&told, "/items").map(whole)?,
            keys: 0,
        })
    }

    /// Kills Keytrail's reader so long after it read its first page; false where it ended before.
    pub(super) fn killed(
        &self,
        server: &Server,
        arguments: &[&str],
        moment: Duration,
    ) -> anyhow::Result<bool> {
        let mut child = start(&self.items, server)
            .arg("keys")
            .args(arguments)
            .spawn()?;
        while !server.began() && child.try_wait()?.is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(moment);
        let running = child.try_wait()?.is_none();
        child.kill()?;
        child.wait()?;
        Ok(running)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts"
)]
fn whole(number: f64) -> u64 {
    number as u64
}

fn start(program: &Path, server: &Server) -> Command {
    let mut command = Command::new(program);
    command
        .env("AWS_ENDPOINT_URL", &server.endpoint)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

/// What it printed, and its seconds of the processor.
fn finished(command: &mut Command) -> anyhow::Result<(Value, f64)> {
    let mut child = command.spawn()?;
    let mut processor = 0.0_f64;
    while child.try_wait()?.is_none() {
        processor = seconds_of(&child).unwrap_or(0.0).max(processor);
        std::thread::sleep(Duration::from_millis(2));
    }
    let printed = child.wait_with_output()?.stdout;
    let told = serde_json::from_slice(&printed)
        .with_context(|| format!("not JSON: {}", String::from_utf8_lossy(&printed)))?;
    Ok((told, processor))
}

/// User and system time, where the system tells; in hundredths of a second.
fn seconds_of(child: &Child) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let field = |index| rest.split_whitespace().nth(index)?.parse::<f64>().ok();
    Some((field(11)? + field(12)?) / 100.0)
}
