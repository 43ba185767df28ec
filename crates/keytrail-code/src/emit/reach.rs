//! From views to the functions that hold something.

use std::collections::VecDeque;

use keytrail_model::{Fact, Reach, Step};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Emitter;
use crate::program::{FunctionRef, Site};

impl Emitter<'_> {
    /// From each view, the calls to every function that holds something; only over functions
    /// that lead to one.
    pub(super) fn reaches(&mut self) {
        let mut callers: FxHashMap<FunctionRef, Vec<FunctionRef>> = FxHashMap::default();
        for (function, outcome) in self.fixpoint.functions.iter().zip(&self.fixpoint.outcomes) {
            for (callee, _) in &outcome.calls {
                callers.entry(*callee).or_default().push(*function);
            }
        }
        let mut leading: FxHashSet<FunctionRef> = self.holding.iter().copied().collect();
        let mut queue: Vec<FunctionRef> = self.holding.iter().copied().collect();
        while let Some(function) = queue.pop() {
            for &caller in callers.get(&function).into_iter().flatten() {
                if leading.insert(caller) {
                    queue.push(caller);
                }
            }
        }
        let views: Vec<FunctionRef> = self.views.keys().copied().collect();
        for view in views {
            let mut starts = vec![view];
            starts.extend(self.hooks.get(&view).into_iter().flatten().copied());
            self.reach(view, &starts, &leading);
        }
    }

    pub(super) fn reach(
        &mut self,
        view: FunctionRef,
        starts: &[FunctionRef],
        leading: &FxHashSet<FunctionRef>,
    ) {
        let mut from: FxHashMap<FunctionRef, Option<(FunctionRef, Site)>> = FxHashMap::default();
        let mut queue = VecDeque::new();
        for &start in starts {
            if leading.contains(&start) && !from.contains_key(&start) {
                from.insert(start, None);
                queue.push_back(start);
            }
        }
        let mut order = Vec::new();
        while let Some(function) = queue.pop_front() {
            order.push(function);
            for (callee, site) in &self.outcome(function).calls {
                if leading.contains(callee) && !from.contains_key(callee) {
                    from.insert(*callee, Some((function, *site)));
                    queue.push_back(*callee);
                }
            }
        }
        let name = self.shared.program.qualified(view);
        for function in order {
            if !self.holding.contains(&function) {
                continue;
            }
            let mut chain = Vec::new();
            let mut at = function;
            while let Some(Some((caller, site))) = from.get(&at) {
                chain.push(Step::new(
                    format!("calls {}", self.callee_text(*site)),
                    self.at(*site, *caller),
                ));
                at = *caller;
            }
            chain.reverse();
            self.facts.insert(Fact::Reach(Reach {
                view: name.clone(),
                function: self.shared.program.qualified(function),
                chain,
            }));
        }
    }
}
