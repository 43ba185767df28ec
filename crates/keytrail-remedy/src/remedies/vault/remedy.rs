//! The remedy: all places of one attribute together, or none.

use keytrail_model::{FileSpan, Location};

use super::helper::{self, MODULE};
use super::kept::{Form, Kept};
use super::sites::{Site, sites};
use crate::case::Case;
use crate::remedies::Remedy;
use crate::{Change, Piece, Why};

pub(crate) struct KeyVault;

impl Remedy for KeyVault {
    fn name(&self) -> &'static str {
        "key-vault"
    }

    fn rules(&self) -> &'static [&'static str] {
        &[
            "aws-credential-stored",
            "key-in-catch-all",
            "raw-key-stored",
            "verify-only-key-kept",
        ]
    }

    fn edits(&self) -> &'static [&'static str] {
        &["migrate"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let migrate = case
            .finding
            .edits
            .iter()
            .find(|edit| edit.id.starts_with("migrate:"));
        let kept = if self.rules().contains(&case.finding.rule) {
            Kept::of(case, case.at(), &case.finding.subject)?
        } else {
            let edit = migrate.ok_or(Why::NoRemedy)?;
            let subject = edit.id.trim_start_matches("migrate:");
            Kept::of(case, &edit.location, subject)?
        };
        let form = kept.form()?;
        let made = sites(case, &kept, form)?;
        let group = format!("{MODULE}:{}", kept.attribute);
        let mut changes = Vec::new();
        for (path, site) in made.by_file {
            let near = case.files.module(&path)?;
            if let Some(place) = &site.place {
                let root = helper::import_root(case, place);
                changes.extend(helper::change(case, &root, &near)?);
            }
            let place = Location::File {
                span: FileSpan::line(&path, site.line),
            };
            changes.push(
                of_file(case, &kept, form, &place, site)
                    .group(&group)
                    .done(),
            );
        }
        if let Some(edit) = migrate {
            for change in &mut changes {
                change.edits.push(edit.id.clone());
            }
        }
        Ok(changes)
    }
}

fn of_file(
    case: &Case<'_>,
    kept: &Kept<'_>,
    form: Form,
    place: &Location,
    site: Site,
) -> crate::case::Draft {
    let pieces = site
        .wrapped
        .into_iter()
        .map(|((start, length), text)| Piece::new(start..start + length, text))
        .collect();
    let name = &kept.attribute;
    let (title, note) = match form {
        Form::Sealed if !site.functions.contains("seal") => (
            format!("Open the sealed `{name}` where it is used"),
            "items that still hold the key itself are read as before".to_owned(),
        ),
        Form::Sealed => (
            format!("Store `{name}` sealed under a key of KMS"),
            format!(
                "`{name}` of new items is a text that only KMS opens: whatever else reads it gets that text; move the items that are there with keytrail migrate, then rotate the keys"
            ),
        ),
        Form::Fingerprint => (
            format!("Keep a fingerprint in place of `{name}`"),
            format!(
                "`{name}` of new items is an HMAC and the key can't be shown again; items written before are not recognised until keytrail migrate has moved them"
            ),
        ),
    };
    let mut draft = case.change(place, pieces).title(title).changes(note);
    for function in site.functions {
        draft = draft.import(MODULE, Some(function));
    }
    draft
}
