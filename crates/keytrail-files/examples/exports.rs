//! Makes an export of a table, and measures how fast exports are read beside decompressing alone.
//!
//! `cargo run --release -p keytrail-files --example exports -- make DIRECTORY [ITEMS]`
//! `cargo run --release -p keytrail-files --example exports -- read DIRECTORY [STATE]`

#![expect(
    clippy::print_stdout,
    reason = "a development tool; its output is data"
)]

use std::io::{BufReader, Read, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use keytrail_detect::Detector;
use keytrail_files::{DiskOptions, DiskTree, ExportOptions, Exports, exports};
use keytrail_model::{Fact, Fingerprinter, Progress};
use md5::{Digest as _, Md5};
use rayon::prelude::*;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const FILES: u64 = 8;
/// One item in so many holds a key.
const RARE: u64 = 5_000;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).map(String::as_str);
    match (argument(0), argument(1)) {
        (Some("make"), Some(root)) => {
            let items = argument(2).unwrap_or("5000000").parse()?;
            make(Path::new(root), items)
        }
        (Some("read"), Some(root)) => read(Path::new(root), argument(2).map(Path::new)),
        _ => Err("make DIRECTORY [ITEMS] or read DIRECTORY [STATE]".into()),
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: u64) -> u64 {
        (self.roll() >> 11) % most
    }

    fn text(&mut self, length: usize, alphabet: &str) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let mut one = || letters[usize::try_from(self.below(letters.len() as u64)).unwrap_or(0)];
        (0..length).map(|_| one()).collect()
    }

    fn of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap_or(0)]
    }

    fn uuid(&mut self) -> String {
        let parts = [8, 4, 4, 4, 12].map(|length| self.text(length, "0123456789abcdef"));
        parts.join("-")
    }

    fn key(&mut self) -> String {
        let letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        ["sk", "live", &self.text(24, letters)].join("_")
    }
}

fn item(dice: &mut Dice, number: u64) -> Value {
    let words = [
        "customer", "since", "spring", "second", "renewed", "late", "in", "the", "of", "a",
        "contract", "moved", "to", "partner", "with", "two", "seats",
    ];
    let note: Vec<&str> = (0..dice.below(14)).map(|_| dice.of(&words)).collect();
    let service = dice.of(&[
        "stripe", "openai", "sendgrid", "twilio", "datadog", "github",
    ]);
    let day = format!(
        "2024-{:02}-{:02}T{:02}:{:02}:07.412Z",
        1 + dice.below(12),
        1 + dice.below(28),
        dice.below(24),
        dice.below(60)
    );
    let mut item = json!({
        "owner_id": {"S": dice.uuid()},
        "service": {"S": service},
        "key_alias": {"S": format!("{service}-{}", dice.below(900))},
        "arn": {"S": format!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:keys/{service}/{}", dice.below(1_000_000))},
        "wrapped": {"B": STANDARD.encode((0..48).map(|_| (dice.below(128) + 128).to_le_bytes()[0]).collect::<Vec<u8>>())},
        "status": {"S": dice.of(&["active", "revoked", "expired"])},
        "created_at": {"S": day},
        "ttl": {"N": (1_700_000_000 + dice.below(90_000_000)).to_string()},
        "contact": {"S": format!("{}@example.com", dice.text(9, "abcdefghijklmnop"))},
        "metadata": {"M": {
            "note": {"S": note.join(" ")},
            "region": {"S": dice.of(&["eu-west-1", "us-east-1", "ap-south-1"])},
            "calls": {"N": dice.below(100_000).to_string()},
            "tags": {"SS": ["blue", "green"]},
        }},
    });
    if number.is_multiple_of(RARE) {
        let key = dice.key();
        match number / RARE % 5 {
            0 => item["api_key"] = json!({"S": key}),
            1 => item["metadata"]["M"]["token"] = json!({"S": key}),
            2 => item["metadata"]["M"]["note"] = json!({"S": format!("use {key} for now")}),
            3 => item["history"] = json!({"L": [{"M": {"old": {"S": key}}}]}),
            _ => item["settings"] = json!({"S": json!({"vendor": {"secret": key}}).to_string()}),
        }
    }
    json!({"Item": item})
}

fn make(root: &Path, items: u64) -> Result<(), Failure> {
    let export = root.join("AWSDynamoDB/01700000000000-a1b2c3d4");
    std::fs::create_dir_all(export.join("data"))?;
    let each = items / FILES;
    let lines = (0..FILES).into_par_iter().map(|file| {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (file + 1));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        for number in 0..each {
            writeln!(encoder, "{}", item(&mut dice, file * each + number))?;
        }
        let bytes = encoder.finish()?;
        let name = format!("{}.json.gz", dice.text(24, "abcdefghijklmnopqrstuvwxyz234567"));
        let line = json!({
            "itemCount": each, "md5Checksum": STANDARD.encode(Md5::digest(&bytes)), "dataFileS3Key": format!("data/{name}"),
        });
        std::fs::write(export.join("data").join(name), bytes)?;
        Ok(format!("{line}\n"))
    });
    let lines: Vec<String> = lines.collect::<Result<_, Failure>>()?;
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/api_metadata";
    let summary = json!({"exportArn": format!("{table}/export/01700000000000-a1b2c3d4"), "tableArn": table, "itemCount": each * FILES});
    std::fs::write(export.join("manifest-summary.json"), summary.to_string())?;
    std::fs::write(export.join("manifest-files.json"), lines.concat())?;
    println!(
        "{} items, {} keys",
        each * FILES,
        (each * FILES).div_ceil(RARE)
    );
    Ok(())
}

fn read(root: &Path, state: Option<&Path>) -> Result<(), Failure> {
    let tree = DiskTree::open(root, &DiskOptions::default())?;
    let found = Exports::find(&tree);
    let (bytes, alone) = decompress(root)?;
    let begun = Instant::now();
    let options = ExportOptions {
        state: state.map(Path::to_owned),
    };
    let collected = exports(
        &tree,
        &found,
        &Detector::new(),
        &Fingerprinter::default(),
        &Progress::default(),
        &options,
    )?;
    let took = begun.elapsed();
    let (_, after) = decompress(root)?;
    for fact in &collected.facts {
        if let Fact::StoredKeys(stored) = fact {
            println!(
                "{}.{}: {} of {} values are keys",
                stored.table, stored.attribute, stored.keys, stored.values
            );
        }
    }
    println!("{:?}", collected.coverage.counts);
    println!("{:?}", collected.coverage.problems);
    let alone = (alone + after) / 2;
    println!(
        "decompressing alone {:.0} MB/s, reading {:.0} MB/s: {:.0} %",
        speed(bytes, alone),
        speed(bytes, took),
        100.0 * alone.as_secs_f64() / took.as_secs_f64()
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a measurement")]
fn speed(bytes: u64, took: Duration) -> f64 {
    bytes as f64 / 1e6 / took.as_secs_f64()
}

/// All data files, in parallel, by the same library and in the same blocks; how many bytes and how long.
fn decompress(root: &Path) -> Result<(u64, Duration), Failure> {
    let begun = Instant::now();
    let data = root.join("AWSDynamoDB/01700000000000-a1b2c3d4/data");
    let mut files: Vec<_> = std::fs::read_dir(data)?.collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::path);
    let bytes = files.into_par_iter().map(|file| {
        let reader = BufReader::with_capacity(512 * 1024, std::fs::File::open(file.path())?);
        let mut decoder = MultiGzDecoder::new(reader);
        let mut block = vec![0; 512 * 1024];
        let mut bytes = 0;
        loop {
            match decoder.read(&mut block)? {
                0 => return Ok(bytes),
                count => bytes += count as u64,
            }
        }
    });
    let all: Result<Vec<u64>, Failure> = bytes.collect();
    Ok((all?.iter().sum(), begun.elapsed()))
}
