//! The table of vendors that `scan --validate` can ask, from the providers' files.

use std::fmt::Write as _;

use anyhow::Context as _;

use crate::run::root;

/// `docs/validate-vendors.md`.
pub(crate) fn table() -> anyhow::Result<String> {
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(root().join("crates/keytrail-detect/providers"))? {
        let text = std::fs::read_to_string(entry?.path())?;
        let file: toml::Table = text.parse()?;
        let providers = file["provider"]
            .as_array()
            .context("a file without providers")?;
        for provider in providers {
            rows.extend(row(provider)?);
        }
    }
    rows.sort();
    let mut out = format!(
        "# Vendors that are asked\n\nMade by `cargo xtask gen` from `crates/keytrail-detect/providers/*.toml`. What `--validate` does with them is \
         told in [validate.md](validate.md).\n\n{} kinds of keys.\n\n| key | request | described |\n|---|---|---|\n",
        rows.len()
    );
    for row in rows {
        writeln!(out, "{row}")?;
    }
    Ok(out)
}

fn row(provider: &toml::Value) -> anyhow::Result<Option<String>> {
    let Some(validate) = provider.get("validate") else {
        return Ok(None);
    };
    let text = |table: &toml::Value, name: &str| {
        let value = table.get(name).and_then(toml::Value::as_str);
        value
            .map(str::to_owned)
            .with_context(|| format!("a provider without {name}"))
    };
    let method = if validate.get("body").is_some() {
        "POST"
    } else {
        "GET"
    };
    let note = text(validate, "note").map_or_else(
        |_| String::new(),
        |note| format!("; a refusal says nothing: {note}"),
    );
    Ok(Some(format!(
        "| `{}` | `{method} {}`{note} | [documentation]({}) |",
        text(provider, "id")?,
        text(validate, "url")?,
        text(validate, "docs")?
    )))
}
