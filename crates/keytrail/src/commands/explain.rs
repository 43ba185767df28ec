//! `keytrail explain RULE`.

use crate::failure::usage;
use crate::output;

pub(super) fn run(rule: &str) -> anyhow::Result<u8> {
    let rules = keytrail_engine::rules();
    let Some(found) = rules.iter().find(|known| known.id == rule) else {
        let hint = keytrail_engine::nearest(rule, rules.iter().map(|known| known.id)).map_or_else(
            || "`keytrail rules` lists them all".to_owned(),
            |nearest| format!("did you mean `{nearest}`?"),
        );
        return Err(usage(format!("there is no rule `{rule}`"), hint));
    };
    let mut page = found.page.trim_end().to_owned();
    if !page.starts_with("# ") {
        page = format!("# {}\n\n{page}", found.id);
    }
    output::print(&format!("{page}\n"))?;
    Ok(0)
}
