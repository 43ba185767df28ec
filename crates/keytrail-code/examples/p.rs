fn main() {
    let mut v = vec![];
    let mut stack = vec![std::path::PathBuf::from(std::env::args().nth(1).unwrap())];
    while let Some(d) = stack.pop() {
        for e in std::fs::read_dir(d).unwrap() {
            let p = e.unwrap().path();
            if p.is_dir() {
                stack.push(p)
            } else if p.extension().is_some_and(|x| x == "py") {
                if let Ok(s) = std::fs::read_to_string(&p) {
                    v.push(s)
                }
            }
        }
    }
    let t = std::time::Instant::now();
    let n = keytrail_code::bench_parse(&v);
    println!(
        "{} files {} bytes {} exprs {:?}",
        v.len(),
        v.iter().map(String::len).sum::<usize>(),
        n,
        t.elapsed()
    );
}
