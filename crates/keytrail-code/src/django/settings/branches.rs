//! Ways through a module: both are run from the same state, and what they leave is joined.

use rustc_hash::FxHashMap;

use super::eval::{Evaluator, Flow};
use super::value::{Choice, Located, Val, join};
use crate::symbols::Sym;
use crate::syntax::ir::{ExprId, Stmt, Try};

const MOST_ROUNDS: usize = 64;

/// What a block changed: the values that it left.
type Changes = Vec<(Sym, Option<Located>)>;

/// What a test says.
pub(super) enum Decision {
    Known(bool),
    /// Whether the way where it is true is the one taken, and why.
    Open(bool, Choice),
}

impl<'a> Evaluator<'a> {
    pub(super) fn branches(&mut self, test: ExprId, then: &'a [Stmt], other: &'a [Stmt]) -> Flow {
        match self.decide(test) {
            Decision::Known(true) => self.block(then),
            Decision::Known(false) => self.block(other),
            Decision::Open(taken, choice) => self.both(Some(then), Some(other), taken, &choice),
        }
    }

    /// Runs both blocks from the same state and joins what they leave. `first_taken` tells which
    /// of them is the likelier way.
    pub(super) fn both(
        &mut self,
        first: Option<&'a [Stmt]>,
        second: Option<&'a [Stmt]>,
        first_taken: bool,
        choice: &Choice,
    ) -> Flow {
        let (first_flow, first_changes) = self.tried(first);
        let (second_flow, second_changes) = self.tried(second);
        let first_value =
            |value: &Located, this: &mut Self| this.keep_return(value, first_taken, choice);
        match (first_flow, second_flow) {
            (Flow::Raise, Flow::Raise) => Flow::Raise,
            (Flow::Raise, flow) => {
                self.apply(second_changes);
                flow
            }
            (flow, Flow::Raise) => {
                self.apply(first_changes);
                flow
            }
            (Flow::Return(one), Flow::Return(two)) => {
                let (taken, other) = if first_taken {
                    (&one, &two)
                } else {
                    (&two, &one)
                };
                Flow::Return(join("", Some(taken), Some(other), choice).unwrap_or(one))
            }
            (Flow::Return(value), flow) => {
                first_value(&value, self);
                self.apply(second_changes);
                flow
            }
            (flow, Flow::Return(value)) => {
                self.keep_return(&value, !first_taken, choice);
                self.apply(first_changes);
                flow
            }
            (first_flow, second_flow) => {
                self.merge(first_changes, second_changes, first_taken, choice);
                if matches!((first_flow, second_flow), (Flow::Jump, Flow::Jump)) {
                    Flow::Jump
                } else {
                    Flow::Next
                }
            }
        }
    }

    fn keep_return(&mut self, value: &Located, taken: bool, choice: &Choice) {
        if let Some(frame) = self.frames.last_mut() {
            frame.returned.push((value.clone(), taken, choice.clone()));
        }
    }

    /// Runs a block, takes its changes back and tells them.
    fn tried(&mut self, block: Option<&'a [Stmt]>) -> (Flow, Changes) {
        let Some(block) = block else {
            return (Flow::Next, Vec::new());
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.journals.push(Vec::new());
        }
        let flow = self.block(block);
        let journal = self
            .frames
            .last_mut()
            .and_then(|frame| frame.journals.pop())
            .unwrap_or_default();
        let mut changes: FxHashMap<Sym, usize> = FxHashMap::default();
        let mut ordered = Vec::new();
        for (name, _) in &journal {
            changes.entry(*name).or_insert_with(|| {
                ordered.push(*name);
                0
            });
        }
        let Some(names) = self.names_mut() else {
            return (flow, Vec::new());
        };
        let after = ordered
            .into_iter()
            .map(|name| (name, names.get(&name).cloned()))
            .collect();
        for (name, old) in journal.into_iter().rev() {
            match old {
                Some(old) => names.insert(name, old),
                None => names.remove(&name),
            };
        }
        (flow, after)
    }

    fn apply(&mut self, changes: Changes) {
        for (name, value) in changes {
            self.set(name, value);
        }
    }

    fn merge(&mut self, first: Changes, second: Changes, first_taken: bool, choice: &Choice) {
        let mut theirs: FxHashMap<Sym, Option<Located>> = second.iter().cloned().collect();
        let mut joined = Vec::new();
        for (name, one) in first {
            let two = match theirs.remove(&name) {
                Some(two) => two,
                None => self.local_name(name),
            };
            joined.push((name, one, two));
        }
        for (name, _) in second {
            if let Some(two) = theirs.remove(&name) {
                joined.push((name, self.local_name(name), two));
            }
        }
        for (name, one, two) in joined {
            let (taken, other) = if first_taken { (one, two) } else { (two, one) };
            let value = join(
                self.program.text(name),
                taken.as_ref(),
                other.as_ref(),
                choice,
            );
            self.set(name, value);
        }
    }

    fn local_name(&mut self, name: Sym) -> Option<Located> {
        self.names_mut()?.get(&name).cloned()
    }

    pub(super) fn for_loop(
        &mut self,
        target: ExprId,
        iter: ExprId,
        body: &'a [Stmt],
        other: &'a [Stmt],
    ) -> Flow {
        let iterated = self.eval(iter);
        if let Val::List(list) = &iterated.val
            && list.items.len() <= MOST_ROUNDS
        {
            for item in &list.items {
                self.assign(target, item);
                match self.block(body) {
                    Flow::Next => {}
                    Flow::Jump => break,
                    flow => return flow,
                }
            }
            return self.block(other);
        }
        self.assign(
            target,
            &Located {
                val: Val::Unknown,
                at: iterated.at,
            },
        );
        let flow = self.both(Some(body), None, true, &Choice::Unknown);
        looped(flow)
    }

    pub(super) fn attempt(&mut self, inner: &'a Try) -> Flow {
        if let Some(frame) = self.frames.last_mut() {
            frame.guarded += 1;
        }
        let (mut flow, mut changes) = self.tried(Some(&inner.body));
        if let Some(frame) = self.frames.last_mut() {
            frame.guarded -= 1;
        }
        if matches!(flow, Flow::Raise) {
            // what came before the failing statement stands
            self.apply(std::mem::take(&mut changes));
        }
        for handler in &inner.handlers {
            let (other_flow, other) = self.tried(Some(&handler.body));
            match (&flow, other_flow) {
                (_, Flow::Raise) => {}
                (Flow::Raise, other_flow) => (flow, changes) = (other_flow, other),
                (Flow::Return(value), Flow::Return(fallback)) => {
                    let value = join("", Some(value), Some(&fallback), &Choice::Fallback);
                    flow = Flow::Return(value.unwrap_or(fallback));
                }
                (Flow::Return(_), _) => {}
                (_, Flow::Return(fallback)) => {
                    self.keep_return(&fallback, false, &Choice::Fallback);
                }
                _ => changes = self.with_fallback(changes, other),
            }
        }
        self.apply(changes);
        if !matches!(flow, Flow::Next) {
            return flow;
        }
        let flow = self.block(&inner.other);
        if !matches!(flow, Flow::Next) {
            return flow;
        }
        self.block(&inner.finally)
    }

    /// What the body left, and beside it what the handler would leave.
    fn with_fallback(&mut self, body: Changes, handler: Changes) -> Changes {
        let mut theirs: FxHashMap<Sym, Option<Located>> = handler.iter().cloned().collect();
        let mut changes = Vec::new();
        for (name, own) in body {
            let joined = match theirs.remove(&name) {
                Some(other) => join(
                    self.program.text(name),
                    own.as_ref(),
                    other.as_ref(),
                    &Choice::Fallback,
                ),
                None => own,
            };
            changes.push((name, joined));
        }
        for (name, _) in handler {
            if let Some(other) = theirs.remove(&name) {
                let before = self.local_name(name);
                let joined = join(
                    self.program.text(name),
                    before.as_ref(),
                    other.as_ref(),
                    &Choice::Fallback,
                );
                changes.push((name, joined));
            }
        }
        changes
    }
}

/// `break` and `continue` end with the loop.
pub(super) fn looped(flow: Flow) -> Flow {
    match flow {
        Flow::Return(value) => Flow::Return(value),
        Flow::Raise | Flow::Next | Flow::Jump => Flow::Next,
    }
}
