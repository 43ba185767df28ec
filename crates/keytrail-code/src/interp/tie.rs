//! Checks that tie an item to the caller: `if item["owner"] != request.user.id: raise …`.

use super::Machine;
use super::taint::{Label, Taint, Tie};
use super::value::Value;
use crate::program::Site;
use crate::syntax::ir::{Comparator, Expr, ExprId};

/// What a condition's outcome ties.
#[derive(Default)]
pub(super) struct Ties {
    pub(super) when_true: Vec<(Taint, Taint, Site)>,
    pub(super) when_false: Vec<(Taint, Taint, Site)>,
}

impl Ties {
    fn swapped(self) -> Self {
        Self {
            when_true: self.when_false,
            when_false: self.when_true,
        }
    }
}

impl Machine<'_> {
    /// Reads a condition for ties. Its parts have been evaluated already, so they are looked up
    /// again without recording sinks twice: records are sets.
    pub(super) fn ties(&mut self, test: ExprId) -> Ties {
        match self.module.ir.expr(test) {
            Expr::Not(inner) => self.ties(*inner).swapped(),
            Expr::Logic(and, parts) => {
                let mut all = Ties::default();
                for &part in parts {
                    let ties = self.ties(part);
                    // `a and b` is true only if both are; `a or b` is false only if both are
                    if *and {
                        all.when_true.extend(ties.when_true);
                    } else {
                        all.when_false.extend(ties.when_false);
                    }
                }
                all
            }
            Expr::Compare(left, rest) => {
                let [(comparator, right)] = &**rest else {
                    return Ties::default();
                };
                let (left, right) = (self.expr(*left), self.expr(*right));
                let pairs = Self::pairs(&left, &right, self.site(test));
                match comparator {
                    Comparator::Equal | Comparator::In | Comparator::Is => Ties {
                        when_true: pairs,
                        ..Ties::default()
                    },
                    Comparator::NotEqual | Comparator::NotIn | Comparator::IsNot => Ties {
                        when_false: pairs,
                        ..Ties::default()
                    },
                    Comparator::Order => Ties::default(),
                }
            }
            // a predicate that is given both: `owns(request.user, item)`, `user.has_perm("…", item)`
            Expr::Call(function, arguments) => {
                let mut values: Vec<Value> = arguments
                    .iter()
                    .map(|argument| self.expr(argument.value))
                    .collect();
                if let Expr::Attribute(receiver, _) = self.module.ir.expr(*function) {
                    values.push(self.expr(*receiver));
                }
                let mut pairs = Vec::new();
                for (index, left) in values.iter().enumerate() {
                    for right in &values[index + 1..] {
                        pairs.extend(Self::pairs(left, right, self.site(test)));
                    }
                }
                Ties {
                    when_true: pairs,
                    ..Ties::default()
                }
            }
            _ => Ties::default(),
        }
    }

    /// Pairs of which one may be of an item (or a parameter) and the other the caller's identity.
    fn pairs(left: &Value, right: &Value, site: Site) -> Vec<(Taint, Taint, Site)> {
        let mut pairs = Vec::new();
        for (one, other) in [(left, right), (right, left)] {
            for item in &one.taints {
                for identity in &other.taints {
                    if Self::could_be_item(item) && Self::could_be_identity(identity) {
                        pairs.push((item.clone(), identity.clone(), site));
                    }
                }
            }
        }
        pairs.truncate(8);
        pairs
    }

    fn could_be_item(taint: &Taint) -> bool {
        matches!(taint.label, Label::Item(_) | Label::Param(_))
            || (taint.label == Label::Request && !taint.path.is_empty() && !taint.is_identity())
    }

    fn could_be_identity(taint: &Taint) -> bool {
        matches!(taint.label, Label::Param(_)) || taint.is_identity()
    }

    /// From here on, these hold.
    pub(super) fn assume(&mut self, pairs: &[(Taint, Taint, Site)]) {
        for (item, identity, site) in pairs {
            let complete = identity.is_identity();
            self.out.looks.insert(*site);
            if complete && matches!(item.label, Label::Request | Label::Param(_)) {
                let own = (item.label, item.path, *site);
                if self.env.chosen.len() < 16 && !self.env.chosen.contains(&own) {
                    self.env.chosen.push(own);
                }
            }
            if item.label == Label::Request {
                continue;
            }
            match item.label {
                Label::Item(_) if complete => {
                    let tie = (item.label, *site);
                    if self.env.ties.iter().all(|(label, _)| *label != item.label) {
                        self.env.ties.push(tie);
                    }
                    if !self.out.ties.contains(&tie) {
                        self.out.ties.push(tie);
                    }
                }
                _ => {
                    let tie = (item.label, *site);
                    if complete && self.env.ties.iter().all(|(label, _)| *label != item.label) {
                        self.env.ties.push(tie);
                    }
                    let open = (item.clone(), identity.clone(), *site);
                    let ties = &mut self.env.open_ties;
                    if ties.len() < 16 && !ties.contains(&open) {
                        ties.push(open);
                    }
                }
            }
        }
    }

    /// A way out of the function: callers may rely only on what holds on all of them.
    pub(super) fn leave(&mut self) {
        match &mut self.exits {
            None => self.exits = Some(self.env.open_ties.clone()),
            Some(ties) => ties.retain(|tie| self.env.open_ties.contains(tie)),
        }
    }

    /// `value` as it is behind the checks made so far, wherever it goes from here.
    pub(super) fn with_ties(&self, value: &Value) -> Value {
        if self.env.ties.is_empty() && self.env.open_ties.is_empty() {
            return value.clone();
        }
        value.tied(&|label| {
            if let Some(site) = self.tie_of(label) {
                return Some(Tie { site, given: None });
            }
            self.env
                .open_ties
                .iter()
                .filter(|(item, ..)| item.label == label)
                .find_map(|(_, identity, site)| match identity.label {
                    Label::Param(index) => Some(Tie {
                        site: *site,
                        given: Some((index, identity.path)),
                    }),
                    _ => None,
                })
        })
    }

    /// `value` as what a call is given: identifiers that are the caller's own are marked so.
    pub(super) fn as_checked(&self, value: Value) -> Value {
        if self.env.chosen.is_empty() {
            return value;
        }
        let check = |taint: &Taint| {
            let mut all = self.env.chosen.iter();
            all.find(|(label, path, _)| *label == taint.label && *path == taint.path)
                .map(|(.., site)| Tie {
                    site: *site,
                    given: None,
                })
        };
        value.with_taint_ties(&check, 0)
    }

    pub(super) fn tie_of(&self, label: Label) -> Option<Site> {
        self.env
            .ties
            .iter()
            .find(|(own, _)| *own == label)
            .map(|(_, site)| *site)
    }
}
