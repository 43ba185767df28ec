//! What holds at one point of a function.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::taint::{Fields, Label, Taint};
use super::value::Value;
use crate::program::Site;
use crate::symbols::Sym;

/// Variables, shared between the branches that leave them alone.
#[derive(Clone, Default)]
pub(super) struct Vars(Arc<FxHashMap<Sym, Value>>);

impl Deref for Vars {
    type Target = FxHashMap<Sym, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Vars {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl IntoIterator for Vars {
    type Item = (Sym, Value);
    type IntoIter = std::collections::hash_map::IntoIter<Sym, Value>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

impl Vars {
    /// Becomes what either may be.
    fn join(&mut self, other: &Self) {
        if Arc::ptr_eq(&self.0, &other.0) {
            return;
        }
        for (name, value) in other.iter() {
            match self.get(name) {
                Some(own) if own.is_same(value) => {}
                _ => self.entry(*name).or_default().join(value),
            }
        }
    }
}

/// What holds at one point of a function.
#[derive(Clone, Default)]
pub(crate) struct Env {
    pub(super) vars: Vars,
    /// Items that a check has tied to the caller on every way to here.
    pub(super) ties: Vec<(Label, Site)>,
    /// Identifiers that a check has found to be the caller's own: origin, part, check.
    pub(super) chosen: Vec<(Label, Fields, Site)>,
    /// Identifiers that an access check of the project's own has let pass: origin, part, check.
    pub(super) granted: Vec<(Label, Fields, Site)>,
    /// The same for what callers pass.
    pub(super) open_ties: Vec<(Taint, Taint, Site)>,
}

impl Env {
    /// Joins another way to the same point.
    pub(super) fn merge(&mut self, other: &Self) {
        self.ties.retain(|tie| other.ties.contains(tie));
        self.chosen.retain(|own| other.chosen.contains(own));
        self.granted.retain(|own| other.granted.contains(own));
        self.open_ties.retain(|tie| other.open_ties.contains(tie));
        self.vars.join(&other.vars);
    }
}
