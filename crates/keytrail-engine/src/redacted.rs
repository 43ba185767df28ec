//! Lines of the scanned files, safe to show: what the detector knows is masked, and so is every
//! place where a collector saw a key by its context.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use keytrail_detect::Detector;
use keytrail_model::{Entry, Fact, FileSpan, SettingValue, Source, Tree};
use keytrail_report::{SourceLine, Sources};

/// Larger files are shown without their lines.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Longer lines are minified; nobody reads them.
const LONGEST_LINE: usize = 2_000;
/// Stands for a key.
const MASK: &str = "…";

type Lines = Option<Rc<Vec<SourceLine>>>;

/// The lines of one run.
pub(crate) struct Redacted {
    tree: Box<dyn Tree>,
    detector: Detector,
    hidden: BTreeMap<Arc<str>, Vec<FileSpan>>,
    cache: RefCell<BTreeMap<String, Lines>>,
}

impl std::fmt::Debug for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redacted({} files)", self.tree.entries().len())
    }
}

impl Redacted {
    pub(crate) fn new(tree: Box<dyn Tree>, detector: Detector, facts: &[Fact]) -> Self {
        Self {
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
        Environment, Fingerprinter, Location, Masked, MemoryTree, Secret, Setting,
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
        let redacted = Redacted::new(Box::new(tree), Detector::new(), facts);
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
    fn no_line_and_no_file_are_none() {
        let tree = MemoryTree::new([("a", "x")]);
        let redacted = Redacted::new(Box::new(tree), Detector::new(), &[]);
        assert_eq!(redacted.line("a", 0), None);
        assert_eq!(redacted.line("a", 2), None);
        assert_eq!(redacted.line("b", 1), None);
    }
}
