#![allow(clippy::all, clippy::pedantic, missing_docs, clippy::print_stdout, clippy::unwrap_used)]
use keytrail_detect::Detector;
use keytrail_files::FilesOptions;
use keytrail_infra::TableTarget;
use keytrail_model::{Fact, Fingerprinter, MemoryTree, Progress};
fn walk(dir: &std::path::Path, root: &std::path::Path, out: &mut Vec<(String, Vec<u8>)>) {
    for e in std::fs::read_dir(dir).unwrap().flatten() {
        let p = e.path();
        if p.file_name().unwrap().to_str() == Some(".git") { continue; }
        if p.is_dir() { walk(&p, root, out); }
        else if let Ok(b) = std::fs::read(&p) { if b.len() < 2_000_000 { out.push((p.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), b)); } }
    }
}
fn main() {
    let root = std::env::args().nth(1).unwrap();
    let root = std::path::Path::new(&root);
    let mut files = Vec::new();
    walk(root, root, &mut files);
    let tree = MemoryTree::new(files);
    let detector = Detector::default();
    let prints = Fingerprinter::default();
    let progress = Progress::default();
    let mut facts = keytrail_code::collect(&tree, &detector, &prints, &progress).facts;
    facts.extend(keytrail_files::collect(&tree, &detector, &prints, &progress, &FilesOptions::default()).facts);
    let infra = keytrail_infra::collect(&tree, &progress);
    facts.extend(infra.collected.facts);
    let mut targets: Vec<TableTarget> = facts.iter().filter_map(|f| match f { Fact::Table(t) => Some(TableTarget::of_table(t)), _ => None }).collect();
    targets.sort(); targets.dedup();
    facts.extend(infra.access.grants(&targets).into_iter().map(Fact::Grant));
    facts.sort();
    for f in &facts { println!("{f:?}"); }
}
