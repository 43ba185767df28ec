//! Is what stands round a literal a key of its provider?

use std::ops::Range;

use keytrail_model::SightingConfidence;

use crate::context::Format;
use crate::judge::Kind;
use crate::placeholder::{is_fake, is_partly_fake};
use crate::proof::{self, ProofKind, Verdict};
use crate::scan::{Found, MOST, Mode, Scan};
use crate::shape::{Strength, entropy, strength_of_parts};

impl Scan<'_> {
    /// Runs the provider's pattern on the window round an anchor.
    pub(crate) fn verify(&mut self, index: usize, at: usize) {
        let search = &self.provider(index).search;
        if self.found.len() >= MOST
            || search.lookback == 0 && search.boundary && !self.starts_token(at)
        {
            return;
        }
        let end = self.bytes.len().min(at.saturating_add(search.reach));
        let start = at.saturating_sub(search.lookback);
        let window = &self.bytes[start..end];
        if search.proof == Some(ProofKind::Pem) && !has_pem_end(window) {
            return;
        }
        let whole = if search.lookback == 0 {
            search.at_start.regex().and_then(|regex| regex.find(window))
        } else {
            search.anywhere.regex().and_then(|regex| {
                regex
                    .find_iter(window)
                    .find(|found| found.start() <= at - start && found.end() > at - start)
            })
        };
        let Some(whole) = whole.map(|found| start + found.start()..start + found.end()) else {
            return;
        };
        let touches = !self.starts_token(whole.start) || !self.ends_token(whole.end);
        if search.boundary && touches {
            return;
        }
        let secret = self.secret_part(index, &whole);
        self.weigh(index, &whole, secret);
    }

    fn secret_part(&self, index: usize, whole: &Range<usize>) -> Range<usize> {
        let search = &self.provider(index).search;
        if !search.grouped {
            return whole.clone();
        }
        search
            .at_start
            .regex()
            .and_then(|regex| regex.captures(&self.bytes[whole.clone()]))
            .and_then(|groups| groups.name("secret"))
            .map_or_else(
                || whole.clone(),
                |group| whole.start + group.start()..whole.start + group.end(),
            )
    }

    /// No token character before, or an escape such as `\n`.
    fn starts_token(&self, at: usize) -> bool {
        let before = |back: usize| at.checked_sub(back).map(|index| self.bytes[index]);
        match before(1) {
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => {
                let escape = matches!(byte, b'n' | b't' | b'r') && before(2) == Some(b'\\');
                let quoted_print =
                    byte == b'D' && before(2) == Some(b'3') && before(3) == Some(b'%');
                // Telegram's API: `/bot<token>/`.
                let bot = byte == b't' && before(2) == Some(b'o') && before(3) == Some(b'b');
                escape || quoted_print || bot
            }
            _ => true,
        }
    }

    fn ends_token(&self, at: usize) -> bool {
        !self
            .bytes
            .get(at)
            .is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    /// Random enough, no placeholder, proof not refuted: it is found.
    fn weigh(&mut self, index: usize, whole: &Range<usize>, secret: Range<usize>) {
        let provider = self.provider(index);
        let search = &provider.search;
        let value = &self.bytes[secret.clone()];
        let own = value.get(provider.public_prefix..).unwrap_or(value);
        let partly = self.mode == Mode::Strict && search.random && is_partly_fake(own);
        let is_pem = search.proof == Some(ProofKind::Pem);
        if self.mode == Mode::Strict && !is_pem {
            let fake = is_fake(own) && !partly;
            let text = search.random && (fake || strength_of_parts(own) == Strength::None);
            if text || entropy(own) < search.entropy {
                return;
            }
        }
        let verdict = search.proof.map_or(Verdict::Open, |kind| {
            proof::examine(kind, &self.bytes[whole.clone()], value)
        });
        let (index, confidence, proofs) = match verdict {
            Verdict::Refuted if self.mode == Mode::Strict => return,
            Verdict::Refuted => (index, SightingConfidence::Low, Vec::new()),
            Verdict::Open => (index, provider.confidence, Vec::new()),
            Verdict::Proved(proof) => (index, provider.confidence, vec![proof]),
            Verdict::Limited(most) => (index, provider.confidence.min(most), Vec::new()),
            Verdict::Other(id, proof) => {
                let Some(other) = self.compiled.providers.iter().position(|p| p.id == id) else {
                    return;
                };
                (other, self.provider(other).confidence, vec![proof])
            }
        };
        let confidence = if partly {
            SightingConfidence::Low
        } else {
            confidence
        };
        let prose = self.cx.test || self.cx.format == Format::Prose;
        let confidence = match (search.doubtful_in_prose, prose) {
            (true, true) => SightingConfidence::Low,
            (true, false) => self.less_in_docstring(confidence, secret.start),
            (false, _) => confidence,
        };
        // Of a URL or connection string, what the whole is given to.
        let name = self.name_at(whole);
        // A signed URL shows the id of its key to everybody who is given it, and no more.
        let signed = name.as_deref() == Some("X-Amz-Credential");
        let confidence = if signed {
            SightingConfidence::Low
        } else {
            confidence
        };
        self.found.push(Found {
            range: secret,
            kind: Kind::Named(index),
            confidence,
            proofs,
            name,
            shaped: true,
        });
    }
}

/// The first dashes after the first line are those of the end: thousands of beginnings must not
/// each be searched to the end of its window.
fn has_pem_end(window: &[u8]) -> bool {
    const DASHES: &[u8] = b"-----";
    let mut dashes = memchr::memmem::find_iter(window, DASHES);
    // Before and after the label of the beginning.
    let _label = (dashes.next(), dashes.next());
    match dashes.next() {
        Some(at) => window[at..].starts_with(b"-----END"),
        // A provider whose match begins elsewhere.
        None => !window.starts_with(DASHES),
    }
}
