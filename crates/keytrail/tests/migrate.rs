//! `keytrail migrate` as a process: killed at every kind of moment, with writers at work and services
//! that throttle and fail; then the same at full size and for speed, by `cargo xtask bench --migrate`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests that tell what they measured"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac as _};
use keytrail_cloud::{Access, WriteCall, Writer};
use keytrail_twin::{Faults, Moment, World, serve};
use serde_json::{Map, Value, json};

type Item = Map<String, Value>;

/// Items and kills: small here, large where the environment says so.
fn size() -> (usize, u64) {
    let told = std::env::var("KEYTRAIL_SOAK").unwrap_or_else(|_| "300x12".to_owned());
    let (items, kills) = told.split_once('x').unwrap();
    (items.parse().unwrap(), kills.parse().unwrap())
}

/// Put together, so that nothing mistakes it for a key.
fn raw_key(owner: usize, generation: usize) -> String {
    let spread = (owner * 7919 + generation * 104_729) % 1_000_003;
    format!("kt{}live{}{owner:06}Zq{spread:07}x{generation}", "_", "_")
}

fn item(in_key: bool, owner: usize) -> Item {
    let key = json!({"S": raw_key(owner, 0)});
    let id = json!({"S": format!("owner-{owner}")});
    let rest = json!({"M": {"n": {"N": owner.to_string()}, "tags": {"SS": ["a", "b"]}, "on": {"BOOL": true}}});
    let item = if in_key {
        json!({"api_key": key, "owner": id, "rest": rest, "uses": {"N": "0"}})
    } else {
        json!({"id": id, "api_key": key, "rest": rest, "uses": {"N": "0"}})
    };
    item.as_object().unwrap().clone()
}

fn world(in_key: bool, items: usize) -> World {
    let world = World::default();
    let key = if in_key { "api_key" } else { "id" };
    let create =
        json!({"TableName": "keys", "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}]});
    world.plain("dynamodb:CreateTable", &create).unwrap();
    for owner in 0..items {
        let put = json!({"TableName": "keys", "Item": item(in_key, owner)});
        world.plain("dynamodb:PutItem", &put).unwrap();
    }
    world
}

/// The command, in a directory of its own, against the stand-in.
fn keytrail(directory: &Path, endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keytrail"));
    command
        .args(["migrate", "keys", "--attribute", "api_key"])
        .args(arguments)
        .current_dir(directory)
        .envs(environment(endpoint))
        .env("KEYTRAIL_SALT", "a salt for tests only")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn environment(endpoint: &str) -> [(&'static str, &str); 7] {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/nonexistent"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
    ]
}

fn told(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

fn finished(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    told(&output)
}

/// Numbers that look random enough, the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// Runs the command again and again, and kills it (SIGKILL) at random calls: before they are carried out,
/// after that, or after their answer. What was being called when it died, and how often.
fn killed(
    world: &World,
    kills: u64,
    spread: u64,
    mut begin: impl FnMut() -> Command,
) -> BTreeMap<(String, Moment), u64> {
    let seen: Arc<Mutex<BTreeMap<(String, Moment), u64>>> = Arc::default();
    let mut dice = Dice(0x5eed);
    for _ in 0..kills {
        let target = 1 + dice.below(spread);
        let moment = [Moment::Before, Moment::Done, Moment::Answered]
            [usize::try_from(dice.below(3)).unwrap()];
        let child: Arc<Mutex<Option<Child>>> = Arc::default();
        let count = AtomicU64::new(0);
        let dead = Arc::new(AtomicBool::new(false));
        let (watched, counted, gone) = (Arc::clone(&child), Arc::clone(&seen), Arc::clone(&dead));
        world.watch(move |operation, now| {
            if now != moment || count.fetch_add(1, Ordering::SeqCst) + 1 < target {
                return;
            }
            if !gone.swap(true, Ordering::SeqCst) {
                // It is not there for the first moment of its life.
                while watched.lock().unwrap().is_none() {
                    std::thread::yield_now();
                }
                let _ = watched.lock().unwrap().as_mut().unwrap().kill();
                let mut counted = counted.lock().unwrap();
                *counted.entry((operation.to_owned(), now)).or_default() += 1;
            }
        });
        *child.lock().unwrap() = Some(
            begin()
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        );
        let ended = loop {
            let mut child = child.lock().unwrap();
            if let Some(status) = child.as_mut().unwrap().try_wait().unwrap() {
                break status;
            }
            drop(child);
            std::thread::sleep(Duration::from_millis(1));
        };
        world.unwatch();
        assert!(
            dead.load(Ordering::SeqCst) || ended.code().is_some_and(|code| code == 0),
            "it failed by itself: {ended}"
        );
    }
    let seen = seen.lock().unwrap();
    seen.clone()
}

/// People at work on the table until they are told to stop: they use keys, and where the key is no
/// primary key, an old version of the application writes new raw ones.
struct People {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<Done>>,
}

/// Uses by item, and the newest key.
type Done = BTreeMap<usize, (i64, usize)>;

impl People {
    fn begin(world: &World, in_key: bool, items: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..4)
            .map(|who| {
                let (world, stop) = (world.clone(), Arc::clone(&stop));
                std::thread::spawn(move || work(&world, in_key, items, who, &stop))
            })
            .collect();
        Self { stop, threads }
    }

    fn end(self) -> Done {
        self.stop.store(true, Ordering::SeqCst);
        let all = self
            .threads
            .into_iter()
            .map(|thread| thread.join().unwrap());
        all.flatten().collect()
    }
}

fn work(world: &World, in_key: bool, items: usize, who: usize, stop: &AtomicBool) -> Done {
    let mut dice = Dice(0xd1ce + who as u64);
    let mut done = Done::new();
    while !stop.load(Ordering::SeqCst) {
        // Each has items of their own, so that it is known who was last.
        let owner = usize::try_from(dice.below(items as u64 / 4)).unwrap() * 4 + who;
        let (uses, generation) = done.entry(owner).or_default();
        if !in_key && dice.below(5) == 0 {
            *generation += 1;
            replace(world, owner, &raw_key(owner, *generation));
        } else {
            use_it(world, in_key, owner);
            *uses += 1;
        }
        std::thread::sleep(Duration::from_micros(1500));
    }
    done
}

/// One more use, of an item that has to be there: first where it is afterwards, then where it was.
fn use_it(world: &World, in_key: bool, owner: usize) {
    let digest = |world: &World| {
        let asked = json!({"SecretId": "keytrail/keys/pepper"});
        let answer = world.plain("secretsmanager:GetSecretValue", &asked).ok()?;
        let pepper = answer["SecretString"].as_str()?.to_owned();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(pepper.as_bytes()).ok()?;
        mac.update(raw_key(owner, 0).as_bytes());
        Some(json!({"api_key": {"S": format!("{:x}", mac.finalize().into_bytes())}}))
    };
    let used = |key: Value| {
        let update = json!({
            "TableName": "keys", "Key": key, "UpdateExpression": "ADD uses :one",
            "ConditionExpression": "attribute_exists(uses)",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        });
        world.plain("dynamodb:UpdateItem", &update).is_ok()
    };
    let found = if in_key {
        let old = json!({"api_key": {"S": raw_key(owner, 0)}});
        digest(world).is_some_and(used) || used(old) || digest(world).is_some_and(used)
    } else {
        used(json!({"id": {"S": format!("owner-{owner}")}}))
    };
    assert!(found, "the item of owner {owner} was not to be found");
}

fn replace(world: &World, owner: usize, key: &str) {
    let update = json!({
        "TableName": "keys", "Key": {"id": {"S": format!("owner-{owner}")}},
        "UpdateExpression": "SET api_key = :k", "ExpressionAttributeValues": {":k": {"S": key}},
    });
    world.plain("dynamodb:UpdateItem", &update).unwrap();
}

fn owner_of(in_key: bool, item: &Item) -> usize {
    let name = if in_key { "owner" } else { "id" };
    let text = item[name]["S"].as_str().unwrap();
    text.strip_prefix("owner-").unwrap().parse().unwrap()
}

/// The key that the item's reference leads to, and nothing raw in the item.
fn through_alias(world: &World, item: &Item) -> String {
    let reference = &item["api_key_ref"]["M"];
    let asked = json!({"SecretId": reference["name"]["S"], "VersionId": reference["version"]["S"]});
    let answer = world
        .plain("secretsmanager:GetSecretValue", &asked)
        .unwrap();
    let key = answer["SecretString"].as_str().unwrap().to_owned();
    assert!(
        !json!(item).to_string().contains(&key),
        "the raw key is left"
    );
    key
}

/// Everything that must be true at the end.
fn check(world: &World, in_key: bool, items: usize, done: &Done) {
    let now = world.items("keys");
    assert_eq!(now.len(), items, "items were lost or doubled");
    let mut seen = BTreeSet::new();
    for item in &now {
        let owner = owner_of(in_key, item);
        let (uses, generation) = done.get(&owner).copied().unwrap_or_default();
        assert_eq!(
            through_alias(world, item),
            raw_key(owner, generation),
            "owner {owner}"
        );
        assert_eq!(
            item["uses"]["N"],
            json!(uses.to_string()),
            "uses of owner {owner}"
        );
        assert_eq!(item["rest"], self::item(in_key, owner)["rest"]);
        assert!(seen.insert(owner), "owner {owner} is there twice");
        // No raw key of any time, and in the primary key's place its digest.
        let text = json!(item).to_string();
        assert!(!text.contains("_live_"), "a raw key is left: {text}");
    }
}

/// No raw key in any file that the command wrote.
fn no_key_in(directory: &Path) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            no_key_in(&path);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                !text.contains("_live_"),
                "{} holds a raw key",
                path.display()
            );
        }
    }
}

fn bad() -> Faults {
    Faults {
        throttled: 0.03,
        broken_before: 0.005,
        broken_after: 0.005,
        lost: 0.005,
        ..Faults::default()
    }
}

/// Forward with kills and people at work; then everything must be true.
fn soak(in_key: bool) {
    let (items, kills) = size();
    let world = world(in_key, items);
    let directory = tempfile::tempdir().unwrap();
    let endpoint = serve(&world).unwrap();
    world.go_wrong(bad(), 11);
    let people = People::begin(&world, in_key, items);
    let begun = Instant::now();
    let to = ["--to", "secretsmanager", "--apply"];
    // So far apart that the kills spread over the whole of the work.
    let spread = (items as u64 * 6 / kills).max(4);
    let seen = killed(&world, kills, spread, || {
        keytrail(directory.path(), &endpoint, &to)
    });
    let half = begun.elapsed();
    let _ = keytrail(directory.path(), &endpoint, &to).output().unwrap();
    let done = people.end();
    let report = [
        "--to",
        "secretsmanager",
        "--apply",
        "--report",
        "report.json",
    ];
    let last = finished(keytrail(directory.path(), &endpoint, &report));
    let died: u64 = seen.values().sum();
    println!(
        "\nkey {}: {items} items, {died} of {kills} runs killed in {:.1} s, {} uses and {} replacements by 4 writers",
        if in_key {
            "as primary key"
        } else {
            "in an attribute"
        },
        half.as_secs_f64(),
        done.values().map(|(uses, _)| uses).sum::<i64>(),
        done.values()
            .map(|(_, generation)| generation)
            .sum::<usize>(),
    );
    for ((operation, moment), count) in &seen {
        println!("  killed {count:>3} times: {operation}, {moment:?}");
    }
    println!("last run: {last}");
    assert!(last.contains("0 with a raw key") && last.contains("0 differ from the journal"));
    check(&world, in_key, items, &done);
    no_key_in(directory.path());
}

/// From the middle back, with kills: every item is byte for byte what it was.
fn back(in_key: bool) {
    let (items, kills) = size();
    let world = world(in_key, items);
    let mut before = world.items("keys");
    let directory = tempfile::tempdir().unwrap();
    let endpoint = serve(&world).unwrap();
    world.go_wrong(bad(), 13);
    let apply = ["--to", "secretsmanager", "--apply"];
    // About half of the items.
    let quarter = items as u64 * 2;
    let mut middle = Dice(1);
    let _ = middle.below(2);
    let stopped = killed_after(
        &world,
        quarter,
        keytrail(directory.path(), &endpoint, &apply),
    );
    let moved = world
        .items("keys")
        .iter()
        .filter(|item| item.contains_key("api_key_ref"))
        .count();
    assert!(
        stopped && moved > 0 && moved < items,
        "{moved} of {items} were moved"
    );
    let rollback = ["--to", "secretsmanager", "--rollback"];
    let spread = (moved as u64 * 3 / kills).max(4);
    let seen = killed(&world, kills, spread, || {
        keytrail(directory.path(), &endpoint, &rollback)
    });
    let last = finished(keytrail(directory.path(), &endpoint, &rollback));
    println!(
        "\nback from {moved} of {items} moved (key {}), {} runs killed: {last}",
        if in_key {
            "as primary key"
        } else {
            "in an attribute"
        },
        seen.values().sum::<u64>()
    );
    let mut after = world.items("keys");
    let text = |item: &Item| json!(item).to_string();
    before.sort_by_key(text);
    after.sort_by_key(text);
    assert_eq!(
        before.iter().map(text).collect::<Vec<_>>(),
        after.iter().map(text).collect::<Vec<_>>()
    );
}

/// Runs it and kills it at call number `calls`.
fn killed_after(world: &World, calls: u64, mut command: Command) -> bool {
    let child = Arc::new(Mutex::new(
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    ));
    let count = AtomicU64::new(0);
    let watched = Arc::clone(&child);
    world.watch(move |_, moment| {
        if moment == Moment::Done && count.fetch_add(1, Ordering::SeqCst) == calls {
            let _ = watched.lock().unwrap().kill();
        }
    });
    loop {
        if let Some(status) = child.lock().unwrap().try_wait().unwrap() {
            world.unwatch();
            return !status.success();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn killed_at_random_moments_with_writers_at_work() {
    soak(false);
}

#[test]
fn killed_at_random_moments_with_the_key_as_primary_key() {
    soak(true);
}

#[test]
fn back_from_the_middle_byte_for_byte() {
    back(false);
}

#[test]
fn back_from_the_middle_with_the_key_as_primary_key() {
    back(true);
}

#[test]
fn a_plan_writes_nothing_and_a_report_is_signed() {
    let world = world(false, 20);
    let directory = tempfile::tempdir().unwrap();
    let endpoint = serve(&world).unwrap();
    let before = world.items("keys");
    let plan = finished(keytrail(
        directory.path(),
        &endpoint,
        &["--to", "secretsmanager"],
    ));
    assert!(
        plan.contains("20 of 20 items hold a raw key in `api_key`"),
        "{plan}"
    );
    assert!(
        plan.contains("8.00 USD a month") && plan.contains("point-in-time recovery"),
        "{plan}"
    );
    assert_eq!((world.items("keys"), world.kept()), (before, 0));
    std::fs::write(
        directory.path().join("key"),
        "0123456789abcdef0123456789abcdef\n",
    )
    .unwrap();
    let signed = [
        "--to",
        "hmac",
        "--finish",
        "--report",
        "r.json",
        "--sign-key",
        "key",
    ];
    let done = finished(keytrail(directory.path(), &endpoint, &signed));
    assert!(
        done.contains("20 moved") && done.contains("20 closed"),
        "{done}"
    );
    let check = |text: &str| {
        std::fs::write(directory.path().join("r.json"), text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_keytrail"));
        command.args(["migrate", "--check-report", "r.json", "--sign-key", "key"]);
        command
            .current_dir(directory.path())
            .output()
            .unwrap()
            .status
            .success()
    };
    let report = std::fs::read_to_string(directory.path().join("r.json")).unwrap();
    assert!(check(&report) && !check(&report.replace("20", "21")));
    let back = keytrail(directory.path(), &endpoint, &["--to", "hmac", "--rollback"])
        .output()
        .unwrap();
    assert!(
        told(&back).contains("it can't be rolled back"),
        "{}",
        told(&back)
    );
    no_key_in(directory.path());
}

/// The stand-in as it is reached by a client of ours and nothing else: what its services allow.
fn bare(endpoint: &str, items: usize) -> Option<(Duration, Duration)> {
    const CHILD: &str = "KEYTRAIL_TEST_BARE";
    if std::env::var_os(CHILD).is_none() {
        // The SDK reads the endpoint of the process, which no test may change.
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "speed_beside_bare_calls",
                "--include-ignored",
                "--nocapture",
            ])
            .envs(environment(endpoint))
            .env(CHILD, items.to_string())
            .output()
            .unwrap();
        let text = told(&output);
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("bare "))
            .unwrap_or_else(|| panic!("{text}"));
        let (vault, table) = line.split_once(' ').unwrap();
        let micros = |text: &str| Duration::from_micros(text.parse().unwrap());
        return Some((micros(vault), micros(table)));
    }
    let items: usize = std::env::var(CHILD).unwrap().parse().unwrap();
    let writer = Writer::open(&Access::default()).unwrap();
    let vault = timed(&writer, items, |writer, n| {
        let name = format!("bare/{n}");
        let token = format!("{n:08}-0000-0000-0000-000000000000");
        let create =
            json!({"Name": name, "ClientRequestToken": token, "SecretString": raw_key(n, 0)});
        insist(writer, WriteCall::CreateSecret, &create);
        insist(
            writer,
            WriteCall::GetSecretValue,
            &json!({"SecretId": name, "VersionId": token}),
        );
    });
    let table = timed(&writer, items, |writer, n| {
        let update = json!({
            "TableName": "bare", "Key": {"id": {"S": format!("owner-{n}")}},
            "UpdateExpression": "SET r = :r REMOVE api_key", "ConditionExpression": "api_key = :k",
            "ExpressionAttributeValues": {":r": {"S": "x".repeat(120)}, ":k": {"S": raw_key(n, 0)}},
        });
        let _ = writer.once(WriteCall::UpdateItem, &update);
    });
    println!("bare {} {}", vault.as_micros(), table.as_micros());
    None
}

fn insist(writer: &Writer, call: WriteCall, request: &Value) {
    while writer.once(call, request).is_err() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// 48 at a time, as the command has it.
fn timed(writer: &Writer, items: usize, one: impl Fn(&Writer, usize) + Sync) -> Duration {
    let next = AtomicU64::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..48 {
            scope.spawn(|| {
                loop {
                    let n = usize::try_from(next.fetch_add(1, Ordering::SeqCst)).unwrap();
                    if n >= items {
                        return;
                    }
                    one(writer, n);
                }
            });
        }
    });
    begun.elapsed()
}

/// The command against bare calls of the same kind to the slower of the two services, one after the other.
#[test]
#[ignore = "a measurement: `cargo xtask bench --migrate`"]
fn speed_beside_bare_calls() {
    if std::env::var_os("KEYTRAIL_TEST_BARE").is_some() {
        bare("", 0);
        return;
    }
    println!("\nitems  vault calls/s allowed  bare vault  bare table  migrate   of the slower one");
    for (items, rate) in [
        (2000, Some(100.0)),
        (5000, Some(600.0)),
        (10_000, Some(2000.0)),
        (10_000, None),
    ] {
        let world = world(false, items);
        let faults = Faults {
            latency: Duration::from_millis(3),
            vault_rate: rate,
            ..Faults::default()
        };
        world.go_wrong(faults, 5);
        let endpoint = serve(&world).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let (vault, table) = bare(&endpoint, items).unwrap();
        let begun = Instant::now();
        finished(keytrail(
            directory.path(),
            &endpoint,
            &["--to", "secretsmanager", "--apply"],
        ));
        let ours = begun.elapsed();
        let slower = vault.max(table).as_secs_f64();
        println!(
            "{items:<6} {:<22} {:>8.2} s {:>9.2} s {:>8.2} s {:>8.0} %",
            rate.map_or("all".to_owned(), |rate| rate.to_string()),
            vault.as_secs_f64(),
            table.as_secs_f64(),
            ours.as_secs_f64(),
            100.0 * slower / ours.as_secs_f64()
        );
    }
}
