//! Program-wide names.

use rustc_hash::FxHashMap;

/// A name of the program. Comparable and hashable; its order means nothing, so nothing that
/// is handed on may be sorted by it (law 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sym(u32);

impl Sym {
    /// Stands for some name that is not known: `*`.
    pub(crate) const ANY: Self = Self(0);
    /// The parts of a request that authentication fills in: `user`, `auth`, `session`.
    pub(crate) const IDENTITIES: [Self; 3] = [Self(1), Self(2), Self(3)];
}

/// Names ↔ symbols. Filled while linking, in the order of the modules' paths.
#[derive(Debug)]
pub(crate) struct Symbols {
    texts: Vec<Box<str>>,
    known: FxHashMap<Box<str>, Sym>,
}

impl Default for Symbols {
    fn default() -> Self {
        let mut symbols = Self {
            texts: Vec::new(),
            known: FxHashMap::default(),
        };
        let any = symbols.intern("*");
        debug_assert_eq!(any, Sym::ANY);
        let identities = ["user", "auth", "session"].map(|name| symbols.intern(name));
        debug_assert_eq!(identities, Sym::IDENTITIES);
        symbols
    }
}

impl Symbols {
    pub(crate) fn intern(&mut self, text: &str) -> Sym {
        if let Some(&sym) = self.known.get(text) {
            return sym;
        }
        let sym = Sym(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.into());
        self.known.insert(text.into(), sym);
        sym
    }

    /// The symbol of `text`, if the program has it.
    pub(crate) fn find(&self, text: &str) -> Option<Sym> {
        self.known.get(text).copied()
    }

    pub(crate) fn text(&self, sym: Sym) -> &str {
        &self.texts[sym.0 as usize]
    }
}
