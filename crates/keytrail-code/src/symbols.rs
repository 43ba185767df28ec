//! Program-wide names.

use std::sync::Arc;

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
    /// Elements of a sequence that are told apart by their place.
    pub(crate) const PLACES: u32 = 8;
    const FIRST_PLACE: u32 = 4;
    const GIVEN: u32 = 8;
    const FIRST_GIVEN: u32 = Self::FIRST_PLACE + Self::PLACES;

    /// The element at `index` of a sequence.
    pub(crate) fn place(index: usize) -> Option<Self> {
        let index = u32::try_from(index).ok()?;
        (index < Self::PLACES).then_some(Self(Self::FIRST_PLACE + index))
    }

    /// The part whose name the caller gives for this parameter: `item[name]`.
    pub(crate) fn given(parameter: u16) -> Option<Self> {
        let parameter = u32::from(parameter);
        (parameter < Self::GIVEN).then_some(Self(Self::FIRST_GIVEN + parameter))
    }

    /// The parameter that gives the name.
    pub(crate) fn giver(self) -> Option<u16> {
        let parameter = self.0.checked_sub(Self::FIRST_GIVEN)?;
        u16::try_from(parameter)
            .ok()
            .filter(|_| parameter < Self::GIVEN)
    }

    /// For sets of what is never handed on.
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// True for an element of a sequence, as against an entry or an attribute.
    pub(crate) fn is_place(self) -> bool {
        (Self::FIRST_PLACE..Self::FIRST_PLACE + Self::PLACES).contains(&self.0)
    }
}

/// Names ↔ symbols. Filled while linking, in the order of the modules' paths.
#[derive(Debug)]
pub(crate) struct Symbols {
    texts: Vec<Arc<str>>,
    known: FxHashMap<Arc<str>, Sym>,
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
        for index in 0..Sym::PLACES {
            symbols.intern(&format!("\0{index}"));
        }
        // not by name: to whoever reads a report they are names that are not known
        for _ in 0..Sym::GIVEN {
            symbols.texts.push("*".into());
        }
        symbols
    }
}

impl Symbols {
    pub(crate) fn intern(&mut self, text: &str) -> Sym {
        if let Some(&sym) = self.known.get(text) {
            return sym;
        }
        let sym = Sym(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.add(text.into(), sym)
    }

    /// The same; an equal text that is held already takes the place of `text`.
    pub(crate) fn share(&mut self, text: &mut Arc<str>) -> Sym {
        if let Some(&sym) = self.known.get(text) {
            *text = Arc::clone(&self.texts[sym.0 as usize]);
            return sym;
        }
        let sym = Sym(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.add(Arc::clone(text), sym)
    }

    fn add(&mut self, text: Arc<str>, sym: Sym) -> Sym {
        self.texts.push(Arc::clone(&text));
        self.known.insert(text, sym);
        sym
    }

    /// The symbol of `text`, if the program has it.
    pub(crate) fn find(&self, text: &str) -> Option<Sym> {
        self.known.get(text).copied()
    }

    /// How many there are; each one's number is below.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(crate) fn text(&self, sym: Sym) -> &str {
        &self.texts[sym.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_held_once() {
        let mut symbols = Symbols::default();
        let (mut one, mut other): (Arc<str>, Arc<str>) = ("label".into(), "label".into());
        assert_eq!(symbols.share(&mut one), symbols.share(&mut other));
        assert!(Arc::ptr_eq(&one, &other));
        assert_eq!(symbols.find("label"), Some(symbols.intern("label")));
    }
}
