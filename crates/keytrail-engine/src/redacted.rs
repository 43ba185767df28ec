//! Lines of the scanned files, safe to show: what the detector knows is masked, and so is every
//! place where a collector saw a key by its context, and every key that was seen in another file.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use keytrail_detect::Detector;
use keytrail_model::{Entry, Fact, FileSpan, Secret, SettingValue, Source, Tree};
use keytrail_report::{SourceLine, Sources};
use zeroize::Zeroizing;

/// Larger files are shown without their lines.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Longer lines are minified; nobody reads them.
const LONGEST_LINE: usize = 2_000;
/// Stands for a key.
const MASK: &str = "…";

type Lines = Option<Rc<Vec<SourceLine>>>;

/// The lines of one run.
pub(crate) struct Redacted {
    tree: Rc<dyn Tree>,
    detector: Detector,
    hidden: BTreeMap<Arc<str>, Vec<FileSpan>>,
    seen: Vec<Secret>,
    cache: RefCell<BTreeMap<String, Lines>>,
}

impl std::fmt::Debug for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redacted({} files)", self.tree.entries().len())
    }
}

impl Redacted {
    pub(crate) fn new(tree: Rc<dyn Tree>, detector: Detector, facts: &[Fact]) -> Self {
        Self {
            seen: seen(&*tree, facts),
            tree,
            detector,
            hidden: hidden(facts),
            cache: RefCell::default(),
        }
    }

    fn entry(&self, path: &str) -> Option<&Entry> {
        let entries = self.tree.entries();
        let at = entries
            .binary_search_by(|entry| (*entry.path).cmp(path))
            .ok()?;
        entries.get(at)
    }

    fn lines(&self, path: &str) -> Lines {
        let entry = self.entry(path).filter(|entry| entry.size <= LARGEST)?;
        let bytes = self.tree.read(entry).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let redacted = self.detector.redact(&text);
        // A mask that swallows line ends would shift all that follows: then nothing is shown.
        if redacted.lines().count() != text.lines().count() {
            return None;
        }
        let mut lines: Vec<SourceLine> = redacted
            .lines()
            .zip(text.lines())
            .map(|(shown, original)| SourceLine {
                redacted: shown != original,
                text: shown.to_owned(),
            })
            .collect();
        for span in self.hidden.get(path).into_iter().flatten() {
            mask(&mut lines, span);
        }
        for secret in &self.seen {
            secret.with_bytes(|key| mask_key(&mut lines, key));
        }
        lines
            .iter_mut()
            .filter(|line| line.text.len() > LONGEST_LINE)
            .for_each(|line| line.text.clear());
        Some(Rc::new(lines))
    }
}

impl Sources for Redacted {
    fn line(&self, path: &str, line: u32) -> Option<SourceLine> {
        let known = self.cache.borrow().get(path).cloned();
        let lines = known.unwrap_or_else(|| {
            let lines = self.lines(path);
            self.cache
                .borrow_mut()
                .insert(path.to_owned(), lines.clone());
            lines
        })?;
        let at = usize::try_from(line).ok()?.checked_sub(1)?;
        lines.get(at).cloned()
    }
}

/// The keys that were seen, to be known again where they stand without any context.
fn seen(tree: &dyn Tree, facts: &[Fact]) -> Vec<Secret> {
    /// A shorter one may be an ordinary word, and so many different ones are no keys.
    const SHORTEST: usize = 12;
    const MOST: usize = 2_000;
    let mut spans: BTreeMap<&str, Vec<&FileSpan>> = BTreeMap::new();
    for fact in facts {
        if let Fact::Sighting(sighting) = fact {
            let span = sighting.location.span();
            spans.entry(&span.path).or_default().push(span);
        }
    }
    let files = tree.entries().iter().filter(|entry| entry.size <= LARGEST);
    let mut seen: Vec<Zeroizing<String>> = Vec::new();
    for (entry, spans) in files.filter_map(|entry| Some((entry, spans.get(&*entry.path)?))) {
        let Ok(bytes) = tree.read(entry).map(Zeroizing::new) else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        let keys = spans.iter().filter_map(|span| covered(&lines, span));
        seen.extend(keys.filter(|key| key.len() >= SHORTEST).map(Zeroizing::new));
    }
    seen.sort_by(|one, other| one.as_str().cmp(other));
    seen.dedup_by(|one, other| one.as_str() == other.as_str());
    seen.iter()
        .take(MOST)
        .map(|key| Secret::new(key.as_bytes()))
        .collect()
}

/// What a span of one line covers.
fn covered(lines: &[&str], span: &FileSpan) -> Option<String> {
    let at = |number: u32| usize::try_from(number).ok()?.checked_sub(1);
    let (from, to) = (at(span.column)?, at(span.end_column)?);
    let line = lines.get(at(span.line)?)?;
    let whole = line
        .chars()
        .skip(from)
        .take(to.checked_sub(from)?)
        .collect();
    (span.line == span.end_line).then_some(whole)
}

/// Masks a key wherever it stands in a line.
fn mask_key(lines: &mut [SourceLine], key: &[u8]) {
    let Ok(key) = std::str::from_utf8(key) else {
        return;
    };
    for line in lines.iter_mut().filter(|line| line.text.contains(key)) {
        line.text = line.text.replace(key, MASK);
        line.redacted = true;
    }
}

/// Where collectors saw keys, by file.
fn hidden(facts: &[Fact]) -> BTreeMap<Arc<str>, Vec<FileSpan>> {
    let mut hidden: BTreeMap<Arc<str>, Vec<FileSpan>> = BTreeMap::new();
    let mut hide = |span: &FileSpan| {
        hidden
            .entry(Arc::clone(&span.path))
            .or_default()
            .push(span.clone());
    };
    for fact in facts {
        match fact {
            Fact::Sighting(sighting) => hide(sighting.location.span()),
            Fact::Setting(setting) if holds_secret(&setting.value) => {
                hide(setting.location.span());
            }
            Fact::Flow(flow) if matches!(flow.source, Source::Literal { .. }) => {
                if let Some(first) = flow.steps.first() {
                    hide(first.location.span());
                }
            }
            _ => {}
        }
    }
    hidden
}

fn holds_secret(value: &SettingValue) -> bool {
    match value {
        SettingValue::Secret { .. } => true,
        SettingValue::List(values) => values.iter().any(holds_secret),
        SettingValue::Dict(pairs) => pairs.iter().any(|(_, value)| holds_secret(value)),
        SettingValue::FromEnvironment { default, .. } => {
            default.as_deref().is_some_and(holds_secret)
        }
        _ => false,
    }
}

/// Masks what lies in `span`: the quoted texts in it, or all of it where there are no quotes.
fn mask(lines: &mut [SourceLine], span: &FileSpan) {
    const MOST_LINES: usize = 400;
    let first = usize::try_from(span.line.max(1) - 1).unwrap_or(usize::MAX);
    let last = usize::try_from(span.end_line.max(1) - 1).unwrap_or(usize::MAX);
    let count = last.saturating_sub(first).saturating_add(1).min(MOST_LINES);
    for (at, line) in lines.iter_mut().enumerate().skip(first).take(count) {
        if line.redacted {
            // Columns no longer fit: whatever is quoted goes.
            line.text = mask_quoted(&line.text);
            continue;
        }
        let column = |column: u32| usize::try_from(column.max(1) - 1).unwrap_or(usize::MAX);
        let from = if at == first { column(span.column) } else { 0 };
        let to = if at == last {
            column(span.end_column)
        } else {
            usize::MAX
        };
        if from >= to {
            continue;
        }
        let part = |from: usize, to: usize| -> String {
            line.text.chars().skip(from).take(to - from).collect()
        };
        let inner = part(from, to);
        let covered = if inner.contains(['"', '\'']) {
            mask_quoted(&inner)
        } else {
            MASK.to_owned()
        };
        line.text = format!("{}{covered}{}", part(0, from), part(to, usize::MAX));
        line.redacted = true;
    }
}

/// Replaces what stands between quotes; an open quote hides the rest.
fn mask_quoted(text: &str) -> String {
    let mut masked = String::new();
    let mut quote = None;
    let mut escaped = false;
    for c in text.chars() {
        match quote {
            None => {
                masked.push(c);
                if c == '"' || c == '\'' {
                    quote = Some(c);
                    masked.push_str(MASK);
                }
            }
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => {
                masked.push(c);
                quote = None;
            }
            Some(_) => {}
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use keytrail_model::{
        Environment, Fingerprinter, Location, Masked, MemoryTree, Secret, Setting, Sighting,
        SightingConfidence, SightingContext,
    };

    use super::*;

    fn setting_at(line: u32, columns: (u32, u32)) -> Fact {
        let secret = Secret::new(b"plain words that no pattern knows");
        Fact::Setting(Setting {
            name: "PARTNER".to_owned(),
            value: SettingValue::Secret {
                fingerprint: Fingerprinter::default().fingerprint(&secret),
                masked: Masked::of(&secret, 0),
                length: 10,
                insecure_prefix: false,
            },
            module: Arc::from("settings"),
            environment: Environment::Unspecified,
            loaded: true,
            location: Location::Setting {
                span: FileSpan {
                    path: Arc::from("settings.py"),
                    line,
                    column: columns.0,
                    end_line: line,
                    end_column: columns.1,
                },
                name: Arc::from("PARTNER"),
            },
        })
    }

    fn line(text: &str, facts: &[Fact]) -> SourceLine {
        let tree = MemoryTree::new([("settings.py", text)]);
        let redacted = Redacted::new(Rc::new(tree), Detector::new(), facts);
        redacted.line("settings.py", 1).unwrap()
    }

    #[test]
    fn a_key_known_only_by_its_context_is_masked_too() {
        let text = "PARTNER = 'hunter two'  # kept\n";
        let shown = line(text, &[setting_at(1, (1, 23))]);
        assert_eq!(shown.text, "PARTNER = '…'  # kept");
        assert!(shown.redacted);
        let shown = line(text, &[setting_at(1, (11, 23))]);
        assert_eq!(shown.text, "PARTNER = '…'  # kept");
        assert_eq!(line("A=hunter\n", &[setting_at(1, (3, 9))]).text, "A=…");
    }

    #[test]
    fn what_the_detector_knows_is_masked_without_any_fact() {
        let token = format!("gh{}_{}", "p", "x".repeat(36));
        let key = format!("TOKEN = \"{token}\"\n");
        let shown = line(&key, &[]);
        assert!(!shown.redacted || !shown.text.contains(&token));
        assert!(!line("x = 1\n", &[]).redacted);
    }

    #[test]
    fn a_key_that_was_seen_elsewhere_is_masked_without_context() {
        let key = ["kq7Zp2Vx", "9LmR4tYw", "8BnC3sDf"].concat();
        let secret = Secret::new(key.as_bytes());
        let location = Location::File {
            span: FileSpan {
                path: Arc::from("a.env"),
                line: 1,
                column: 5,
                end_line: 1,
                end_column: 29,
            },
        };
        let fact = Fact::Sighting(Sighting {
            location,
            provider: "generic".to_owned(),
            title: String::new(),
            fingerprint: None,
            masked: Masked::of(&secret, 0),
            confidence: SightingConfidence::Medium,
            proofs: Vec::new(),
            context: SightingContext::default(),
            power: String::new(),
            rotate: String::new(),
        });
        let tree = MemoryTree::new([
            ("a.env", format!("KEY={key}")),
            ("b.py", format!("f({key}x)")),
        ]);
        let redacted = Redacted::new(Rc::new(tree), Detector::new(), &[fact]);
        assert_eq!(redacted.line("b.py", 1).unwrap().text, "f(…x)");
    }

    #[test]
    fn no_line_and_no_file_are_none() {
        let tree = MemoryTree::new([("a", "x")]);
        let redacted = Redacted::new(Rc::new(tree), Detector::new(), &[]);
        assert_eq!(redacted.line("a", 0), None);
        assert_eq!(redacted.line("a", 2), None);
        assert_eq!(redacted.line("b", 1), None);
    }
}
