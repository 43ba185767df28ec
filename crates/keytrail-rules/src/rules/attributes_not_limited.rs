//! See the page beside this file.

use keytrail_model::{Actor, Door, Finding, Grant, Severity};

use crate::grants::{holdings, on_key_table};
use crate::{Context, Draft, Kind, Meta, Rule};

/// A reader beside the application gets every attribute of a key table, the keys too.
pub(crate) struct AttributesNotLimited;

static META: Meta = Meta {
    id: "attributes-not-limited",
    title: "A reader beside the application gets every attribute of a key table",
    cwe: &[250, 359],
    severity: Severity::Low,
    needs: &[Kind::Infra],
    page: include_str!("attributes_not_limited.md"),
};

impl Rule for AttributesNotLimited {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let unlimited = |grant: &Grant| {
            // These know the condition keys that pick attributes.
            let picks = matches!(
                grant.door,
                Door::GetItem | Door::BatchGetItem | Door::Query | Door::Scan | Door::PartiqlSelect
            );
            let aside = !grant.wildcard_action && matches!(cx.actor_of(grant), Actor::OtherRole(_));
            picks && aside && grant.attributes.is_none() && on_key_table(cx, grant)
        };
        for holding in holdings(cx, unlimited) {
            let (principal, table) = (holding.principal, holding.table(cx));
            let keys = cx.joined.tables.addressed(&holding.grants[0].table);
            let keys = keys
                .first()
                .map_or_else(String::new, |&id| cx.key_names(id));
            Draft::new(cx, &META, holding.location)
                .subject(format!("{principal} {table}"))
                .message(format!(
                    "`{principal}` may read every attribute of key table `{table}`, {keys} too ({}).",
                    holding.actions()
                ))
                .steps(holding.grants.iter().flat_map(|grant| grant.statements.clone()).take(1))
                .unsafe_fix("Bind dynamodb:Attributes to what it needs and dynamodb:Select to SPECIFIC_ATTRIBUTES")
                .add(out);
        }
    }
}
