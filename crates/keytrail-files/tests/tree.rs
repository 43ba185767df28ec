//! Trees as they are found on disks, and the keys in them.

#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use keytrail_detect::{Detector, expand};
use keytrail_files::{DiskOptions, DiskTree, FilesError, FilesOptions, collect};
use keytrail_model::{
    Collected, CoverageStatus, Fact, Fingerprinter, MemoryTree, Progress, Sighting, Tree,
};

fn write(root: &Path, path: &str, text: impl AsRef<[u8]>) {
    let path = root.join(path);
    let folder = path.parent().expect("a path below the root");
    fs::create_dir_all(folder).expect("a temporary directory can be written");
    fs::write(path, text).expect("a temporary directory can be written");
}

fn paths(tree: &DiskTree) -> Vec<&str> {
    tree.entries().iter().map(|entry| &*entry.path).collect()
}

fn open(root: &Path) -> DiskTree {
    DiskTree::open(root, &DiskOptions::default()).expect("a tree that can be read")
}

fn run(tree: &dyn Tree, options: &FilesOptions) -> Collected {
    collect(
        tree,
        &Detector::new(),
        &Fingerprinter::default(),
        &Progress::default(),
        options,
    )
}

fn sightings(collected: &Collected) -> Vec<&Sighting> {
    collected
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Sighting(sighting) => Some(sighting),
            _ => None,
        })
        .collect()
}

#[test]
fn foreign_directories_are_skipped_and_counted() {
    let root = tempfile::tempdir().unwrap();
    for path in [
        "app/a.py",
        ".git/config",
        "node_modules/a/b.js",
        "venv/pyvenv.cfg",
        "venv/lib/x.py",
        "lib/site-packages/z.py",
        "app/__pycache__/a.txt",
        ".github/workflows/ci.yml",
    ] {
        write(root.path(), path, "x = 1\n");
    }
    let tree = open(root.path());
    assert_eq!(paths(&tree), [".github/workflows/ci.yml", "app/a.py"]);
    assert_eq!(tree.listing().foreign_directories, 5);
    let all = DiskTree::open(
        root.path(),
        &DiskOptions {
            foreign: true,
            ..DiskOptions::default()
        },
    );
    assert_eq!(all.unwrap().entries().len(), 8);
}

#[test]
fn ignored_files_that_matter_are_listed_as_ignored() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        ".gitignore",
        ".env*\n*.tfvars\n*.log\nlocal_settings.py\n/build\n",
    );
    for path in [
        ".env",
        "infra/prod.tfvars",
        "app/local_settings.py",
        "app/a.log",
        "build/.env",
        "app/a.py",
    ] {
        write(root.path(), path, "x = 1\n");
    }
    let tree = open(root.path());
    let listed: Vec<(&str, bool)> = tree
        .entries()
        .iter()
        .map(|entry| (&*entry.path, entry.ignored))
        .collect();
    assert_eq!(
        listed,
        [
            (".env", true),
            (".gitignore", false),
            ("app/a.py", false),
            ("app/local_settings.py", true),
            ("infra/prod.tfvars", true),
        ]
    );
    assert_eq!(tree.listing().ignored_files, 3);
}

#[test]
fn excluded_files_are_not_listed() {
    let root = tempfile::tempdir().unwrap();
    for path in ["a.py", "docs/b.md", ".env"] {
        write(root.path(), path, "x\n");
    }
    let exclude = |pattern: &str| DiskOptions {
        exclude: vec![pattern.to_owned()],
        ..DiskOptions::default()
    };
    let tree = DiskTree::open(root.path(), &exclude("docs/**")).unwrap();
    assert_eq!(paths(&tree), [".env", "a.py"]);
    let error = DiskTree::open(root.path(), &exclude("a[")).unwrap_err();
    assert!(matches!(error, FilesError::Glob { .. }), "{error}");
}

#[test]
fn loops_of_links_do_not_hold_the_walk() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "a/b.py", "x\n");
    symlink(root.path(), root.path().join("a/loop")).unwrap();
    symlink("/nowhere", root.path().join("dangling")).unwrap();
    let tree = open(root.path());
    assert_eq!(paths(&tree), ["a/b.py"]);
    assert_eq!(tree.listing().symlinks, 2);
}

#[test]
fn names_that_are_no_unicode_are_problems() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join(OsStr::from_bytes(b"caf\xE9.py")), "x\n").unwrap();
    write(root.path(), "a.py", "x\n");
    let tree = open(root.path());
    assert_eq!(paths(&tree), ["a.py"]);
    assert_eq!(tree.listing().problems.len(), 1);
    let options = FilesOptions {
        listing: tree.listing().clone(),
        ..FilesOptions::default()
    };
    assert_eq!(
        run(&tree, &options).coverage.status,
        CoverageStatus::Partial
    );
}

#[test]
fn roots_that_are_of_no_use_say_why() {
    let root = tempfile::tempdir().unwrap();
    let error = |path: &Path| DiskTree::open(path, &DiskOptions::default()).unwrap_err();
    let missing = error(&root.path().join("none"));
    assert!(matches!(missing, FilesError::Missing(_)) && !missing.hint().is_empty());
    assert!(matches!(error(Path::new("/dev/null")), FilesError::Kind(_)));
    let closed = root.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    // Root may read everything; then there is nothing to see here.
    if fs::read_dir(&closed).is_err() {
        assert!(matches!(error(&closed), FilesError::Denied(_)));
    }
}

#[test]
fn the_root_may_be_a_file() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "settings.py",
        expand("KEY = 'sk_live_{alnum:24}'\n"),
    );
    let tree = open(&root.path().join("settings.py"));
    assert_eq!(paths(&tree), ["settings.py"]);
    assert_eq!(sightings(&run(&tree, &FilesOptions::default())).len(), 1);
}

#[test]
fn a_sighting_says_where_and_in_what_context() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), ".gitignore", ".env\n");
    write(
        root.path(),
        ".env",
        expand("# ü\nSTRIPE_API_KEY=sk_live_{alnum:24}\n"),
    );
    write(
        root.path(),
        "tests/a.py",
        expand("é = 'sk_live_{alnum:30}'\n"),
    );
    let tree = open(root.path());
    let options = FilesOptions {
        listing: tree.listing().clone(),
        ..FilesOptions::default()
    };
    let collected = run(&tree, &options);
    let seen = sightings(&collected);
    assert_eq!(seen.len(), 2);
    let span = seen[0].location.span();
    assert_eq!(
        (&*span.path, span.line, span.column, span.end_column),
        (".env", 2, 16, 48)
    );
    assert_eq!(seen[0].context.name.as_deref(), Some("STRIPE_API_KEY"));
    assert!(seen[0].context.ignored_file && !seen[0].context.test);
    assert!(seen[0].fingerprint.is_some());
    assert_eq!(
        (seen[1].location.span().column, seen[1].context.test),
        (6, true)
    );
    assert_eq!(collected.coverage.counts["files"], 3);
    assert_eq!(collected.coverage.counts["ignored_files"], 1);
    assert_eq!(collected.coverage.status, CoverageStatus::Evaluated);
}

#[test]
fn encodings_binaries_and_sizes() {
    let key = expand("KEY = 'sk_live_{alnum:24}'\n");
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(key.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let latin: Vec<u8> = [&b"# caf\xE9\n"[..], key.as_bytes()].concat();
    let binary: Vec<u8> = [&b"\0\0"[..], key.as_bytes()].concat();
    let tree = MemoryTree::new([
        ("wide.txt", wide),
        ("latin.py", latin),
        ("data", binary),
        ("a.png", key.clone().into_bytes()),
        ("large.txt", "x".repeat(5_000).into_bytes()),
    ]);
    let collected = run(
        &tree,
        &FilesOptions {
            largest: 4_096,
            ..FilesOptions::default()
        },
    );
    let paths: Vec<&str> = sightings(&collected)
        .iter()
        .map(|seen| &*seen.location.span().path)
        .collect();
    assert_eq!(paths, ["latin.py", "wide.txt"]);
    let counts = &collected.coverage.counts;
    assert_eq!((counts["skipped_binary"], counts["skipped_large"]), (2, 1));
    assert_eq!(collected.coverage.problems.len(), 1);
}

#[test]
fn no_files_is_said() {
    let tree = MemoryTree::default();
    let collected = run(&tree, &FilesOptions::default());
    assert_eq!(collected.coverage.status, CoverageStatus::NotApplicable);
}

#[test]
fn one_line_of_fifty_megabytes_is_read_in_bounded_time() {
    let part = expand("\"k\":\"{base64:60}\",\"api_key\":\"{alnum:32}\",");
    let text = part.repeat(50_000_000 / part.len());
    let tree = MemoryTree::new([("dump.json", text)]);
    let start = std::time::Instant::now();
    let collected = run(&tree, &FilesOptions::default());
    assert_eq!(collected.facts.len(), Detector::MOST_HITS);
    assert_eq!(collected.coverage.problems.len(), 1);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn a_large_file_is_read_in_windows_with_right_places() {
    let line = "value = reader.next_value(default=None)  # nothing to see\n";
    let mut text = String::from("# caf\u{e9}\n");
    let mut expected = Vec::new();
    for number in 0..40_u32 {
        text.push_str(&line.repeat(5_000));
        text.push_str(&expand(&format!(
            "  KEY_{number} = 'sk_live_{{alnum:24}}'\n"
        )));
        let column = 11 + u32::try_from(number.to_string().len()).unwrap();
        expected.push((1 + (number + 1) * 5_001, column));
    }
    assert!(text.len() > 9 << 20);
    let wide: Vec<u8> = std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let tree = MemoryTree::new([("a.py", text.into_bytes()), ("b.py", wide)]);
    let collected = run(&tree, &FilesOptions::default());
    for path in ["a.py", "b.py"] {
        let places: Vec<(u32, u32)> = sightings(&collected)
            .iter()
            .map(|seen| seen.location.span())
            .filter(|span| &*span.path == path)
            .map(|span| (span.line, span.column))
            .collect();
        assert_eq!(places, expected, "{path}");
    }
    assert!(collected.coverage.problems.is_empty());
}

#[test]
fn no_output_holds_a_key() {
    let key = expand("sk_live_{alnum:24}");
    let tree = MemoryTree::new([("a.py", format!("KEY = '{key}'\n"))]);
    let collected = run(&tree, &FilesOptions::default());
    assert_eq!(collected.facts.len(), 1);
    assert!(!format!("{collected:?}").contains(&key[10..]));
}
