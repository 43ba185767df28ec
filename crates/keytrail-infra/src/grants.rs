//! What a decision says in a [`keytrail_model::Grant`]: conditions in words, how wide the deciding
//! patterns are, which attributes and partitions it is limited to.

use keytrail_model::{Decision as Verdict, Step};

use crate::actions;
use crate::evaluate::{Alternative, Condition, Deciding, Family, Remaining, ResourcePattern};
use crate::policies::after_account;
use crate::text::{Piece, Text};

pub(crate) fn verdict(way: &Alternative<'_>) -> Verdict {
    if way.conditions.is_empty() {
        return Verdict::Allowed;
    }
    let mut texts: Vec<String> = way
        .conditions
        .iter()
        .map(|condition| condition.text.clone())
        .collect();
    texts.sort();
    texts.dedup();
    Verdict::AllowedIf(texts)
}

/// The statements that give rights, without those that only let them through.
pub(crate) fn granting<'w, 'p>(way: &'w Alternative<'p>) -> impl Iterator<Item = &'w Deciding<'p>> {
    way.by.iter().filter(|by| by.layer.grants())
}

pub(crate) fn step(by: &Deciding<'_>) -> Step {
    let action = by.action.as_deref().unwrap_or("everything but NotAction");
    let resource = by
        .resource
        .map_or("everything but NotResource", |one| one.shown.as_str());
    let effect = by.statement.effect.as_str();
    Step::new(
        format!("{effect} {action} on {resource}"),
        by.statement.location.clone(),
    )
}

pub(crate) fn is_wide_action(by: &Deciding<'_>) -> bool {
    by.action.as_deref().is_none_or(actions::is_wide)
}

pub(crate) fn is_wide_resource(by: &Deciding<'_>) -> bool {
    by.resource.is_none_or(matches_other_tables)
}

/// True where the table's name in a pattern has a wildcard, or there is no name.
fn matches_other_tables(pattern: &ResourcePattern) -> bool {
    let Some(text) = pattern.spellings().first() else {
        return true;
    };
    let tail = after_account(text);
    let mut in_name = false;
    for piece in tail.pieces() {
        let Piece::Lit(text) = piece else { continue };
        let mut rest = text.as_str();
        if !in_name {
            let Some(name) = rest.strip_prefix("table/") else {
                return true;
            };
            rest = name;
            in_name = true;
        }
        for c in rest.chars() {
            match c {
                '/' => return false,
                '*' | '?' => return true,
                _ => {}
            }
        }
    }
    false
}

/// The condition that limits a key to the policy's values, from an `Allow` or a `Deny` of others.
pub(crate) fn binds<'c>(conditions: &'c [Remaining<'_>], key: &str) -> Option<&'c Condition> {
    conditions.iter().find_map(|remaining| {
        let condition = remaining.condition?;
        let operator = condition.operator;
        let text = matches!(
            operator.family,
            Family::Exact | Family::IgnoreCase | Family::Like
        );
        let any = condition
            .values
            .iter()
            .any(|value| value.known() == Some("*"));
        let binds = condition.is_on(key) && text && operator.negated == remaining.unless && !any;
        binds.then_some(condition)
    })
}

/// The attributes that may be read. Naming them is not enough where a request may ask for all
/// without naming any: `dynamodb:Select` must be bound too.
pub(crate) fn attributes(action: &str, conditions: &[Remaining<'_>]) -> Option<Vec<String>> {
    let listed = binds(conditions, "dynamodb:Attributes")?;
    let select = binds(conditions, "dynamodb:Select")?;
    let specific = |value: &Text| value.known() == Some("SPECIFIC_ATTRIBUTES");
    if !actions::has_select(action) || !select.values.iter().all(specific) {
        return None;
    }
    let mut names: Vec<String> = listed.values.iter().map(Text::shown).collect();
    names.sort();
    names.dedup();
    Some(names)
}
