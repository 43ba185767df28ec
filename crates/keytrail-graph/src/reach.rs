//! Which views reach which functions.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{Reach, Route, Step};

/// Views, their routes, and what they call.
#[derive(Debug, Default)]
pub struct Calls<'f> {
    routes: BTreeMap<&'f str, Vec<&'f Route>>,
    views: BTreeMap<&'f str, BTreeSet<&'f str>>,
    chains: BTreeMap<(&'f str, &'f str), &'f [Step]>,
}

impl<'f> Calls<'f> {
    pub(crate) fn new(routes: &[&'f Route], reaches: &[&'f Reach]) -> Self {
        let mut calls = Self::default();
        for route in routes {
            calls.routes.entry(&route.view).or_default().push(route);
            calls
                .views
                .entry(&route.view)
                .or_default()
                .insert(&route.view);
        }
        for reach in reaches {
            if !calls.routes.contains_key(&*reach.view) {
                continue;
            }
            calls
                .views
                .entry(&reach.function)
                .or_default()
                .insert(&reach.view);
            let chain = calls
                .chains
                .entry((&reach.view, &reach.function))
                .or_insert(&reach.chain);
            if (reach.chain.len(), reach.chain.as_slice()) < (chain.len(), *chain) {
                *chain = &reach.chain;
            }
        }
        calls
    }

    /// The views that reach a function, itself among them if it is one.
    pub fn views_of(&self, function: &str) -> impl Iterator<Item = &'f str> {
        self.views.get(function).into_iter().flatten().copied()
    }

    /// The routes by which a function is reached.
    pub fn routes_to(&self, function: &str) -> Vec<&'f Route> {
        self.views_of(function)
            .flat_map(|view| self.routes_of(view))
            .collect()
    }

    /// The routes of one view.
    pub fn routes_of(&self, view: &str) -> impl Iterator<Item = &'f Route> {
        self.routes.get(view).into_iter().flatten().copied()
    }

    /// The routes by which both are reached: an operation and a response belong together only
    /// if one request comes by both.
    pub fn common_routes(&self, entry: &str, function: &str) -> Vec<&'f Route> {
        if entry == function {
            return self.routes_to(entry);
        }
        let (Some(some), Some(others)) = (self.views.get(entry), self.views.get(function)) else {
            return Vec::new();
        };
        some.intersection(others)
            .flat_map(|view| self.routes_of(view))
            .collect()
    }

    /// True when one request may come by both.
    pub fn meet(&self, entry: &str, function: &str) -> bool {
        match (self.views.get(entry), self.views.get(function)) {
            (Some(some), Some(others)) => !some.is_disjoint(others),
            _ => false,
        }
    }

    /// The calls from a view to a function.
    pub fn chain(&self, view: &str, function: &str) -> &'f [Step] {
        self.chains.get(&(view, function)).copied().unwrap_or(&[])
    }
}
