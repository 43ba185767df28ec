//! All rules, those over the graph and those about Keytrail's own comments.

use keytrail_report::RuleInfo;
use keytrail_rules::RULES;

use crate::own_rules::OWN;

/// Sorted by id.
pub fn rules() -> Vec<RuleInfo> {
    let graph = RULES.iter().map(|rule| RuleInfo {
        id: rule.id(),
        title: rule.title(),
        page: rule.page(),
        cwe: rule.cwe(),
        severity: rule.severity(),
    });
    let mut all: Vec<RuleInfo> = graph.chain(OWN).collect();
    all.sort_by_key(|rule| rule.id);
    all
}
