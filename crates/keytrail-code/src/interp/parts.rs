//! The parts of a value that are known by themselves, by name.
//!
//! Parts have parts. So that no source makes a value grow for ever, the sum over all levels is
//! bounded; what is asked of every value all the time (is something in it tainted?) is known
//! without walking them.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::list::List;
use super::taint::Taint;
use super::value::Value;
use crate::symbols::Sym;

/// Parts of one value, those of its parts counted too. More become contents of their whole.
const MOST: u32 = 96;
const MOST_NAMES: usize = 48;

/// In the order they were set. A copy costs a count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts(Arc<Inner>);

#[derive(Clone, Debug, Default)]
struct Inner {
    list: Vec<(Sym, Value)>,
    /// On all levels.
    count: u32,
    tainted: bool,
    params: bool,
    /// A check of something that callers pass.
    open_tie: bool,
    /// What all of them hold, once somebody asks.
    contents: OnceLock<List<Taint>>,
}

impl Inner {
    fn note(&mut self, value: &Value) {
        self.contents.take();
        self.count += 1 + value.part_count();
        self.tainted |= value.is_tainted();
        self.params |= value.has_params();
        self.open_tie |= value.has_open_tie();
    }

    fn again(&mut self) {
        let list = std::mem::take(&mut self.list);
        *self = Self::default();
        for (_, value) in &list {
            self.note(value);
        }
        self.list = list;
    }

    /// `value`, or its contents where there is no room for its parts.
    fn fitting(&self, value: Value) -> Value {
        if self.count + value.part_count() < MOST {
            value
        } else {
            value.flat()
        }
    }
}

impl Parts {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn count(&self) -> u32 {
        self.0.count
    }

    pub(super) fn is_tainted(&self) -> bool {
        self.0.tainted
    }

    pub(super) fn has_params(&self) -> bool {
        self.0.params
    }

    pub(super) fn has_open_tie(&self) -> bool {
        self.0.open_tie
    }

    /// What all parts hold, as of one.
    pub(super) fn contents(&self) -> &List<Taint> {
        self.0.contents.get_or_init(|| {
            let mut all = Value::default();
            if self.is_tainted() {
                for (_, value) in self.iter() {
                    for taint in &value.flat().taints {
                        all.add_taint(taint.clone());
                    }
                }
            }
            all.taints
        })
    }

    pub(super) fn find(&self, name: Sym) -> Option<&Value> {
        self.iter()
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value)
    }

    /// Sets one; where there is no room for another name, gives the value back.
    pub(super) fn set(&mut self, name: Sym, value: Value) -> Option<Value> {
        let inner = Arc::make_mut(&mut self.0);
        match inner.list.iter().position(|(own, _)| *own == name) {
            Some(index) => {
                inner.list[index].1 = Value::default();
                inner.again();
                let value = inner.fitting(value);
                inner.list[index].1 = value;
                inner.again();
            }
            None if inner.list.len() < MOST_NAMES => {
                let value = inner.fitting(value);
                inner.note(&value);
                inner.list.push((name, value));
            }
            None => return Some(value),
        }
        None
    }
}

impl Deref for Parts {
    type Target = [(Sym, Value)];

    fn deref(&self) -> &[(Sym, Value)] {
        &self.0.list
    }
}

impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        let alike = |(name, value): &(Sym, Value)| other.find(*name) == Some(value);
        self.is_same(other)
            || (self.count() == other.count()
                && self.len() == other.len()
                && self.iter().all(alike))
    }
}

impl Eq for Parts {}

impl FromIterator<(Sym, Value)> for Parts {
    /// Names must differ, and be no more than there is room for: those of other parts, as a rule.
    fn from_iter<I: IntoIterator<Item = (Sym, Value)>>(parts: I) -> Self {
        let mut inner = Inner::default();
        for (name, value) in parts.into_iter().take(MOST_NAMES) {
            let value = inner.fitting(value);
            inner.note(&value);
            inner.list.push((name, value));
        }
        Self(Arc::new(inner))
    }
}

impl Parts {
    /// The first ones, and those that there is no room for. Names must differ.
    pub(super) fn fitted(mut parts: Vec<(Sym, Value)>) -> (Self, Vec<(Sym, Value)>) {
        let rest = parts.split_off(parts.len().min(MOST_NAMES));
        (parts.into_iter().collect(), rest)
    }
}
