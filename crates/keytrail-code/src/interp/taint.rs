//! What a value may hold: where it began, what was done to it, and the way it came.

use std::sync::Arc;

use keytrail_model::Transform;

use crate::program::{FunctionRef, Site};
use crate::symbols::Sym;

/// Access paths are this long at most (design, section 6); what lies deeper belongs to its parent.
pub(crate) const LONGEST_PATH: usize = 3;

/// Steps from a source into its parts. Copied with every taint, so it owns nothing.
#[derive(Clone, Copy)]
pub(crate) struct Fields {
    names: [Sym; LONGEST_PATH],
    length: u8,
}

impl Fields {
    pub(crate) const fn new() -> Self {
        Self {
            names: [Sym::ANY; LONGEST_PATH],
            length: 0,
        }
    }

    /// One step more; where there is no room, the same.
    pub(crate) fn push(&mut self, name: Sym) {
        if let Some(next) = self.names.get_mut(usize::from(self.length)) {
            *next = name;
            self.length += 1;
        }
    }
}

impl std::ops::Deref for Fields {
    type Target = [Sym];

    fn deref(&self) -> &[Sym] {
        &self.names[..usize::from(self.length)]
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Fields {}

impl std::hash::Hash for Fields {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl FromIterator<Sym> for Fields {
    /// The first steps, as far as there is room.
    fn from_iter<I: IntoIterator<Item = Sym>>(names: I) -> Self {
        let mut fields = Self::new();
        names.into_iter().for_each(|name| fields.push(name));
        fields
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = &'a Sym;
    type IntoIter = std::slice::Iter<'a, Sym>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Where a taint began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Label {
    Param(u16),
    /// The current request.
    Request,
    Setting(Sym),
    Environment(Sym),
    WholeEnvironment,
    /// A key in the source text.
    Literal(Site),
    /// An item read by the call at the site.
    Item(Site),
    Vault(Site),
    Generated(Site),
    /// A value that can be guessed, made at the site.
    Guessable(Site),
    /// A caught exception; the handler's class expression or, for a bare one, the first call in it.
    Exception(Site),
}

/// One origin of a value.
#[derive(Clone, Debug)]
pub(crate) struct Taint {
    pub(crate) label: Label,
    pub(crate) path: Fields,
    pub(crate) transform: Transform,
    /// Where a check has tied this item to the caller: what a filter leaves, what a function
    /// returns behind a check. Not a property of the label: the unfiltered rest has it not.
    pub(crate) tie: Option<Box<Tie>>,
    pub(crate) trace: Trace,
}

/// A check that held an item against the caller's identity, or against what may yet turn out to
/// be that: a parameter, at a path.
#[derive(Clone, Debug)]
pub(crate) struct Tie {
    pub(crate) site: Site,
    pub(crate) given: Option<(u16, Fields)>,
}

impl Tie {
    /// The check, if it is one already.
    pub(crate) fn complete(&self) -> Option<Site> {
        self.given.is_none().then_some(self.site)
    }
}

impl PartialEq for Tie {
    /// Which of several checks it was does not count.
    fn eq(&self, other: &Self) -> bool {
        self.given == other.given
    }
}

impl Eq for Tie {}

impl PartialEq for Taint {
    /// The way does not count: a value that came by another way is the same value.
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
            && self.path == other.path
            && self.transform == other.transform
            && self.tie == other.tie
    }
}

impl Eq for Taint {}

/// The way that a taint came, last hop first.
pub(crate) type Trace = Option<Arc<Hop>>;

#[derive(Debug)]
pub(crate) enum Hop {
    At {
        site: Site,
        what: What,
        before: Trace,
        length: u32,
    },
    /// A way inside a callee, after the way to the call.
    Then {
        before: Trace,
        after: Trace,
        length: u32,
    },
}

/// Longer ways lose what lies behind: nobody reads them, and dropping one recurses.
const LONGEST_TRACE: u32 = 250;

fn length(trace: &Trace) -> u32 {
    match trace.as_deref() {
        None => 0,
        Some(Hop::At { length, .. } | Hop::Then { length, .. }) => *length,
    }
}

/// What happens at a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Source,
    Assigned(Sym),
    Passed(FunctionRef),
    Returned(FunctionRef),
    Kept(Sym),
    /// What went in was cipher text.
    Decrypted,
}

pub(crate) fn hop(site: Site, what: What, before: &Trace) -> Trace {
    let length = length(before) + 1;
    if length > LONGEST_TRACE {
        return before.clone();
    }
    Some(Arc::new(Hop::At {
        site,
        what,
        before: before.clone(),
        length,
    }))
}

pub(crate) fn then(before: &Trace, after: &Trace) -> Trace {
    let length = length(before) + length(after);
    match (before, after) {
        (_, None) => before.clone(),
        (None, _) => after.clone(),
        _ if length > LONGEST_TRACE => before.clone(),
        _ => Some(Arc::new(Hop::Then {
            before: before.clone(),
            after: after.clone(),
            length,
        })),
    }
}

/// The hops of a way in order, the first `most` and last `most` of them.
pub(crate) fn unroll(trace: &Trace) -> Vec<(Site, What)> {
    let mut reversed = Vec::new();
    let mut stack = vec![trace.as_ref()];
    while let Some(next) = stack.pop() {
        match next.map(Arc::as_ref) {
            None => {}
            Some(Hop::At {
                site, what, before, ..
            }) => {
                reversed.push((*site, *what));
                stack.push(before.as_ref());
            }
            Some(Hop::Then { before, after, .. }) => {
                stack.push(before.as_ref());
                stack.push(after.as_ref());
            }
        }
        if reversed.len() > 256 {
            break;
        }
    }
    reversed.reverse();
    reversed
}

/// True for an unknown step behind another one: one tells as much as two, and paths are short.
pub(crate) fn repeats(path: &[Sym], name: Sym) -> bool {
    name == Sym::ANY && path.last() == Some(&Sym::ANY)
}

impl Taint {
    /// `request.user`, `request.auth`, `request.session`: what authentication says.
    pub(crate) fn is_identity(&self) -> bool {
        self.label == Label::Request
            && self
                .path
                .first()
                .is_some_and(|first| Sym::IDENTITIES.contains(first))
    }

    /// The taint of the part `name`.
    pub(crate) fn step(&self, name: Sym) -> Self {
        let mut taint = self.clone();
        if taint.path.len() < LONGEST_PATH
            && !repeats(&taint.path, name)
            && !matches!(
                self.label,
                Label::Literal(_) | Label::Generated(_) | Label::Guessable(_)
            )
        {
            taint.path.push(name);
        }
        taint
    }
}
