//! Rules about Keytrail's own comments. They need no evidence but the comments themselves, so
//! they live here and not among the rules over the graph.

use keytrail_model::Severity;
use keytrail_report::RuleInfo;

pub(crate) const EXPIRED: &str = "ignore-expired";
pub(crate) const UNKNOWN_RULE: &str = "ignore-unknown-rule";
pub(crate) const WITHOUT_REASON: &str = "ignore-without-reason";

/// Sorted by id.
pub(crate) const OWN: [RuleInfo; 3] = [
    RuleInfo {
        id: EXPIRED,
        title: "An ignore comment has expired",
        page: include_str!("own_rules/ignore_expired.md"),
        cwe: &[],
        severity: Severity::Info,
    },
    RuleInfo {
        id: UNKNOWN_RULE,
        title: "An ignore comment names no rule",
        page: include_str!("own_rules/ignore_unknown_rule.md"),
        cwe: &[],
        severity: Severity::Info,
    },
    RuleInfo {
        id: WITHOUT_REASON,
        title: "An ignore comment does not say why",
        page: include_str!("own_rules/ignore_without_reason.md"),
        cwe: &[],
        severity: Severity::Low,
    },
];
