//! Python source → facts.

mod syntax;

#[doc(hidden)]
pub fn bench_parse(sources: &[String]) -> usize {
    use rayon::prelude::*;
    sources
        .par_iter()
        .map(|s| {
            let p = syntax::parse(s);
            p.problems.len() + p.module.exprs.len()
        })
        .sum()
}
