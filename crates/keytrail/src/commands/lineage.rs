//! `keytrail lineage KEY`.

use std::sync::Arc;

use keytrail_engine::{Watch, WhichKey};

use super::options;
use crate::cli::{Global, Lineage, RulesFormat};
use crate::failure::usage;
use crate::output;
use crate::progress::Shown;

pub(super) fn run(global: &Global, lineage: &Lineage) -> anyhow::Result<u8> {
    let which = WhichKey::parse(&lineage.key)?;
    let options = options(&lineage.paths, &lineage.reading);
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let found = keytrail_engine::lineage(&options, &which, &watch);
    drop(shown);
    let Some(found) = found? else {
        return Err(usage(
            "the key is so short or so regular that it has no fingerprint",
            "only keys that nobody can guess are followed; see the findings of `keytrail scan`",
        ));
    };
    output::print(&match lineage.format {
        RulesFormat::Terminal => keytrail_report::lineage(&found),
        RulesFormat::Json => format!("{:#}\n", serde_json::to_value(&found)?),
    })?;
    Ok(0)
}
