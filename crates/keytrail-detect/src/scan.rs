//! One text: what the anchors point at, what stands in runs of token characters, what stands
//! after the names of passwords, what belongs together.

use std::ops::Range;

use keytrail_model::{Proof, SightingConfidence};

use crate::assigned;
use crate::context::{Format, ScanContext};
use crate::detector::{Compiled, Detector, Target};
use crate::docstring;
use crate::hit::{Hit, to_hit};
use crate::judge::{Candidate, Kind, judge};
use crate::overlap;
use crate::placeholder::is_fake;
use crate::placement;
use crate::proof::{self, ProofKind, Verdict};
use crate::provider::Provider;
use crate::runs::{LONGEST, Runs};
use crate::shape::{Strength, entropy, strength_of_parts};

/// How much is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Keys.
    Strict,
    /// Whatever has the shape of one, placeholders too: for redaction.
    Lenient,
}

/// A key on the way to a [`Hit`].
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
    pub(crate) confidence: SightingConfidence,
    pub(crate) proofs: Vec<Proof>,
    pub(crate) name: Option<String>,
    /// Found by its own shape rather than by its name.
    pub(crate) shaped: bool,
}

pub(crate) struct Scan<'a> {
    pub(crate) compiled: &'static Compiled,
    pub(crate) bytes: &'a [u8],
    cx: &'a ScanContext<'a>,
    mode: Mode,
    pub(crate) found: Vec<Found>,
}

/// Overlaps included.
const MOST: usize = 2 * Detector::MOST_HITS;

impl<'a> Scan<'a> {
    pub(crate) fn new(
        compiled: &'static Compiled,
        bytes: &'a [u8],
        cx: &'a ScanContext<'a>,
        mode: Mode,
    ) -> Self {
        Self {
            compiled,
            bytes,
            cx,
            mode,
            found: Vec::new(),
        }
    }

    pub(crate) fn run(mut self) -> Vec<Hit> {
        self.find();
        self.finish()
    }

    fn find(&mut self) {
        self.anchored();
        if self.cx.format != Format::Generated {
            self.valued();
        }
        self.paired();
    }

    fn finish(self) -> Vec<Hit> {
        let kept = overlap::resolve(self.found, self.compiled.providers);
        kept.into_iter()
            .map(|found| to_hit(self.compiled, self.bytes, found))
            .collect()
    }

    /// The whole text is one value.
    pub(crate) fn examine(mut self, name: Option<&str>) -> Option<Hit> {
        self.anchored();
        for run in Runs::new(self.bytes) {
            self.by_run_prefix(&run);
        }
        if let Some(name) = name {
            self.judge_value(0..self.bytes.len(), name, true);
        }
        for found in &mut self.found {
            found.name = name.map(ToOwned::to_owned);
        }
        self.finish()
            .into_iter()
            .max_by_key(|hit| (hit.confidence, std::cmp::Reverse(hit.range.start)))
    }

    pub(crate) fn provider(&self, index: usize) -> &'static Provider {
        &self.compiled.providers[index]
    }

    fn anchored(&mut self) {
        let compiled = self.compiled;
        let generic = self.cx.format != Format::Generated;
        compiled.anchors.each(self.bytes, |literal, at| {
            for &target in &compiled.targets[literal] {
                match target {
                    Target::Provider(index) => self.verify(index, at),
                    Target::SecretName if generic => {
                        self.after_name(at + compiled.literals[literal].len());
                    }
                    Target::SecretName => {}
                }
            }
        });
    }

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
        let is_pem = search.proof == Some(ProofKind::Pem);
        if self.mode == Mode::Strict && !is_pem {
            let text = search.random && (is_fake(own) || strength_of_parts(own) == Strength::None);
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
        let prose = self.cx.test || self.cx.format == Format::Prose;
        let confidence = match (search.doubtful_in_prose, prose) {
            (true, true) => SightingConfidence::Low,
            (true, false) => self.less_in_docstring(confidence, secret.start),
            (false, _) => confidence,
        };
        // Of a URL or connection string, what the whole is given to.
        let name = self.name_at(whole);
        self.found.push(Found {
            range: secret,
            kind: Kind::Named(index),
            confidence,
            proofs,
            name,
            shaped: true,
        });
    }

    pub(crate) fn name_at(&self, secret: &Range<usize>) -> Option<String> {
        let quoted = secret
            .start
            .checked_sub(1)
            .is_some_and(|at| matches!(self.bytes[at], b'"' | b'\'' | b'`'));
        placement::name_before(self.bytes, secret.start - usize::from(quoted), quoted)
    }

    /// A value after `password =` and the like, whose characters need not be token characters.
    fn after_name(&mut self, at: usize) {
        let bare = self.cx.format == Format::Config;
        if let Some(assigned) = assigned::after(self.bytes, at, bare) {
            self.judge_value(assigned.value, &assigned.name, assigned.quoted);
        }
    }

    fn valued(&mut self) {
        let bare = matches!(self.cx.format, Format::Config | Format::Prose);
        let mut done = 0;
        for run in Runs::new(self.bytes) {
            if self.found.len() >= MOST {
                break;
            }
            if run.start < done || run.len() > LONGEST {
                continue;
            }
            self.by_run_prefix(&run);
            if !could_be_random(&self.bytes[run.clone()]) {
                continue;
            }
            let Some(place) = placement::around(self.bytes, &run, bare) else {
                continue;
            };
            done = place.value.end;
            if let Some(name) = &place.name {
                self.judge_value(place.value, name, place.quoted);
            }
        }
    }

    fn by_run_prefix(&mut self, run: &Range<usize>) {
        let compiled = self.compiled;
        let bytes = self.bytes;
        for index in compiled.prefixed.of(&bytes[run.clone()]) {
            self.verify(index, run.start);
        }
    }

    fn judge_value(&mut self, value: Range<usize>, name: &str, quoted: bool) {
        let from = value.start.saturating_sub(120);
        let before = &self.bytes[from..value.start];
        let line = before
            .rsplit(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default();
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        let candidate = Candidate {
            value: &self.bytes[value.clone()],
            name,
            line: &line,
            quoted,
            illustration: line.trim_start().starts_with(">>>")
                || line.trim_start().starts_with("... "),
        };
        let compiled = self.compiled;
        if let Some((kind, confidence)) =
            judge(&candidate, compiled.providers, &compiled.names, self.cx)
        {
            let confidence = self.less_in_docstring(confidence, value.start);
            self.found.push(Found {
                range: value,
                kind,
                confidence,
                proofs: Vec::new(),
                name: Some(name.to_owned()),
                shaped: false,
            });
        }
    }

    fn less_in_docstring(&self, confidence: SightingConfidence, at: usize) -> SightingConfidence {
        // Counting quotes from the start for each of many would take quadratic time.
        const FEW: usize = 200;
        let python = self
            .cx
            .path
            .is_some_and(|path| path.as_bytes().ends_with(b".py"));
        if python && self.found.len() < FEW && docstring::holds(self.bytes, at) {
            return SightingConfidence::Low;
        }
        confidence
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

/// Has a digit, or letters of both cases: the quick look before any other.
fn could_be_random(run: &[u8]) -> bool {
    let mut lower = false;
    let mut upper = false;
    for byte in run {
        match byte {
            b'0'..=b'9' => return true,
            b'a'..=b'z' => lower = true,
            b'A'..=b'Z' => upper = true,
            _ => {}
        }
    }
    lower && upper
}
