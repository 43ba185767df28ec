//! Where one key was seen, over all sources.

use std::path::Path;

use keytrail_detect::Detector;
use keytrail_model::v1::{Coverage, Lineage, Seen, SeenIn, Tool, VERSION};
use keytrail_model::{
    Committed, Fact, Fingerprint, Flow, Held, Secret, Sighting, Source, StoredKeys,
};
use zeroize::Zeroizing;

use crate::run::Reading;
use crate::{EngineError, Options, Watch, rules};

/// Which key is asked for.
#[derive(Debug)]
pub enum WhichKey {
    /// By its fingerprint, as findings and `who` tell it.
    Fingerprint(Fingerprint),
    /// By itself; it is neither kept nor shown.
    Key(Secret),
}

impl WhichKey {
    /// A fingerprint, or `@file` with the key in it; `@-` is standard input. The key itself is refused: it
    /// would stay in the shell's history.
    pub fn parse(text: &str) -> Result<Self, EngineError> {
        if let Some(file) = text.strip_prefix('@') {
            return Self::read(Path::new(file));
        }
        match text.parse() {
            Ok(print) => Ok(Self::Fingerprint(print)),
            Err(()) => Err(EngineError::NoFingerprint {
                key: Detector::new().examine(text, Some("api_key")).is_some(),
            }),
        }
    }

    fn read(path: &Path) -> Result<Self, EngineError> {
        /// The longest keys are private ones.
        const LONGEST: u64 = 64 * 1024;
        let unreadable = |source| EngineError::KeyUnreadable {
            path: path.to_owned(),
            source,
        };
        let mut bytes = Zeroizing::new(Vec::new());
        let read = |reader: &mut dyn std::io::Read, into: &mut Vec<u8>| {
            std::io::Read::read_to_end(&mut std::io::Read::take(reader, LONGEST), into)
        };
        if path == Path::new("-") {
            read(&mut std::io::stdin().lock(), &mut bytes)
        } else {
            std::fs::File::open(path).and_then(|mut file| read(&mut file, &mut bytes))
        }
        .map_err(unreadable)?;
        Ok(Self::Key(key_of(&bytes)))
    }
}

/// A file with a private key is that key, whatever stands round it; else the text is the key.
fn key_of(bytes: &[u8]) -> Secret {
    let cx = keytrail_detect::ScanContext::default();
    let mut hits = Detector::new().scan(bytes, &cx);
    match hits.pop() {
        Some(hit) if hits.is_empty() && bytes.contains(&b'\n') && hit.secret.len() > 256 => {
            hit.secret
        }
        _ => Secret::new(bytes.trim_ascii()),
    }
}

/// Every sighting of the key; none where it was not seen. `None` for a key of so little entropy that it has no
/// fingerprint.
pub fn lineage(
    options: &Options,
    which: &WhichKey,
    watch: &Watch,
) -> Result<Option<Lineage>, EngineError> {
    let read = Reading::of(options, &rules(), watch)?;
    let print = match which {
        WhichKey::Fingerprint(print) => Some(*print),
        WhichKey::Key(secret) => read.prints.fingerprint(secret),
    };
    let Some(print) = print else {
        return Ok(None);
    };
    let mut found = Found::default();
    for fact in &read.evidence.facts {
        found.fact(fact, print);
    }
    found.sightings.sort_by(|a, b| {
        let order = |seen: &Seen| (seen.since.is_none(), seen.since.clone());
        (order(a), a).cmp(&(order(b), b))
    });
    found.sightings.dedup();
    Ok(Some(Lineage {
        version: VERSION,
        tool: Tool {
            name: "keytrail".to_owned(),
            version: options.version.clone(),
            project_salt: read.prints.has_project_salt(),
        },
        fingerprint: print.to_string(),
        provider: found.provider,
        title: found.title,
        masked: found.masked,
        sightings: found.sightings,
        coverage: read.evidence.coverage.iter().map(Coverage::from).collect(),
    }))
}

#[derive(Default)]
struct Found {
    provider: Option<String>,
    title: Option<String>,
    masked: Option<String>,
    sightings: Vec<Seen>,
}

impl Found {
    fn fact(&mut self, fact: &Fact, print: Fingerprint) {
        match fact {
            Fact::Sighting(seen) if seen.fingerprint == Some(print) => self.sighting(seen),
            Fact::Committed(seen) if seen.sighting.fingerprint == Some(print) => {
                self.committed(seen);
            }
            Fact::StoredKeys(stored) => self.stored(stored, print),
            Fact::Flow(flow) if is_of(flow, print) => self.flow(flow),
            _ => {}
        }
    }

    fn known(&mut self, sighting: &Sighting) {
        // A provider's name says more than a key that is known by its context only.
        if self
            .provider
            .as_deref()
            .is_none_or(|known| known == "generic")
        {
            self.provider = Some(sighting.provider.clone());
            self.title = Some(sighting.title.clone());
            self.masked = Some(sighting.masked.to_string());
        }
    }

    fn sighting(&mut self, sighting: &Sighting) {
        self.known(sighting);
        let (source, what) = match &sighting.context.writer {
            Some(writer) if writer == "unknown" => {
                (SeenIn::Log, "a line of a log has it".to_owned())
            }
            Some(writer) => (SeenIn::Log, format!("a line by {writer} has it")),
            None if sighting.context.ignored_file => (
                SeenIn::File,
                "the file has it; it is local, not committed".to_owned(),
            ),
            None => (SeenIn::File, "the file has it".to_owned()),
        };
        self.sightings.push(Seen {
            source,
            since: None,
            until: None,
            location: (&sighting.location).into(),
            name: sighting.context.name.clone(),
            what,
        });
    }

    fn committed(&mut self, committed: &Committed) {
        self.known(&committed.sighting);
        let held = match &committed.held {
            Held::Head => "the checked-out commit has it still".to_owned(),
            Held::Tips(names) => format!("{} still has it", names.join(", ")),
            Held::Reachable => "earlier commits of branches or tags have it".to_owned(),
            Held::Reflog => "only the reflog of this clone leads to it".to_owned(),
            Held::Nothing => "nothing names the object that has it".to_owned(),
        };
        let commits = match committed.commits {
            1 => "1 commit".to_owned(),
            count => format!("{count} commits"),
        };
        let there = matches!(committed.held, Held::Head | Held::Tips(_));
        let day = |commit: &Option<keytrail_model::CommitRef>| {
            commit.as_ref().map(|commit| commit.date.clone())
        };
        self.sightings.push(Seen {
            source: SeenIn::History,
            since: day(&committed.first),
            until: day(&committed.last).filter(|_| !there),
            location: (&committed.sighting.location).into(),
            name: committed.sighting.context.name.clone(),
            what: format!("{commits}; {held}"),
        });
    }

    fn stored(&mut self, stored: &StoredKeys, print: Fingerprint) {
        let examples = stored.examples.iter();
        for key in examples.filter(|key| key.fingerprint == Some(print)) {
            self.provider.get_or_insert_with(|| key.provider.clone());
            self.masked.get_or_insert_with(|| key.masked.clone());
            self.sightings.push(Seen {
                source: SeenIn::Item,
                since: stored.day.clone(),
                until: None,
                location: (&stored.location).into(),
                name: Some(format!("{}.{}", stored.table, stored.attribute)),
                what: format!("the item {} has it", key.item),
            });
        }
    }

    fn flow(&mut self, flow: &Flow) {
        let Some(last) = flow.steps.last() else {
            return;
        };
        self.sightings.push(Seen {
            source: SeenIn::Code,
            since: None,
            until: None,
            location: (&last.location).into(),
            name: None,
            what: last.label.clone(),
        });
    }
}

fn is_of(flow: &Flow, print: Fingerprint) -> bool {
    matches!(&flow.source, Source::Literal { fingerprint, .. } if *fingerprint == Some(print))
}
