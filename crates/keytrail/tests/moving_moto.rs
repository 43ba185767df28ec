//! Moving and rotating keys on moto, which is not of our making; and the stand-in's answers held against
//! moto's.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests that tell what they saw"
)]

#[path = "../../keytrail-cloud/tests/moto/mod.rs"]
mod moto;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use keytrail_cloud::{Access, CloudError, WriteCall, Writer};
use keytrail_twin::World;
use serde_json::{Value, json};

fn told(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

/// Runs a script beside this file; what it prints.
fn python(arguments: &[&str]) -> String {
    python_as(arguments, &[])
}

fn python_as(arguments: &[&str], who: &[(&str, &str)]) -> String {
    let packages = PathBuf::from(std::env::var_os("KEYTRAIL_MOTO").unwrap());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moving/moving.py");
    let output = Command::new(packages.join("bin/python"))
        .arg(script)
        .args(arguments)
        .envs(who.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn keytrail(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keytrail"));
    command
        .args(arguments)
        .current_dir(directory)
        .env("KEYTRAIL_SALT", "a salt for tests only")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn passes(directory: &Path, arguments: &[&str]) -> String {
    let output = keytrail(directory, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", told(&output));
    told(&output)
}

fn fails(directory: &Path, arguments: &[&str]) -> String {
    let output = keytrail(directory, arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}: {}", told(&output));
    told(&output)
}

#[test]
#[ignore = "needs moto; run by xtask"]
fn every_vault_on_moto_with_the_generated_reader() {
    if moto::inside("every_vault_on_moto_with_the_generated_reader", moto::serve).is_none() {
        return;
    }
    for (vault, attribute) in [
        ("secretsmanager", "meta.api_key"),
        ("ssm", "meta.api_key"),
        ("kms", "meta.api_key"),
        ("hmac", "meta.api_key"),
        ("secretsmanager", "api_key"),
        ("hmac", "api_key"),
        ("kms", "api_key"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let table = format!("{vault}-{}", attribute.replace('.', "-"));
        let key = python(&["table", &table, attribute]);
        let before = python(&["dump", &table]);
        let mut base = vec!["migrate", &table, "--attribute", attribute, "--to", vault];
        if vault == "kms" {
            base.extend(["--key", key.trim()]);
        }
        let with = |more: &[&'static str]| [base.as_slice(), more].concat();
        passes(directory.path(), &with(&["--reader", "dual.py"]));
        let dual = directory.path().join("dual.py");
        let read = |module: &Path| python(&["read", &table, attribute, module.to_str().unwrap()]);
        // The reader reads raw keys too.
        assert_eq!(read(&dual), "20 keys\n");
        let done = passes(directory.path(), &with(&["--apply"]));
        assert!(done.contains("20 moved"), "{done}");
        assert!(!python(&["dump", &table]).contains("_live_"));
        assert_eq!(read(&dual), "20 keys\n");
        passes(directory.path(), &with(&["--rollback"]));
        assert_eq!(python(&["dump", &table]), before, "{table}");
        let done = passes(directory.path(), &with(&["--finish"]));
        println!("{table}: {done}");
        passes(directory.path(), &with(&["--reader", "strict.py"]));
        let strict = directory.path().join("strict.py");
        assert!(
            std::fs::read_to_string(&strict)
                .unwrap()
                .contains("RAW_KEYS_ARE_READ = False")
        );
        assert_eq!(read(&strict), "20 keys\n");
        fails(directory.path(), &with(&["--rollback"]));
    }
}

/// Status, and what matters of the body.
fn moto_says(writer: &Writer, call: WriteCall, request: &Value) -> Result<Value, String> {
    writer.once(call, request).map_err(|error| match error {
        CloudError::Service { code, .. } => code,
        other => other.to_string(),
    })
}

/// What differs between two services that are both right: times, names, identifiers of their own.
fn essence(answer: &Value) -> Value {
    let fields = [
        "Item",
        "Attributes",
        "Items",
        "Count",
        "SecretString",
        "SecretBinary",
        "VersionId",
        "VersionStages",
        "VersionIdsToStages",
        "Version",
        "Parameter",
        "Plaintext",
    ];
    let mut kept = json!({});
    for field in fields {
        if let Some(value) = answer.get(field) {
            kept[field] = match field {
                "Parameter" => json!([value["Value"], value["Version"]]),
                "VersionStages" => sorted(value),
                "VersionIdsToStages" => {
                    let map = value.as_object().unwrap().iter();
                    map.filter(|(_, stages)| *stages != &json!([]))
                        .map(|(id, stages)| (id.clone(), sorted(stages)))
                        .collect::<serde_json::Map<_, _>>()
                        .into()
                }
                _ => value.clone(),
            };
        }
    }
    kept
}

fn sorted(list: &Value) -> Value {
    let mut list: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap().to_owned())
        .collect();
    list.sort();
    list.into()
}

/// The calls that the protocol makes, those that are refused among them.
#[expect(clippy::too_many_lines, reason = "a list")]
fn calls() -> Vec<(&'static str, Value)> {
    let token = |n: u32| format!("{n:08}-0000-4000-8000-000000000000");
    let key = json!({"id": {"S": "a"}});
    let names = |more: &[(&str, &str)]| -> Value {
        let mut names = json!({"#k": "api_key", "#r": "api_key_ref"});
        for (name, value) in more {
            names[*name] = (*value).into();
        }
        names
    };
    let switch = json!({
        "TableName": "t", "Key": key, "UpdateExpression": "SET #r = :r REMOVE #k",
        "ConditionExpression": "#k = :k AND attribute_not_exists(#r)",
        "ExpressionAttributeNames": names(&[]),
        "ExpressionAttributeValues": {":r": {"M": {"name": {"S": "x"}}}, ":k": {"S": "one"}},
    });
    let item = json!({"id": {"S": "a"}, "api_key": {"S": "one"}, "n": {"N": "1"},
        "m": {"M": {"x": {"L": [{"BOOL": true}, {"NULL": true}]}}}, "s": {"SS": ["b", "a"]}});
    let put =
        json!({"TableName": "t", "Item": item, "ConditionExpression": "attribute_not_exists(id)"});
    let get = json!({"TableName": "t", "Key": key, "ConsistentRead": true});
    let exchange = |n: &str| {
        json!({"TransactItems": [
            {"Put": {"TableName": "t", "Item": {"id": {"S": "b"}, "n": {"N": "1"}},
                "ConditionExpression": "attribute_not_exists(#i)", "ExpressionAttributeNames": {"#i": "id"}}},
            {"Delete": {"TableName": "t", "Key": key, "ConditionExpression": "#n = :n AND attribute_not_exists(#z)",
                "ExpressionAttributeNames": {"#n": "n", "#z": "zzz"}, "ExpressionAttributeValues": {":n": {"N": n}}}},
        ]})
    };
    let secret = |n: u32, text: &str| json!({"SecretId": "s", "ClientRequestToken": token(n), "SecretString": text});
    vec![
        ("dynamodb:PutItem", put.clone()),
        ("dynamodb:PutItem", put),
        ("dynamodb:GetItem", get.clone()),
        ("dynamodb:UpdateItem", switch.clone()),
        ("dynamodb:UpdateItem", switch),
        ("dynamodb:GetItem", get.clone()),
        (
            "dynamodb:UpdateItem",
            json!({"TableName": "t", "Key": key, "UpdateExpression": "SET #k = :k REMOVE #r",
            "ConditionExpression": "#r = :r AND attribute_not_exists(#k)", "ExpressionAttributeNames": names(&[]),
            "ExpressionAttributeValues": {":r": {"M": {"name": {"S": "x"}}}, ":k": {"S": "one"}}}),
        ),
        (
            "dynamodb:UpdateItem",
            json!({"TableName": "t", "Key": key, "UpdateExpression": "SET m.y = :y ADD n :one",
            "ExpressionAttributeValues": {":y": {"B": "AAEC"}, ":one": {"N": "1"}}}),
        ),
        (
            "dynamodb:UpdateItem",
            json!({"TableName": "t", "Key": key, "UpdateExpression": "SET q.y = :y",
            "ExpressionAttributeValues": {":y": {"S": "x"}}}),
        ),
        (
            "dynamodb:UpdateItem",
            json!({"TableName": "t", "Key": key, "UpdateExpression": "SET n = :y",
            "ExpressionAttributeValues": {":y": {"N": "1.0"}, ":unused": {"S": "x"}}}),
        ),
        (
            "dynamodb:UpdateItem",
            json!({"TableName": "t", "Key": key, "UpdateExpression": "SET n = :y",
            "ConditionExpression": "n = :two", "ExpressionAttributeValues": {":y": {"N": "1"}, ":two": {"N": "2"}}}),
        ),
        ("dynamodb:GetItem", get.clone()),
        (
            "dynamodb:Scan",
            json!({"TableName": "t", "ConsistentRead": true, "ProjectionExpression": "#i, #k",
            "ExpressionAttributeNames": {"#i": "id", "#k": "api_key"}}),
        ),
        ("dynamodb:TransactWriteItems", exchange("9")),
        ("dynamodb:GetItem", get.clone()),
        ("dynamodb:TransactWriteItems", exchange("1")),
        ("dynamodb:TransactWriteItems", exchange("1")),
        ("dynamodb:GetItem", get),
        (
            "dynamodb:UpdateItem",
            json!({"TableName": "t", "Key": key, "UpdateExpression": "ADD uses :one",
            "ConditionExpression": "attribute_exists(id)", "ExpressionAttributeValues": {":one": {"N": "1"}}}),
        ),
        ("dynamodb:GetItem", json!({"TableName": "none", "Key": key})),
        ("secretsmanager:GetSecretValue", json!({"SecretId": "s"})),
        (
            "secretsmanager:CreateSecret",
            json!({"Name": "s", "ClientRequestToken": token(1), "SecretString": "one"}),
        ),
        (
            "secretsmanager:CreateSecret",
            json!({"Name": "s", "ClientRequestToken": token(2), "SecretString": "two"}),
        ),
        ("secretsmanager:PutSecretValue", secret(2, "two")),
        ("secretsmanager:PutSecretValue", secret(2, "two")),
        (
            "secretsmanager:GetSecretValue",
            json!({"SecretId": "s", "VersionId": token(1)}),
        ),
        ("secretsmanager:GetSecretValue", json!({"SecretId": "s"})),
        ("secretsmanager:DescribeSecret", json!({"SecretId": "s"})),
        (
            "secretsmanager:PutSecretValue",
            json!({"SecretId": "s", "ClientRequestToken": token(3),
            "SecretString": "three", "VersionStages": ["AWSPENDING"]}),
        ),
        ("secretsmanager:GetSecretValue", json!({"SecretId": "s"})),
        (
            "secretsmanager:UpdateSecretVersionStage",
            json!({"SecretId": "s", "VersionStage": "AWSCURRENT",
            "MoveToVersionId": token(3), "RemoveFromVersionId": token(2)}),
        ),
        ("secretsmanager:DescribeSecret", json!({"SecretId": "s"})),
        (
            "secretsmanager:UpdateSecretVersionStage",
            json!({"SecretId": "s", "VersionStage": "AWSPREVIOUS",
            "RemoveFromVersionId": token(2)}),
        ),
        (
            "secretsmanager:GetSecretValue",
            json!({"SecretId": "s", "VersionStage": "AWSPREVIOUS"}),
        ),
        (
            "secretsmanager:DeleteSecret",
            json!({"SecretId": "s", "RecoveryWindowInDays": 7}),
        ),
        ("secretsmanager:GetSecretValue", json!({"SecretId": "s"})),
        ("secretsmanager:RestoreSecret", json!({"SecretId": "s"})),
        (
            "secretsmanager:GetSecretValue",
            json!({"SecretId": "s", "VersionId": token(3)}),
        ),
        (
            "ssm:GetParameter",
            json!({"Name": "/p", "WithDecryption": true}),
        ),
        (
            "ssm:PutParameter",
            json!({"Name": "/p", "Value": "one", "Type": "SecureString", "Overwrite": false}),
        ),
        (
            "ssm:PutParameter",
            json!({"Name": "/p", "Value": "two", "Type": "SecureString", "Overwrite": false}),
        ),
        (
            "ssm:PutParameter",
            json!({"Name": "/p", "Value": "two", "Type": "SecureString", "Overwrite": true}),
        ),
        (
            "ssm:GetParameter",
            json!({"Name": "/p:1", "WithDecryption": true}),
        ),
        (
            "ssm:GetParameter",
            json!({"Name": "/p", "WithDecryption": true}),
        ),
    ]
}

#[test]
#[ignore = "needs moto; run by xtask"]
fn the_stand_in_answers_as_moto_does() {
    if moto::inside("the_stand_in_answers_as_moto_does", moto::serve).is_none() {
        return;
    }
    python(&["empty", "t"]);
    let world = World::default();
    let create =
        json!({"TableName": "t", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]});
    world.plain("dynamodb:CreateTable", &create).unwrap();
    let writer = Writer::open(&Access::default()).unwrap();
    let mut unlike = Vec::new();
    for (number, (id, request)) in calls().into_iter().enumerate() {
        let call = WriteCall::named(id).unwrap();
        let theirs = moto_says(&writer, call, &request).map(|answer| essence(&answer));
        let code = |error: Value| error["__type"].as_str().unwrap().to_owned();
        let ours = world
            .plain(id, &request)
            .map(|answer| essence(&answer))
            .map_err(code);
        if ours != theirs {
            unlike.push(format!("{number} {id}\n  moto {theirs:?}\n  ours {ours:?}"));
        }
    }
    println!("{} calls compared", calls().len());
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
}

/// Under moto's own check of who asks.
#[test]
#[ignore = "needs moto; run by xtask"]
fn an_access_key_is_rotated_with_overlap_interrupted_and_resumed() {
    const NAME: &str = "an_access_key_is_rotated_with_overlap_interrupted_and_resumed";
    if moto::inside(NAME, moto::serve).is_none() {
        return;
    }
    let names = |round: u64| (format!("importer-{round}"), format!("importer-{round}/aws"));
    let old: Vec<String> = (0..ROUNDS)
        .map(|round| {
            let (user, store) = names(round);
            python(&["user", &user, &store])
        })
        .collect();
    let admin = python(&["admin", "importer", "importer/aws"]);
    let (id, secret) = admin.trim().split_once(' ').unwrap();
    let me = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
    // Each is killed a little later than the one before.
    let mut killed = 0;
    for round in 0..ROUNDS {
        let directory = tempfile::tempdir().unwrap();
        let (user, store) = names(round);
        let rotate = |how: &'static str| {
            let arguments = ["rotate", "--iam-user", &user, "--store", &store, how];
            let mut command = keytrail(directory.path(), &arguments);
            command.envs(me);
            command
        };
        let done = |how: &'static str| {
            let output = rotate(how).output().unwrap();
            assert!(
                output.status.success(),
                "round {round} {how}: {}",
                told(&output)
            );
            told(&output)
        };
        killed += interrupted(rotate("--apply"), round * 10);
        assert!(done("--apply").contains("the old one works still"));
        let status = python_as(&["keys", &user, &store], &me);
        assert_eq!(
            status, "2 active, current is new, both accepted\n",
            "round {round}"
        );
        killed += interrupted(rotate("--finish"), round * 10);
        assert!(done("--finish").contains("seen refused, and is gone"));
        assert_eq!(
            python_as(&["keys", &user, &store], &me),
            "1 active, current is new\n"
        );
        let old = old[usize::try_from(round).unwrap()].trim();
        assert!(!python_as(&["listed", &user], &me).contains(old));
        for entry in std::fs::read_dir(directory.path().join("keytrail-rotate")).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            assert!(!text.contains("SecretAccessKey"), "{text}");
        }
    }
    println!("access keys: {ROUNDS} rotations, {killed} runs killed");
    assert!(killed > 3, "only {killed} runs were killed");
}

/// Rotations of access keys.
const ROUNDS: u64 = 10;

/// Under moto's own check of signatures: who holds the old pair is refused.
#[test]
#[ignore = "needs moto; run by xtask"]
fn the_old_access_key_is_refused_by_the_service() {
    if moto::inside("the_old_access_key_is_refused_by_the_service", moto::serve).is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let admin = python(&["admin", "importer", "importer/aws"]);
    let (id, secret) = admin.trim().split_once(' ').unwrap();
    let run = |arguments: &[&str]| {
        let output = keytrail(directory.path(), arguments)
            .env("AWS_ACCESS_KEY_ID", id)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .output()
            .unwrap();
        (output.status.success(), told(&output))
    };
    let base = [
        "rotate",
        "--iam-user",
        "importer",
        "--store",
        "importer/aws",
    ];
    let with = |more: &'static str| [base.as_slice(), &[more]].concat();
    let (good, text) = run(&with("--apply"));
    assert!(good, "{text}");
    let held = || python(&["held", "importer/aws", id, secret]);
    let both = held();
    assert_eq!(both, "AWSCURRENT accepted, AWSPREVIOUS accepted\n");
    // Kept before the label goes.
    let (good, text) = run(&with("--finish"));
    assert!(good, "{text}");
    let after = held();
    println!("after --finish: {after}{text}");
    assert_eq!(
        after,
        "AWSCURRENT accepted, AWSPREVIOUS is no more, first pair InvalidClientTokenId\n"
    );
}

#[test]
#[ignore = "needs moto; run by xtask"]
fn a_secret_is_rotated_and_the_old_one_is_seen_refused() {
    if moto::inside(
        "a_secret_is_rotated_and_the_old_one_is_seen_refused",
        moto::serve,
    )
    .is_none()
    {
        return;
    }
    let mut killed = 0;
    for round in 0..8 {
        let directory = tempfile::tempdir().unwrap();
        let name = format!("shop-{round}/vendor");
        python(&["secret", &name, "old-key-of-the-vendor-0123456789"]);
        // The vendor: a file with the keys that it accepts.
        let accepted = directory.path().join("accepted");
        std::fs::write(&accepted, "old-key-of-the-vendor-0123456789\n").unwrap();
        std::fs::write(
            directory.path().join("new"),
            "new-key-of-the-vendor-9876543210\n",
        )
        .unwrap();
        let test = "k=$(cat); grep -qxF \"$k\" accepted";
        let base = ["rotate", "--secret", &name, "--test", test];
        let with = |more: &[&'static str]| [base.as_slice(), more].concat();
        let begin = with(&["--new-key", "new", "--apply"]);
        let refused = fails(directory.path(), &begin);
        assert!(
            refused.contains("the old one is still handed out"),
            "{refused}"
        );
        assert_eq!(
            python(&["current", &name]),
            "old-key-of-the-vendor-0123456789\n"
        );
        std::fs::write(
            &accepted,
            "old-key-of-the-vendor-0123456789\nnew-key-of-the-vendor-9876543210\n",
        )
        .unwrap();
        killed += interrupted(keytrail(directory.path(), &begin), 20 + round * 10);
        passes(directory.path(), &begin);
        assert_eq!(
            python(&["current", &name]),
            "new-key-of-the-vendor-9876543210\n"
        );
        assert_eq!(
            python(&["previous", &name]),
            "old-key-of-the-vendor-0123456789\n"
        );
        let refused = fails(directory.path(), &with(&["--finish"]));
        assert!(
            refused.contains("still accepted: it stays on the list"),
            "{refused}"
        );
        std::fs::write(&accepted, "new-key-of-the-vendor-9876543210\n").unwrap();
        killed += interrupted(
            keytrail(directory.path(), &with(&["--finish"])),
            20 + round * 10,
        );
        let done = passes(directory.path(), &with(&["--finish"]));
        assert!(done.contains("seen refused, and is gone"), "{done}");
        assert_eq!(python(&["previous", &name]), "none\n");
    }
    println!("secrets: 8 rotations, {killed} runs killed");
}

#[test]
#[ignore = "needs moto; run by xtask"]
fn a_pepper_has_two_generations_until_every_digest_is_renewed() {
    if moto::inside(
        "a_pepper_has_two_generations_until_every_digest_is_renewed",
        moto::serve,
    )
    .is_none()
    {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    python(&["table", "digests", "meta.api_key"]);
    let migrate = [
        "migrate",
        "digests",
        "--attribute",
        "meta.api_key",
        "--to",
        "hmac",
    ];
    passes(
        directory.path(),
        &[migrate.as_slice(), &["--reader", "keys.py"]].concat(),
    );
    passes(
        directory.path(),
        &[migrate.as_slice(), &["--apply"]].concat(),
    );
    let rotate = [
        "rotate",
        "--pepper",
        "digests",
        "--attribute",
        "meta.api_key",
    ];
    let with = |more: &'static str| [rotate.as_slice(), &[more]].concat();
    passes(directory.path(), &with("--apply"));
    passes(directory.path(), &with("--apply"));
    let module = directory.path().join("keys.py");
    let module = module.to_str().unwrap();
    assert_eq!(
        python(&["read", "digests", "meta.api_key", module]),
        "20 keys\n"
    );
    let refused = fails(directory.path(), &with("--finish"));
    assert!(
        refused.contains("20 digests are still under the old pepper"),
        "{refused}"
    );
    assert_eq!(
        python(&["renew", "digests", "meta.api_key", module]),
        "20 renewed\n"
    );
    passes(directory.path(), &with("--finish"));
    assert_eq!(
        python(&["read", "digests", "meta.api_key", module]),
        "20 keys\n"
    );
}

/// Runs it and kills it (SIGKILL) after some milliseconds; whether it was killed.
fn interrupted(mut command: Command, after: u64) -> u32 {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(after));
    let _ = child.kill();
    u32::from(child.wait().unwrap().code().is_none())
}
