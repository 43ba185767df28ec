//! Learns `data/text_model.txt` from trees of program text.
//!
//! `cargo run -p keytrail-detect --example train_text_model -- TREE… > data/text_model.txt`

#![expect(
    clippy::print_stdout,
    reason = "a development tool; its output is data"
)]

use std::collections::BTreeSet;
use std::path::Path;

const SYMBOLS: usize = 59;

fn symbol(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => usize::from(byte - b'a'),
        b'A'..=b'Z' => usize::from(byte - b'A') + 26,
        b'0'..=b'9' => 52,
        b'_' => 53,
        b'-' => 54,
        b'.' => 55,
        b'/' => 56,
        b'+' | b'=' => 57,
        _ => 58,
    }
}

/// Words as they stand, each counted once. Long runs with digits are left out: they may be keys.
fn collect(path: &Path, words: &mut BTreeSet<Vec<u8>>) {
    if let Ok(entries) = std::fs::read_dir(path) {
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| !path.is_symlink()) {
            collect(path, words);
        }
        return;
    }
    let wanted = [
        "py", "js", "ts", "md", "rst", "yml", "yaml", "toml", "tf", "cfg", "html",
    ];
    if !path
        .extension()
        .is_some_and(|end| wanted.iter().any(|w| end == *w))
    {
        return;
    }
    let Ok(bytes) = std::fs::read(path) else {
        return;
    };
    if bytes.len() > 400_000 {
        return;
    }
    for word in bytes.split(|byte| !(byte.is_ascii_alphanumeric() || b"_-./".contains(byte))) {
        let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
        let suspicious = word.len() >= 16 && digits * 6 > word.len();
        let longest = word
            .split(|byte| !byte.is_ascii_alphanumeric())
            .map(<[u8]>::len)
            .max()
            .unwrap_or(0);
        if (4..=60).contains(&word.len()) && !suspicious && longest <= 28 {
            words.insert(word.to_vec());
        }
    }
}

fn main() {
    let mut words = BTreeSet::new();
    for tree in std::env::args().skip(1) {
        collect(Path::new(&tree), &mut words);
    }
    let mut counts = vec![[0.1_f64; SYMBOLS]; SYMBOLS + 1];
    for word in &words {
        let mut previous = SYMBOLS;
        for &byte in word {
            let next = symbol(byte);
            counts[previous][next] += 1.0;
            previous = next;
        }
    }
    for row in &counts {
        let total: f64 = row.iter().sum();
        let line: String = row
            .iter()
            .map(|count| {
                let steps = (-(count / total).log2() * 4.0).round().clamp(0.0, 62.0);
                (b'0'..=b'n')
                    .zip(0..)
                    .find(|&(_, s)| f64::from(s) >= steps)
                    .map_or('n', |(code, _)| char::from(code))
            })
            .collect();
        println!("{line}");
    }
}
