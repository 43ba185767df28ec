//! `keytrail dye` on the running example: three ways proved, the tables as they were; killed at several moments,
//! and cleaned up after.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::outside::Keyring;
use crate::run::{output, root};

const TABLES: &str = "keyring-keys,keyring-tokens";
/// Milliseconds after which a run is killed: before, in and after the planting.
const MOMENTS: [u64; 8] = [30, 60, 90, 120, 180, 300, 600, 1500];
/// Runs that have to be killed while something is written down as planted.
const LEAST: usize = 3;

/// All items of the tables, sorted, as text.
const DUMP: &str = "
import boto3, json, os
client = boto3.client('dynamodb', region_name='us-east-1', endpoint_url=os.environ['AWS_ENDPOINT_URL'])
for name in ('keyring-keys', 'keyring-tokens'):
    items = client.scan(TableName=name)['Items']
    print(name, sorted(json.dumps(item, sort_keys=True) for item in items))
";

pub(crate) fn proves(environment: &Path) -> anyhow::Result<()> {
    let keyring = Keyring::start(environment)?;
    let before = dump(&keyring, environment)?;
    let directory = tempfile::tempdir()?;
    let journal = directory.path().join("journal.json");
    let journal_name = journal.display().to_string();

    let only = [
        "dye",
        "examples/leaky",
        "--only",
        "code,infra",
        "--table",
        TABLES,
    ];
    let mut command = keyring.command(&only);
    command.args(["--url", &keyring.url, "--rate", "200", "--apply"]);
    command.args(["--journal", &journal_name, "--format", "json", "--quiet"]);
    let told = command.output()?;
    let why = String::from_utf8_lossy(&told.stderr).into_owned();
    ensure!(
        told.status.code() == Some(10),
        "dye ended with {}: {why}",
        told.status
    );
    let document: Value = serde_json::from_slice(&told.stdout)?;
    let ways = ways(&document)?;
    for (attribute, place, actor) in &ways {
        println!("{attribute} to {actor} by {place}: the colour came out");
    }
    ensure!(ways.len() >= 3, "only {} ways proved: {ways:?}", ways.len());
    ensure!(
        dump(&keyring, environment)? == before,
        "the tables are not as they were"
    );
    ensure!(!journal.exists(), "a journal is left");

    let mut dangling = 0;
    for moment in MOMENTS {
        dangling += usize::from(killed(&keyring, &journal_name, moment)?);
        let mut clean = keyring.bare(&["dye", "--clean", "--journal", &journal_name]);
        output(clean.stderr(Stdio::null()))?;
        let after = dump(&keyring, environment)?;
        ensure!(
            after == before,
            "killed after {moment} ms: the tables are not as they were"
        );
    }
    ensure!(
        dangling >= LEAST,
        "only {dangling} of the kills came in between"
    );
    println!(
        "killed {} times, {dangling} of them with items planted: as it was each time",
        MOMENTS.len()
    );
    Ok(())
}

/// Ways to somebody who should not have the key, each with a hop in code, table and exchange.
fn ways(document: &Value) -> anyhow::Result<BTreeSet<(String, String, String)>> {
    let places = document["places"].as_array().context("no places")?;
    let text = |place: &Value, name: &str| place[name].as_str().unwrap_or_default().to_owned();
    let whole = |place: &&Value| {
        let has = |kind: &str| {
            let steps = place["path"].as_array();
            steps.is_some_and(|steps| steps.iter().any(|step| step["kind"] == kind))
        };
        place["actor"].is_string()
            && ["code", "resource", "exchange"]
                .iter()
                .all(|kind| has(kind))
    };
    let found = places.iter().filter(whole).map(|place| {
        (
            text(place, "attribute"),
            text(place, "place"),
            text(place, "actor"),
        )
    });
    Ok(found.collect())
}

/// True where something was written down as planted when the run was killed.
fn killed(keyring: &Keyring, journal: &str, moment: u64) -> anyhow::Result<bool> {
    let mut command = keyring.command(&["dye", "--table", TABLES, "--apply", "--quiet"]);
    command.args(["--url", &keyring.url, "--journal", journal]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    std::thread::sleep(Duration::from_millis(moment));
    child.kill()?;
    child.wait()?;
    Ok(Path::new(journal).exists())
}

fn dump(keyring: &Keyring, environment: &Path) -> anyhow::Result<String> {
    let mut python = Command::new(environment.join("bin/python"));
    python.args(["-c", DUMP]).current_dir(root());
    output(keyring.at(&mut python))
}
