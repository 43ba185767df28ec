//! `keytrail rules`.

use std::fmt::Write as _;

use keytrail_report::RuleInfo;

use crate::cli::RulesFormat;
use crate::output;

pub(super) fn run(format: RulesFormat) -> anyhow::Result<u8> {
    let rules = keytrail_engine::rules();
    let text = match format {
        RulesFormat::Terminal => table(&rules),
        RulesFormat::Json => json(&rules)?,
    };
    output::print(&text)?;
    Ok(0)
}

fn table(rules: &[RuleInfo]) -> String {
    let widest = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in rules {
        let _ = writeln!(
            text,
            "{:widest$}  {:8}  {}",
            rule.id, rule.severity, rule.title
        );
    }
    text
}

fn json(rules: &[RuleInfo]) -> anyhow::Result<String> {
    let rules: Vec<serde_json::Value> = rules
        .iter()
        .map(|rule| {
            serde_json::json!({
                "id": rule.id,
                "title": rule.title,
                "severity": rule.severity.as_str(),
                "cwe": rule.cwe.iter().map(|number| format!("CWE-{number}")).collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&rules)?))
}
