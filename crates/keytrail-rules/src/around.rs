//! What rules about vaults, caches, trails and outsiders share.

use std::sync::Arc;

use keytrail_graph::TableId;
use keytrail_model::{Asset, AssetKind, Control, Door, Location, Opening, OpeningKind, Tri};

use crate::Context;
use crate::grants::on_key_table;

/// The assets of a kind, in order.
pub(crate) fn assets<'c>(
    cx: &'c Context<'_>,
    kind: AssetKind,
) -> impl Iterator<Item = &'c Asset> + 'c {
    let all = cx.joined.assets.iter().copied();
    all.filter(move |asset| asset.kind == kind)
}

/// True where a setting is known to be off; what is not known is not off.
pub(crate) fn lacks(asset: &Asset, control: Control) -> bool {
    asset.posture(control).is_some_and(|it| it.state == Tri::No)
}

/// One of these tables holds keys.
pub(crate) fn tables_hold_keys(cx: &Context<'_>, tables: &[Arc<str>]) -> bool {
    let ids = tables
        .iter()
        .flat_map(|table| cx.joined.tables.addressed(table));
    ids.into_iter().any(|id: TableId| cx.holds_keys(id))
}

/// Something that is declared here runs as a role that reads a key table.
pub(crate) fn runs_on_keys(cx: &Context<'_>, location: &Location) -> bool {
    cx.joined.principals.iter().any(|principal| {
        let runs = principal.runs.iter().any(|step| step.location == *location);
        runs && principal_reads_keys(cx, &principal.address)
    })
}

/// A principal that may read a key table, or every secret.
pub(crate) fn principal_reads_keys(cx: &Context<'_>, address: &str) -> bool {
    let grants = cx.joined.grants.iter();
    let mut reads =
        grants.filter(|grant| *grant.principal == *address && grant.door != Door::Write);
    reads.any(|grant| on_key_table(cx, grant))
}

/// A role that reads a key table or every vault.
pub(crate) fn role_reads_keys(cx: &Context<'_>, address: &str) -> bool {
    let rights = cx.joined.rights.iter();
    let vaults = rights.filter(|right| *right.principal == *address);
    principal_reads_keys(cx, address) || vaults.count() > 0
}

/// The actions of an opening let keys out.
pub(crate) fn opens_to_reading(opening: &Opening) -> bool {
    let wanted: &[&str] = match opening.kind {
        OpeningKind::Table => &[
            "dynamodb:getitem",
            "dynamodb:batchgetitem",
            "dynamodb:query",
            "dynamodb:scan",
            "dynamodb:partiqlselect",
            "dynamodb:exporttabletopointintime",
        ],
        OpeningKind::Stream => &["dynamodb:getrecords"],
        OpeningKind::Role => &[
            "sts:assumerole",
            "sts:assumerolewithwebidentity",
            "sts:assumerolewithsaml",
        ],
        OpeningKind::Secret => &["secretsmanager:getsecretvalue"],
        OpeningKind::EncryptionKey => &["kms:decrypt", "kms:creategrant", "kms:putkeypolicy"],
        OpeningKind::Bucket => &["s3:getobject", "s3:getobjectversion"],
        OpeningKind::BackupVault => &["backup:startrestorejob", "backup:copyfrombackupvault"],
        OpeningKind::ChangeStream => &["kinesis:getrecords"],
        OpeningKind::Function => &["lambda:invokefunction"],
    };
    opening.actions.iter().any(|pattern| {
        wanted
            .iter()
            .any(|action| fits(&pattern.to_ascii_lowercase(), action))
    })
}

/// Whether a pattern of actions, in small letters, takes in an action.
fn fits(pattern: &str, action: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| action.strip_prefix(first)) else {
        return false;
    };
    let mut rest = rest;
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match last {
        None => rest.is_empty(),
        Some(end) => end.is_empty() || rest.is_empty() || action.ends_with(end),
    }
}
