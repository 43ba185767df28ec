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
use crate::layers::{self, Decoded};
use crate::overlap;
use crate::placement;
use crate::provider::Provider;
use crate::runs::{LONGEST, Runs};

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
    pub(crate) cx: &'a ScanContext<'a>,
    pub(crate) mode: Mode,
    pub(crate) found: Vec<Found>,
    /// Stretches that decode to text; see [`crate::layers`].
    pub(crate) stretches: Vec<Decoded>,
    /// Encodings above this text.
    pub(crate) depth: usize,
    /// How many more bytes may be decoded.
    pub(crate) budget: usize,
    /// Stretches for which the budget did not suffice.
    pub(crate) undecoded: usize,
}

/// What was found, and what was left out.
pub(crate) struct Scanned {
    pub(crate) hits: Vec<Hit>,
    pub(crate) budget: usize,
    pub(crate) undecoded: usize,
}

/// Keys with a literal in their middle are longer.
pub(crate) const LONG: usize = 30;

/// Overlaps included.
pub(crate) const MOST: usize = 2 * Detector::MOST_HITS;

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
            stretches: Vec::new(),
            depth: 0,
            budget: layers::MOST_BYTES,
            undecoded: 0,
        }
    }

    pub(crate) fn run(mut self) -> Scanned {
        self.find();
        let below = self.below();
        let (budget, undecoded) = (self.budget, self.undecoded);
        Scanned {
            hits: layers::merge(self.finish(), below),
            budget,
            undecoded,
        }
    }

    fn find(&mut self) {
        self.anchored();
        self.valued();
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
            self.by_literals(&run);
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
        compiled
            .anywhere
            .each(self.bytes, |target, at, length| match target {
                Target::Provider(index) => self.verify(index, at),
                Target::SecretName if generic => self.after_name(at + length),
                Target::SecretName => {}
            });
        self.urls();
    }

    /// What begins with a provider's literal, or holds one in its middle.
    fn by_literals(&mut self, run: &Range<usize>) {
        let (compiled, bytes) = (self.compiled, self.bytes);
        compiled
            .starts
            .each(bytes, run, |index, at| self.verify(index, at));
        if run.len() >= LONG {
            compiled.inside.each(&bytes[run.clone()], |target, at, _| {
                if let Target::Provider(index) = target {
                    self.verify(index, run.start + at);
                }
            });
        }
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

    /// Runs of token characters: by the literals they hold, and by their names.
    fn valued(&mut self) {
        let generic = self.cx.format != Format::Generated;
        let bare = matches!(self.cx.format, Format::Config | Format::Prose);
        let mut done = 0;
        for run in Runs::new(self.bytes) {
            if self.found.len() >= MOST {
                break;
            }
            self.by_literals(&run);
            if run.start < done || !generic || !could_be_random(&self.bytes[run.clone()]) {
                continue;
            }
            if run.len() > LONGEST {
                self.notice(&run, None);
                continue;
            }
            let place = placement::around(self.bytes, &run, bare);
            self.notice(&run, place.as_ref());
            let Some(place) = place else {
                continue;
            };
            done = place.value.end;
            if let Some(name) = &place.name {
                self.judge_value(place.value, name, place.quoted);
            }
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

    pub(crate) fn less_in_docstring(
        &self,
        confidence: SightingConfidence,
        at: usize,
    ) -> SightingConfidence {
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

/// Has a digit, or changes between cases more than names do: the quick look before any other.
fn could_be_random(run: &[u8]) -> bool {
    /// `getElementsByName` has three; of random letters in both cases hardly one has so few.
    const FEW: usize = 3;
    let mut humps = 0;
    let mut lower = false;
    for byte in run {
        match byte {
            b'0'..=b'9' => return true,
            b'A'..=b'Z' => {
                humps += usize::from(lower);
                lower = false;
            }
            _ => lower = byte.is_ascii_lowercase(),
        }
    }
    humps >= FEW
}
