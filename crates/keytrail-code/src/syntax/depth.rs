//! How deep a syntax tree may be, from its tokens alone.
//!
//! The parser recurses (on stacks that it grows itself), and so does dropping its tree (on the
//! stack of whoever drops it). A file of a few megabytes of `-` or `(` would need gigabytes for
//! the one and overflow the other, which nothing can catch.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::Mode;
use ruff_python_parser::lexer::lex;

/// Sources up to this size can't nest deeper than the parser's own stacks bear.
const SMALL: usize = 16 << 10;
/// Deeper trees are not parsed. Hand-written code stays below 100, generated code below 2,000.
const DEEPEST_PARSED: u64 = 20_000;
/// Trees up to this depth are dropped where they are.
const SHALLOW: u64 = 500;
/// Stack for one level of a tree that is dropped; without optimisation a level takes most of it.
const BYTES_A_LEVEL: u64 = 2 << 10;

/// True when `source` nests so deep that it is better left alone.
pub(super) fn is_too_deep(source: &str) -> bool {
    source.len() > SMALL
        && most_levels(source) > DEEPEST_PARSED
        && bound_of(source) > DEEPEST_PARSED
}

/// No less than [`bound_of`], and far cheaper: what may begin a word, each other sign, each line.
/// It clears all but the largest files.
fn most_levels(source: &str) -> u64 {
    let mut before = b' ';
    let mut count = 0;
    for &byte in source.as_bytes() {
        let begins = byte.is_ascii_alphabetic() && !before.is_ascii_alphabetic();
        let silent = byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'\t' | b'_' | b',');
        count += u64::from(begins || !silent);
        before = byte;
    }
    count
}

/// True when `source` nests so deep that its tree can't be walked and dropped on an ordinary
/// stack, as those have to who edit a module.
pub fn nests_too_deep(source: &str) -> bool {
    bound_of(source) > SHALLOW
}

fn bound_of(source: &str) -> u64 {
    let mut lexer = lex(source, Mode::Module);
    bound(std::iter::from_fn(|| match lexer.next_token() {
        TokenKind::EndOfFile => None,
        kind => Some(kind),
    }))
}

/// Drops a tree of at most this depth where the stack is large enough for it.
pub(super) fn drop_tree<T: Send + 'static>(tree: T, depth: u64) {
    if depth <= SHALLOW {
        return;
    }
    let stack = usize::try_from(depth * BYTES_A_LEVEL).unwrap_or(usize::MAX);
    // a `ManuallyDrop` here: if there is no room for the thread, the tree is better leaked than
    // dropped on this stack
    let tree = std::mem::ManuallyDrop::new(tree);
    let dropped = std::thread::Builder::new()
        .stack_size(stack.max(1 << 20))
        .spawn(move || drop(std::mem::ManuallyDrop::into_inner(tree)));
    if let Ok(thread) = dropped {
        // a panic there has nothing to tell here
        let _ = thread.join();
    }
}

/// At most so deep is the tree: at each open bracket and block, operators and keywords since
/// the last comma may each stand for a level.
pub(super) fn bound(tokens: impl IntoIterator<Item = TokenKind>) -> u64 {
    let mut brackets: Vec<Level> = vec![Level::default()];
    let (mut blocks, mut sum, mut deepest) = (0_u64, 0_u64, 0_u64);
    for kind in tokens {
        let Some(top) = brackets.last_mut() else {
            break;
        };
        match kind {
            TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::FStringStart
            | TokenKind::TStringStart => {
                sum += 1;
                brackets.push(Level::opened());
            }
            TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd => {
                if brackets.len() > 1 {
                    sum -= brackets.pop().map_or(0, |level| level.all());
                }
                // what follows may be called or subscripted: `a()()()`
                sum += 1;
                if let Some(top) = brackets.last_mut() {
                    top.chain += 1;
                }
            }
            TokenKind::Comma | TokenKind::Semi => sum -= std::mem::take(&mut top.chain),
            TokenKind::Newline => {
                brackets.clear();
                brackets.push(Level::default());
                sum = 0;
            }
            TokenKind::Indent => blocks += 1,
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            // commas may stand inside these: `lambda a, b: lambda a, b: …`
            TokenKind::Lambda
            | TokenKind::Yield
            | TokenKind::If
            | TokenKind::While
            | TokenKind::For
            | TokenKind::With
            | TokenKind::Try
            | TokenKind::Def
            | TokenKind::Class => {
                top.kept += 1;
                sum += 1;
            }
            TokenKind::Name
            | TokenKind::String
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::True
            | TokenKind::False
            | TokenKind::None => {}
            _ => {
                top.chain += 1;
                sum += 1;
            }
        }
        deepest = deepest.max(sum + blocks);
    }
    deepest
}

/// Levels that one open bracket accounts for.
#[derive(Default)]
struct Level {
    /// Since the last comma.
    chain: u64,
    /// For as long as the bracket is open.
    kept: u64,
}

impl Level {
    fn opened() -> Self {
        Self { chain: 0, kept: 1 }
    }

    fn all(&self) -> u64 {
        self.chain + self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> u64 {
        let mut lexer = lex(source, Mode::Module);
        bound(std::iter::from_fn(|| match lexer.next_token() {
            TokenKind::EndOfFile => None,
            kind => Some(kind),
        }))
    }

    #[test]
    fn nesting_and_chains_count() {
        for source in [
            "(".repeat(100) + &")".repeat(100),
            "-".repeat(100) + "1",
            "a + ".repeat(100) + "a",
            "lambda x, y: ".repeat(100) + "1",
            "a".to_owned() + &".b".repeat(100),
            "f".to_owned() + &"()".repeat(100),
            "{'a': ".repeat(100) + "1" + &"}".repeat(100),
            "f'{".repeat(100),
        ] {
            assert!(of(&source) >= 100, "{source}");
        }
    }

    #[test]
    fn the_cheap_bound_is_never_below_the_other() {
        for source in [
            "(".repeat(100) + &")".repeat(100),
            "not ".repeat(100) + "1",
            "lambda:".repeat(100) + "1",
            "f'{".repeat(100) + &"}'".repeat(100),
            "1if 1else ".repeat(100) + "1",
            "$?!\u{d7}".repeat(100),
            (0..100)
                .map(|level| " ".repeat(level) + "if a:\n")
                .collect(),
            (0..100).map(|level| " ".repeat(level) + "1\n").collect(),
        ] {
            assert!(most_levels(&source) >= of(&source), "{source}");
        }
        let ordinary = "    total = self.sums.get(name, 0) + 1  # a remark\n".repeat(1000);
        assert!(most_levels(&ordinary) < DEEPEST_PARSED);
    }

    #[test]
    fn long_lists_and_files_do_not() {
        for source in [
            "x = [".to_owned() + &"{'a': -1, 'b': f(x)},\n".repeat(10_000) + "]\n",
            "x = f(1) + 2\n".repeat(10_000),
            "x = ('a'\n".to_owned() + &"    'b'\n".repeat(10_000) + ")\n",
            "if a:\n    b = 1\n".repeat(10_000),
        ] {
            assert!(of(&source) < 20, "{}", &source[..30]);
        }
    }
}
