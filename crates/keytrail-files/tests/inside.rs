//! Keys inside of archives, streams, documents, databases, and logs; and what hostile ones cost.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use keytrail_detect::Detector;
use keytrail_files::{FilesOptions, collect};
use keytrail_model::{Collected, Fact, Fingerprinter, MemoryTree, Progress, Sighting};
use zip::write::SimpleFileOptions;

/// Keys are put together so that no push protection cries.
fn line() -> String {
    format!(
        "API_KEY = \"{}\"\n",
        ["kq7Zp2Vx9LmR4tYw", "8BnC5dFgHj3s"].concat()
    )
}

fn run(files: Vec<(&str, Vec<u8>)>) -> Collected {
    collect(
        &MemoryTree::new(files),
        &Detector::new(),
        &Fingerprinter::default(),
        &Progress::default(),
        &FilesOptions::default(),
    )
}

fn sightings(collected: &Collected) -> Vec<&Sighting> {
    let facts = collected.facts.iter();
    facts
        .filter_map(|fact| match fact {
            Fact::Sighting(sighting) => Some(sighting),
            _ => None,
        })
        .collect()
}

/// Path and line of each key.
fn places(files: Vec<(&str, Vec<u8>)>) -> Vec<String> {
    let collected = run(files);
    assert_eq!(collected.coverage.problems, []);
    let found = sightings(&collected).into_iter().map(|seen| {
        let span = seen.location.span();
        format!("{}:{}", span.path, span.line)
    });
    found.collect()
}

fn told(files: Vec<(&str, Vec<u8>)>) -> String {
    let collected = run(files);
    let problems = collected.coverage.problems.iter();
    let told: Vec<String> = problems
        .map(|it| format!("{}: {}", it.path, it.message))
        .collect();
    told.join("\n")
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in files {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[156] = b'0';
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum::<u64>() + 8 * 32;
        header[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        header[155] = b' ';
        out.extend_from_slice(&header);
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

#[test]
fn archives_of_every_kind() {
    let text = format!("\n{}", line());
    let files = [
        ("app/settings.py", text.as_bytes()),
        ("node_modules/x/a.js", text.as_bytes()),
    ];
    let bz2 = {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        encoder.write_all(&tar(&files)).unwrap();
        encoder.finish().unwrap()
    };
    let zst = ruzstd::encoding::compress_to_vec(
        &tar(&files)[..],
        ruzstd::encoding::CompressionLevel::Fastest,
    );
    let nested = zip(&[("inner.tgz", &gz(&tar(&files)))]);
    let found = places(vec![
        ("a.zip", zip(&files)),
        ("b.tar", tar(&files)),
        ("c.tar.gz", gz(&tar(&files))),
        ("d.tar.bz2", bz2),
        ("e.tar.zst", [zst.clone(), zst].concat()),
        ("f.whl", nested),
        ("g.py.gz", gz(text.as_bytes())),
    ]);
    let expected = [
        "a.zip!app/settings.py:2",
        "b.tar!app/settings.py:2",
        "c.tar.gz!app/settings.py:2",
        "d.tar.bz2!app/settings.py:2",
        "e.tar.zst!app/settings.py:2",
        "f.whl!inner.tgz!app/settings.py:2",
        "g.py.gz:2",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_stream_of_xz() {
    // `xz` of the text below.
    let bytes = include_bytes!("fixtures/settings.py.xz").to_vec();
    assert_eq!(
        places(vec![("settings.py.xz", bytes)]),
        ["settings.py.xz:3"]
    );
}

#[test]
fn documents() {
    let key = line();
    let key = key.trim().replace('"', "&quot;");
    let (left, right) = key.split_at(20);
    let word = format!(
        "<w:document><w:p><w:r><w:t>Hello</w:t></w:r></w:p><w:p><w:r><w:t>{left}</w:t></w:r><w:r><w:t>{right}</w:t></w:r></w:p></w:document>"
    );
    let docx = zip(&[
        ("word/document.xml", word.as_bytes()),
        ("word/styles.xml", word.as_bytes()),
    ]);
    let content = format!(
        "BT (Hello) Tj T* ({}) Tj ET",
        line().trim().replace("API_KEY", "x")
    );
    let shaped = ["sk", "live", "kq7Zp2Vx9LmR4tYw8BnC5dFgHj3s"].join("_");
    let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
    deflated
        .write_all(format!("{content} BT (Use {shaped} please) Tj ET").as_bytes())
        .unwrap();
    let mut pdf = b"%PDF-1.7\n1 0 obj << /Filter /FlateDecode >>\nstream\n".to_vec();
    pdf.extend(deflated.finish().unwrap());
    pdf.extend(b"\nendstream\nendobj\n");
    let map = serde_json::json!({
        "version": 3, "sources": ["webpack:///./src/config.js", "webpack:///node_modules/a/b.js"],
        "sourcesContent": [format!("// one\nconst {}", line()), line()],
    });
    let notebook = serde_json::json!({
        "cells": [{"cell_type": "code", "source": ["import os\n", line()]}], "nbformat": 4,
    });
    let compiled = [&b"\xa7\r\r\n\0\0\0\0"[..], shaped.as_bytes(), b"\0\x01"].concat();
    let found = places(vec![
        ("a.docx", docx),
        ("b.pdf", pdf),
        ("bundle.js.map", map.to_string().into_bytes()),
        ("c.pyc", compiled),
        ("d.ipynb", notebook.to_string().into_bytes()),
    ]);
    let expected = [
        "a.docx!word/document.xml:2",
        "b.pdf:3",
        "bundle.js.map!src/config.js:2",
        "c.pyc:1",
        "d.ipynb:1",
    ];
    assert_eq!(found, expected);
}

#[test]
fn rows_of_databases() {
    let rows = include_bytes!("fixtures/rows.sqlite3").to_vec();
    let wide = include_bytes!("fixtures/wide.sqlite3").to_vec();
    let expected = [
        "db.sqlite3!partners:57",
        "db.sqlite3!partners:90",
        "db.sqlite3!settings:1",
        "wide.db!partners:2",
        "wide.db!settings:1",
    ];
    assert_eq!(
        places(vec![("db.sqlite3", rows.clone()), ("wide.db", wide)]),
        expected
    );
    let collected = run(vec![("db.sqlite3", rows)]);
    let names: Vec<_> = sightings(&collected)
        .iter()
        .map(|seen| seen.context.name.clone().unwrap())
        .collect();
    assert_eq!(names, ["api_key", "note", "secret_token"]);
}

#[test]
fn logs_say_who_wrote_them() {
    let shaped = ["sk", "live", "kq7Zp2Vx9LmR4tYw8BnC5dFgHj3s"].join("_");
    let lines = format!("2024-05-31 12:00:00,1 INFO billing.keys: using {shaped}\n");
    let json = format!("{{\"logger\":\"vault.client\",\"message\":\"got {shaped}\"}}\n");
    let job = format!("##[group]Run deploy\nnothing\n{shaped}\n");
    let collected = run(vec![
        ("a.log", lines.clone().into_bytes()),
        ("b.log.gz", gz(lines.repeat(2).as_bytes())),
        ("c.jsonl", json.into_bytes()),
        (
            "logs.zip",
            zip(&[("build/4_Run deploy.txt", job.as_bytes())]),
        ),
    ]);
    let found: Vec<String> = sightings(&collected)
        .iter()
        .map(|seen| {
            format!(
                "{} {}",
                seen.location.span().path,
                seen.context.writer.as_deref().unwrap()
            )
        })
        .collect();
    let expected = [
        "a.log logger billing.keys",
        "b.log.gz logger billing.keys",
        "b.log.gz logger billing.keys",
        "c.jsonl logger vault.client",
        "logs.zip!build/4_Run deploy.txt step Run deploy",
    ];
    assert_eq!(found, expected);
}

#[test]
fn bombs_cost_little_and_are_told() {
    let begun = Instant::now();
    // A picture of a gigabyte, in members of 16 MB.
    let mut picture = tar(&[("a.png", b"")]);
    picture.truncate(512);
    picture[124..135].copy_from_slice(b"10000000000");
    let sum: u64 = (0..512)
        .map(|at| {
            if (148..156).contains(&at) {
                32
            } else {
                u64::from(picture[at])
            }
        })
        .sum();
    picture[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    let bomb = [gz(&picture), gz(&vec![0; 16 << 20]).repeat(64)].concat();
    let mut deep = zip(&[("a.py", line().as_bytes())]);
    for _ in 0..8 {
        deep = zip(&[("deeper.zip", &deep)]);
    }
    let names: Vec<String> = (0..30).map(|number| format!("{number}.gz")).collect();
    let broken: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &b"\x1F\x8B\x08\0\0\0\0\0\0\x03!"[..]))
        .collect();
    let told = told(vec![
        ("bomb.tar.gz", bomb),
        ("deep.zip", deep),
        ("many.zip", zip(&broken)),
        ("cut.zip", zip(&[("a", b"b")])[..20].to_vec()),
        ("locked.pdf", b"%PDF-1.7 /Encrypt 1 0 R".to_vec()),
        ("locked.docx", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec()),
    ]);
    for expected in [
        "bomb.tar.gz: read in part: it unpacks to more than 256 MB",
        "deeper.zip: not read: it lies in more than 4 others",
        "many.zip!0.gz: read in part",
        "many.zip: 22 more parts of it are not read",
        "cut.zip: read in part",
        "locked.pdf: not read: it is encrypted",
        "locked.docx: not read: it is encrypted",
    ] {
        assert!(told.contains(expected), "{expected} in\n{told}");
    }
    assert!(
        begun.elapsed() < Duration::from_mins(1),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn encrypted_entries_are_counted() {
    let told = told(vec![(
        "locked.zip",
        include_bytes!("fixtures/locked.zip").to_vec(),
    )]);
    assert!(
        told.contains("locked.zip: 1 of its files are encrypted"),
        "{told}"
    );
}

/// Names of entries are shown, never used.
#[test]
fn hostile_names_are_shown_in_one_line() {
    let files = [("../../etc/a\n\u{7}.py", line().into_bytes())];
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (*name, &bytes[..]))
        .collect();
    assert_eq!(
        places(vec![("a.tar", tar(&files))]),
        ["a.tar!../../etc/a??.py:1"]
    );
}
