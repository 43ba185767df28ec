//! Running other programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Cargo, in the repository's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root());
    command
}

/// Runs `command` to its end, and fails with it.
pub(crate) fn passes(command: &mut Command) -> anyhow::Result<()> {
    let told = format!("{command:?}");
    let status = command
        .status()
        .with_context(|| format!("cannot run {told}"))?;
    if !status.success() {
        bail!("{told} failed ({status})");
    }
    Ok(())
}

/// What `command` prints, when it succeeds.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let told = format!("{command:?}");
    let output = command
        .output()
        .with_context(|| format!("cannot run {told}"))?;
    if !output.status.success() {
        bail!("{told} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Builds Keytrail and returns the binary.
pub(crate) fn keytrail(release: bool) -> anyhow::Result<PathBuf> {
    let mut arguments = vec!["build", "--quiet", "--package", "keytrail"];
    if release {
        arguments.push("--release");
    }
    passes(&mut cargo(&arguments))?;
    let metadata = output(&mut cargo(&["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"]
        .as_str()
        .context("cargo names no target directory")?;
    let profile = if release { "release" } else { "debug" };
    let name = format!("keytrail{}", std::env::consts::EXE_SUFFIX);
    Ok(Path::new(target).join(profile).join(name))
}
