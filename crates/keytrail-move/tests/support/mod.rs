//! A table in the stand-in, and what must be true of it at the end.

#![allow(
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    reason = "helpers of several tests, of which each uses some"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;
use std::sync::Mutex;

use keytrail_model::{Fingerprinter, Progress};
use keytrail_move::{
    Head, Item, Journal, Mover, Pace, Path, Pepper, Refusal, Seal, Setting, Target, Wire,
};
use keytrail_twin::World;
use serde_json::{Value, json};

/// The stand-in as it is reached without a socket.
pub(crate) struct Direct(pub(crate) World);

impl Wire for Direct {
    fn send(&self, call: &'static str, request: &Value) -> Result<Value, Refusal> {
        let reply = self.0.answer(call, request);
        if reply.lost {
            return Err(Refusal::Broken("lost".to_owned()));
        }
        match (reply.status, reply.code()) {
            (200, _) => Ok(reply.body),
            (500.., _) => Err(Refusal::Broken("500".to_owned())),
            (_, Some("ThrottlingException")) => Err(Refusal::Throttled),
            (_, code) => Err(Refusal::Code(code.unwrap_or_default().to_owned())),
        }
    }
}

/// Which shape of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) target: Target,
    pub(crate) in_key: bool,
}

pub(crate) const SHAPES: [Shape; 8] = [
    Shape {
        target: Target::SecretsManager,
        in_key: false,
    },
    Shape {
        target: Target::ParameterStore,
        in_key: false,
    },
    Shape {
        target: Target::Kms,
        in_key: false,
    },
    Shape {
        target: Target::Hmac,
        in_key: false,
    },
    Shape {
        target: Target::SecretsManager,
        in_key: true,
    },
    Shape {
        target: Target::ParameterStore,
        in_key: true,
    },
    Shape {
        target: Target::Kms,
        in_key: true,
    },
    Shape {
        target: Target::Hmac,
        in_key: true,
    },
];

/// Put together, so that nothing mistakes it for a key.
pub(crate) fn raw_key(number: usize) -> String {
    format!("kt{}live{}Zq{:05}x", "_", "_", number * 7919 % 100_003)
}

/// Item number `number`, as an application wrote it.
pub(crate) fn item(shape: Shape, number: usize) -> Item {
    let owner = json!({"S": format!("owner-{number}")});
    let key = json!({"S": raw_key(number)});
    let rest = json!({"M": {"n": {"N": number.to_string()}, "tags": {"SS": ["a", "b"]}}});
    let item = if shape.in_key {
        json!({"api_key": key, "owner": owner, "rest": rest, "uses": {"N": "0"}})
    } else {
        json!({"id": owner, "meta": {"M": {"api_key": key, "kind": {"S": "x"}}}, "rest": rest, "uses": {"N": "0"}})
    };
    item.as_object().unwrap().clone()
}

pub(crate) fn world(shape: Shape, items: usize) -> World {
    let world = World::default();
    let key = if shape.in_key { "api_key" } else { "id" };
    let create =
        json!({"TableName": "keys", "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}]});
    world.plain("dynamodb:CreateTable", &create).unwrap();
    for number in 0..items {
        let put = json!({"TableName": "keys", "Item": item(shape, number)});
        world.plain("dynamodb:PutItem", &put).unwrap();
    }
    world
}

pub(crate) fn head(shape: Shape) -> Head {
    Head {
        region: "us-east-1".to_owned(),
        table: "keys".to_owned(),
        path: path(shape).to_string(),
        target: shape.target.name(),
        reference: "api_key_ref".to_owned(),
    }
}

fn path(shape: Shape) -> Path {
    if shape.in_key {
        "api_key"
    } else {
        "meta.api_key"
    }
    .parse()
    .unwrap()
}

pub(crate) fn setting(wire: &dyn Wire, shape: Shape, nonce: Seal) -> Setting {
    let pace = Pace::new(None);
    let needed = shape.in_key || shape.target == Target::Hmac;
    let key = if shape.in_key { "api_key" } else { "id" };
    Setting {
        region: "us-east-1".to_owned(),
        table: "keys".to_owned(),
        keys: vec![key.to_owned()],
        path: path(shape),
        reference: "api_key_ref".to_owned(),
        target: shape.target,
        kms_key: (shape.target == Target::Kms).then(|| "alias/keys".to_owned()),
        salt: Seal::new(b"a salt for tests only"),
        nonce,
        pepper: needed.then(|| Pepper::of(wire, &pace, "keys", true).unwrap()),
        known: Mutex::default(),
    }
}

/// One run of the mover, from an empty memory: what a new process does.
pub(crate) fn run(world: &World, shape: Shape, directory: &FilePath, job: impl FnOnce(&Mover<'_>)) {
    let wire = Direct(world.clone());
    let journal = Journal::open(directory, &head(shape)).unwrap();
    let setting = setting(&wire, shape, journal.nonce());
    let (prints, progress) = (Fingerprinter::with_salt(b"salt"), Progress::default());
    let pace = Pace::new(None);
    job(&Mover {
        wire: &wire,
        setting: &setting,
        journal: &journal,
        prints: &prints,
        pace: &pace,
        workers: 8,
        parts: 2,
        progress: &progress,
    });
}

/// Every key by the item's owner, read as an application reads: the raw one, or through the reference.
pub(crate) fn keys(world: &World, shape: Shape) -> BTreeMap<String, String> {
    let wire = Direct(world.clone());
    let setting = setting(&wire, shape, Seal::new(b"not needed"));
    let mut found = BTreeMap::new();
    for item in world.items("keys") {
        let owner = if shape.in_key {
            &item["owner"]
        } else {
            &item["id"]
        };
        let owner = owner["S"].as_str().unwrap().to_owned();
        let key = match setting.reference_in(&item) {
            None => setting.path.get(&item).unwrap()["S"]
                .as_str()
                .unwrap()
                .to_owned(),
            Some(_) => through(world, &setting, &item),
        };
        assert!(
            found.insert(owner.clone(), key).is_none(),
            "{owner} is there twice"
        );
    }
    found
}

/// The key through the reference, by calls of our own making.
fn through(world: &World, setting: &Setting, item: &Item) -> String {
    let reference = if setting.in_primary_key() {
        &item["api_key_ref"]["M"]
    } else {
        &item["meta"]["M"]["api_key_ref"]["M"]
    };
    let text = |field: &str| reference[field]["S"].as_str().unwrap_or_default();
    match text("store") {
        "ssm" => {
            let name = format!("{}:{}", text("name"), text("version"));
            let answer = world
                .plain("ssm:GetParameter", &json!({"Name": name}))
                .unwrap();
            answer["Parameter"]["Value"].as_str().unwrap().to_owned()
        }
        "kms" => {
            use base64::Engine as _;
            let key = &setting.keys[0];
            let canonical = json!([[key, "S", item[key]["S"]]]).to_string();
            let context = json!({
                "keytrail:table": "keys",
                "keytrail:attribute": setting.path.to_string(),
                "keytrail:item": sha256(&canonical),
            });
            let request =
                json!({"CiphertextBlob": reference["blob"]["B"], "EncryptionContext": context});
            let answer = world.plain("kms:Decrypt", &request).unwrap();
            let plain = answer["Plaintext"].as_str().unwrap();
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(plain)
                .unwrap();
            String::from_utf8(bytes).unwrap()
        }
        _ => {
            let request = json!({"SecretId": text("name"), "VersionId": text("version")});
            let answer = world
                .plain("secretsmanager:GetSecretValue", &request)
                .unwrap();
            answer["SecretString"].as_str().unwrap().to_owned()
        }
    }
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    format!("{:x}", sha2::Sha256::digest(text.as_bytes()))
}

/// No raw key is in the table.
pub(crate) fn no_raw_key(world: &World, keys: &BTreeSet<String>) {
    for item in world.items("keys") {
        let text = json!(item).to_string();
        for key in keys {
            assert!(!text.contains(key.as_str()), "a raw key is left: {text}");
        }
    }
}

/// No raw key is in any file of the journal.
pub(crate) fn no_raw_key_in(directory: &FilePath, keys: &BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for key in keys {
            assert!(!text.contains(key.as_str()), "the journal holds a key");
        }
    }
}
