//! Answers that depend on a name or a class alone, kept: they are asked wherever it occurs.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::program::{ClassRef, Program};
use crate::symbols::Sym;

/// Answers by number; an answer that two threads give at once is the same.
#[derive(Debug)]
pub(super) struct Answers(Box<[AtomicU8]>);

impl Answers {
    const OPEN: u8 = u8::MAX;

    fn new(count: usize) -> Self {
        Self(
            std::iter::repeat_with(|| AtomicU8::new(Self::OPEN))
                .take(count)
                .collect(),
        )
    }

    /// `ask`'s answer, asked once as a rule.
    fn of(&self, index: usize, ask: impl FnOnce() -> u8) -> u8 {
        let Some(held) = self.0.get(index) else {
            return ask();
        };
        match held.load(Ordering::Relaxed) {
            Self::OPEN => {
                let answer = ask();
                held.store(answer, Ordering::Relaxed);
                answer
            }
            answer => answer,
        }
    }
}

/// What an unknown function does with what it is given, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Nothing,
    Hides,
    Hashes,
    Encrypts,
    Converts,
}

impl Deed {
    const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Hides,
        Self::Hashes,
        Self::Encrypts,
        Self::Converts,
    ];

    fn of(name: &str) -> Self {
        const CONVERTS: [&str; 13] = [
            "json", "dump", "load", "serial", "marshal", "convert", "clean", "format", "parse",
            "encode", "decode", "to_", "from_",
        ];
        const HIDES: [&str; 5] = ["mask", "redact", "obfuscat", "anonymi", "sanitize_secret"];
        const HASHES: [&str; 3] = ["hash", "digest", "fingerprint"];
        const ENCRYPTS: [&str; 3] = ["encrypt", "wrap_key", "seal"];
        let name = name.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if has(&HIDES) {
            Self::Hides
        } else if has(&HASHES) {
            Self::Hashes
        } else if has(&ENCRYPTS) && !name.contains("decrypt") {
            Self::Encrypts
        } else if has(&CONVERTS) {
            Self::Converts
        } else {
            Self::Nothing
        }
    }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Memo {
    deeds: Answers,
    literals: Answers,
    serializers: Answers,
    /// The number of each module's first class.
    classes: Vec<usize>,
}

impl Memo {
    pub(crate) fn new(program: &Program) -> Self {
        let names = program.symbols.len();
        let mut classes = Vec::with_capacity(program.modules.len());
        let mut count = 0;
        for module in &program.modules {
            classes.push(count);
            count += module.ir.classes.len();
        }
        Self {
            deeds: Answers::new(names),
            literals: Answers::new(names),
            serializers: Answers::new(count),
            classes,
        }
    }

    pub(super) fn deed(&self, program: &Program, name: Sym) -> Deed {
        let ask = || Deed::of(program.text(name)) as u8;
        let answer = self.deeds.of(name.number() as usize, ask);
        Deed::ALL
            .get(usize::from(answer))
            .copied()
            .unwrap_or(Deed::Nothing)
    }

    /// True for a text that is a key by its own looks.
    pub(super) fn is_key(&self, text: Sym, ask: impl FnOnce() -> bool) -> bool {
        self.literals.of(text.number() as usize, || u8::from(ask())) == 1
    }

    pub(super) fn is_serializer(&self, class: ClassRef, ask: impl FnOnce() -> bool) -> bool {
        let first = self.classes.get(class.0 as usize).copied();
        let index = first.map_or(usize::MAX, |first| first + class.1 as usize);
        self.serializers.of(index, || u8::from(ask())) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_asked_for_once() {
        let answers = Answers::new(1);
        assert_eq!(answers.of(0, || 3), 3);
        assert_eq!(answers.of(0, || 4), 3);
        // beyond the table nothing is kept
        assert_eq!(answers.of(1, || 5), 5);
        assert_eq!(answers.of(1, || 6), 6);
    }

    #[test]
    fn a_name_says_what_is_done() {
        assert_eq!(Deed::of("maskToken"), Deed::Hides);
        assert_eq!(Deed::of("json_hash"), Deed::Hashes);
        assert_eq!(Deed::of("encrypt"), Deed::Encrypts);
        assert_eq!(Deed::of("decrypt_seal"), Deed::Nothing);
        assert_eq!(Deed::of("to_dict"), Deed::Converts);
        assert_eq!(Deed::of("send"), Deed::Nothing);
        for (index, deed) in Deed::ALL.into_iter().enumerate() {
            assert_eq!(deed as usize, index);
        }
    }
}
