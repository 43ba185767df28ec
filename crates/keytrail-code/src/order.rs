//! In which order functions are best analysed: callees before their callers, so that one sweep
//! carries a summary up a whole chain of calls.

/// The level of each function over its callees; those that no level depends on are 0. Calls that
/// close a ring do not count.
pub(crate) fn levels(callees: &[Vec<usize>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    const OPEN: usize = usize::MAX - 1;
    let mut levels = vec![UNSEEN; callees.len()];
    let mut open: Vec<(usize, usize)> = Vec::new();
    for start in 0..callees.len() {
        if levels[start] != UNSEEN {
            continue;
        }
        levels[start] = OPEN;
        open.push((start, 0));
        while let Some(&mut (function, ref mut next)) = open.last_mut() {
            let list = &callees[function];
            if let Some(&callee) = list.get(*next) {
                *next += 1;
                if levels[callee] == UNSEEN {
                    levels[callee] = OPEN;
                    open.push((callee, 0));
                }
                continue;
            }
            let above = list.iter().map(|&callee| levels[callee]);
            let highest = above.filter(|&level| level < OPEN).max();
            levels[function] = highest.map_or(0, |level| level + 1);
            open.pop();
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::levels;

    #[test]
    fn callees_come_first() {
        // 0 → 1 → 2, 0 → 2, 3 alone
        assert_eq!(levels(&[vec![1, 2], vec![2], vec![], vec![]]), [2, 1, 0, 0]);
    }

    #[test]
    fn rings_end() {
        assert_eq!(levels(&[vec![1], vec![2], vec![0], vec![1]]), [2, 1, 0, 2]);
        assert_eq!(levels(&[vec![0]]), [0]);
    }

    #[test]
    fn long_chains_do_not_recurse() {
        let chain: Vec<Vec<usize>> = (0..100_000)
            .map(|index| if index == 0 { vec![] } else { vec![index - 1] })
            .rev()
            .collect();
        let chain: Vec<Vec<usize>> = chain
            .into_iter()
            .map(|calls| calls.into_iter().map(|call| 99_999 - call).collect())
            .collect();
        assert_eq!(levels(&chain)[0], 99_999);
    }
}
