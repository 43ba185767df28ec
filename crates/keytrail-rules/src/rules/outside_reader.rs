//! See the page beside this file.

use keytrail_model::{Actor, Confidence, Finding, Opening, OpeningKind, Outsider, Severity};

use crate::around::{opens_to_reading, role_reads_keys, tables_hold_keys};
use crate::context::list;
use crate::grants::readers;
use crate::{Context, Draft, Kind, Meta, Rule};

/// Somebody outside the account is let in to where keys are.
pub(crate) struct OutsideReader;

static META: Meta = Meta {
    id: "outside-reader",
    title: "Somebody outside the account is let in to where keys are",
    cwe: &[284, 668],
    severity: Severity::Medium,
    needs: &[Kind::Infra],
    page: include_str!("outside_reader.md"),
};

impl Rule for OutsideReader {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for (reader, path) in readers(cx, |actor| matches!(actor, Actor::Outside(_))) {
            let (principal, table) = (reader.principal, reader.table(cx));
            Draft::new(cx, &META, reader.location)
                .path(Some(path))
                .subject(format!("{principal} {table}"))
                .message(format!(
                    "`{principal}` is outside this account and may read key table `{table}` ({}).",
                    reader.actions()
                ))
                .unsafe_fix(format!("Take `{principal}` out of the policy of `{table}`"))
                .add(out);
        }
        for opening in &cx.joined.openings {
            if opens_to_reading(opening) {
                told(cx, opening, out);
            }
        }
    }
}

fn told(cx: &Context<'_>, opening: &Opening, out: &mut Vec<Finding>) {
    let keys = tables_hold_keys(cx, &opening.tables);
    let role = opening.kind == OpeningKind::Role;
    if role && !role_reads_keys(cx, &opening.address) {
        return;
    }
    let (who, fix) = match &opening.who {
        Outsider::Everybody => ("everybody".to_owned(), "Name who may, instead of `*`"),
        Outsider::Account(name) => (
            format!("`{name}`"),
            "Take the other account out, or bind it by aws:PrincipalOrgID and an external id",
        ),
        Outsider::Federated(name) => (
            format!("whoever `{name}` vouches for"),
            "Bind the token's subject to one repository, project or pool",
        ),
    };
    let actions: Vec<&str> = opening.actions.iter().map(String::as_str).collect();
    let what = opening.kind.as_str();
    let mut message = format!(
        "The policy of {what} `{}` lets in {who} ({}).",
        opening.address,
        list(&actions)
    );
    if !opening.certain {
        message.push_str(" Whether that account is your own is not known from the templates.");
    }
    if !opening.conditions.is_empty() {
        message = format!(
            "{message} It asks that {}.",
            opening.conditions.join(" and that ")
        );
    }
    Draft::new(cx, &META, &opening.location)
        .severity(severity(opening, keys || role))
        .confidence(if opening.certain {
            Confidence::Likely
        } else {
            Confidence::Possible
        })
        .subject(format!("{} {who}", opening.address))
        .message(message)
        .unsafe_fix(fix)
        .add(out);
}

/// Everybody at a key table is worst; a condition makes it one milder, and so does an account
/// of which it is not known whose it is.
fn severity(opening: &Opening, keys: bool) -> Severity {
    const LADDER: [Severity; 4] = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
    ];
    let mut step = usize::from(!matches!(opening.who, Outsider::Everybody));
    step += usize::from(!keys);
    // The audience of a token is the same for all who have one.
    let federated = matches!(opening.who, Outsider::Federated(_));
    step += usize::from(!opening.conditions.is_empty() && !federated);
    step += usize::from(!opening.certain);
    LADDER[step.min(LADDER.len() - 1)]
}
