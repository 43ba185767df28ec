//! Which configuration file a scan uses.

use std::path::{Path, PathBuf};

use super::ConfigError;

/// `keytrail.toml`, or a `pyproject.toml` with `[tool.keytrail]`, in `root` or, when `root` lies in
/// a checkout, in a directory between it and the checkout's top. Never above: a file in a shared
/// directory such as `/tmp` must not steer a scan.
pub(super) fn file(root: &Path) -> Result<Option<PathBuf>, ConfigError> {
    let Ok(root) = root.canonicalize() else {
        return Ok(None);
    };
    let start = if root.is_file() {
        root.parent().unwrap_or(&root)
    } else {
        &root
    };
    let levels = start
        .ancestors()
        .position(|directory| directory.join(".git").exists())
        .unwrap_or(0);
    for directory in start.ancestors().take(levels + 1) {
        let own = directory.join("keytrail.toml");
        if own.is_file() {
            return Ok(Some(own));
        }
        let shared = directory.join("pyproject.toml");
        if shared.is_file() && has_table(&shared)? {
            return Ok(Some(shared));
        }
    }
    Ok(None)
}

fn has_table(path: &Path) -> Result<bool, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(text.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("[tool.keytrail") || line.starts_with("[[tool.keytrail")
    }))
}
