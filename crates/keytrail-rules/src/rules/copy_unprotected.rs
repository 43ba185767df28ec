//! See the page beside this file.

use keytrail_model::{Asset, AssetKind, Control, Finding, Severity};

use crate::around::{assets, lacks, tables_hold_keys};
use crate::{Context, Draft, Kind, Meta, Rule};

/// Where copies of a table lie is less guarded than the table.
pub(crate) struct CopyUnprotected;

static META: Meta = Meta {
    id: "copy-unprotected",
    title: "Where copies of a table lie is less guarded than the table",
    cwe: &[311, 530],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("copy_unprotected.md"),
};

impl Rule for CopyUnprotected {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        let kinds = [
            AssetKind::Bucket,
            AssetKind::BackupVault,
            AssetKind::ChangeStream,
        ];
        for asset in kinds.into_iter().flat_map(|kind| assets(cx, kind)) {
            check(cx, asset, out);
        }
    }
}

fn check(cx: &Context<'_>, asset: &Asset, out: &mut Vec<Finding>) {
    let keys = tables_hold_keys(cx, &asset.tables);
    let public = lacks(asset, Control::Private);
    let clear = lacks(asset, Control::EncryptedAtRest);
    let mut missing = Vec::new();
    if public {
        missing.push("lets its public access block be off");
    }
    if clear {
        missing.push("is not encrypted");
    } else if lacks(asset, Control::OwnKey) {
        missing.push("is not encrypted under a key of your own");
    }
    if missing.is_empty() {
        return;
    }
    let severity = match (keys, public || clear) {
        (true, true) => Severity::Medium,
        (true, false) | (false, true) => Severity::Low,
        (false, false) => META.severity,
    };
    let what = match asset.kind {
        AssetKind::Bucket => "Bucket",
        AssetKind::BackupVault => "Backup vault",
        _ => "Kinesis stream",
    };
    let holds = if keys {
        " and receives copies of a key table"
    } else {
        ""
    };
    Draft::new(cx, &META, &asset.location)
        .severity(severity)
        .subject(&*asset.address)
        .message(format!("{what} `{}` {}{holds}.", asset.address, missing.join(" and ")))
        .fix("Block public access and encrypt it under a customer-managed key whose policy names the readers")
        .add(out);
}
