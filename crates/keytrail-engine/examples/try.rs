#![allow(
    clippy::all,
    clippy::pedantic,
    missing_docs,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_methods
)]
use keytrail_files::{DiskOptions, DiskTree, FilesOptions};
use keytrail_model::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let tree = DiskTree::open(std::path::Path::new(&args[1]), &DiskOptions::default()).unwrap();
    let detector = keytrail_detect::Detector::default();
    let t = std::time::Instant::now();
    let prints = Fingerprinter::default();
    let progress = Progress::default();
    let mut facts = keytrail_code::collect(&tree, &detector, &prints, &progress).facts;
    facts.extend(
        keytrail_files::collect(
            &tree,
            &detector,
            &prints,
            &progress,
            &FilesOptions::default(),
        )
        .facts,
    );
    let infra = keytrail_infra::collect(&tree, &progress);
    facts.extend(infra.collected.facts);
    let targets: Vec<_> = facts
        .iter()
        .filter_map(|f| match f {
            Fact::Table(t) => Some(keytrail_infra::TableTarget::of_table(t)),
            _ => None,
        })
        .collect();
    facts.extend(infra.access.grants(&targets).into_iter().map(Fact::Grant));
    if args.len() > 2 && args[2] == "facts" {
        for f in &facts {
            if args.len() < 4 || format!("{f:?}").contains(&args[3]) {
                println!("{f:#?}");
            }
        }
        return;
    }
    eprintln!("{} facts {:?}", facts.len(), t.elapsed());
    let graph = keytrail_graph::Graph::build(&facts);
    let cx = keytrail_rules::Context::new(&facts, &graph).reading(keytrail_rules::Kind::Files);
    let o = keytrail_rules::evaluate(&cx);
    eprintln!("{:?}", t.elapsed());
    for f in &o.findings {
        println!(
            "{} {} {} {} | {} | {}",
            f.severity,
            f.confidence,
            f.rule,
            f.location,
            f.message,
            f.actor.as_ref().map(|a| a.to_string()).unwrap_or_default()
        );
        if args.len() > 2 && args[2] == f.rule {
            for s in &f.path {
                println!("      {} {}", s.location, s.label);
            }
            for e in &f.edits {
                println!("   edit {} {}", e.cost, e.title);
            }
        }
    }
    if args.len() > 2 && args[2] == "cut" {
        let c = graph.least_cut(keytrail_model::Severity::High);
        println!("closes {} of {}", c.closes, c.of);
        for e in c.edits {
            println!("{} {} {}", e.cost, e.location, e.title);
        }
    }
    for n in o.not_evaluated {
        println!("NOT {} {}", n.rule, n.reason);
    }
}
