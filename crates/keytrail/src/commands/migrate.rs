//! `keytrail migrate`.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use keytrail_engine::{
    Doing, EngineError, MoveOutcome, Moving, Standing, TableMoved, Tally, Target, Watch, Writes,
};

use crate::cli::{Global, Migrate, Vault, Writing};
use crate::failure::usage;
use crate::progress::Shown;
use crate::{output, talk};

/// 0 where all is as wanted; 10 where keys are left.
pub(super) fn run(global: &Global, migrate: &Migrate) -> anyhow::Result<u8> {
    let key = migrate.sign_key.as_deref().map(signing_key).transpose()?;
    if let Some(path) = &migrate.check_report {
        return check(path, key.as_deref().unwrap_or_default());
    }
    for path in [&migrate.report, &migrate.reader].into_iter().flatten() {
        if path != Path::new("-") {
            output::check(path)?;
        }
    }
    let watch = Arc::new(Watch::default());
    let moving = moving(migrate, &watch);
    let shown = Shown::start(global, &watch);
    let (mut reports, mut left) = (Vec::new(), 0);
    let mut failure = None;
    let done = keytrail_engine::migrate(&moving, &mut |moved| {
        let told = told(global, migrate, moved, &mut reports, &mut left);
        failure = told.err();
        match failure {
            None => Ok(()),
            Some(_) => Err(EngineError::Nothing {
                reason: "its output could not be written".to_owned(),
            }),
        }
    });
    drop(shown);
    if let Some(failure) = failure {
        return Err(failure);
    }
    if let Some(path) = &migrate.report {
        output::write(
            path,
            &keytrail_engine::signed_report(&reports, key.as_deref())?,
        )?;
    }
    done?;
    Ok(if left > 0 { 10 } else { 0 })
}

fn moving(migrate: &Migrate, watch: &Arc<Watch>) -> Moving {
    let doing = [
        (migrate.apply, Doing::Apply),
        (migrate.rollback, Doing::RollBack),
        (migrate.finish, Doing::Finish),
        (migrate.reader.is_some(), Doing::Reader),
    ];
    let doing = doing.into_iter().find(|(asked, _)| *asked);
    Moving {
        tables: migrate.tables.clone(),
        regions: migrate.writing.region.clone(),
        writes: writes(&migrate.writing),
        attribute: migrate.attribute.clone().unwrap_or_default(),
        target: match migrate.to {
            Some(Vault::Ssm) => Target::ParameterStore,
            Some(Vault::Kms) => Target::Kms,
            Some(Vault::Hmac) => Target::Hmac,
            Some(Vault::Secretsmanager) | None => Target::SecretsManager,
        },
        kms_key: migrate.key.clone(),
        reference: migrate.reference.clone(),
        journal: migrate.journal.clone(),
        rate: migrate.rate,
        workers: migrate.workers.into(),
        doing: doing.map_or(Doing::Plan, |(_, doing)| doing),
        config: migrate.config.clone(),
        salt: super::salt_of_environment(),
        watch: Arc::clone(watch),
    }
}

pub(super) fn writes(writing: &Writing) -> Writes {
    Writes {
        profile: writing.profile.clone(),
        role: writing.assume_role.clone(),
    }
}

/// The key in a file, without the line end of an editor.
fn signing_key(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(path).map_err(|error| {
        let what = format!(
            "cannot read the key in {}: {}",
            path.display(),
            error.kind()
        );
        usage(what, "make one: `head -c 32 /dev/urandom | base64 > FILE`")
    })?;
    let bytes = bytes.trim_ascii_end().to_vec();
    if bytes.len() < 32 {
        let what = format!("the key in {} has less than 32 bytes", path.display());
        return Err(usage(
            what,
            "make one: `head -c 32 /dev/urandom | base64 > FILE`",
        ));
    }
    Ok(bytes)
}

fn check(path: &Path, key: &[u8]) -> anyhow::Result<u8> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let what = format!("cannot read {}: {}", path.display(), error.kind());
        usage(what, "name a file that --report wrote")
    })?;
    keytrail_engine::check_report(&text, key)?;
    output::print("The report is as it was signed.\n")?;
    Ok(0)
}

fn told(
    global: &Global,
    migrate: &Migrate,
    moved: TableMoved,
    reports: &mut Vec<String>,
    left: &mut u64,
) -> anyhow::Result<()> {
    match moved {
        TableMoved::Planned(plan) => {
            output::print(&plan.to_string())?;
            talk::note(global, "nothing was written; `--apply` moves the keys");
        }
        TableMoved::Reader(text) => match migrate.reader.as_deref() {
            Some(path) if path != Path::new("-") => output::write(path, &text)?,
            _ => output::print(&text)?,
        },
        TableMoved::Done {
            table,
            region,
            tally,
            standing,
            report,
        } => {
            output::print(&done(&table, &region, &tally, &standing))?;
            reports.push(report);
            *left += unfinished(migrate, &tally, &standing);
        }
    }
    Ok(())
}

/// What is not as it was wanted.
fn unfinished(migrate: &Migrate, tally: &Tally, standing: &Standing) -> u64 {
    let lying = if migrate.rollback {
        standing.references
    } else {
        standing.raw
    };
    let left = tally.0.iter().filter(|(outcome, _)| {
        matches!(
            outcome,
            MoveOutcome::Failed(_) | MoveOutcome::Busy | MoveOutcome::Left(_)
        )
    });
    lying + standing.unlike + left.map(|(_, count)| count).sum::<u64>()
}

fn done(table: &str, region: &str, tally: &Tally, standing: &Standing) -> String {
    let mut text = format!("{table} in {region}:");
    for (name, count) in keytrail_engine::outcomes(tally) {
        let _ = write!(text, "\n  {count} {}", name.replace('_', " "));
    }
    let _ = writeln!(
        text,
        "\n  now {} items, {} with a raw key, {} with a reference; {} differ from the journal",
        standing.items, standing.raw, standing.references, standing.unlike
    );
    if standing.orphans > 0 {
        let _ = writeln!(
            text,
            "  {} entries of the vault have no item any longer",
            standing.orphans
        );
    }
    text
}
