//! What the analysis meets and does not follow: names that are computed while the program runs.

use super::Machine;
use super::taint::Label;
use super::value::Value;
use crate::program::Site;

/// One place where data may go a way that is not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Limit {
    /// `getattr(item, name)` on data.
    ComputedAttribute,
    /// `setattr(x, name, data)`.
    ComputedAssignment,
    /// `exec` and `eval` of text that is not written out.
    RunText,
    /// `import_module(name)`.
    ComputedImport,
    /// An attribute of data that only the class's own `__getattr__` answers.
    OwnLookup,
    /// A function with more to it than [`super::FUEL`] allows.
    TooLarge,
    /// Calls of callbacks that are given callbacks, deeper than [`super::DEEPEST_CALLBACK`].
    DeepCallbacks,
}

impl Limit {
    /// What is told of it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ComputedAttribute => {
                "`getattr` with a computed name on data that is followed: any of its parts is taken, and what is not \
                 known of them is lost"
            }
            Self::ComputedAssignment => {
                "`setattr` with a computed name keeps data that is followed: where it is read again is not seen"
            }
            Self::RunText => "`exec` or `eval` of a computed text: what it does is not seen",
            Self::ComputedImport => {
                "a module is imported by a computed name: what it holds is not seen"
            }
            Self::OwnLookup => {
                "an attribute is answered by `__getattr__` of a class that holds data: what it gives is not seen"
            }
            Self::TooLarge => {
                "the function is larger than the analysis follows: its rest is not seen. Split it into smaller ones"
            }
            Self::DeepCallbacks => {
                "functions are handed on through more calls than are followed: what the innermost ones do is not seen"
            }
        }
    }
}

/// Places that one function tells.
const MOST: usize = 16;

impl Machine<'_> {
    pub(super) fn note_limit(&mut self, site: Site, limit: Limit) {
        let limits = &mut self.out.limits;
        if limits.len() < MOST && !limits.contains(&(site, limit)) {
            limits.push((site, limit));
        }
    }
}

/// True when a value holds something that began somewhere: not only whatever a caller may pass.
pub(super) fn holds_data(value: &Value) -> bool {
    value
        .taints
        .iter()
        .any(|taint| !matches!(taint.label, Label::Param(_)))
        || value
            .fields
            .iter()
            .flat_map(|fields| fields.iter())
            .any(|(_, part)| holds_data(part))
}
