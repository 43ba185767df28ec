use keytrail_model::*;
fn main() {
    let root = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let mut v = vec![];
    let mut stack = vec![root.clone()];
    while let Some(d) = stack.pop() {
        for e in std::fs::read_dir(d).unwrap() {
            let p = e.unwrap().path();
            if p.is_dir() {
                if p.file_name().is_some_and(|n| n == ".venv") {
                    continue;
                }
                stack.push(p)
            } else if let Ok(s) = std::fs::read(&p) {
                v.push((
                    p.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(),
                    s,
                ))
            }
        }
    }
    let tree = MemoryTree::new(v);
    let det = keytrail_detect::Detector::new();
    let t = std::time::Instant::now();
    let c = keytrail_code::collect(&tree, &det, &Fingerprinter::default(), &Progress::default());
    eprintln!("{:?} {:?}", t.elapsed(), c.coverage.counts);
    for p in &c.coverage.problems {
        eprintln!("{p:?}");
    }
    for f in &c.facts {
        match f {
            Fact::Route(r) => println!(
                "ROUTE {} {} -> {} [{:?}] {} {}",
                r.method,
                r.pattern,
                r.view,
                r.access,
                r.access_evidence[0].label,
                r.access_evidence[0].location
            ),
            Fact::Operation(o) => println!(
                "OP {} {} {:?} idx={:?} keys={:?} proj={:?} filter={:?} lim={} cons={} cond={} writes={:?} checks={} entry={} chain={}",
                o.location,
                o.kind.as_str(),
                o.table,
                o.index,
                o.keys
                    .iter()
                    .map(|k| (
                        k.attribute.clone(),
                        k.origins
                            .iter()
                            .map(|o| format!("{o:?}")
                                .split(['(', ' '])
                                .next()
                                .unwrap()
                                .to_owned())
                            .collect::<Vec<_>>()
                    ))
                    .collect::<Vec<_>>(),
                o.projection,
                o.filter,
                o.limit,
                o.consistent,
                o.conditional,
                o.writes,
                o.checks.len(),
                o.entry,
                o.chain.len()
            ),
            Fact::Flow(f) => {
                println!(
                    "FLOW {:?} => {:?} {:?} in {} excl={:?} checks={}",
                    f.source,
                    f.sink,
                    f.transform,
                    f.function,
                    f.excluded,
                    f.checks.len()
                );
                for s in &f.steps {
                    println!("      {} {}", s.location, s.label);
                }
            }
            Fact::Reach(r) => println!("REACH {} -> {} ({})", r.view, r.function, r.chain.len()),
            other => println!("OTHER {other:?}"),
        }
    }
}
