//! Documents that are made from the code, so that they can't lie.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::picture;
use crate::run::{keytrail, output, root};
use crate::vendors;

/// Writes them, or only tells which are not current.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let stale: BTreeMap<PathBuf, String> = wanted()?
        .into_iter()
        .filter(|(path, text)| {
            let current = std::fs::read_to_string(root().join(path)).ok();
            current.as_ref() != Some(text)
        })
        .collect();
    if check && !stale.is_empty() {
        let names: Vec<String> = stale
            .keys()
            .map(|path| path.display().to_string())
            .collect();
        bail!("not current, run `cargo xtask gen`: {}", names.join(", "));
    }
    for (path, text) in stale {
        let whole = root().join(&path);
        if let Some(directory) = whole.parent() {
            std::fs::create_dir_all(directory)?;
        }
        std::fs::write(&whole, text)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

fn wanted() -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let binary = keytrail(false)?;
    let ask = |arguments: &[&str]| output(Command::new(&binary).args(arguments));
    let rules: serde_json::Value = serde_json::from_str(&ask(&["rules", "--format", "json"])?)?;
    Ok(BTreeMap::from([
        ("docs/path.svg".into(), picture::path(&binary)?),
        ("docs/rules.md".into(), index(&rules)?),
        ("docs/validate-vendors.md".into(), vendors::table()?),
        ("docs/schema/keytrail-v1.json".into(), ask(&["schema"])?),
        ("docs/schema/fix-v1.json".into(), ask(&["schema", "fix"])?),
        (
            "docs/schema/lineage-v1.json".into(),
            ask(&["schema", "lineage"])?,
        ),
    ]))
}

/// The rules in a table, each with a name to link to and its page.
fn index(rules: &serde_json::Value) -> anyhow::Result<String> {
    let rules = rules.as_array().context("`rules` gives no list")?;
    let mut index = String::from(
        "# The rules\n\nMade by `cargo xtask gen`. `keytrail explain RULE` prints the page of a rule.\n\n\
         | rule | severity off any path | what |\n|---|---|---|\n",
    );
    for rule in rules {
        let field = |name: &str| {
            rule[name]
                .as_str()
                .with_context(|| format!("a rule without {name}"))
        };
        let id = field("id")?;
        writeln!(
            index,
            "| <a id=\"{id}\"></a>[`{id}`](../{}) | {} | {} |",
            page(id)?,
            field("severity")?,
            field("title")?
        )?;
    }
    Ok(index)
}

/// Where a rule's page lies: beside its code.
fn page(id: &str) -> anyhow::Result<String> {
    let name = id.replace('-', "_");
    ["keytrail-rules/src/rules", "keytrail-engine/src/own_rules"]
        .into_iter()
        .map(|folder| format!("crates/{folder}/{name}.md"))
        .find(|path| root().join(path).is_file())
        .with_context(|| format!("{id} has no page"))
}
