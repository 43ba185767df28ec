//! All rules, those over the graph and those about Keytrail's own comments.

use keytrail_report::RuleInfo;
use keytrail_rules::RULES;

use crate::own_rules::OWN;

/// Sorted by id.
pub fn rules() -> Vec<RuleInfo> {
    let graph = RULES.iter().map(|rule| {
        let meta = rule.meta();
        RuleInfo {
            id: meta.id,
            title: meta.title,
            page: meta.page,
            cwe: meta.cwe,
            severity: meta.severity,
        }
    });
    let mut all: Vec<RuleInfo> = graph.chain(OWN).collect();
    all.sort_by_key(|rule| rule.id);
    all
}
