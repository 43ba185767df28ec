//! From a plan to what was seen, and back to the table as it was.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keytrail_cloud::{Access, Writer};
use keytrail_detect::{Detector, ItemReader};
use keytrail_graph::Graph;
use keytrail_http::{Coloured, Forms};
use keytrail_model::{
    Caller, Confidence, Coverage, Fact, FileSpan, Fingerprinter, KeyRef, Location, Masked, Secret,
    Step, StoredKey, StoredKeys,
};

use super::journal::{DyeJournal, Planted};
use super::places::{self, DyePlace, Listening, PlaceKind};
use super::plant::{self, Dyed as DyedKey, Planting};
use super::table::{self, Removed};
use crate::run::Reading;
use crate::{Aws, EngineError, Options, Watch, rules};

/// What to dye, and where to look.
#[derive(Debug)]
pub struct Dye {
    /// Tables of a test environment.
    pub tables: Vec<String>,
    /// Attributes to colour; those that hold keys, where none is named.
    pub attributes: Vec<String>,
    /// Logs that the service writes.
    pub logs: Vec<PathBuf>,
    /// Files and directories that exports go to.
    pub exports: Vec<PathBuf>,
    /// Listen to the tables' streams.
    pub stream: bool,
    /// How long the items stay for others to copy them, after the service was asked.
    pub hold: Duration,
    /// The journal.
    pub journal: PathBuf,
    /// Plant. Without it, what would be planted is told.
    pub apply: bool,
    /// How the account is reached.
    pub aws: Aws,
}

/// What dyeing showed.
#[derive(Debug, Default)]
pub struct Dyed {
    /// `table`, key and coloured attributes of what was, or would be, planted.
    pub planted: Vec<(String, String, Vec<String>)>,
    /// Where the colours came out, sorted; those who should not have them first.
    pub places: Vec<DyePlace>,
    /// What could not be read, and what was left in a table.
    pub notes: Vec<String>,
    /// How far the service was asked.
    pub coverage: Vec<Coverage>,
    /// False where nothing was planted.
    pub applied: bool,
}

/// Plants, looks, and cleans up, whatever happens in between.
pub fn dye(options: &Options, dye: &Dye, watch: &Watch) -> Result<Dyed, EngineError> {
    let detector = Detector::new();
    let writer = Writer::open(&access(&dye.aws)).map_err(|error| table::failed(&error))?;
    let mut all = Planting::default();
    let mut streams = Vec::new();
    let seed = seed()?;
    for name in &dye.tables {
        let shape = table::shape(&writer, name)?;
        let models = table::sample(&writer, name)?;
        let planting = plant::of(name, &shape, &models, &dye.attributes, &seed, &detector);
        all.items.extend(planting.items);
        all.colours.extend(planting.colours);
        all.marks.extend(planting.marks);
        streams.extend(shape.stream);
    }
    if all.items.is_empty() {
        return Err(EngineError::Dye {
            what: "no item of these tables has anything to colour".to_owned(),
            hint: "name the attributes with --attribute, or put an item of your own into the table first"
                .to_owned(),
        });
    }
    let mut dyed = Dyed {
        planted: told(&all, &ItemReader::new(&detector)),
        ..Dyed::default()
    };
    if !dye.apply {
        return Ok(dyed);
    }
    dyed.applied = true;
    let listening: Vec<Listening> = streams
        .iter()
        .filter(|_| dye.stream)
        .map(|arn| Listening::begin(&access(&dye.aws), arn))
        .collect::<Result<_, _>>()?;
    let items: Vec<Planted> = all
        .items
        .iter()
        .map(|(planted, _)| planted.clone())
        .collect();
    DyeJournal::new(writer.region(), items).write(&dye.journal)?;
    let looked = look(options, dye, watch, &writer, &mut all, listening, &mut dyed);
    // The table first; why the look failed can wait.
    dyed.notes.extend(clean_up(&writer, &dye.journal)?);
    looked?;
    Ok(dyed)
}

/// Takes away what an earlier run planted; `None` where none did.
pub fn clean(aws: &Aws, journal: &Path) -> Result<Option<Vec<String>>, EngineError> {
    if DyeJournal::read(journal)?.is_none() {
        return Ok(None);
    }
    let writer = Writer::open(&access(aws)).map_err(|error| table::failed(&error))?;
    clean_up(&writer, journal).map(Some)
}

/// Removes every item of the journal, then the journal. What somebody changed is left, and told.
fn clean_up(writer: &Writer, path: &Path) -> Result<Vec<String>, EngineError> {
    let mut left = Vec::new();
    let Some(journal) = DyeJournal::read(path)? else {
        return Ok(left);
    };
    let writer = if journal.region.is_empty() {
        writer.clone()
    } else {
        writer.in_region(&journal.region)
    };
    for planted in &journal.items {
        if table::remove(&writer, planted)? == Removed::Changed {
            left.push(format!(
                "an item that was planted in {} was changed by somebody, and is left there",
                planted.table
            ));
        }
    }
    DyeJournal::remove(path)?;
    Ok(left)
}

fn access(aws: &Aws) -> Access {
    Access {
        profile: aws.profile.clone(),
        region: aws.regions.first().cloned(),
        role: aws.roles.first().cloned(),
    }
}

fn seed() -> Result<[u8; 32], EngineError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| EngineError::Dye {
        what: "the system gives no random bytes".to_owned(),
        hint: "without them a planted key could be guessed".to_owned(),
    })?;
    Ok(seed)
}

fn told(all: &Planting, reader: &ItemReader) -> Vec<(String, String, Vec<String>)> {
    let items = all.items.iter();
    items
        .map(|(planted, _)| {
            (
                planted.table.clone(),
                reader.masked(&planted.key),
                planted.colours.keys().cloned().collect(),
            )
        })
        .collect()
}

fn look(
    options: &Options,
    dye: &Dye,
    watch: &Watch,
    writer: &Writer,
    all: &mut Planting,
    listening: Vec<Listening>,
    dyed: &mut Dyed,
) -> Result<(), EngineError> {
    for (planted, item) in &all.items {
        table::put(writer, planted, item)?;
    }
    let mut options = options.clone();
    if let Some(http) = &mut options.http {
        let colours = all.colours.iter();
        http.colours = colours
            .map(|colour| Arc::new(copy(&colour.value)))
            .collect();
        http.marks.clone_from(&all.marks);
    }
    let read = Reading::of(&options, &rules(), watch)?;
    dyed.coverage.clone_from(&read.evidence.coverage);
    let mut facts = read.evidence.facts.clone();
    facts.extend(stored(&all.colours, &read.prints));
    facts.sort();
    let graph = Graph::build(&facts);
    let places = &mut dyed.places;
    for seen in &read.evidence.coloured {
        if let Some(colour) = all.colours.get(seen.colour) {
            places.push(answer(&graph, colour, seen));
        }
    }
    std::thread::sleep(dye.hold);
    let colours = std::mem::take(&mut all.colours).into_iter();
    let forms: Vec<(DyedKey, Forms)> = colours
        .map(|colour| {
            let forms = Forms::of(&colour.value);
            (colour, forms)
        })
        .collect();
    let mut aside = places::files(&dye.logs, PlaceKind::Log, &forms, &mut dyed.notes);
    aside.extend(places::files(
        &dye.exports,
        PlaceKind::Export,
        &forms,
        &mut dyed.notes,
    ));
    for stream in listening {
        aside.extend(stream.end(&forms, &mut dyed.notes));
    }
    for mut place in aside {
        place.steps = beside(&graph, &place);
        places.push(place);
    }
    *places = merged(std::mem::take(places));
    Ok(())
}

/// One place a route and reader, with all callers that were given the colour there; wrong readers first.
fn merged(mut places: Vec<DyePlace>) -> Vec<DyePlace> {
    places.sort_by(|a, b| (a.actor.is_none(), a).cmp(&(b.actor.is_none(), b)));
    let mut all: Vec<DyePlace> = Vec::new();
    for place in places {
        let same = all.iter_mut().find(|known| {
            known.kind == place.kind
                && (&known.attribute, &known.place, &known.field, &known.actor)
                    == (&place.attribute, &place.place, &place.field, &place.actor)
        });
        match same {
            Some(known) => known.callers.extend(place.callers),
            None => all.push(place),
        }
    }
    all
}

fn copy(value: &Secret) -> Secret {
    value.with_bytes(Secret::new)
}

/// The planted items as items that were read.
fn stored(colours: &[DyedKey], prints: &Fingerprinter) -> Vec<Fact> {
    let facts = colours.iter().map(|colour| {
        Fact::StoredKeys(StoredKeys {
            table: colour.table.clone(),
            attribute: colour.attribute.clone(),
            location: place_of(&colour.table),
            items: 1,
            values: 1,
            keys: 1,
            providers: vec![("generic".to_owned(), 1)],
            shapes: vec![(colour.value.len() as u64, 1)],
            examples: vec![StoredKey {
                fingerprint: prints.fingerprint(&colour.value),
                masked: Masked::of(&colour.value, 0).to_string(),
                provider: "generic".to_owned(),
                item: colour.item.clone(),
            }],
            sampled: true,
            day: None,
        })
    });
    facts.collect()
}

fn place_of(table: &str) -> Location {
    Location::Resource {
        span: FileSpan::line(&format!("the table {table}").into(), 1),
        address: table.into(),
    }
}

/// The place of an answer, with the observed way to it from the item.
fn answer(graph: &Graph, colour: &DyedKey, seen: &Coloured) -> DyePlace {
    let paths = graph.paths_of(&class(colour));
    let path = paths.into_iter().find(|path| {
        path.confidence == Confidence::Observed
            && path
                .steps
                .iter()
                .any(|step| step.location.is_same_place(&seen.location))
    });
    let caller = match &seen.caller {
        Caller::Anonymous => "nobody".to_owned(),
        Caller::Named(name) => name.clone(),
    };
    let method = seen.location.symbol().unwrap_or("GET");
    DyePlace {
        kind: PlaceKind::Answer,
        attribute: format!("{}.{}", colour.table, colour.attribute),
        place: format!("{method} {}", seen.location.span().path),
        field: seen.field.clone(),
        callers: BTreeSet::from([caller]),
        form: seen.form,
        actor: path.as_ref().map(|path| path.actor.to_string()),
        steps: path.map(|path| path.steps).unwrap_or_default(),
    }
}

fn class(colour: &DyedKey) -> KeyRef {
    KeyRef::Attribute {
        table: colour.table.as_str().into(),
        attribute: colour.attribute.clone(),
    }
}

/// From the item to a place that no code is known to lead to: two hops, both seen.
fn beside(graph: &Graph, place: &DyePlace) -> Vec<Step> {
    let (table, attribute) = place
        .attribute
        .split_once('.')
        .unwrap_or((&place.attribute, ""));
    let key = KeyRef::Attribute {
        table: table.into(),
        attribute: attribute.to_owned(),
    };
    let first = graph.paths_of(&key).into_iter().find_map(|path| {
        let mut steps = path.steps.into_iter();
        steps.find(|step| step.location.span().path.starts_with("the table "))
    });
    let label = format!("its colour stands there, {}", place.form);
    let (path, line) = match place.place.rsplit_once(':') {
        Some((path, line)) if place.kind != PlaceKind::Stream => (path, line.parse().unwrap_or(1)),
        _ => (place.place.as_str(), 1),
    };
    let here = Step::new(
        label,
        Location::File {
            span: FileSpan::line(&path.into(), line),
        },
    );
    first.into_iter().chain([here]).collect()
}
