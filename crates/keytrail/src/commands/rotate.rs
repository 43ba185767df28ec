//! `keytrail rotate`.

use std::path::Path;
use std::sync::Arc;

use keytrail_engine::{Exposed, RotatedKey, Rotation, Secret, Watch};

use super::{options, salt_of_environment};
use crate::cli::{Global, Rotate};
use crate::failure::usage;
use crate::progress::Shown;
use crate::{output, talk};

/// 10 where keys are left to rotate.
pub(super) fn run(global: &Global, rotate: &Rotate) -> anyhow::Result<u8> {
    if let Some(print) = &rotate.done {
        let print = print.parse().map_err(|()| {
            usage(
                "this is no fingerprint",
                "it has 32 hexadecimal digits; the plan shows it",
            )
        })?;
        keytrail_engine::mark_rotated(&rotate.records, print)?;
        return Ok(0);
    }
    match what(rotate)? {
        Some(what) => execute(global, rotate, what),
        None => plan(global, rotate),
    }
}

fn plan(global: &Global, rotate: &Rotate) -> anyhow::Result<u8> {
    let options = options(&rotate.paths, &rotate.reading);
    let watch = Arc::new(Watch::default());
    let shown = Shown::start(global, &watch);
    let keys = keytrail_engine::exposed(&options, &rotate.records, &watch);
    drop(shown);
    let keys = keys?;
    if keys.is_empty() {
        output::print("No exposed key was found.\n")?;
        return Ok(0);
    }
    let told: Vec<String> = keys
        .iter()
        .enumerate()
        .map(|(at, key)| one(at + 1, key))
        .collect();
    output::print(&told.concat())?;
    let left = keys.iter().filter(|key| !key.rotated).count();
    talk::note(
        global,
        &format!("{left} of {} keys are to be rotated", keys.len()),
    );
    Ok(if left > 0 { 10 } else { 0 })
}

fn one(number: usize, key: &Exposed) -> String {
    let print = key.fingerprint.map_or_else(
        || "no fingerprint: it could be guessed".to_owned(),
        |print| print.to_string(),
    );
    let mut text = format!("{number}. {} {} ({print})\n", key.title, key.masked);
    let mut line = |head: &str, what: &str| {
        if !what.is_empty() {
            text.push_str("   ");
            text.push_str(head);
            text.push_str(what);
            text.push('\n');
        }
    };
    let list = |set: &std::collections::BTreeSet<String>| {
        const SHOWN: usize = 5;
        let mut shown: Vec<String> = set.iter().take(SHOWN).cloned().collect();
        if set.len() > SHOWN {
            shown.push(format!("{} more", set.len() - SHOWN));
        }
        shown.join(", ")
    };
    if key.rotated {
        line("rotated", " already: what is left of it opens nothing");
    } else {
        line("rotate: ", &key.rotate);
        if key.rotate.is_empty() {
            line(
                "rotate: ",
                "make another one where it was made, hand it out, then revoke this one",
            );
        }
        line("allows: ", &key.power);
    }
    line("used as: ", &list(&key.names));
    line("lies in: ", &list(&key.places));
    line("stays in: ", &list(&key.stays));
    if !key.rotated {
        line("tell: ", &list(&key.tell));
    }
    text
}

fn what(rotate: &Rotate) -> anyhow::Result<Option<RotatedKey>> {
    if let Some(name) = &rotate.secret {
        return Ok(Some(RotatedKey::Secret {
            name: name.clone(),
            field: rotate.field.clone(),
            new: rotate.new_key.as_deref().map(new_key).transpose()?,
            length: rotate.length.into(),
            test: rotate.test.clone(),
        }));
    }
    if let Some(user) = &rotate.iam_user {
        return Ok(Some(RotatedKey::AccessKey {
            user: user.clone(),
            store: rotate.store.clone().unwrap_or_default(),
            old: rotate.access_key_id.clone(),
        }));
    }
    Ok(rotate.pepper.as_ref().map(|table| RotatedKey::Pepper {
        table: table.clone(),
        attribute: rotate.attribute.clone().unwrap_or_default(),
        reference: rotate.reference.clone(),
    }))
}

/// The key in a file or on standard input; never on the command line, where the shell keeps it.
fn new_key(path: &Path) -> anyhow::Result<Secret> {
    let read = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    let bytes = read.map_err(|error| {
        let what = format!(
            "cannot read the key in {}: {}",
            path.display(),
            error.kind()
        );
        usage(
            what,
            "name a file with the new key in it, or `-` for standard input",
        )
    })?;
    let bytes = bytes.trim_ascii();
    if bytes.is_empty() {
        return Err(usage("the new key is empty", "put it into the file"));
    }
    Ok(Secret::new(bytes))
}

fn execute(global: &Global, rotate: &Rotate, what: RotatedKey) -> anyhow::Result<u8> {
    if !rotate.apply && !rotate.finish {
        let told = match &what {
            RotatedKey::Secret { name, .. } => format!(
                "secret {name}: put a new version where nobody is given it, test it, hand it out; the old one \
                 stays AWSPREVIOUS until --finish has seen it refused\n"
            ),
            RotatedKey::AccessKey { user, store, .. } => format!(
                "user {user}: make a second access key, keep it in the secret {store}, see it accepted, hand it \
                 out; --finish switches the old one off once the new one is in use, sees it refused, deletes it\n"
            ),
            RotatedKey::Pepper { table, .. } => format!(
                "table {table}: a second pepper for new digests; --finish lets the old one go once no digest is \
                 under it\n"
            ),
        };
        output::print(&told)?;
        talk::note(global, "nothing was done; `--apply` does it");
        return Ok(0);
    }
    let rotation = Rotation {
        what,
        writes: super::migrate::writes(&rotate.writing),
        region: rotate.writing.region.first().cloned(),
        records: rotate.records.clone(),
        finish: rotate.finish,
        salt: salt_of_environment(),
        config: rotate.reading.config.clone(),
    };
    output::print(&keytrail_engine::rotate(&rotation)?)?;
    Ok(0)
}
